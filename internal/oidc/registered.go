package oidc

import (
	"context"
	"net/http"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// fresh gives the realm as it is now: a token may have been given by another
// node a moment ago.
func (d *Door) fresh(ctx context.Context, known *latchkey.Snapshot) (snap *latchkey.Snapshot, err error) {
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		now, err := tx.Realm(known.Realm.ID)
		switch {
		case latchkey.ErrorCode(err) == latchkey.CodeNotFound:
			return errNoRealm
		case err != nil:
			return err
		case now.Version == known.Realm.Version:
			snap = known
			return nil
		}
		snap, err = tx.SnapshotAfter(now.ID, known)
		return err
	})
	return snap, err
}

// registeredAct is what is done to a client that is registered (RFC 7592 2).
type registeredAct struct {
	done, failed latchkey.EventType
	may          []string // roles of administrators
	reads        bool     // a body, which says what the client is to be
	onlyReads    bool     // and changes nothing but the token
	change       func(tx *store.Tx, snap *latchkey.Snapshot, c *latchkey.Client, wanted *wish) (*latchkey.Client, error)
}

var (
	readClient = registeredAct{done: latchkey.EventClientInfo, failed: latchkey.EventClientInfoError, may: []string{"manage-clients", "view-clients"},
		change: func(_ *store.Tx, _ *latchkey.Snapshot, c *latchkey.Client, _ *wish) (*latchkey.Client, error) {
			return c, nil
		}}
	updateClient = registeredAct{done: latchkey.EventClientUpdate, failed: latchkey.EventClientUpdateError, may: []string{"manage-clients"},
		reads: true, change: changeRegistered}
	deleteClient = registeredAct{done: latchkey.EventClientDelete, failed: latchkey.EventClientDeleteError, may: []string{"manage-clients"},
		change: func(tx *store.Tx, snap *latchkey.Snapshot, c *latchkey.Client, _ *wish) (*latchkey.Client, error) {
			return nil, realm.DeleteClient(tx, snap, c)
		}}
)

func changeRegistered(tx *store.Tx, snap *latchkey.Snapshot, c *latchkey.Client, wanted *wish) (*latchkey.Client, error) {
	if err := checkPolicies(tx, snap, wanted); err != nil {
		return nil, err
	}
	changed, err := realm.ChangeClient(tx, snap, c, wanted.client)
	if err != nil {
		return nil, err
	}
	return changed, token.CheckPairwise(changed)
}

// registered reads, changes or deletes a client: by its registration access
// token, which is good for this once and for which the answer has another, or
// by an administrator.
func (d *Door) registered(in dialect, act registeredAct) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		noStore(w)
		snap, err := d.registrationRealm(r)
		if err != nil {
			return err
		}
		c, access, err := d.act(r, snap, in, act)
		if err != nil {
			return d.refusedRegistration(w, r, snap, latchkey.Event{Type: act.failed, ClientID: bounded(r.PathValue("client"))}, err)
		}
		if c == nil {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		answer, err := in.show(d, snap, c, access)
		if err != nil {
			return err
		}
		return web.WriteJSON(w, http.StatusOK, answer)
	}
}

func (d *Door) act(r *http.Request, snap *latchkey.Snapshot, in dialect, act registeredAct) (c *latchkey.Client, access string, err error) {
	who, err := d.registrar(r, snap)
	if err != nil {
		return nil, "", err
	}
	if snap, err = d.fresh(r.Context(), snap); err != nil {
		return nil, "", err
	}
	name := r.PathValue("client")
	if err := who.mayTouch(snap.ClientByClientID(name), act.may); err != nil {
		return nil, "", err
	}
	var wanted *wish
	if act.reads {
		if wanted, err = d.wished(r, snap, in, snap.ClientByClientID(name)); err != nil {
			return nil, "", err
		}
	}
	id := ""
	if who.own != "" {
		id = secret.NewID()
		if access, err = d.Minter.MintRegistrationAccess(r.Context(), snap, d.Site.Issuer(snap.Realm.Name), id); err != nil {
			return nil, "", err
		}
	}
	edit := d.editRealm
	if act.onlyReads && who.own == "" {
		edit = d.inRealm
	}
	err = edit(r.Context(), snap, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		// The realm is held: of several that come with one token, the first has
		// changed it before the next one looks.
		before := snap.ClientByClientID(name)
		if err := who.mayTouch(before, act.may); err != nil {
			return err
		}
		if err := hasNoPower(tx, snap, before); err != nil {
			return err
		}
		changed, err := act.change(tx, snap, before, wanted)
		if err != nil {
			return err
		}
		if changed != nil && id != "" {
			rotated := *changed
			rotated.RegistrationTokenID = id
			if err := tx.UpdateClient(&rotated); err != nil {
				return err
			}
			changed = &rotated
		}
		c = changed
		return d.recordRegistration(tx, r, snap, act.done, before)
	})
	if c != nil && who.own == "" && !who.has(updateClient.may) {
		c = withoutSecrets(c)
	}
	return c, access, err
}

// inRealm is editRealm for what changes nothing of the realm's configuration.
func (d *Door) inRealm(ctx context.Context, snap *latchkey.Snapshot, f func(tx *store.Tx, snap *latchkey.Snapshot) error) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error { return f(tx, snap) })
}

// withoutSecrets is a client as those see it who may not change it.
func withoutSecrets(c *latchkey.Client) *latchkey.Client {
	shown := *c
	shown.Secret, shown.RotatedSecret, shown.Kept = "", "", nil
	return &shown
}

// installation gives Keycloak's keycloak.json of a client. It has no place for
// another token, so the one that is brought stays good, as in Keycloak.
func (d *Door) installation(w http.ResponseWriter, r *http.Request) error {
	noStore(w)
	snap, err := d.registrationRealm(r)
	if err != nil {
		return err
	}
	e := latchkey.Event{Type: latchkey.EventClientInfoError, ClientID: bounded(r.PathValue("client"))}
	who, err := d.registrar(r, snap)
	if err != nil {
		return d.refusedRegistration(w, r, snap, e, err)
	}
	if snap, err = d.fresh(r.Context(), snap); err != nil {
		return err
	}
	c := snap.ClientByClientID(r.PathValue("client"))
	if err = who.mayTouch(c, readClient.may); err == nil {
		err = d.DB.Update(r.Context(), func(tx *store.Tx) error {
			if err := hasNoPower(tx, snap, c); err != nil {
				return err
			}
			return d.recordRegistration(tx, r, snap, readClient.done, c)
		})
	}
	if err != nil {
		return d.refusedRegistration(w, r, snap, e, err)
	}
	masked := who.own == "" && !who.has(updateClient.may)
	return web.WriteJSON(w, http.StatusOK, representation.InstallationOf(snap, c, d.Site.URL(), masked))
}
