package admin

func (d *Door) mailRoutes() []route { return nil }
