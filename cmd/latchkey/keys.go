package main

import (
	"fmt"
	"log/slog"
	"text/tabwriter"
	"time"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// keysListCmd is `latchkey keys list`.
type keysListCmd struct {
	common
	Realm string `name:"realm" placeholder:"NAME" help:"The realm. Without it, every realm."`
	Data  string `name:"data" placeholder:"FOLDER" help:"The data folder of dev, instead of --db."`
	database
}

// Run prints the keys of a realm, or of all.
func (c *keysListCmd) Run(h *host) error {
	db, err := openFor(h, c, c.Data, &c.database)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	snaps, err := snapshots(h, db, c.Realm)
	if err != nil {
		return err
	}
	now := time.Now()
	w := tabwriter.NewWriter(h.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "REALM\tALGORITHM\tUSE\tSTATE\tMADE\tKID")
	for _, snap := range snaps {
		for _, k := range snap.Keys {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", snap.Realm.Name, k.Algorithm, k.Use, stateOf(snap, k, now), k.CreatedAt.UTC().Format(time.DateOnly), k.ID)
		}
	}
	return w.Flush()
}

// stateOf is what a key is used for now, for a person.
func stateOf(snap *latchkey.Snapshot, k *latchkey.Key, now time.Time) string {
	if k.Status == latchkey.KeyActive && k.ActiveFrom.After(now) {
		return "signs from " + k.ActiveFrom.UTC().Format(time.RFC3339)
	}
	switch token.KeyState(snap, k, now) {
	case latchkey.KeyActive:
		return "active"
	case latchkey.KeyPassive:
		return "passive"
	}
	return "disabled"
}

// keysRotateCmd is `latchkey keys rotate`.
type keysRotateCmd struct {
	common
	Realm     string `name:"realm" placeholder:"NAME" required:"" help:"The realm."`
	Algorithm string `name:"algorithm" placeholder:"ALG" help:"Only the key of this algorithm, such as RS256. Without it, every key that signs."`
	Emergency bool   `name:"emergency" help:"A key is known to somebody else: the new one signs at once, and nothing that the old one signed is good any more. Everybody signs in again."`
	Data      string `name:"data" placeholder:"FOLDER" help:"The data folder of dev, instead of --db."`
	database
}

// Run makes the next keys of a realm and says from when on they sign.
func (c *keysRotateCmd) Run(h *host) error {
	db, err := openFor(h, c, c.Data, &c.database)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	snaps, err := snapshots(h, db, c.Realm)
	if err != nil {
		return err
	}
	changes, err := token.RotateKeys(snaps[0], c.Algorithm, c.Emergency, time.Now())
	if err != nil {
		return err
	}
	var done []token.KeyChange
	err = db.Update(h.ctx, func(tx *store.Tx) (err error) {
		done, err = token.ApplyKeys(tx, snaps[0].Realm.ID, changes)
		return err
	})
	if err != nil {
		return err
	}
	for _, change := range done {
		k, when := change.New, "signs now"
		if !k.ActiveFrom.IsZero() {
			when = "is published now and signs from " + k.ActiveFrom.UTC().Format(time.RFC3339) + " on"
		}
		if change.Revoke {
			when += "; what the others of this algorithm signed is good no more"
		}
		if _, err := fmt.Fprintf(h.stdout, "%s: key %s %s.\n", k.Algorithm, k.ID, when); err != nil {
			return err
		}
	}
	if len(done) == 0 {
		_, err = fmt.Fprintln(h.stdout, "Nothing to do: the next keys are published already.")
	}
	return err
}

// openFor opens the database of a command that has one, or a data folder of
// dev's, and refuses one that is not up to date. where is read after the secrets
// of the command are.
func openFor(h *host, command any, data string, where *database) (*store.DB, error) {
	if err := h.sources.fillSecrets(command); err != nil {
		return nil, err
	}
	log, err := newLog(h, "", slog.LevelWarn, false)
	if err != nil {
		return nil, err
	}
	url, ring, err := (&adminLinkCmd{Data: data, database: *where}).where()
	if err != nil {
		return nil, err
	}
	db, err := open(h.ctx, url, ring, log)
	if err != nil {
		return nil, err
	}
	pending, err := db.Pending(h.ctx)
	if err == nil && pending {
		err = latchkey.Errorf(latchkey.CodeConflict, "The database is not up to date. Start the server once, or run `latchkey migrate`, then try again.")
	}
	if err != nil {
		_ = db.Close()
		return nil, err
	}
	return db, nil
}

// snapshots reads the realm of that name, or all.
func snapshots(h *host, db *store.DB, name string) (out []*latchkey.Snapshot, err error) {
	err = db.View(h.ctx, func(tx *store.Tx) error {
		realms, err := tx.Realms()
		if err != nil {
			return err
		}
		out = nil
		for _, r := range realms {
			if name != "" && r.Name != name {
				continue
			}
			snap, err := tx.Snapshot(r.ID)
			if err != nil {
				return err
			}
			out = append(out, snap)
		}
		return nil
	})
	if err == nil && name != "" && len(out) == 0 {
		err = latchkey.Invalid("realm", "There is no realm %q.", name)
	}
	return out, err
}
