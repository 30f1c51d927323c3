package admin

func (d *Door) keyRoutes() []route { return nil }
