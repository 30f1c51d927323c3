package realm

import (
	"context"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// within gives the makers of people for a realm that is there.
func within(ctx context.Context, db *store.DB, realmID string, o Options) (*people, *Contents, error) {
	var c *Contents
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		c, err = Load(tx, realmID)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	groups := map[string]string{}
	for _, g := range c.Groups {
		groups[c.groupPath(g.ID)] = g.ID
	}
	return newPeople(o, c.Snapshot, groups, new(Report), nil), c, nil
}

// resume makes the people of a begun import that are not there yet, and enables
// the realm when they are.
func (s *Source) resume(ctx context.Context, db *store.DB, begun *latchkey.RealmImport, o ImportOptions) (added int, err error) {
	all, _, err := within(ctx, db, begun.RealmID, o.Options)
	if err != nil {
		return 0, err
	}
	done := begun.Done
	err = s.people.batches(ctx, all, done, func(list []*account) error {
		err := db.Update(ctx, func(tx *store.Tx) error {
			mine, err := tx.AdvanceRealmImport(begun.RealmID, done, done+len(list))
			if err == nil && !mine {
				err = latchkey.Errorf(latchkey.CodeConflict, "Somebody else is at the import of the realm %s.", s.Name())
			}
			if err != nil {
				return err
			}
			for _, p := range list {
				if err := create(tx, p.Person); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		done += len(list)
		added += len(list)
		o.progress(s.Name(), done, begun.Total)
		return db.Yield(ctx)
	})
	if err != nil {
		return added, err
	}
	return added, db.Update(ctx, func(tx *store.Tx) error {
		if err := tx.DeleteRealmImport(begun.RealmID); err != nil {
			return err
		}
		realm, err := tx.Realm(begun.RealmID)
		if err != nil || realm.Enabled == begun.Enabled {
			return err
		}
		realm.Enabled = begun.Enabled
		return tx.UpdateRealm(realm)
	})
}

func (o *ImportOptions) progress(realm string, done, total int) {
	if o.Progress != nil {
		o.Progress(realm, done, total)
	}
}

// create writes a person. One who has the id or the username is taken for the
// same: an administrator was faster than the import.
func create(tx *store.Tx, p *latchkey.Person) error {
	err := tx.CreatePerson(p)
	if latchkey.ErrorCode(err) != latchkey.CodeConflict {
		return err
	}
	if _, there := tx.UserNamed(p.User.RealmID, p.User.ID, p.User.Username); there == nil {
		return nil
	}
	return unmade(p, err)
}

func unmade(p *latchkey.Person, err error) error {
	return &latchkey.Error{Code: latchkey.ErrorCode(err), Field: at("users", p.User.Username), Message: "This user cannot be made.", Err: err}
}

// update makes the people that a realm lacks, and changes those who are there.
func (s *Source) update(ctx context.Context, db *store.DB, realm *latchkey.Realm, o ImportOptions) (Result, error) {
	result := Result{Realm: s.Name()}
	var faults []error
	check, _, err := within(ctx, db, realm.ID, o.Options)
	if err != nil {
		return result, err
	}
	check.report = &result.Report
	check.note = func(err error) bool {
		if err != nil && len(faults) < representation.MaxFaults {
			faults = append(faults, err)
		}
		return err != nil
	}
	err = s.everyone().each(func(rep *representation.User, unknown []representation.Unknown, index int) error {
		check.add(rep, index)
		result.Report.unknown(unknown)
		return nil
	}, check.note)
	if err = representation.Join(append(faults, err)...); err != nil {
		return result, err
	}
	result.Report.sort()
	all, contents, err := within(ctx, db, realm.ID, o.Options)
	if err != nil {
		return result, err
	}
	err = s.people.batches(ctx, all, 0, func(list []*account) error {
		err := db.Update(ctx, func(tx *store.Tx) error {
			for _, p := range list {
				if err := change(tx, contents.Snapshot, p); err != nil {
					return unmade(p.Person, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		result.People += len(list)
		o.progress(s.Name(), result.People, s.people.total)
		return db.Yield(ctx)
	})
	return result, err
}

// everyone is the stream of the people.
func (s *Source) everyone() *stream {
	if s.people == nil {
		return &stream{}
	}
	return s.people
}
