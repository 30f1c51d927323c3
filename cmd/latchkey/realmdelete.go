package main

import (
	"bufio"
	"fmt"
	"strings"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/store"
)

// realmDeleteCmd is `latchkey realm delete`.
type realmDeleteCmd struct {
	Name string `arg:"" name:"name" placeholder:"NAME" help:"The realm. master cannot be deleted."`
	Yes  bool   `name:"yes" help:"Do not ask for the name again."`
	placed
}

// Run deletes the realm, after its name was typed again.
func (c *realmDeleteCmd) Run(h *host) error {
	db, err := c.open(h)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var doomed *latchkey.Realm
	err = db.View(h.ctx, func(tx *store.Tx) (err error) {
		doomed, err = tx.RealmByName(c.Name)
		return err
	})
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return latchkey.Invalid("name", "There is no realm with the name %q.", c.Name)
	}
	if err != nil {
		return err
	}
	if !c.Yes && c.Name != latchkey.MasterRealm {
		if err := c.ask(h); err != nil {
			return err
		}
	}
	p := newProgress(h)
	p.what = "rows deleted"
	err = realm.Delete(h.ctx, db, doomed.ID, realm.DeleteOptions{Progress: func(done int) { p.show(c.Name, done, 0) }})
	if h.ctx.Err() != nil {
		return latchkey.Errorf(latchkey.CodeUnavailable, "The deletion was ended. The realm %s is disabled if a part of it is gone; say the same again to go on.", c.Name)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(h.stdout, "realm %s: deleted\n", c.Name)
	return err
}

func (c *realmDeleteCmd) ask(h *host) error {
	_, _ = fmt.Fprintf(h.stderr, "This deletes the realm %s with its people, applications and keys; only a backup brings them back. Type its name to go on: ", c.Name)
	typed, _ := bufio.NewReader(h.stdin).ReadString('\n') // no answer is another one
	if strings.TrimSpace(typed) != c.Name {
		return latchkey.Invalid("name", "That is not the name, and nothing was deleted. Where nobody can type it, say --yes.")
	}
	return nil
}
