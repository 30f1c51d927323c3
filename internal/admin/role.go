package admin

func (d *Door) roleRoutes() []route { return nil }
