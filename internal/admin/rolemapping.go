package admin

func (d *Door) roleMappingRoutes() []route { return nil }
