package admin

func (d *Door) requiredActionRoutes() []route { return nil }
