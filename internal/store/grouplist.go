package store

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"latchkey"
)

// GroupFilter says which groups are listed. Empty fields do not filter.
type GroupFilter struct {
	// Parent is the id of the group right below which they stand; empty with
	// Level: at the top.
	Parent string
	// Level keeps to those right below Parent; else groups of all levels are
	// looked at.
	Level bool
	// Search stands anywhere in the name, in any case; with Exact it is the name.
	Search string
	Exact  bool
	// Attributes are values that the group has, by name.
	Attributes map[string]string
	// Role is the id of a role that the group has itself.
	Role       string
	First, Max int // Max zero: a hundred
}

// where gives the condition and its arguments.
func (f *GroupFilter) where(d *dialect, realmID string) (string, []any) {
	var b strings.Builder
	args := []any{realmID}
	next := func(arg any) string {
		args = append(args, arg)
		return "$" + strconv.Itoa(len(args))
	}
	b.WriteString("g.realm_id = $1")
	if f.Level {
		b.WriteString(" AND g.parent_id = " + next(f.Parent))
	}
	switch {
	case f.Search == "":
	case f.Exact:
		b.WriteString(" AND g.name = " + next(f.Search))
	default:
		b.WriteString(" AND g.search LIKE " + next("%"+likeText(f.Search)+"%") + ` ESCAPE '\'`)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Attributes)) {
		name, value := next(name), next(f.Attributes[name])
		b.WriteString(" AND " + d.holds("g.body", value, "'attributes'", name))
	}
	if f.Role != "" {
		b.WriteString(" AND " + d.holds("g.body", next(f.Role), "'roles'"))
	}
	return b.String(), args
}

// Groups lists groups by name, each with those above it.
func (tx *Tx) Groups(realmID string, f GroupFilter) ([]*latchkey.Membership, error) {
	where, args := f.where(tx.db.dialect, realmID)
	if f.Max <= 0 {
		f.Max = maxListed
	}
	args = append(args, f.Max, max(f.First, 0))
	page := `SELECT id FROM realm_group g WHERE ` + where +
		` ORDER BY g.name, g.id LIMIT $` + strconv.Itoa(len(args)-1) + ` OFFSET $` + strconv.Itoa(len(args))
	ids, err := many(tx, scanText, page, args...)
	if err != nil {
		return nil, err
	}
	return tx.places(realmID, `SELECT id FROM (`+page+`) listed`, ids, args[1:]...)
}

// CountGroups counts those that Groups would list without First and Max.
func (tx *Tx) CountGroups(realmID string, f GroupFilter) (int, error) {
	where, args := f.where(tx.db.dialect, realmID)
	n := 0
	err := tx.each(func(r row) error { return r.Scan(&n) }, `SELECT COUNT(*) FROM realm_group g WHERE `+where, args...)
	return n, err
}

// idsAtOnce is how many ids one statement asks for.
const idsAtOnce = 256

// SubGroupCounts counts the groups right below each of the groups; who has none
// is left out.
func (tx *Tx) SubGroupCounts(realmID string, ids []string) (map[string]int, error) {
	counts := map[string]int{}
	for ; len(ids) > 0; ids = ids[min(idsAtOnce, len(ids)):] {
		some := padded(ids[:min(idsAtOnce, len(ids))])
		err := tx.each(func(r row) error {
			var id string
			var n int
			err := r.Scan(&id, &n)
			counts[id] = n
			return err
		}, `SELECT parent_id, COUNT(*) FROM realm_group WHERE realm_id = $1 AND parent_id IN (`+placeholders(2, len(some))+`)
			GROUP BY parent_id`, append([]any{realmID}, some...)...)
		if err != nil {
			return nil, err
		}
	}
	return counts, nil
}

// GroupMembers gives the users who are in the group itself, by username, at
// most limit from the first on.
func (tx *Tx) GroupMembers(realmID, groupID string, first, limit int) ([]*latchkey.User, error) {
	return tx.usersIn(named{rows: `group_member WHERE realm_id = $1 AND group_id = $2`}, realmID, groupID, first, limit)
}

// MembersBelow gives the users who are in the group or in one below it, each
// once, by username, at most limit from the first on.
func (tx *Tx) MembersBelow(realmID, groupID string, first, limit int) ([]*latchkey.User, error) {
	return tx.usersIn(named{groupAndBelow, `group_member WHERE realm_id = $1 AND group_id IN (SELECT id FROM down)`}, realmID, groupID, first, limit)
}

// RoleUsers gives the users that were given the role itself, by username, at
// most limit from the first on.
func (tx *Tx) RoleUsers(realmID, roleID string, first, limit int) ([]*latchkey.User, error) {
	return tx.usersIn(named{rows: `user_role WHERE realm_id = $1 AND role_id = $2`}, realmID, roleID, first, limit)
}

// fewUsers is how many users are sorted to give a page of them. Of more, such as
// those who have a role that everybody has, a page is found by going through the
// realm's users in their order.
const fewUsers = 2000

// named are rows that name users (of $1, the realm, and $2), which may read what
// with gives.
type named struct{ with, rows string }

// usersIn gives a page of the users that some rows name.
func (tx *Tx) usersIn(of named, realmID, id string, first, limit int) ([]*latchkey.User, error) {
	n := 0
	err := tx.each(func(r row) error { return r.Scan(&n) }, of.with+`SELECT COUNT(*) FROM (SELECT 1 FROM `+of.rows+` LIMIT $3) listed`,
		realmID, id, fewUsers+1)
	if err != nil || n == 0 {
		return nil, err
	}
	which, order := `users.id IN (SELECT user_id FROM `+of.rows+`)`, `username || ''` // so that they are found first and then sorted
	if n > fewUsers {
		which, order = `EXISTS (SELECT 1 FROM `+of.rows+` AND user_id = users.id LIMIT 1)`, `username`
	}
	return many(tx, (*Tx).scanUser, of.with+`SELECT `+userColumns+` FROM users WHERE realm_id = $1 AND username IN (
			SELECT username FROM users WHERE realm_id = $1 AND `+which+` ORDER BY `+order+` LIMIT $3 OFFSET $4) ORDER BY username`, realmID, id, limit, max(first, 0))
}
