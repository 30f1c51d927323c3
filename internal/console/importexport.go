package console

// importExportRows are the pages of this part.
func importExportRows() []row { return nil }
