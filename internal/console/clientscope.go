package console

import (
	"net/http"
	"net/url"
	"slices"
)

func clientScopeRows() []row {
	return slices.Concat(
		scopeList().rows(), createScope.rows(),
		[]row{{method: http.MethodGet, path: "client-scopes/{id}", handle: func(v *visit) error { return v.to("client-scopes", v.R.PathValue("id"), "settings") }}},
		scopeSettings.rows(), scopeMappers.rows(), scopeRoles.rows(), deleteScope.rows(), scopeTypeRows(),
	)
}

// The ways in which new clients get a client scope.
const (
	scopeDefault  = "default"
	scopeOptional = "optional"
	scopeNone     = "none"
)

var scopeTypes = []string{scopeDefault, scopeOptional, scopeNone}

// realmScopes reads the client scopes of the realm, each with its type.
func (v *visit) realmScopes() ([]map[string]any, error) {
	var all []map[string]any
	if err := v.api(http.MethodGet, "/client-scopes", nil, &all); err != nil {
		return nil, err
	}
	types, err := v.scopeTypes("/default-default-client-scopes", "/default-optional-client-scopes")
	for _, rep := range all {
		rep["type"] = scopeNone
		if t, ok := types[text(rep["id"])]; ok {
			rep["type"] = t
		}
	}
	return all, err
}

// scopeTypes reads two lists of scopes: the types by the scopes' ids.
func (v *visit) scopeTypes(defaults, optional string) (map[string]string, error) {
	types := map[string]string{}
	for path, t := range map[string]string{defaults: scopeDefault, optional: scopeOptional} {
		var list []map[string]any
		if err := v.api(http.MethodGet, path, nil, &list); err != nil {
			return nil, err
		}
		for _, rep := range list {
			types[text(rep["id"])] = t
		}
	}
	return types, nil
}

// typed narrows scopes to those of the type that the page's query names.
func typed(v *visit, all []map[string]any) []map[string]any {
	t := v.query.Get("type")
	return slices.DeleteFunc(all, func(rep map[string]any) bool { return t != "" && rep["type"] != t })
}

func scopeTypeFilter(types ...string) []filter {
	return []filter{{name: "type", label: "console.scope.type", options: append([]option{{"", "console.scope.type.all"}}, choices("console.scope.type.", types...)...)}}
}

func scopeList() list {
	l := list{
		path: "client-scopes", menu: "client-scopes", search: "console.scopes.search", may: manageClients, filters: scopeTypeFilter(scopeTypes...),
		columns: []string{"console.scope.name", "console.scope.type", "console.scope.description"},
		empty:   [2]string{"console.scopes.none", ""},
		top: func(v *visit) top {
			t := top{Title: "console.client-scopes", Intro: "console.scopes.intro"}
			if v.may(manageClients...) {
				t.Acts = []link{{Text: "console.scope.create", URL: v.path("client-scopes", "create")}}
			}
			return t
		},
		things: func(v *visit) ([]map[string]any, error) {
			all, err := v.realmScopes()
			return typed(v, all), err
		},
		row: func(v *visit, rep map[string]any) tableRow {
			id, name, said := text(rep["id"]), text(rep["name"]), v.Told(text(rep["description"]))
			r := tableRow{Value: id, keys: name + " " + said, Cells: []cell{
				{Text: name, URL: v.path("client-scopes", id, "settings")}, {Text: "console.scope.type." + text(rep["type"]), Say: true}, {Text: said}}}
			if v.may(manageClients...) {
				r.Acts = []link{{Text: "console.open", URL: v.path("client-scopes", id, "settings")},
					{Text: sayDelete, URL: v.path("client-scopes", id, "delete"), Bad: true}}
			}
			return r
		},
	}
	for _, t := range scopeTypes {
		l.picks = append(l.picks, pick{name: t, label: "console.scope.make." + t, do: func(v *visit, chosen []string) (address, notice string, err error) {
			for _, id := range chosen {
				if err := v.setScopeType(id, t); err != nil {
					return "", "", err
				}
			}
			return v.R.URL.RequestURI(), "saved", nil
		}})
	}
	return l
}

// setScopeType says how new clients of the realm get the scope.
func (v *visit) setScopeType(id, t string) error {
	id = url.PathEscape(id)
	switch t {
	case scopeDefault:
		return v.api(http.MethodPut, "/default-default-client-scopes/"+id, nil, nil)
	case scopeOptional:
		return v.api(http.MethodPut, "/default-optional-client-scopes/"+id, nil, nil)
	}
	if err := v.api(http.MethodDelete, "/default-default-client-scopes/"+id, nil, nil); err != nil {
		return err
	}
	return v.api(http.MethodDelete, "/default-optional-client-scopes/"+id, nil, nil)
}

// theScope reads the client scope of the page.
func theScope(v *visit) (map[string]any, error) { return v.thing("/client-scopes/" + v.value("id")) }

