package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// mayManageUsers are the administrative roles that may change users and groups.
var mayManageUsers = []string{"manage-users"}

func userRows() []row {
	return slices.Concat(
		userList.rows(), addUser.rows(), userDetails.rows(), userAttributes.rows(), userRoles.rows(), userActRows(),
		userCredentialRows(), userGroupRows(), userSessionRows(), userLinkRows(), userMailRows(),
	)
}

// onOff are the options of a filter by a state.
func onOff(yes, no string) []option {
	return []option{{"", "console.any"}, {"true", yes}, {"false", no}}
}

var userList = list{
	path: "users", menu: "users", search: "console.users.search",
	columns: []string{"console.user.username", "console.user.email", "console.user.name", "console.user.state"},
	empty:   [2]string{"console.users.none", "console.users.none.help"},
	filters: []filter{
		{name: "q", label: "console.users.q", example: "team:red"},
		{name: "enabled", label: "console.user.state", options: onOff("console.enabled", "console.disabled")},
		{name: "emailVerified", label: "console.user.email", options: onOff("console.user.verified", "console.user.unverified")},
	},
	top: func(v *visit) top {
		t := top{Title: "console.users", Intro: "console.users.intro"}
		if v.may(mayManageUsers...) {
			t.Acts = []link{{Text: "console.user.add", URL: v.path("users", "add-user")}}
			t.More = []link{{Text: "console.users.unlock", URL: v.path("users", "unlock")}}
		}
		return t
	},
	may: mayManageUsers,
	picks: []pick{{name: "delete", label: sayDelete, bad: true, ask: [3]string{"console.user.delete.heading", "console.user.delete.text", sayDelete},
		warn: func(v *visit, chosen []string) string {
			if slices.ContainsFunc(chosen, v.isMe) {
				return losesAccount
			}
			return ""
		},
		do: func(v *visit, chosen []string) (string, string, error) {
			for _, id := range chosen {
				if err := v.api(http.MethodDelete, "/users/"+url.PathEscape(id), nil, nil); err != nil {
					return "", "", err
				}
			}
			return v.path("users"), "deleted", nil
		}}},
	api:     func(*visit) string { return "/users?briefRepresentation=true" },
	counted: "/users/count",
	row: func(v *visit, rep map[string]any) tableRow {
		id := text(rep["id"])
		out := tableRow{Cells: personCells(v, rep), Value: id}
		if v.may(mayManageUsers...) {
			out.Acts = userActs(v, id, rep)
		}
		return out
	},
}

// personCells are a user in a table.
func personCells(v *visit, rep map[string]any) []cell {
	state := cell{Text: "console.enabled", Say: true}
	if rep["enabled"] == false {
		state.Text = "console.disabled"
	}
	address := cell{Text: text(rep["email"])}
	if address.Text != "" && rep["emailVerified"] != true {
		address.Tags = []string{"console.user.unverified"}
	}
	return []cell{
		{Text: text(rep["username"]), URL: v.path("users", text(rep["id"]), "settings")}, address,
		{Text: strings.TrimSpace(text(rep["firstName"]) + " " + text(rep["lastName"]))}, state,
	}
}

// userActs are what can be done to a user as a whole.
func userActs(v *visit, id string, rep map[string]any) []link {
	acts := []link{{Text: sayDisable, URL: v.path("users", id, "disable")}}
	if rep["enabled"] == false {
		acts = []link{{Text: sayEnable, URL: v.path("users", id, "enable"), Post: true}}
	}
	return append(acts, link{Text: sayDelete, URL: v.path("users", id, "delete"), Bad: true})
}

// userID is the user of the page's path, escaped.
func userID(v *visit) string { return v.value("id") }

// user is the user that the page is about. One that cannot be read is empty: the
// page's own call says why.
func (v *visit) user() map[string]any {
	rep, err := v.thing("/users/" + userID(v))
	if err != nil {
		return map[string]any{}
	}
	return rep
}

// userPath is the address of a page of the user.
func userPath(v *visit, parts ...string) string {
	return v.path(append([]string{"users", v.R.PathValue("id")}, parts...)...)
}

// userTop is what stands above every tab of a user.
func userTop(v *visit, current string) top {
	rep := v.user()
	t := top{Title: text(rep["username"]), Crumbs: []link{{Text: "console.users", URL: v.path("users")}}}
	if rep["enabled"] == false {
		t.Tags = []string{"console.disabled"}
	}
	for _, name := range []string{"settings", "attributes", "credentials", "role-mapping", "groups", "consents", "sessions", "identity-provider-links", "mail"} {
		if name == "attributes" && (v.unmanaged() == "" || rep["serviceAccountClientId"] != nil) {
			continue
		}
		t.Tabs = append(t.Tabs, tab{"console.user.tab." + name, userPath(v, name), name == current})
	}
	if v.may("impersonation") && rep["enabled"] == true && rep["serviceAccountClientId"] == nil {
		t.More = append(t.More, link{Text: "console.user.impersonate", URL: userPath(v, "impersonate")})
	}
	if v.may(mayManageUsers...) {
		t.More = append(t.More, userActs(v, v.R.PathValue("id"), rep)...)
	}
	return t
}

