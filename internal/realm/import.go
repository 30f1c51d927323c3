package realm

import (
	"context"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// MaxImport is the largest export that is read, in bytes.
const MaxImport = 32 << 20

// Source is one realm of an export that was read.
type Source struct {
	Representation *representation.Realm
	unknown        []representation.Unknown
}

// Name is the realm's name.
func (s *Source) Name() string { return representation.Value(s.Representation.Realm) }

// Prepare makes the plan of the realm; see the function [Prepare].
func (s *Source) Prepare(o Options) (*Plan, error) {
	return prepare(s.Representation, s.unknown, o)
}

// Parse reads an export of Keycloak: one realm, or a list of realms. It checks
// the shape; whether the parts fit together is found by Prepare. An error names
// the member that is wrong.
func Parse(data []byte) ([]*Source, error) {
	if len(data) > MaxImport {
		return nil, latchkey.Errorf(latchkey.CodeInvalid, "The file is larger than %d MiB.", MaxImport>>20)
	}
	var sources []*Source
	unknown, err := representation.DecodeEach(data, func() any {
		s := &Source{Representation: new(representation.Realm)}
		sources = append(sources, s)
		return s.Representation
	})
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for i, s := range sources {
		s.unknown = unknown[i]
		if s.Name() == "" {
			return nil, latchkey.Invalid("realm", "Realm name cannot be empty")
		}
		if names[s.Name()] {
			return nil, twice(at("realms", s.Name()), "name")
		}
		names[s.Name()] = true
	}
	if len(sources) == 0 {
		return nil, latchkey.Errorf(latchkey.CodeInvalid, "The file holds no realm.")
	}
	return sources, nil
}

// Result says what became of one realm of an import.
type Result struct {
	Realm string
	// Created is false when there was a realm with that name, which was left
	// alone.
	Created bool
	Report  Report
}

// Import makes the realms of an export that do not exist; those that exist are
// left as they are. Each realm is made whole or not at all. After one that
// cannot be made no other is, and the error has the faults of them all.
func Import(ctx context.Context, db *store.DB, data []byte, o Options) ([]Result, error) {
	sources, err := Parse(data)
	if err != nil {
		return nil, err
	}
	var results []Result
	for i, s := range sources {
		created, report, err := ensure(ctx, db, s, o)
		if err != nil {
			faults := []error{under(at("realms", s.Name()), err)}
			for _, later := range sources[i+1:] {
				if latchkey.ErrorCode(err) == latchkey.CodeInvalid {
					_, err := draft(later.Representation, later.unknown, o)
					faults = append(faults, under(at("realms", later.Name()), err))
				}
			}
			return results, representation.Join(faults...)
		}
		results = append(results, Result{Realm: s.Name(), Created: created, Report: report})
	}
	return results, nil
}

// ensure makes a realm when there is none with its name.
func ensure(ctx context.Context, db *store.DB, s *Source, o Options) (created bool, report Report, err error) {
	there, err := exists(ctx, db.View, s.Name())
	if err != nil || there {
		return false, report, err
	}
	plan, err := s.Prepare(o)
	if err != nil {
		return false, report, err
	}
	created, err = plan.place(ctx, db)
	return created, plan.Report(), err
}

// placeTries is how often place begins again when the realm that was in the
// way turns out not to be there.
const placeTries = 3

// place writes the realm. When another node was faster, that is as good.
func (p *Plan) place(ctx context.Context, db *store.DB) (created bool, err error) {
	for range placeTries {
		err = db.Update(ctx, func(tx *store.Tx) error {
			_, err := p.Apply(tx)
			return err
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
