package server

import (
	"context"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// FirstAdminTime is how long the first administrator's link is valid.
const FirstAdminTime = time.Hour

// FirstAdminLink makes a one-time link that makes whoever opens it an
// administrator. Only somebody on the host can ask for it: it needs
// the database and the master key.
func FirstAdminLink(ctx context.Context, db *store.DB, site *web.Site) (link latchkey.Secret, err error) {
	err = db.Update(ctx, func(tx *store.Tx) error {
		master, err := tx.RealmByName(latchkey.MasterRealm)
		if err != nil {
			return err
		}
		t := &latchkey.ActionToken{RealmID: master.ID, Kind: latchkey.TokenFirstAdmin, ExpiresAt: tx.Now().Add(FirstAdminTime)}
		sec, err := actiontoken.Issue(tx, t)
		if err != nil {
			return err
		}
		link = latchkey.Secret(site.RealmURL(master.Name, "login-actions/first-admin?key="+actiontoken.Key(t, sec).Reveal()))
		return nil
	})
	return link, err
}

// hasAdministrator says whether anybody holds the realm role admin of master.
func hasAdministrator(ctx context.Context, db *store.DB) (yes bool, err error) {
	err = db.View(ctx, func(tx *store.Tx) error {
		master, err := tx.RealmByName(latchkey.MasterRealm)
		if err != nil {
			return err
		}
		snap, err := tx.Snapshot(master.ID)
		if err != nil {
			return err
		}
		role := snap.RoleNamed("", latchkey.RoleAdmin)
		if role == nil {
			return nil
		}
		holders, err := tx.RoleUsers(master.ID, role.ID, 0, 1)
		yes = len(holders) > 0
		return err
	})
	return yes, err
}
