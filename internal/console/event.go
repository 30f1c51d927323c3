package console

// eventRows are the pages of this part.
func eventRows() []row { return nil }
