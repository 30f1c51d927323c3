package realm

import (
	"bytes"
	"context"
	"fmt"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// IfExists says what an import does with a realm that is there already.
type IfExists string

// What an import does with a realm that is there already.
const (
	Skip IfExists = "skip" // it is left alone
	Fail IfExists = "fail" // it is an error
	// UpdateUsers leaves its settings alone and makes or changes its people.
	// What the export does not say of a person stays, all of it: address,
	// names, whether they are enabled, roles, groups, credentials.
	UpdateUsers IfExists = "update-users"
)

// ImportOptions say how an export is taken in.
type ImportOptions struct {
	Options
	IfExists IfExists // Skip where it is empty
	// Resume goes on with an import that was ended before it was through.
	Resume bool
	// Progress is told after each transaction how many of a realm's people are
	// done, of how many. It may be nil.
	Progress func(realm string, done, total int)
	// Record is called in the transaction that makes a realm, once it is there;
	// an error undoes it. It may be nil, and it may be called again.
	Record func(*store.Tx) error
}

// Result says what became of one realm of an import.
type Result struct {
	Realm string
	// Created is false when there was a realm with that name already.
	Created bool
	Resumed bool
	People  int // how many were made or changed
	Report  Report
}

// Import makes the realms of an export. A realm is made whole or not at all,
// with two exceptions. When it has more than some hundred people, its settings
// are written first and the people after them, some hundred in a transaction;
// until all are there the realm is disabled, and an import that was ended goes
// on with Resume. And people that are changed, are, transaction by transaction.
// After a realm that cannot be made no other is, and the error has the faults
// of them all.
func Import(ctx context.Context, db *store.DB, sources []*Source, o ImportOptions) ([]Result, error) {
	var results []Result
	for i, s := range sources {
		result, err := s.take(ctx, db, o)
		if err != nil {
			faults := []error{under(at("realms", s.Name()), err)}
			for _, later := range sources[i+1:] {
				if latchkey.ErrorCode(err) == latchkey.CodeInvalid {
					_, err := draft(later.Representation, later.unknown, later.people, o.Options)
					faults = append(faults, under(at("realms", later.Name()), err))
				}
			}
			return results, representation.Join(faults...)
		}
		results = append(results, result)
	}
	return results, nil
}

// take makes the realm, goes on making it, or does what is to be done with one
// that is there.
func (s *Source) take(ctx context.Context, db *store.DB, o ImportOptions) (Result, error) {
	var realm *latchkey.Realm
	var begun *latchkey.RealmImport
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		if realm, err = tx.RealmByName(s.Name()); err == nil {
			begun, err = tx.RealmImport(realm.ID)
		}
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			return nil
		}
		return err
	})
	result := Result{Realm: s.Name()}
	switch {
	case err != nil:
		return result, err
	case realm == nil:
		return s.create(ctx, db, o)
	case begun != nil && !o.Resume:
		return result, latchkey.Errorf(latchkey.CodeConflict, "An import of the realm %s was begun and is not through: %d of %d people are there. Go on with --resume, or begin anew after `latchkey realm delete %s`.",
			s.Name(), begun.Done, begun.Total, s.Name())
	case begun != nil && !bytes.Equal(begun.Digest, s.people.digest):
		return result, latchkey.Errorf(latchkey.CodeConflict, "The import of the realm %s that is not through was of another file. Give the same one, or begin anew after `latchkey realm delete %s`.", s.Name(), s.Name())
	case begun != nil:
		result.Resumed = true
		result.People, err = s.resume(ctx, db, begun, o)
		return result, err
	case o.IfExists == Fail:
		return result, &latchkey.Error{Code: latchkey.CodeConflict, Field: "realm", Message: fmt.Sprintf("A realm named %q exists already.", s.Name())}
	case o.IfExists == UpdateUsers:
		return s.update(ctx, db, realm, o)
	}
	return result, nil
}

func (s *Source) create(ctx context.Context, db *store.DB, o ImportOptions) (Result, error) {
	result := Result{Realm: s.Name()}
	plan, err := s.Prepare(o.Options)
	if err != nil {
		return result, err
	}
	result.Report = plan.Report()
	if result.Created, err = plan.place(ctx, db, o.Record); err != nil {
		return result, err
	}
	if !result.Created { // somebody else was faster, and what is done then was asked for
		return s.take(ctx, db, o)
	}
	result.People = len(plan.users)
	if plan.begun != nil {
		added, err := s.resume(ctx, db, plan.begun, o)
		result.People += added
		return result, err
	}
	return result, nil
}

// ensure makes a realm when there is none with its name.
func ensure(ctx context.Context, db *store.DB, s *Source, o Options) (created bool, err error) {
	result, err := s.take(ctx, db, ImportOptions{Options: o})
	return result.Created, err
}

// placeTries is how often place begins again when the realm that was in the
// way turns out not to be there.
const placeTries = 3

// place writes the realm. When another node was faster, that is as good.
func (p *Plan) place(ctx context.Context, db *store.DB, record func(*store.Tx) error) (created bool, err error) {
	for range placeTries {
		err = db.Update(ctx, func(tx *store.Tx) error {
			if _, err := p.Apply(tx); err != nil || record == nil {
				return err
			}
			return record(tx)
		})
		if latchkey.ErrorCode(err) != latchkey.CodeConflict {
			return err == nil, err
		}
		// The other may be about to be committed: a View would not see it yet,
		// an Update comes after it.
		if there, lookErr := exists(ctx, db.Update, p.Name()); lookErr != nil || there {
			return false, lookErr
		}
	}
	return false, err
}

func exists(ctx context.Context, run func(context.Context, func(*store.Tx) error) error, name string) (there bool, err error) {
	err = run(ctx, func(tx *store.Tx) error {
		_, err := tx.RealmByName(name)
		there = err == nil
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			return nil
		}
		return err
	})
	return there, err
}
