package admin

func (d *Door) groupRoutes() []route { return nil }
