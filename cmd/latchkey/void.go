package main

import (
	"fmt"

	"latchkey/internal/store"
)

// adminVoidCmd is `latchkey admin void-links`.
type adminVoidCmd struct{ placed }

// Run voids what a restored backup brought back.
func (c *adminVoidCmd) Run(h *host) error {
	db, err := c.open(h)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var n int
	err = db.Update(h.ctx, func(tx *store.Tx) (err error) {
		n, err = tx.VoidLinks()
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(h.stdout, "Links, sign-ins under way and codes that are void now: %d. Who was in the middle asks for a new mail.\n", n)
	return err
}
