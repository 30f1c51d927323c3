package admin

func (d *Door) sessionRoutes() []route { return nil }
