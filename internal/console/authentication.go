package console

// authenticationRows are the pages of this part.
func authenticationRows() []row { return nil }
