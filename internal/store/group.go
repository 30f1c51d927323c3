package store

import (
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/secret"
)

const groupColumns = `g.realm_id, g.id, g.parent_id, g.name, g.body, g.kept`

func (tx *Tx) scanGroup(r row) (*latchkey.Group, error) {
	g := &latchkey.Group{}
	return g, r.Scan(&g.RealmID, &g.ID, &g.ParentID, &g.Name, bodyColumn{g}, tx.keptColumn(keptGroup, &g.RealmID, &g.ID, &g.Kept))
}

func groupTaken(g *latchkey.Group) error {
	return conflict("name", "A group %q exists already.", g.Name)
}

// CreateGroup adds a group. An empty ID is drawn. The error has the code
// "conflict" when its parent has a group of that name, and "not_found" when
// there is no such parent.
func (tx *Tx) CreateGroup(g *latchkey.Group) error {
	if g.ID == "" {
		g.ID = secret.NewID()
	}
	text, kept, err := tx.bodies(g, keptGroup, rowID(g.RealmID, g.ID), g.Kept)
	if err != nil {
		return err
	}
	if g.ParentID != "" {
		if err := tx.lockTree(g.RealmID); err != nil {
			return err
		}
		if _, err := tx.Group(g.RealmID, g.ParentID); err != nil {
			return err
		}
	}
	return tx.insert(groupTaken(g), `INSERT INTO realm_group (realm_id, id, parent_id, name, search, body, kept)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`, g.RealmID, g.ID, g.ParentID, g.Name, strings.ToLower(g.Name), text, kept)
}

// lockTree has those who change the shape of the realm's tree of groups wait for
// each other: two moves at once could put two groups below each other, and a
// group could be made below one that is being deleted.
func (tx *Tx) lockTree(realmID string) error {
	return tx.HoldRealm(realmID)
}

// UpdateGroup changes a group but not its place; see CreateGroup and MoveGroup.
// Who changes what they have read has locked it: see LockGroup.
func (tx *Tx) UpdateGroup(g *latchkey.Group) error {
	text, kept, err := tx.bodies(g, keptGroup, rowID(g.RealmID, g.ID), g.Kept)
	if err != nil {
		return err
	}
	return tx.update(groupTaken(g), "group", `UPDATE realm_group SET name = $3, search = $4, body = $5, kept = $6
		WHERE realm_id = $1 AND id = $2 AND NOT EXISTS (
			SELECT 1 FROM realm_group other WHERE other.realm_id = $1 AND other.parent_id = realm_group.parent_id AND other.name = $3 AND other.id <> $2)`,
		`SELECT 1 FROM realm_group WHERE realm_id = $1 AND id = $2`, g.RealmID, g.ID, g.Name, strings.ToLower(g.Name), text, kept)
}

// MoveGroup puts a group below another, or at the top where parentID is empty.
// The error has the code "invalid" when that would put it below itself,
// "not_found" when one of them does not exist, and "conflict" when a group of
// its name is there already.
func (tx *Tx) MoveGroup(realmID, id, parentID string) error {
	if err := tx.lockTree(realmID); err != nil {
		return err
	}
	g, err := tx.LockGroup(realmID, id)
	if err != nil {
		return err
	}
	if parentID != "" {
		m, err := tx.GroupPlace(realmID, parentID)
		if err != nil {
			return err
		}
		for _, above := range append(m.Above, m.Group) {
			if above.ID == id {
				return latchkey.Invalid("parentId", "A group cannot stand below itself.")
			}
		}
	}
	return tx.update(groupTaken(g), "group", `UPDATE realm_group SET parent_id = $3
		WHERE realm_id = $1 AND id = $2 AND NOT EXISTS (
			SELECT 1 FROM realm_group other WHERE other.realm_id = $1 AND other.parent_id = $3 AND other.name = realm_group.name AND other.id <> $2)`,
		`SELECT 1 FROM realm_group WHERE realm_id = $1 AND id = $2`, realmID, id, parentID)
}

