package admin

func (d *Door) clientScopeRoutes() []route { return nil }
