package admin

func (d *Door) flowRoutes() []route { return nil }
