package console

import (
	"net/http"
	"net/url"
	"slices"
)

// userColumns are those of [personCells].
var userColumns = []string{"console.user.username", "console.user.email", "console.user.name", "console.user.state"}

// groupMembers are the users in a group.
var groupMembers = list{
	path: "groups/{id}/members", menu: "groups", columns: userColumns, empty: [2]string{"console.group.no-members", ""}, may: mayManageUsers,
	top: func(v *visit) top {
		t := groupTop(v, "members")
		if v.may(mayManageUsers...) {
			t.Acts = []link{{Text: "console.group.add-members", URL: groupPath(v, "members", "add")}}
		}
		return t
	},
	filters: []filter{{name: withSubGroups, label: "console.group.members.show", options: []option{{"", "console.group.members.own"}, {"true", "console.group.members.below"}}}},
	api:     func(v *visit) string { return "/groups/" + groupID(v) + "/members?briefRepresentation=true" },
	row: func(v *visit, rep map[string]any) tableRow {
		r := tableRow{Cells: personCells(v, rep), Value: text(rep["id"])}
		if v.query.Get(withSubGroups) != "" && !v.isMember(text(rep["id"])) {
			r.Value = "" // is in a group below, and is taken out there
			r.Cells[0].Tags = append(r.Cells[0].Tags, "console.group.members.only-below")
		}
		return r
	},
	picks: []pick{{name: "remove", label: "console.group.remove-members", bad: true,
		ask: [3]string{"console.group.remove-members.heading", "console.group.remove-members.text", "console.group.remove-members"},
		warn: func(v *visit, chosen []string) string {
			if slices.ContainsFunc(chosen, v.isMe) {
				return losesRoles
			}
			return ""
		},
		do: func(v *visit, chosen []string) (string, string, error) {
			return groupPath(v, "members"), "saved", eachMember(v, http.MethodDelete, chosen)
		}}},
}

// withSubGroups is the query that lists members of groups below, too.
const withSubGroups = "includeSubGroups"

// isMember says whether the user is in the page's group itself.
func (v *visit) isMember(user string) bool {
	var in []map[string]any
	err := v.api(http.MethodGet, "/users/"+url.PathEscape(user)+"/groups?briefRepresentation=true&max=1000", nil, &in)
	return err == nil && slices.ContainsFunc(in, func(g map[string]any) bool { return g["id"] == v.R.PathValue("id") })
}

