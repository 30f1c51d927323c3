package console

import (
	"net/http"
	"slices"
)

// rolePages are the tabs of one role, of the realm or of a client; its id is
// {role} of the path.
type rolePages struct {
	path, menu string
	may        []string // the roles that may change it
	crumbs     func(*visit) []link
	// holders is where the API lists who has the role, below the realm, without
	// "/users" and "/groups" behind it.
	holders func(v *visit, rep map[string]any) string
}

// api is the role in the API.
func (p rolePages) api(v *visit) string { return "/roles-by-id/" + v.value("role") }

// at is the address of a page of the role. The crumbs' last one leads to the
// list of roles, whichever they are.
func (p rolePages) at(v *visit, part string) string {
	list := p.crumbs(v)
	return list[len(list)-1].URL + "/" + v.value("role") + "/" + part
}

func (p rolePages) rows() []row {
	return slices.Concat(
		p.form("details", func(*visit, map[string]any) []section {
			return []section{{Settings: []setting{{At: "name", Kind: kindText, Required: true}, {At: "description", Kind: kindArea}}}}
		}).rows(),
		p.form("attributes", attributesSection).rows(),
		p.composites().rows(), p.users().rows(), p.groups().rows(), p.remove().rows(),
		[]row{{method: "GET", path: p.path, handle: func(v *visit) error { return v.back(p.at(v, "details"), "") }}},
	)
}

// role is the role of the page's path; empty when it cannot be read: the page's
// own call says why.
func (p rolePages) role(v *visit) map[string]any {
	rep, err := v.thing(p.api(v))
	if err != nil {
		return map[string]any{}
	}
	return rep
}

func (p rolePages) top(v *visit, current string) top {
	t := top{Title: text(p.role(v)["name"]), Crumbs: p.crumbs(v)}
	for _, name := range []string{"details", "associated-roles", "attributes", "users-in-role", "groups-in-role"} {
		if name == "users-in-role" && !v.may("view-users", "manage-users") {
			continue
		}
		t.Tabs = append(t.Tabs, tab{"console.role.tab." + name, p.at(v, name), name == current})
	}
	if v.may(p.may...) && !v.isDefaultRole(v.R.PathValue("role")) {
		t.More = []link{{Text: sayDelete, URL: p.at(v, "delete"), Bad: true}}
	}
	return t
}

func (p rolePages) form(tab string, sections func(*visit, map[string]any) []section) form {
	return form{path: p.path + "/" + tab, menu: p.menu, prefix: "console.role", may: p.may, sections: sections, blame: "name", api: p.api,
		top: func(v *visit, _ map[string]any) top { return p.top(v, tab) },
	}
}

// composites are the roles that come with it.
func (p rolePages) composites() roleMapping {
	return roleMapping{path: p.path + "/associated-roles", menu: p.menu, may: p.may,
		top: func(v *visit) top {
			t := p.top(v, "associated-roles")
			t.Intro = "console.role.associated.intro"
			if v.may(p.may...) {
				t.Acts = []link{{Text: "console.role-mapping.assign", URL: assignURL(v)}}
			}
			return t
		},
		of: func(v *visit) (roleHolder, error) {
			return roleHolder{api: p.api(v) + "/composites", kind: "roles", id: v.R.PathValue("role"), composite: true}, nil
		},
	}
}

// users are those who were given the role.
func (p rolePages) users() list {
	return list{path: p.path + "/users-in-role", menu: p.menu, columns: userColumns,
		empty: [2]string{"console.role.no-users", "console.role.no-users.help"},
		top:   func(v *visit) top { return p.top(v, "users-in-role") },
		api:   func(v *visit) string { return p.holders(v, p.role(v)) + "/users?briefRepresentation=true" },
		row:   func(v *visit, rep map[string]any) tableRow { return tableRow{Cells: personCells(v, rep)} },
	}
}

// groups are those whose members have the role.
func (p rolePages) groups() list {
	return list{path: p.path + "/groups-in-role", menu: p.menu, columns: []string{"console.group.name", "console.group.path"},
		empty: [2]string{"console.role.no-groups", ""},
		top:   func(v *visit) top { return p.top(v, "groups-in-role") },
		api:   func(v *visit) string { return p.holders(v, p.role(v)) + "/groups" },
		row: func(v *visit, rep map[string]any) tableRow {
			return tableRow{Cells: []cell{{Text: text(rep["name"]), URL: v.path("groups", text(rep["id"]), "role-mapping")}, {Text: text(rep["path"])}}}
		},
	}
}

func (p rolePages) remove() act {
	return act{path: p.path + "/delete", menu: p.menu,
		ask: [3]string{"console.role.delete.heading", "console.role.delete.text", sayDelete},
		thing: func(v *visit) (string, error) {
			rep, err := v.thing(p.api(v))
			return text(rep["name"]), err
		},
		do: func(v *visit) (string, string, error) {
			list := p.crumbs(v)
			return list[len(list)-1].URL, "deleted", v.api(http.MethodDelete, p.api(v), nil, nil)
		},
		no: func(v *visit) string { return p.at(v, "details") },
	}
}
