package realm

import (
	"strconv"

	"latchkey"
	"latchkey/internal/representation"
)

const whyNoGroup = "there is no group with this path: left out"

// makeGroups makes the file's groups, the parents first, and says which of them
// new users are put into.
func (p *planner) makeGroups() {
	p.groupsBelow("", "", p.file.Groups)
	for _, path := range p.file.DefaultGroups {
		id := p.groupPaths[path]
		if id == "" {
			p.report.add("defaultGroups", NotTaken, whyNoGroup, path)
			continue
		}
		p.snap.Realm.DefaultGroups = union(p.snap.Realm.DefaultGroups, []string{id})
	}
}

func (p *planner) groupsBelow(parentID, parentPath string, list []representation.Group) {
	for i := range list {
		rep := &list[i]
		name := representation.Value(rep.Name)
		place := representation.PathBelow(parentPath, name)
		path := at("groups", place)
		if name == "" {
			p.note(latchkey.Invalid(at("groups", parentPath)+".subGroups["+strconv.Itoa(i)+"]", "A group needs a name."))
			continue
		}
		if p.groupPaths[place] != "" {
			p.note(twice(path, "name"))
			continue
		}
		g := &latchkey.Group{RealmID: p.snap.Realm.ID, ID: p.id("group", rep.ID, path+".id"), ParentID: parentID}
		p.note(under(path, rep.Apply(g)))
		g.Roles = p.rolesNamed(rep.RealmRoles, rep.ClientRoles, path)
		p.groupPaths[place] = g.ID
		p.parts.groups = append(p.parts.groups, g)
		p.groupsBelow(g.ID, place, rep.SubGroups)
	}
}