// scopeTop stands above every tab of a client scope.
func scopeTop(v *visit, current string) top {
	rep, err := theScope(v)
	if err != nil {
		return top{Title: "console.client-scopes"}
	}
	id := text(rep["id"])
	t := top{Title: text(rep["name"]), Intro: "console.scope.intro." + current, Crumbs: []link{{Text: "console.client-scopes", URL: v.path("client-scopes")}}}
	for _, name := range []string{"settings", "mappers", "scope"} {
		t.Tabs = append(t.Tabs, tab{"console.scope.tab." + name, v.path("client-scopes", id, name), name == current})
	}
	is := scopeNone
	if types, err := v.scopeTypes("/default-default-client-scopes", "/default-optional-client-scopes"); err == nil && types[id] != "" {
		is = types[id]
		t.Tags = []string{"console.scope.type." + is}
	}
	if v.may(manageClients...) {
		for _, one := range scopeTypes {
			if one != is {
				t.More = append(t.More, link{Text: "console.scope.make." + one, URL: v.path("client-scopes", id, "make-"+one), Post: true})
			}
		}
		t.More = append(t.More, link{Text: sayDelete, URL: v.path("client-scopes", id, "delete"), Bad: true})
	}
	return t
}

func scopeTypeRows() (rows []row) {
	home := func(v *visit) string { return v.path("client-scopes", v.R.PathValue("id"), "settings") }
	for _, t := range scopeTypes {
		rows = append(rows, act{path: "client-scopes/{id}/make-" + t, menu: "client-scopes", no: home,
			do: func(v *visit) (address, notice string, err error) {
				return home(v), "saved", v.setScopeType(v.R.PathValue("id"), t)
			}}.rows()...)
	}
	return rows
}

func scopeFields() []setting {
	return []setting{
		{At: "name", Kind: kindText, Required: true, LTR: true},
		{At: "description", Kind: kindText},
	}
}

func scopeAttributes() section {
	return section{"console.scope.section.consent", []setting{
		{At: "attributes/display.on.consent.screen", Kind: kindFlag, Fallback: "true"},
		{At: "attributes/consent.screen.text", Kind: kindText},
		{At: "attributes/gui.order", Kind: kindNumber},
		{At: "attributes/include.in.token.scope", Kind: kindFlag, Fallback: "true"},
	}}
}

var scopeSettings = form{
	path: "client-scopes/{id}/settings", menu: "client-scopes", prefix: "console.scope", may: manageClients, blame: "name",
	api: func(v *visit) string { return "/client-scopes/" + v.value("id") },
	top: func(v *visit, _ map[string]any) top { return scopeTop(v, "settings") },
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: scopeFields()}, scopeAttributes()}
	},
}

var createScope = form{
	path: "client-scopes/create", menu: "client-scopes", prefix: "console.scope", may: manageClients, blame: "name",
	top: func(v *visit, _ map[string]any) top {
		return top{Title: "console.scope.create", Intro: "console.scope.create.intro", Crumbs: []link{{Text: "console.client-scopes", URL: v.path("client-scopes")}}}
	},
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: append(scopeFields(), setting{At: "type", Kind: kindChoice, Fallback: scopeNone, Required: true,
			Options: choices("console.scope.type.", scopeTypes...)})}, scopeAttributes()}
	},
	create: func(v *visit, rep map[string]any) (string, error) {
		t := text(rep["type"])
		delete(rep, "type")
		rep["protocol"] = "openid-connect"
		id, err := v.create("/client-scopes", rep)
		if err != nil {
			return "", err
		}
		if t != scopeNone {
			err = v.setScopeType(id, t)
		}
		return v.path("client-scopes", id, "mappers"), err
	},
}

var scopeMappers = mappers{
	path: "client-scopes/{id}/mappers", menu: "client-scopes",
	api: func(v *visit) string { return "/client-scopes/" + v.value("id") },
	top: func(v *visit) top { return scopeTop(v, "mappers") },
}

// scopeRoles are the roles that tokens may tell where the scope is granted.
var scopeRoles = roleMapping{
	path: "client-scopes/{id}/scope", menu: "client-scopes", may: manageClients,
	top: func(v *visit) top {
		t := scopeTop(v, "scope")
		if v.may(manageClients...) {
			t.Acts = []link{{Text: "console.role-mapping.assign", URL: assignURL(v)}}
		}
		return t
	},
	of: func(v *visit) (roleHolder, error) {
		return roleHolder{api: "/client-scopes/" + v.value("id") + "/scope-mappings", kind: "clientScopes", id: v.R.PathValue("id")}, nil
	},
}

var deleteScope = act{
	path: "client-scopes/{id}/delete", menu: "client-scopes",
	ask: [3]string{"console.scope.delete.heading", "console.scope.delete.text", sayDelete},
	thing: func(v *visit) (string, error) {
		rep, err := theScope(v)
		return text(rep["name"]), err
	},
	do: func(v *visit) (address, notice string, err error) {
		return v.path("client-scopes"), "deleted", v.api(http.MethodDelete, "/client-scopes/"+v.value("id"), nil, nil)
	},
	no: func(v *visit) string { return v.path("client-scopes", v.R.PathValue("id"), "settings") },
}
