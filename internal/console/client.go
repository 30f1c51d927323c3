package console

// clientRows are the pages of this part.
func clientRows() []row { return nil }
