package admin

func (d *Door) serverRoutes() []route { return nil }
