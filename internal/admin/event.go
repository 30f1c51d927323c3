package admin

func (d *Door) eventRoutes() []route { return nil }
