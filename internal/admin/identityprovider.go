package admin

func (d *Door) identityProviderRoutes() []route { return nil }
