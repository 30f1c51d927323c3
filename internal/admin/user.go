package admin

func (d *Door) userRoutes() []route { return nil }
