package realm

import (
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// Options say how a realm is made.
type Options struct {
	// Now is the time that keys and accounts are made at.
	Now time.Time
	// MagicLink binds the browser flow to "magic link" when the representation
	// names none, as the console and dev do. Without it Keycloak's "browser".
	MagicLink bool
	// Events switches the recording of events on when the representation says
	// nothing of it, as the console and dev do.
	Events bool
	// Built says whether the authenticator, form action, client authenticator
	// or required action with that provider id is built, for the report. Nil
	// names nothing as not built.
	Built func(providerID string) bool
	// Strict refuses what Keycloak refuses, too, where an import names it and
	// takes the rest: for who can mend it at once, a caller of the API.
	Strict bool
}

// Plan is a realm that is ready to be written.
type Plan struct {
	snap   *latchkey.Snapshot
	parts  parts
	users  []*latchkey.Person
	report Report
	begun  *latchkey.RealmImport // of the people that are read one by one
}

// Name is the name of the realm that the plan makes.
func (p *Plan) Name() string { return p.snap.Realm.Name }

// Report names what the plan does not take over from its representation.
func (p *Plan) Report() Report { return p.report }

// Prepare makes the plan of a realm: what rep says, and what every realm has.
// It makes keys and hashes passwords, which takes long, and is called outside
// of any transaction. rep is not changed.
func Prepare(rep *representation.Realm, o Options) (*Plan, error) {
	return prepare(rep, nil, nil, o)
}

// Apply writes the realm. The error is CodeConflict with the field "realm" or
// "id" when there is one with that name or id.
func (p *Plan) Apply(tx *store.Tx) (*latchkey.Realm, error) {
	if err := p.isFree(tx); err != nil {
		return nil, err
	}
	realm := *p.snap.Realm
	if err := tx.CreateRealm(&realm); err != nil {
		return nil, err
	}
	if err := p.applySettings(tx); err != nil {
		return nil, err
	}
	for _, u := range p.users {
		if err := tx.CreatePerson(u); err != nil {
			return nil, unmade(u, err)
		}
	}
	if p.begun != nil {
		if err := tx.CreateRealmImport(p.begun); err != nil {
			return nil, err
		}
	}
	if err := administer(tx, &realm); err != nil {
		return nil, err
	}
	return tx.Realm(realm.ID)
}

func (p *Plan) isFree(tx *store.Tx) error {
	_, byName := tx.RealmByName(p.Name())
	_, byID := tx.Realm(p.snap.Realm.ID)
	for field, err := range map[string]error{"realm": byName, "id": byID} {
		switch {
		case err == nil:
			return &latchkey.Error{Code: latchkey.CodeConflict, Field: field,
				Message: "A realm with this name or id exists already."}
		case latchkey.ErrorCode(err) != latchkey.CodeNotFound:
			return err
		}
	}
	return nil
}

// applySettings writes all that belongs to the realm but its users. The nouns
// are copied, because a store may fill in what it is given and a plan may be
// applied again.
func (p *Plan) applySettings(tx *store.Tx) error {
	return firstError(
		each(p.snap.Configs, tx.CreateAuthenticatorConfig),
		each(p.snap.Flows, tx.CreateFlow),
		each(p.snap.RequiredActions, tx.PutRequiredAction),
		each(p.snap.Scopes, tx.CreateClientScope),
		each(p.snap.Clients, tx.CreateClient),
		each(p.snap.Roles, tx.CreateRole),
		each(p.snap.Keys, tx.CreateKey),
		each(p.parts.groups, tx.CreateGroup),
		each(p.parts.providers, tx.PutIdentityProvider),
		each(p.parts.components, tx.PutComponent),
	)
}

func each[T any](list []*T, write func(*T) error) func() error {
	return func() error {
		for _, item := range list {
			one := *item
			if err := write(&one); err != nil {
				return err
			}
		}
		return nil
	}
}

func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
