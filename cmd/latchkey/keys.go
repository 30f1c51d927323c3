package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// keysListCmd is `latchkey keys list`.
type keysListCmd struct {
	Realm string `name:"realm" placeholder:"NAME" help:"The realm. Without it, every realm."`
	placed
}

// Run prints the keys of a realm, or of all.
func (c *keysListCmd) Run(h *host) error {
	db, err := c.open(h)
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
	Realm     string `name:"realm" placeholder:"NAME" required:"" help:"The realm."`
	Algorithm string `name:"algorithm" placeholder:"ALG" help:"Only the key of this algorithm, such as RS256. Without it, every key that signs."`
	Emergency bool   `name:"emergency" help:"A key is known to somebody else: the new one signs at once, and nothing that the old one signed is good any more. Every session of the realm ends, offline ones too: everybody signs in again."`
	placed
}

// Run makes the next keys of a realm and says from when on they sign.
func (c *keysRotateCmd) Run(h *host) error {
	db, err := c.open(h)
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
	if len(done) > 0 && c.Emergency {
		if _, err := fmt.Fprintln(h.stdout, "Every session that began before now is over: everybody signs in again."); err != nil {
			return err
		}
	}
	if len(done) == 0 {
		_, err = fmt.Fprintln(h.stdout, "Nothing to do: the next keys are published already.")
	}
	return err
}
