package console

// roleRows are the pages of this part.
func roleRows() []row { return nil }
