package console

import (
	"net/http"
	"net/url"
	"slices"
)

func clientRoleRows() []row {
	return slices.Concat(rolesOfClient.rows(), newClientRole.rows(), clientRolePages.rows())
}

func clientRolesURL(v *visit) string { return v.path("clients", v.R.PathValue("id"), "roles") }

// rolesOfClient are the roles that belong to one client.
var rolesOfClient = list{
	path: "clients/{id}/roles", menu: "clients", search: "console.roles.search",
	columns: []string{"console.role.name", "console.role.description"}, empty: [2]string{"console.client.roles.none", "console.client.roles.none.help"},
	top: func(v *visit) top {
		t := clientTop(v, "roles")
		if v.may(manageClients...) {
			t.Acts = []link{{Text: "console.role.create", URL: v.path("clients", v.R.PathValue("id"), "roles", "new")}}
		}
		return t
	},
	api: clientAPI("/roles"),
	row: func(v *visit, rep map[string]any) tableRow {
		home := []string{"clients", v.R.PathValue("id"), "roles", text(rep["id"])}
		name := cell{Text: text(rep["name"]), URL: v.path(append(home, "details")...)}
		if rep["composite"] == true {
			name.Tags = []string{"console.role.composite"}
		}
		r := tableRow{Cells: []cell{name, {Text: v.Told(text(rep["description"]))}}}
		if v.may(manageClients...) {
			r.Acts = []link{{Text: sayDelete, URL: v.path(append(home, "delete")...), Bad: true}}
		}
		return r
	},
}

// roleCrumbs lead from a role back to its client.
func roleCrumbs(v *visit) []link {
	return append(clientTop(v, "roles").Crumbs, link{Text: clientName(v), URL: clientRolesURL(v)})
}

var newClientRole = form{
	path: "clients/{id}/roles/new", menu: "clients", prefix: "console.role", may: manageClients, blame: "name",
	top: func(v *visit, _ map[string]any) top {
		return top{Title: "console.role.create", Crumbs: roleCrumbs(v)}
	},
	sections: newRole.sections,
	create: func(v *visit, rep map[string]any) (string, error) {
		name, err := v.create(clientAPI("/roles")(v), rep)
		if err != nil {
			return "", err
		}
		made := map[string]any{}
		err = v.api(http.MethodGet, clientAPI("/roles/"+url.PathEscape(name))(v), nil, &made)
		return v.path("clients", v.R.PathValue("id"), "roles", text(made["id"]), "details"), err
	},
}

// clientRolePages are the pages of one of a client's roles.
var clientRolePages = rolePages{
	path: "clients/{id}/roles/{role}", menu: "clients", may: manageClients, crumbs: roleCrumbs,
	holders: func(v *visit, rep map[string]any) string {
		return clientAPI("/roles/" + url.PathEscape(text(rep["name"])))(v)
	},
}
