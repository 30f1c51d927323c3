package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func groupRows() []row {
	return slices.Concat(
		groupTree.rows(), newGroup.rows(), newSubGroup.rows(), groupSettings.rows(), groupAttributes.rows(), subGroups.rows(), groupRoles.rows(),
		groupMembers.rows(), addMembers.rows(), defaultGroups.rows(), addDefaultGroups.rows(), moveGroup.rows(), groupActRows(),
	)
}

// groupTabs are the two pages of groups.
func groupTabs(v *visit, current string) top {
	t := top{Title: "console.groups", Intro: "console.groups.intro"}
	if v.may("view-realm", "manage-realm") {
		t.Tabs = []tab{{"console.groups", v.path("groups"), current == "groups"}, {"console.default-groups", v.path("groups", "default"), current == "default"}}
	}
	return t
}

// groupTree are the groups at the top, and those below the ones that were
// opened. A search shows what it finds with the groups above it.
var groupTree = list{
	path: "groups", menu: "groups", search: "console.group.search", columns: []string{"console.group.name", "console.group.description", "console.group.below"},
	empty: [2]string{"console.group.none", "console.group.none.help"},
	top: func(v *visit) top {
		t := groupTabs(v, "groups")
		if v.may(mayManageUsers...) {
			t.Acts = []link{{Text: "console.group.create", URL: v.path("groups", "new")}}
		}
		return t
	},
	api: func(v *visit) string { return "/groups?populateHierarchy=true" },
	unfold: func(v *visit, things []map[string]any) ([]map[string]any, error) {
		return v.branches(things, 0, strings.Split(v.query.Get("open"), ","))
	},
	row: func(v *visit, rep map[string]any) tableRow {
		id := text(rep["id"])
		depth, _ := rep["depth"].(int)
		name := cell{Text: text(rep["name"]), URL: v.path("groups", id, "settings"), Depth: depth}
		below := cell{}
		if n, _ := rep["subGroupCount"].(float64); n > 0 && v.query.Get("search") == "" {
			below = cell{Text: "console.group.show", Say: true, URL: v.at("open", strings.Trim(v.query.Get("open")+","+id, ","))}
			if rep["open"] == true {
				rest := slices.DeleteFunc(strings.Split(v.query.Get("open"), ","), func(one string) bool { return one == id })
				below = cell{Text: "console.group.hide", Say: true, URL: v.at("open", strings.Join(rest, ","))}
			}
			below.Tags = []string{text(rep["subGroupCount"])}
		}
		out := tableRow{Cells: []cell{name, {Text: text(rep["description"])}, below}}
		if v.may(mayManageUsers...) {
			out.Acts = groupActs(v, id)
		}
		return out
	},
}

// mostOpen bounds how many groups of a level are shown below another; its own
// page has the others.
const mostOpen = 100

