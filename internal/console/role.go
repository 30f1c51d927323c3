package console

import (
	"net/http"
	"net/url"
	"slices"
)

var mayManageRealm = []string{"manage-realm"}

func roleRows() []row {
	return slices.Concat(roleList.rows(), newRole.rows(), realmRoles.rows(), []row{
		{method: "GET", path: "default-roles", handle: func(v *visit) error {
			realm, err := v.thing("")
			if err != nil {
				return err
			}
			return v.to("roles", text(defaultRole(realm)["id"]), "associated-roles")
		}},
	})
}

// defaultRole is the role that every user has; what it is composed of, everybody
// is given.
func defaultRole(realm map[string]any) map[string]any {
	rep, _ := realm["defaultRole"].(map[string]any)
	return rep
}

// isDefaultRole says that the role is the one that every user has, which stays.
func (v *visit) isDefaultRole(id string) bool {
	realm, err := v.realm()
	return err == nil && text(defaultRole(realm)["id"]) == id
}

// roleList are the roles of the realm.
var roleList = list{
	path: "roles", menu: "roles", search: "console.roles.search",
	columns: []string{"console.role.name", "console.role.description"}, empty: [2]string{"console.roles.none", ""},
	top: func(v *visit) top {
		t := top{Title: "console.roles", Intro: "console.roles.intro"}
		if v.may(mayManageRealm...) {
			t.Acts = []link{{Text: "console.role.create", URL: v.path("roles", "new")}}
		}
		t.Acts = append(t.Acts, link{Text: "console.default-roles", URL: v.path("default-roles")})
		return t
	},
	api: func(*visit) string { return "/roles" },
	row: func(v *visit, rep map[string]any) tableRow {
		id := text(rep["id"])
		name := cell{Text: text(rep["name"]), URL: v.path("roles", id, "details")}
		if rep["composite"] == true {
			name.Tags = []string{"console.role.composite"}
		}
		out := tableRow{Cells: []cell{name, {Text: v.Told(text(rep["description"]))}}}
		if v.may(mayManageRealm...) && !v.isDefaultRole(id) {
			out.Acts = []link{{Text: sayDelete, URL: v.path("roles", id, "delete"), Bad: true}}
		}
		return out
	},
}

var newRole = form{
	path: "roles/new", menu: "roles", prefix: "console.role", may: mayManageRealm, blame: "name",
	top: func(v *visit, _ map[string]any) top {
		return top{Title: "console.role.create", Crumbs: []link{{Text: "console.roles", URL: v.path("roles")}}}
	},
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{{At: "name", Kind: kindText, Required: true}, {At: "description", Kind: kindArea}}}}
	},
	create: func(v *visit, rep map[string]any) (string, error) {
		if _, err := v.create("/roles", rep); err != nil {
			return "", err
		}
		made := map[string]any{}
		err := v.api(http.MethodGet, "/roles/"+url.PathEscape(text(rep["name"])), nil, &made)
		return v.path("roles", text(made["id"]), "details"), err
	},
}

// realmRoles are the pages of one of the realm's roles.
var realmRoles = rolePages{
	path: "roles/{role}", menu: "roles", may: mayManageRealm,
	crumbs:  func(v *visit) []link { return []link{{Text: "console.roles", URL: v.path("roles")}} },
	holders: func(_ *visit, rep map[string]any) string { return "/roles/" + url.PathEscape(text(rep["name"])) },
}
