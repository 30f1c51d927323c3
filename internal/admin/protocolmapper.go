package admin

func (d *Door) mapperRoutes() []route { return nil }
