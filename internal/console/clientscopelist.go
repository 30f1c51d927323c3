package console

import (
	"net/http"
	"net/url"
	"slices"
)

// clientScopeListRows are the client scopes that a client has, and those that
// it could have.
func clientScopeListRows() []row {
	return slices.Concat(scopesOfClient().rows(), addScopes().rows(), fullScope.rows())
}

// The scopes that a client has, and where each kind of them is in the API.
func clientScopeAt(v *visit, t, id string) string {
	return clientAPI("/"+t+"-client-scopes/")(v) + url.PathEscape(id)
}

// assignedScopes reads the realm's client scopes with their types for the
// client; of those that it does not have the type is none.
func assignedScopes(v *visit) ([]map[string]any, error) {
	var all []map[string]any
	if err := v.api(http.MethodGet, "/client-scopes", nil, &all); err != nil {
		return nil, err
	}
	types, err := v.scopeTypes(clientAPI("/default-client-scopes")(v), clientAPI("/optional-client-scopes")(v))
	for _, rep := range all {
		rep["type"] = scopeNone
		if t, ok := types[text(rep["id"])]; ok {
			rep["type"] = t
		}
	}
	return all, err
}

func scopesOfClient() list {
	l := list{
		path: "clients/{id}/client-scopes", menu: "clients", search: "console.scopes.search", may: manageClients,
		filters: scopeTypeFilter(scopeDefault, scopeOptional),
		columns: []string{"console.scope.name", "console.client.scope.type", "console.scope.description"},
		empty:   [2]string{"console.client.scopes.none", "console.client.scopes.none.help"},
		top: func(v *visit) top {
			t := clientTop(v, "client-scopes")
			id := v.R.PathValue("id")
			if v.may(manageClients...) {
				t.Acts = append(t.Acts, link{Text: "console.client.scopes.add", URL: v.path("clients", id, "client-scopes", "add")})
			}
			t.Acts = append(t.Acts, link{Text: "console.client.evaluate", URL: v.path("clients", id, "client-scopes", "evaluate")})
			return t
		},
		things: func(v *visit) ([]map[string]any, error) {
			all, err := assignedScopes(v)
			if err != nil {
				return nil, err
			}
			all = slices.DeleteFunc(all, func(rep map[string]any) bool { return rep["type"] == scopeNone })
			own := map[string]any{"dedicated": true, "type": scopeDefault, "name": "console.client.dedicated", "description": "console.client.dedicated.text"}
			return typed(v, append([]map[string]any{own}, all...)), nil
		},
		row: func(v *visit, rep map[string]any) tableRow {
			id, name, client := text(rep["id"]), text(rep["name"]), v.R.PathValue("id")
			kind := cell{Text: "console.scope.type." + text(rep["type"]), Say: true}
			if rep["dedicated"] == true {
				return tableRow{Cells: []cell{{Text: name, Say: true, URL: v.path("clients", client, "client-scopes", "dedicated")}, kind,
					{Text: v.Told(text(rep["description"])), Say: true}}}
			}
			return tableRow{Value: id, keys: name + " " + v.Told(text(rep["description"])),
				Cells: []cell{{Text: name, URL: v.path("client-scopes", id, "mappers")}, kind, {Text: v.Told(text(rep["description"]))}}}
		},
	}
	for _, t := range []string{scopeDefault, scopeOptional} {
		l.picks = append(l.picks, pick{name: t, label: "console.client.scope.make." + t, do: giveScopes(t, func(v *visit) string { return v.R.URL.RequestURI() })})
	}
	l.picks = append(l.picks, pick{name: "remove", label: "console.client.scope.remove", bad: true,
		ask: [3]string{"console.client.scope.remove.heading", "console.client.scope.remove.text", "console.client.scope.remove"}, do: takeScopes})
	return l
}

func giveScopes(t string, to func(*visit) string) func(*visit, []string) (string, string, error) {
	return func(v *visit, chosen []string) (address, notice string, err error) {
		for _, id := range chosen {
			if err := v.api(http.MethodPut, clientScopeAt(v, t, id), nil, nil); err != nil {
				return "", "", err
			}
		}
		return to(v), "saved", nil
	}
}