// branches puts below each group those that the search found there, or that are
// below it when it is open.
func (v *visit) branches(things []map[string]any, depth int, open []string) (out []map[string]any, err error) {
	for _, g := range things {
		g["depth"] = depth
		out = append(out, g)
		var below []map[string]any
		found, _ := g["subGroups"].([]any)
		for _, one := range found {
			if rep, ok := one.(map[string]any); ok {
				below = append(below, rep)
			}
		}
		if len(found) == 0 && slices.Contains(open, text(g["id"])) {
			g["open"] = true
			if err := v.api(http.MethodGet, "/groups/"+url.PathEscape(text(g["id"]))+"/children?briefRepresentation=true&max="+text(float64(mostOpen)), nil, &below); err != nil {
				return nil, err
			}
		}
		more, err := v.branches(below, depth+1, open)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// groupActs are what can be done to a group as a whole.
func groupActs(v *visit, id string) []link {
	return []link{
		{Text: "console.group.create-below", URL: v.path("groups", id, "new")}, {Text: "console.group.move", URL: v.path("groups", id, "move")},
		{Text: sayDelete, URL: v.path("groups", id, "delete"), Bad: true},
	}
}

// groupID is the group of the page's path, escaped.
func groupID(v *visit) string { return v.value("id") }

// groupPath is the address of a page of the group.
func groupPath(v *visit, parts ...string) string {
	return v.path(append([]string{"groups", v.R.PathValue("id")}, parts...)...)
}

// groupTop is what stands above every tab of a group.
func groupTop(v *visit, current string) top {
	rep, err := v.thing("/groups/" + groupID(v))
	if err != nil {
		rep = map[string]any{} // the page's own call says why
	}
	t := top{Title: text(rep["name"]), Crumbs: []link{{Text: "console.groups", URL: v.path("groups")}}}
	if parent := text(rep["parentId"]); parent != "" {
		// A slash in a name is written "~/" in a path.
		names := strings.Split(strings.ReplaceAll(strings.TrimPrefix(text(rep["path"]), "/"), "~/", "\x00"), "/")
		t.Crumbs = append(t.Crumbs, link{Text: strings.ReplaceAll(names[max(0, len(names)-2)], "\x00", "/"), URL: v.path("groups", parent, "settings")})
	}
	for _, name := range []string{"settings", "sub-groups", "members", "attributes", "role-mapping"} {
		if name == "members" && !v.may("view-users", "manage-users") {
			continue
		}
		t.Tabs = append(t.Tabs, tab{"console.group.tab." + name, groupPath(v, name), name == current})
	}
	if v.may(mayManageUsers...) {
		t.More = groupActs(v, v.R.PathValue("id"))
	}
	return t
}

func groupSections(*visit, map[string]any) []section {
	return []section{{Settings: []setting{{At: "name", Kind: kindText, Required: true}, {At: "description", Kind: kindArea}}}}
}

var newGroup = form{
	path: "groups/new", menu: "groups", prefix: "console.group", may: mayManageUsers, sections: groupSections, blame: "name",
	top: func(v *visit, _ map[string]any) top {
		return top{Title: "console.group.create", Crumbs: []link{{Text: "console.groups", URL: v.path("groups")}}}
	},
	create: func(v *visit, rep map[string]any) (string, error) {
		id, err := v.create("/groups", rep)
		return v.path("groups", id, "settings"), err
	},
}

var newSubGroup = form{
	path: "groups/{id}/new", menu: "groups", prefix: "console.group", may: mayManageUsers, sections: groupSections, blame: "name",
	top: func(v *visit, _ map[string]any) top {
		return below(groupTop(v, "sub-groups"), "console.group.create-below", "")
	},
	create: func(v *visit, rep map[string]any) (string, error) {
		id, err := v.create("/groups/"+groupID(v)+"/children", rep)
		return v.path("groups", id, "settings"), err
	},
}

// groupForm is a tab of a group.
func groupForm(tab string, sections func(*visit, map[string]any) []section) form {
	return form{path: "groups/{id}/" + tab, menu: "groups", prefix: "console.group", may: mayManageUsers, sections: sections, blame: "name",
		api: func(v *visit) string { return "/groups/" + groupID(v) },
		top: func(v *visit, _ map[string]any) top { return groupTop(v, tab) },
	}
}

var groupSettings = groupForm("settings", groupSections)

var groupAttributes = groupForm("attributes", attributesSection)

// attributesSection is the attributes of a group or a role.
func attributesSection(*visit, map[string]any) []section {
	return []section{{Settings: []setting{{At: "attributes", Kind: kindMap, Label: "console.attributes"}}}}
}

// subGroups are those right below a group.
var subGroups = list{
	path: "groups/{id}/sub-groups", menu: "groups", search: "console.group.search",
	columns: []string{"console.group.name", "console.group.description", "console.group.below"}, empty: [2]string{"console.group.none-below", ""},
	top: func(v *visit) top {
		t := groupTop(v, "sub-groups")
		if v.may(mayManageUsers...) {
			t.Acts = []link{{Text: "console.group.create-below", URL: groupPath(v, "new")}}
		}
		return t
	},
	api: func(v *visit) string { return "/groups/" + groupID(v) + "/children?briefRepresentation=true" },
	row: func(v *visit, rep map[string]any) tableRow {
		id := text(rep["id"])
		out := tableRow{Cells: []cell{{Text: text(rep["name"]), URL: v.path("groups", id, "sub-groups")}, {Text: text(rep["description"])}, {Text: text(rep["subGroupCount"])}}}
		if v.may(mayManageUsers...) {
			out.Acts = groupActs(v, id)
		}
		return out
	},
}

// groupRoles are the roles of a group's members.
var groupRoles = roleMapping{path: "groups/{id}/role-mapping", menu: "groups", may: mayManageUsers,
	top: func(v *visit) top {
		t := groupTop(v, "role-mapping")
		if v.may(mayManageUsers...) {
			t.Acts = []link{{Text: "console.role-mapping.assign", URL: assignURL(v)}}
		}
		return t
	},
	warn: func(v *visit, _ []string) string { return ofMyGroup(v) },
	of: func(v *visit) (roleHolder, error) {
		return roleHolder{api: "/groups/" + groupID(v) + "/role-mappings", kind: "groups", id: v.R.PathValue("id")}, nil
	},
}