// eachMember puts users into the group (PUT), or takes them out (DELETE).
func eachMember(v *visit, method string, ids []string) error {
	for _, id := range ids {
		if err := v.api(method, "/users/"+url.PathEscape(id)+"/groups/"+groupID(v), nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// addMembers offers users to put into a group.
var addMembers = list{
	path: "groups/{id}/members/add", menu: "groups", search: "console.users.search", columns: userColumns, may: mayManageUsers,
	empty: [2]string{"console.users.none", ""},
	top: func(v *visit) top {
		return below(groupTop(v, "members"), "console.group.add-members", "console.group.add-members.intro")
	},
	api: func(*visit) string { return "/users?briefRepresentation=true" },
	row: func(v *visit, rep map[string]any) tableRow {
		return tableRow{Cells: personCells(v, rep), Value: text(rep["id"])}
	},
	picks: []pick{{name: "add", label: "console.group.add-members", do: func(v *visit, chosen []string) (string, string, error) {
		return groupPath(v, "members"), "saved", eachMember(v, http.MethodPut, chosen)
	}}},
}

// defaultGroups are those that new users are put into.
var defaultGroups = list{
	path: "groups/default", menu: "groups", whole: true, columns: []string{"console.group.name", "console.group.path"},
	empty: [2]string{"console.default-groups.none", "console.default-groups.none.help"}, may: mayManageRealm,
	top: func(v *visit) top {
		t := groupTabs(v, "default")
		t.Intro = "console.default-groups.intro"
		if v.may("manage-realm") {
			t.Acts = []link{{Text: "console.default-groups.add", URL: v.path("groups", "default", "add")}}
		}
		return t
	},
	api: func(*visit) string { return "/default-groups" },
	row: func(v *visit, rep map[string]any) tableRow {
		id := text(rep["id"])
		return tableRow{Cells: []cell{{Text: text(rep["name"]), URL: v.path("groups", id, "settings")}, {Text: groupPathShown(rep)}}, Value: id}
	},
	picks: []pick{{name: "remove", label: "console.default-groups.remove", bad: true,
		ask: [3]string{"console.default-groups.remove.heading", "console.default-groups.remove.text", "console.default-groups.remove"},
		do: func(v *visit, chosen []string) (string, string, error) {
			return v.path("groups", "default"), "saved", eachDefaultGroup(v, http.MethodDelete, chosen)
		}}},
}

func eachDefaultGroup(v *visit, method string, ids []string) error {
	for _, id := range ids {
		if err := v.api(method, "/default-groups/"+url.PathEscape(id), nil, nil); err != nil {
			return err
		}
	}
	return nil
}

var addDefaultGroups = offeredGroups("groups/default/add", mayManageRealm,
	func(v *visit) top {
		return top{Title: "console.default-groups.add", Intro: "console.user.join.intro",
			Crumbs: []link{{Text: "console.groups", URL: v.path("groups")}, {Text: "console.default-groups", URL: v.path("groups", "default")}}}
	},
	pick{name: "add", label: "console.default-groups.add", do: func(v *visit, chosen []string) (string, string, error) {
		return v.path("groups", "default"), "saved", eachDefaultGroup(v, http.MethodPut, chosen)
	}})

// moveGroup offers the groups that a group can be moved below.
var moveGroup = offeredGroups("groups/{id}/move", mayManageUsers,
	func(v *visit) top {
		t := below(groupTop(v, "settings"), "console.group.move", "console.group.move.intro")
		rep, err := v.thing("/groups/" + groupID(v))
		if err == nil && text(rep["parentId"]) != "" && v.may(mayManageUsers...) {
			t.Acts = []link{{Text: "console.group.to-top", URL: groupPath(v, "to-top"), Post: true}}
		}
		return t
	},
	pick{name: "move", label: "console.group.move-here", one: true, do: func(v *visit, chosen []string) (string, string, error) {
		return groupPath(v, "settings"), "saved", v.moveGroup("/groups/" + url.PathEscape(chosen[0]) + "/children")
	}})

// moveGroup moves the page's group to where its representation is posted.
func (v *visit) moveGroup(to string) error {
	rep := map[string]any{}
	if err := v.api(http.MethodGet, "/groups/"+groupID(v), nil, &rep); err != nil {
		return err
	}
	return v.api(http.MethodPost, to, map[string]any{"id": rep["id"], "name": rep["name"]}, nil)
}

// ofMyGroup warns where the page's group is one of who is signed in.
func ofMyGroup(v *visit) string {
	if v.of == v.Snap.Realm.Name && v.isMember(v.who.UserID) {
		return losesRoles
	}
	return ""
}

func groupActRows() []row {
	back := func(v *visit) string { return groupPath(v, "settings") }
	return slices.Concat(
		[]row{{method: "GET", path: "groups/{id}", handle: func(v *visit) error { return v.to("groups", v.R.PathValue("id"), "settings") }}},
		act{path: "groups/{id}/to-top", menu: "groups", no: back,
			do: func(v *visit) (string, string, error) { return back(v), "saved", v.moveGroup("/groups") }}.rows(),
		act{path: "groups/{id}/delete", menu: "groups", no: back, warn: ofMyGroup, thing: func(v *visit) (string, error) { return groupName(v, groupID(v)) },
			ask: [3]string{"console.group.delete.heading", "console.group.delete.text", sayDelete},
			do: func(v *visit) (string, string, error) {
				return v.path("groups"), "deleted", v.api(http.MethodDelete, "/groups/"+groupID(v), nil, nil)
			}}.rows(),
	)
}
