package console

// mailRows are the pages of this part.
func mailRows() []row { return nil }
