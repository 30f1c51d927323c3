package admin

func (d *Door) clientRoutes() []route { return nil }