// groupAndBelow has the ids of a group, $2 of realm $1, and of all below it in
// down.
const groupAndBelow = `WITH RECURSIVE down(id) AS (
		SELECT id FROM realm_group WHERE realm_id = $1 AND id = $2
		UNION SELECT g.id FROM realm_group g JOIN down ON g.parent_id = down.id WHERE g.realm_id = $1)
	`

// DeleteGroup deletes a group with all that is below it, takes their members
// out of them, and gives the ids of what it deleted. A realm's default groups
// may go on naming it, to no effect.
func (tx *Tx) DeleteGroup(realmID, id string) ([]string, error) {
	if err := tx.lockTree(realmID); err != nil {
		return nil, err
	}
	ids, err := many(tx, scanText, groupAndBelow+`SELECT id FROM down`, realmID, id)
	if err == nil && len(ids) == 0 {
		err = notFound("group")
	}
	if err != nil {
		return nil, err
	}
	for _, below := range ids {
		err := tx.run([]string{
			`DELETE FROM realm_group WHERE realm_id = $1 AND id = $2`,
			`DELETE FROM group_member WHERE realm_id = $1 AND group_id = $2`,
		}, realmID, below)
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// Group finds a group by id.
func (tx *Tx) Group(realmID, id string) (*latchkey.Group, error) {
	return one(tx, "group", (*Tx).scanGroup, `SELECT `+groupColumns+` FROM realm_group g WHERE g.realm_id = $1 AND g.id = $2`, realmID, id)
}

// LockGroup is Group that makes other transactions which lock or write the
// group wait until this one ends: who changes a group reads it so first, else
// what somebody else changed in between is written back.
func (tx *Tx) LockGroup(realmID, id string) (*latchkey.Group, error) {
	if !tx.writes {
		return nil, errReadOnly
	}
	return one(tx, "group", (*Tx).scanGroup, `SELECT `+groupColumns+` FROM realm_group g WHERE g.realm_id = $1 AND g.id = $2`+
		tx.db.dialect.forUpdate, realmID, id)
}

// GroupPlace is Group with the groups above it.
func (tx *Tx) GroupPlace(realmID, id string) (*latchkey.Membership, error) {
	list, err := tx.places(realmID, `SELECT id FROM realm_group WHERE realm_id = $1 AND id = $2`, []string{id}, id)
	if err == nil && len(list) == 0 {
		err = notFound("group")
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// GroupPlaces gives the groups with the ids, in that order, each with those
// above it; ids of no group are left out.
func (tx *Tx) GroupPlaces(realmID string, ids []string) ([]*latchkey.Membership, error) {
	var out []*latchkey.Membership
	for ; len(ids) > 0; ids = ids[min(idsAtOnce, len(ids)):] {
		some := ids[:min(idsAtOnce, len(ids))]
		args := padded(some)
		list, err := tx.places(realmID, `SELECT id FROM realm_group WHERE realm_id = $1 AND id IN (`+placeholders(2, len(args))+`)`, some, args...)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// places reads the groups that seed selects (of $1, the realm, and of args from
// $2 on) with those above them, and gives the ones with the ids, in that order;
// ids of no group are left out.
func (tx *Tx) places(realmID, seed string, ids []string, args ...any) ([]*latchkey.Membership, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := many(tx, (*Tx).scanGroup, `WITH RECURSIVE up(id) AS (
			`+seed+`
			UNION SELECT g.parent_id FROM realm_group g JOIN up ON g.id = up.id WHERE g.realm_id = $1 AND g.parent_id <> '')
		SELECT `+groupColumns+` FROM realm_group g WHERE g.realm_id = $1 AND g.id IN (SELECT id FROM up)`, append([]any{realmID}, args...)...)
	if err != nil {
		return nil, err
	}
	byID := map[string]*latchkey.Group{}
	for _, g := range list {
		byID[g.ID] = g
	}
	var out []*latchkey.Membership
	for _, id := range ids {
		g := byID[id]
		if g == nil {
			continue
		}
		m := &latchkey.Membership{Group: g}
		for up := byID[g.ParentID]; up != nil && len(m.Above) < len(list); up = byID[up.ParentID] {
			m.Above = append(m.Above, up)
		}
		out = append(out, m)
	}
	return out, nil
}

// groupsOfUser seeds places with the groups that a user is in.
const groupsOfUser = `SELECT group_id FROM group_member WHERE realm_id = $1 AND user_id = $2`

// GroupByPath finds a group by its path, "/parent/child", with the groups above
// it. A slash within a name is written "~/".
func (tx *Tx) GroupByPath(realmID, path string) (*latchkey.Membership, error) {
	m := &latchkey.Membership{}
	parent := ""
	for _, name := range pathNames(path) {
		g, err := one(tx, "group", (*Tx).scanGroup, `SELECT `+groupColumns+` FROM realm_group g
			WHERE g.realm_id = $1 AND g.parent_id = $2 AND g.name = $3`, realmID, parent, name)
		if err != nil {
			return nil, err
		}
		if m.Group != nil {
			m.Above = append([]*latchkey.Group{m.Group}, m.Above...)
		}
		m.Group, parent = g, g.ID
	}
	if m.Group == nil {
		return nil, notFound("group")
	}
	return m, nil
}

// pathNames are the names of a path.
func pathNames(path string) []string {
	const within = "\x00" // for a slash that belongs to a name
	names := strings.Split(strings.Trim(strings.ReplaceAll(path, "~/", within), "/"), "/")
	for i, name := range names {
		names[i] = strings.ReplaceAll(name, within, "/")
	}
	return names
}

// AllGroups gives every group of the realm, by name.
func (tx *Tx) AllGroups(realmID string) ([]*latchkey.Group, error) {
	return many(tx, (*Tx).scanGroup, `SELECT `+groupColumns+` FROM realm_group g WHERE g.realm_id = $1 ORDER BY g.name, g.id`, realmID)
}

// JoinGroup makes the user a member of the group; nothing happens when they are.
func (tx *Tx) JoinGroup(realmID, userID, groupID string) error {
	return tx.later(nil, `INSERT INTO group_member (realm_id, user_id, group_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		realmID, userID, groupID)
}

// LeaveGroup takes the user out of the group; nothing happens when they are not
// in it.
func (tx *Tx) LeaveGroup(realmID, userID, groupID string) error {
	return tx.later(nil, `DELETE FROM group_member WHERE realm_id = $1 AND user_id = $2 AND group_id = $3`, realmID, userID, groupID)
}

// UserGroups gives the groups that the user is in, by path.
func (tx *Tx) UserGroups(realmID, userID string) ([]*latchkey.Membership, error) {
	ids, err := many(tx, scanText, groupsOfUser+` ORDER BY group_id`, realmID, userID)
	if err != nil {
		return nil, err
	}
	list, err := tx.places(realmID, groupsOfUser, ids, userID)
	slices.SortFunc(list, func(a, b *latchkey.Membership) int { return strings.Compare(a.Path(), b.Path()) })
	return list, err
}

// Holdings gives the roles and groups of a user: one statement for those who
// are in no group.
func (tx *Tx) Holdings(realmID, userID string) (*latchkey.Holdings, error) {
	h := &latchkey.Holdings{}
	var groups []string
	err := tx.each(func(r row) error {
		var kind int
		var id string
		if err := r.Scan(&kind, &id); err != nil {
			return err
		}
		if kind == 1 {
			groups = append(groups, id)
		} else {
			h.Roles = append(h.Roles, id)
		}
		return nil
	}, `SELECT 0, role_id FROM user_role WHERE realm_id = $1 AND user_id = $2
		UNION ALL SELECT 1, group_id FROM group_member WHERE realm_id = $1 AND user_id = $2 ORDER BY 1, 2`, realmID, userID)
	if err != nil {
		return nil, err
	}
	h.Memberships, err = tx.places(realmID, groupsOfUser, groups, userID)
	return h, err
}
