package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func userGroupRows() []row {
	return slices.Concat(userGroups.rows(), joinGroups.rows(), leaveGroup.rows())
}

// userGroups are the groups that a user is in.
var userGroups = list{
	path: "users/{id}/groups", menu: "users", search: "console.group.search",
	columns: []string{"console.group.name", "console.group.path"},
	empty:   [2]string{"console.user.groups.none", ""},
	top:     userTab("groups", link{Text: "console.user.join", URL: "groups/join"}),
	api:     func(v *visit) string { return "/users/" + userID(v) + "/groups?briefRepresentation=true" },
	row: func(v *visit, rep map[string]any) tableRow {
		id := text(rep["id"])
		out := tableRow{Cells: []cell{{Text: text(rep["name"]), URL: v.path("groups", id, "members")}, {Text: groupPathShown(rep)}}}
		if v.may(mayManageUsers...) {
			out.Acts = []link{{Text: "console.user.leave", URL: userPath(v, "groups", id, "leave"), Bad: true}}
		}
		return out
	},
}

// joinGroups offers groups to put a user into.
var joinGroups = offeredGroups("users/{id}/groups/join", mayManageUsers,
	func(v *visit) top { return below(userTop(v, "groups"), "console.user.join", "console.user.join.intro") },
	pick{name: "join", label: "console.user.join", do: func(v *visit, chosen []string) (string, string, error) {
		for _, id := range chosen {
			if err := v.api(http.MethodPut, "/users/"+userID(v)+"/groups/"+url.PathEscape(id), nil, nil); err != nil {
				return "", "", err
			}
		}
		return userPath(v, "groups"), "saved", nil
	}})

var leaveGroup = act{path: "users/{id}/groups/{group}/leave", menu: "users",
	ask:   [3]string{"console.user.leave.heading", "console.user.leave.text", "console.user.leave"},
	thing: func(v *visit) (string, error) { return groupName(v, v.value("group")) },
	warn:  mine(losesRoles),
	do: func(v *visit) (string, string, error) {
		return userPath(v, "groups"), "done", v.api(http.MethodDelete, "/users/"+userID(v)+"/groups/"+v.value("group"), nil, nil)
	},
	no: func(v *visit) string { return userPath(v, "groups") },
}

// offeredGroups is a list of groups to choose from: those at the top, with the
// way to those below them, or what a search finds on all levels.
func offeredGroups(path string, may []string, top func(*visit) top, p pick) list {
	menu, _, _ := strings.Cut(path, "/")
	return list{path: path, menu: menu, top: top, picks: []pick{p}, may: may, search: "console.group.search",
		columns: []string{"console.group.name", "console.group.path", "console.group.below"},
		empty:   [2]string{"console.group.none", ""},
		api: func(v *visit) string {
			if in := v.query.Get("in"); in != "" && v.query.Get("search") == "" {
				return "/groups/" + url.PathEscape(in) + "/children?briefRepresentation=true"
			}
			return "/groups?populateHierarchy=false"
		},
		row: func(v *visit, rep map[string]any) tableRow {
			inside := cell{}
			if n, _ := rep["subGroupCount"].(float64); n > 0 && v.query.Get("search") == "" {
				inside = cell{Text: text(rep["subGroupCount"]), URL: v.R.URL.Path + "?" + url.Values{"in": {text(rep["id"])}}.Encode()}
			}
			return tableRow{Cells: []cell{{Text: text(rep["name"])}, {Text: groupPathShown(rep)}, inside}, Value: text(rep["id"])}
		},
	}
}

// groupPathShown is the path of a group as people read it: in the API, a slash
// in a name is written "~/".
func groupPathShown(rep map[string]any) string { return plainPath(text(rep["path"])) }

func plainPath(path string) string { return strings.ReplaceAll(path, "~/", "/") }

// pathChoices are groups to choose from by their paths.
func pathChoices(paths []string) (list []option) {
	for _, p := range paths {
		list = append(list, option{p, plainPath(p)})
	}
	return list
}

// groupName names a group, by its id which is escaped, in a question.
func groupName(v *visit, id string) (string, error) {
	rep := map[string]any{}
	err := v.api(http.MethodGet, "/groups/"+id, nil, &rep)
	return text(rep["name"]), err
}

// listedGroups is how many groups a form offers with a box each.
const listedGroups = 40

// groupPaths are the paths of the groups, and whether these are all: where there
// are many they are not.
func (v *visit) groupPaths() (paths []string, all bool) {
	var add func(at string) bool
	add = func(at string) bool {
		var list []map[string]any
		if v.api(http.MethodGet, at, nil, &list) != nil {
			return false
		}
		for _, g := range list {
			paths = append(paths, text(g["path"]))
			if len(paths) > listedGroups {
				return false
			}
			if n, _ := g["subGroupCount"].(float64); n > 0 && !add("/groups/"+url.PathEscape(text(g["id"]))+"/children?briefRepresentation=true&max=50") {
				return false
			}
		}
		return true
	}
	all = add("/groups?populateHierarchy=false&max=50")
	return paths, all
}
