package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"text/tabwriter"
	"time"

	"latchkey"
	"latchkey/internal/doctor"
	"latchkey/internal/server"
	"latchkey/internal/store"
)

// doctorCmd is `latchkey doctor`.
type doctorCmd struct {
	Realm string `name:"realm" placeholder:"NAME" help:"Look at this realm only."`
	NoDNS bool   `name:"no-dns" help:"Do not ask the DNS about the domains that mails come from."`
	JSON  bool   `name:"json" help:"Print what was found as JSON."`
	outgoing
	placed
}

// askFor is how long one question to the DNS, or to the database, may take.
const askFor = 10 * time.Second

// Run prints what was found, and fails when there is anything.
func (c *doctorCmd) Run(h *host) error {
	db, err := c.open(h)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	found, err := c.examine(h, db)
	if err != nil {
		return err
	}
	if err := c.print(h, found); err != nil {
		return err
	}
	if len(found) > 0 {
		return latchkey.Errorf(latchkey.CodeConflict, "There is something to look after: %d of it.", len(found))
	}
	return nil
}

func (c *doctorCmd) examine(h *host, db *store.DB) ([]doctor.Finding, error) {
	if _, err := c.allowances(); err != nil {
		return nil, err
	}
	own := time.Now()
	theirs, err := db.ServerTime(h.ctx)
	if err != nil {
		return nil, err
	}
	found := append(doctor.Clocks(own, theirs), doctor.Outbound(c.OutboundAllow)...)
	snaps, err := snapshots(h, db, c.Realm)
	if err != nil {
		return nil, err
	}
	look := doctor.Doctor{Built: server.Built}
	if !c.NoDNS {
		look.DNS = net.DefaultResolver
	}
	for _, s := range snaps {
		ask, done := context.WithTimeout(h.ctx, askFor)
		found = append(found, look.Examine(ask, s, own)...)
		done()
	}
	return found, nil
}

func (c *doctorCmd) print(h *host, found []doctor.Finding) error {
	if c.JSON {
		if found == nil {
			found = []doctor.Finding{}
		}
		e := json.NewEncoder(h.stdout)
		e.SetIndent("", "  ")
		return e.Encode(found)
	}
	if len(found) == 0 {
		_, err := fmt.Fprintln(h.stdout, "Nothing was found that weakens this installation.")
		return err
	}
	w := tabwriter.NewWriter(h.stdout, 0, 0, 2, ' ', 0)
	for _, f := range found {
		if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", f.Level, f.Realm, f.Name, f.Where, f.Text); err != nil {
			return err
		}
	}
	return w.Flush()
}
