package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"latchkey/internal/realm"
	"latchkey/internal/server"
)

// devCmd is `latchkey dev`.
type devCmd struct {
	common
	logging
	Listen           string   `name:"listen" placeholder:"HOST:PORT" default:"127.0.0.1:8080" help:"Where the server listens."`
	Hostname         string   `name:"hostname" placeholder:"URL" help:"The address that people reach the server at. Default: http://localhost with the port of --listen."`
	Data             string   `name:"data" placeholder:"FOLDER" default:"./data" help:"Folder that keeps everything: database, mails, master key."`
	SMTPListen       string   `name:"smtp-listen" placeholder:"HOST:PORT" default:"127.0.0.1:2525" help:"Where the mail server of the mailbox listens."`
	DemoListen       string   `name:"demo-listen" placeholder:"HOST:PORT" default:"127.0.0.1:8081" help:"Where the demo application listens."`
	MailboxListen    string   `name:"mailbox-listen" placeholder:"HOST:PORT" default:"127.0.0.1:8025" help:"Where the mailbox page listens."`
	Mail             string   `name:"mail" placeholder:"WHERE" enum:"mailbox,relays" default:"mailbox" help:"Where mails go: mailbox keeps every mail of every realm here, relays sends those of realms with a mail server of their own there, to real people."`
	ManagementListen string   `name:"management-listen" placeholder:"HOST:PORT" default:"127.0.0.1:9000" help:"Where health and metrics answer; empty for nowhere."`
	Import           []string `name:"import" placeholder:"PATH" sep:"none" help:"A realm export to take in, a file or a folder; realms that exist stay as they are, an import that was begun goes on. Can be given several times."`
	outgoing
	bootstrap
}

// Run runs everything until it is told to stop.
func (c *devCmd) Run(h *host) error {
	if err := h.sources.fillSecrets(c); err != nil {
		return err
	}
	log, err := newLog(h, c.LogLevel, slog.LevelWarn, false)
	if err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	allowed, err := c.allowances()
	if err != nil {
		return err
	}
	imports, err := readImports(c.Import)
	if err != nil {
		return err
	}
	data := folder(c.Data)
	ring, err := data.prepare()
	if err != nil {
		return err
	}
	s, err := server.New(h.ctx, server.Config{Version: version(), Hostname: c.Hostname, Listen: c.Listen, Management: c.ManagementListen,
		Database: data.database(), Keyring: ring, Imports: imports, Outbound: allowed, Bootstrap: c.config(), Log: log,
		Dev: &server.Dev{SMTP: c.SMTPListen, Mailbox: c.MailboxListen, Demo: c.DemoListen, RealmRelays: c.Mail == "relays",
			MailDir: data.mail(), DemoFile: data.demo(), Folder: c.Data}})
	if err != nil {
		return err
	}
	err = os.WriteFile(data.hostname(), []byte(s.Site().URL()+"\n"), 0o600) // for admin link
	if err == nil {
		err = c.welcome(h, s)
	}
	if err != nil {
		s.Close()
		return err
	}
	return s.Run(h.ctx)
}

// welcome says where everything is.
func (c *devCmd) welcome(h *host, s *server.Server) error {
	known, err := s.HasAdministrator(h.ctx)
	if err != nil {
		return err
	}
	table := [][2]string{
		{"Demo application", s.LocalURL("demo")},
		{"Mailbox", s.LocalURL("mailbox")},
		{"Admin console", s.Site().URL("admin", "")},
		{"Issuer", s.Site().Issuer(realm.DemoRealm)},
		{"Data", c.Data},
	}
	if !known {
		link, err := s.FirstAdminLink(h.ctx)
		if err != nil {
			return err
		}
		// The one place that shows it: whoever reads this terminal owns the host.
		table[2] = [2]string{"Admin link (60 minutes)", link.Reveal()}
	}
	_, err = io.WriteString(h.stdout, "\nLatchkey is ready. Open the demo application and sign in with any address.\n\n"+aligned(table)+"\nStop it with Ctrl+C.\n")
	return err
}

// aligned sets a table of two columns.
func aligned(table [][2]string) string {
	width, out := 0, ""
	for _, row := range table {
		width = max(width, len(row[0]))
	}
	for _, row := range table {
		out += fmt.Sprintf("  %-*s  %s\n", width, row[0], row[1])
	}
	return out
}