// userTab gives what stands above a tab.
func userTab(current string, acts ...link) func(*visit) top {
	return func(v *visit) top {
		t := userTop(v, current)
		if v.may(mayManageUsers...) {
			for _, a := range acts {
				a.URL = userPath(v, strings.Split(a.URL, "/")...)
				t.Acts = append(t.Acts, a)
			}
		}
		return t
	}
}

// below is what stands above a page that a tab leads to.
func below(t top, title, intro string) top {
	for _, one := range t.Tabs {
		if one.Current {
			t.Crumbs = append(t.Crumbs, link{Text: t.Title, URL: one.URL})
		}
	}
	return top{Title: title, Intro: intro, Crumbs: t.Crumbs}
}

// username names the user in a question.
func username(v *visit) (string, error) {
	rep := map[string]any{}
	err := v.api(http.MethodGet, "/users/"+userID(v), nil, &rep)
	return text(rep["username"]), err
}

// userRoles are the roles of a user.
var userRoles = roleMapping{path: "users/{id}/role-mapping", menu: "users", may: mayManageUsers,
	top: func(v *visit) top {
		t := userTop(v, "role-mapping")
		if v.may(mayManageUsers...) {
			t.Acts = []link{{Text: "console.role-mapping.assign", URL: assignURL(v)}}
		}
		return t
	},
	warn: func(v *visit, _ []string) string { return mine(losesRoles)(v) },
	of: func(v *visit) (roleHolder, error) {
		return roleHolder{api: "/users/" + userID(v) + "/role-mappings", kind: "users", id: v.R.PathValue("id")}, nil
	},
}

func userActRows() []row {
	const menu = "users"
	back := func(v *visit) string { return userPath(v, "settings") }
	enable := func(on bool) func(*visit) (string, string, error) {
		return func(v *visit) (string, string, error) {
			err := v.api(http.MethodPut, "/users/"+userID(v), map[string]any{"enabled": on}, nil)
			return back(v), "saved", err
		}
	}
	return slices.Concat(
		[]row{{method: "GET", path: "users/{id}", handle: func(v *visit) error { return v.to("users", v.R.PathValue("id"), "settings") }}},
		act{path: "users/{id}/enable", menu: menu, do: enable(true), no: back}.rows(),
		act{path: "users/{id}/disable", menu: menu, thing: username, warn: mine(losesAccount), do: enable(false), no: back,
			ask: [3]string{"console.user.disable.heading", "console.user.disable.text", sayDisable}}.rows(),
		act{path: "users/{id}/delete", menu: menu, thing: username, warn: mine(losesAccount), no: back,
			ask: [3]string{"console.user.delete.heading", "console.user.delete.text", sayDelete},
			do: func(v *visit) (string, string, error) {
				return v.path("users"), "deleted", v.api(http.MethodDelete, "/users/"+userID(v), nil, nil)
			}}.rows(),
		act{path: "users/{id}/unlock", menu: menu, no: back,
			do: func(v *visit) (string, string, error) {
				return back(v), "done", v.api(http.MethodDelete, "/attack-detection/brute-force/users/"+userID(v), nil, nil)
			}}.rows(),
		act{path: "users/unlock", menu: menu, no: func(v *visit) string { return v.path("users") }, thing: func(v *visit) (string, error) { return v.of, nil },
			ask: [3]string{"console.users.unlock.heading", "console.users.unlock.text", "console.users.unlock"},
			do: func(v *visit) (string, string, error) {
				return v.path("users"), "done", v.api(http.MethodDelete, "/attack-detection/brute-force/users", nil, nil)
			}}.rows(),
		act{path: "users/{id}/impersonate", menu: menu, thing: username, no: back, do: impersonate,
			ask: [3]string{"console.user.impersonate.heading", "console.user.impersonate.text", "console.user.impersonate"}}.rows(),
	)
}

// impersonate signs this browser in as the user, and shows the account console
// as they see it.
func impersonate(v *visit) (address, notice string, err error) {
	var to struct {
		Redirect string `json:"redirect"`
	}
	err = v.Pass(http.MethodPost, "/realms/"+url.PathEscape(v.of)+"/users/"+userID(v)+"/impersonation", &to)
	return to.Redirect, "", err
}
