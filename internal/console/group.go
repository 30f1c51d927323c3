package console

// groupRows are the pages of this part.
func groupRows() []row { return nil }
