package console

// sessionRows are the pages of this part.
func sessionRows() []row { return nil }
