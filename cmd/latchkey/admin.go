package main

import (
	"fmt"
	"log/slog"
	"os"
	"strings"

	"latchkey"
	"latchkey/internal/server"
	"latchkey/internal/web"
)

// adminLinkCmd is `latchkey admin link`.
type adminLinkCmd struct {
	Hostname string `name:"hostname" placeholder:"URL" help:"The address that people reach the server at. Required, but with --data: there it is the one that dev was last started with."`
	placed
}

// Run makes the link and prints it, alone on a line.
func (c *adminLinkCmd) Run(h *host) error {
	site, err := c.site()
	if err != nil {
		return err
	}
	db, err := c.open(h)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	link, err := server.FirstAdminLink(h.ctx, db, site)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return latchkey.Errorf(latchkey.CodeConflict, "The database has no realms yet. Start the server once, then ask again.")
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(h.stdout, "%s\n", link.Reveal())
	if err == nil {
		_, err = fmt.Fprintln(h.stderr, "It works once, for 60 minutes, and makes whoever opens it an administrator of every realm.")
	}
	return err
}

func (c *adminLinkCmd) site() (*web.Site, error) {
	if c.Hostname == "" && c.Data != "" {
		// What dev wrote when it was last started; before that, where it begins.
		address, err := os.ReadFile(folder(c.Data).hostname())
		if err != nil {
			return web.NewSite("http://localhost:8080")
		}
		return web.NewSite(strings.TrimSpace(string(address)))
	}
	if c.Hostname == "" {
		return nil, latchkey.Invalid("hostname", "The link needs the server's address. Say --hostname https://id.example.com.")
	}
	return web.NewSite(c.Hostname)
}

// migrateCmd is `latchkey migrate`.
type migrateCmd struct {
	common
	database
}

// Run brings the database up to date and says what was done.
func (c *migrateCmd) Run(h *host) error {
	if err := h.sources.fillSecrets(c); err != nil {
		return err
	}
	log, err := newLog(h, "", slog.LevelWarn, false)
	if err != nil {
		return err
	}
	ring, err := c.check()
	if err != nil {
		return err
	}
	db, err := open(h.ctx, c.DB, ring, log)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	n, err := db.Migrate(h.ctx)
	if err != nil {
		return err
	}
	text := "The database was up to date."
	if n == 1 {
		text = "The database is up to date: 1 step was taken."
	} else if n > 1 {
		text = fmt.Sprintf("The database is up to date: %d steps were taken.", n)
	}
	_, err = fmt.Fprintln(h.stdout, text)
	return err
}