func takeScopes(v *visit, chosen []string) (address, notice string, err error) {
	for _, id := range chosen {
		for _, t := range []string{scopeDefault, scopeOptional} {
			if err := v.api(http.MethodDelete, clientScopeAt(v, t, id), nil, nil); err != nil {
				return "", "", err
			}
		}
	}
	return v.R.URL.RequestURI(), "saved", nil
}

func clientScopesURL(v *visit) string {
	return v.path("clients", v.R.PathValue("id"), "client-scopes")
}

// belowScopes stands above a page that is reached from a client's scopes.
func belowScopes(v *visit, title, intro string) top {
	above := clientTop(v, "client-scopes")
	return top{Title: title, Intro: intro, Crumbs: append(above.Crumbs, link{Text: above.Title, URL: clientHome(v)},
		link{Text: "console.client-scopes", URL: clientScopesURL(v)})}
}

func addScopes() list {
	l := list{
		path: "clients/{id}/client-scopes/add", menu: "clients", search: "console.scopes.search", may: manageClients,
		columns: []string{"console.scope.name", "console.scope.description"}, empty: [2]string{"console.client.scopes.all-there", ""},
		top: func(v *visit) top {
			return belowScopes(v, "console.client.scopes.add", "console.client.scopes.add.intro")
		},
		things: func(v *visit) ([]map[string]any, error) {
			all, err := assignedScopes(v)
			return slices.DeleteFunc(all, func(rep map[string]any) bool { return rep["type"] != scopeNone }), err
		},
		row: func(v *visit, rep map[string]any) tableRow {
			name, said := text(rep["name"]), v.Told(text(rep["description"]))
			return tableRow{Value: text(rep["id"]), keys: name + " " + said, Cells: []cell{{Text: name}, {Text: said}}}
		},
	}
	for _, t := range []string{scopeDefault, scopeOptional} {
		l.picks = append(l.picks, pick{name: t, label: "console.client.scope.add." + t, do: giveScopes(t, clientScopesURL)})
	}
	return l
}

// dedicatedTop stands above what belongs to one client's tokens alone.
func dedicatedTop(v *visit, current string) top {
	t := belowScopes(v, "console.client.dedicated", "console.client.dedicated.text")
	id := v.R.PathValue("id")
	for _, one := range []string{"dedicated", "dedicated-scope"} {
		t.Tabs = append(t.Tabs, tab{"console.client." + one + ".tab", v.path("clients", id, "client-scopes", one), one == current})
	}
	return t
}

var dedicatedMappers = mappers{
	path: "clients/{id}/client-scopes/dedicated", menu: "clients", api: clientAPI(""),
	top: func(v *visit) top { return dedicatedTop(v, "dedicated") },
}

// clientScopeMapping are the roles that the client's tokens may tell, where they
// may not tell all.
var clientScopeMapping = roleMapping{
	path: "clients/{id}/client-scopes/dedicated-scope", menu: "clients", may: manageClients,
	top: func(v *visit) top {
		t := dedicatedTop(v, "dedicated-scope")
		rep, err := theClient(v)
		full := err == nil && rep["fullScopeAllowed"] == true
		t.Intro = "console.client.limited.text"
		if full {
			t.Intro = "console.client.full.text"
		}
		if v.may(manageClients...) {
			t.Acts = []link{{Text: "console.role-mapping.assign", URL: assignURL(v)}}
			text := "console.client.full.switch-on"
			if full {
				text = "console.client.full.switch-off"
			}
			t.Acts = append(t.Acts, link{Text: text, URL: v.path("clients", v.R.PathValue("id"), "full-scope"), Post: true})
		}
		return t
	},
	of: func(v *visit) (roleHolder, error) {
		return roleHolder{api: clientAPI("/scope-mappings")(v), kind: "clients", id: v.R.PathValue("id")}, nil
	},
}

// fullScope switches whether the client's tokens may tell all roles.
var fullScope = clientAct("full-scope", [3]string{}, func(v *visit, at string) error {
	rep, err := theClient(v)
	if err != nil {
		return err
	}
	return v.api(http.MethodPut, at, map[string]any{"fullScopeAllowed": rep["fullScopeAllowed"] != true}, nil)
}, func(v *visit) (address, notice string) {
	return v.path("clients", v.R.PathValue("id"), "client-scopes", "dedicated-scope"), "saved"
})
