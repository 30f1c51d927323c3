package main

import (
	"fmt"
	"log/slog"

	"latchkey/internal/store"
)

// adminVoidCmd is `latchkey admin void-links`.
type adminVoidCmd struct {
	common
	Data string `name:"data" placeholder:"FOLDER" help:"The data folder of dev, instead of --db."`
	database
}

// Run voids what a restored backup brought back.
func (c *adminVoidCmd) Run(h *host) error {
	if err := h.sources.fillSecrets(c); err != nil {
		return err
	}
	log, err := newLog(h, "", slog.LevelWarn, false)
	if err != nil {
		return err
	}
	url, ring, err := (&adminLinkCmd{Data: c.Data, database: c.database}).where()
	if err != nil {
		return err
	}
	db, err := open(h.ctx, url, ring, log)
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
