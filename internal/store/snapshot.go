package store

import (
	"errors"
	"slices"

	"latchkey"
)

// versionNow is the version of the realm $1 that the transaction is writing:
// every statement that writes what a snapshot holds puts it into the row's
// column "changed".
const versionNow = `(SELECT version FROM realm WHERE realm_id = $1)`

// configured is a table of what a realm is configured with, all of which a
// snapshot holds.
type configured[T any] struct {
	table, columns string
	key            string // the column that names a row in its realm
	scan           func(*Tx, row) (*T, error)
	id             func(*T) string
}

// after gives every row of the realm, reading those alone that were written
// after the version that the known ones are of. What is unchanged is given as
// it is known.
func (c configured[T]) after(tx *Tx, realmID string, known []*T, version int64) ([]*T, error) {
	fresh, err := many(tx, c.scan, `SELECT `+c.columns+` FROM `+c.table+` WHERE realm_id = $1 AND changed > $2`, realmID, version)
	if err != nil {
		return nil, err
	}
	all := known
	if len(fresh) > 0 {
		at := make(map[string]int, len(known))
		for i, one := range known {
			at[c.id(one)] = i
		}
		all = slices.Clone(known)
		for _, one := range fresh {
			if i, ok := at[c.id(one)]; ok {
				all[i] = one
			} else {
				all = append(all, one)
			}
		}
	}
	// Every row that there is stands in all. If they are as many, there is none
	// beside them.
	var count int
	err = tx.each(func(r row) error { return r.Scan(&count) }, `SELECT COUNT(*) FROM `+c.table+` WHERE realm_id = $1`, realmID)
	if err != nil || count == len(all) {
		return all, err
	}
	there := make(map[string]bool, count)
	err = tx.each(func(r row) error {
		var id string
		err := r.Scan(&id)
		there[id] = true
		return err
	}, `SELECT `+c.key+` FROM `+c.table+` WHERE realm_id = $1`, realmID)
	return slices.DeleteFunc(slices.Clone(all), func(one *T) bool { return !there[c.id(one)] }), err
}

// beforeAll is the version of a realm of which nothing is known.
const beforeAll = -1

// snapshotTries is how often a snapshot is read again when the realm changes
// under it.
const snapshotTries = 5

// Snapshot reads everything that a realm is configured with, at one version. In
// a View of a realm that is changed again and again the error may have the code
// "unavailable"; after [Tx.HoldRealm] it has not.
func (tx *Tx) Snapshot(realmID string) (*latchkey.Snapshot, error) {
	return tx.SnapshotAfter(realmID, nil)
}

// SnapshotAfter is [Tx.Snapshot] for who has an earlier snapshot of the realm
// in hand: it reads what was written since, and shares the rest with it. nil is
// no snapshot. One that was read in an Update, whose version was not committed
// yet, is none to go on from.
func (tx *Tx) SnapshotAfter(realmID string, known *latchkey.Snapshot) (*latchkey.Snapshot, error) {
	for range snapshotTries {
		s, err := tx.readSnapshot(realmID, known)
		if err != nil {
			return nil, err
		}
		// A View reads statement by statement. Every change grows the version
		// in its own transaction: the same before and after, nothing between.
		var version int64
		err = tx.each(func(r row) error { return r.Scan(&version) }, `SELECT version FROM realm WHERE realm_id = $1`, realmID)
		if err != nil {
			return nil, err
		}
		switch {
		case version != s.Realm.Version:
		case s == known:
			return s, nil
		default:
			return s.Index(), nil
		}
	}
	return nil, &latchkey.Error{Code: latchkey.CodeUnavailable, Message: "The realm is being changed. Try again.",
		Err: errors.New("no snapshot at one version")}
}

func (tx *Tx) readSnapshot(realmID string, known *latchkey.Snapshot) (s *latchkey.Snapshot, err error) {
	s = &latchkey.Snapshot{}
	if s.Realm, err = tx.Realm(realmID); err != nil {
		return nil, err
	}
	if known == nil || known.Realm.ID != realmID || known.Realm.Version > s.Realm.Version {
		known = &latchkey.Snapshot{Realm: &latchkey.Realm{Version: beforeAll}}
	}
	version := known.Realm.Version
	if version == s.Realm.Version {
		return known, nil
	}
	if s.Clients, err = configuredClients.after(tx, realmID, known.Clients, version); err != nil {
		return nil, err
	}
	if s.Scopes, err = configuredScopes.after(tx, realmID, known.Scopes, version); err != nil {
		return nil, err
	}
	if s.Roles, err = configuredRoles.after(tx, realmID, known.Roles, version); err != nil {
		return nil, err
	}
	if s.Flows, err = configuredFlows.after(tx, realmID, known.Flows, version); err != nil {
		return nil, err
	}
	if s.Configs, err = configuredConfigs.after(tx, realmID, known.Configs, version); err != nil {
		return nil, err
	}
	if s.RequiredActions, err = configuredActions.after(tx, realmID, known.RequiredActions, version); err != nil {
		return nil, err
	}
	s.Keys, err = configuredKeys.after(tx, realmID, known.Keys, version)
	return s, err
}
