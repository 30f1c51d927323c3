package main

import (
	"latchkey/internal/console"
	"latchkey/internal/page/sample"
)

func consolePages() []sample.Page {
	const g = "Administration"
	home := console.Home{
		Name: "ada@example.test", API: "/admin/openapi.json",
		Realms: []console.Realm{
			{Title: "Acme", Issuer: "https://id.acme.test/realms/acme"},
			{Title: "Old shop", Issuer: "https://id.acme.test/realms/old-shop", Disabled: true},
			{Title: "master", Issuer: "https://id.acme.test/realms/master"},
		},
	}
	return []sample.Page{
		{Name: "admin", Group: g, Page: home, NoRealm: true},
		{Name: "admin-empty", Group: g, Page: console.Home{Name: "ada@example.test", API: "/admin/openapi.json"}, NoRealm: true},
		{Name: "admin-no-right", Group: g, Page: console.NoRight{Name: "grace@example.test"}, NoRealm: true},
		{Name: "admin-sign-in", Group: g, Page: console.NoRight{}, NoRealm: true},
	}
}
