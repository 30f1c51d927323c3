package realm

import (
	"context"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// EnsureMaster makes the realm master when there is none, with no account and
// no password. Its administrators sign in by mailed links. Several
// nodes may call it at once. It says whether this call made the realm.
func EnsureMaster(ctx context.Context, db *store.DB, o Options) (created bool, err error) {
	o.MagicLink, o.Events = true, true
	rep := &representation.Realm{Realm: new(latchkey.MasterRealm), Enabled: new(true), AdminEventsEnabled: new(true)}
	created, err = ensure(ctx, db, &Source{Representation: rep}, o)
	return created, err
}
