package server

import (
	"crypto/x509"
	"log/slog"
	"net/netip"
	"time"

	"latchkey"
	"latchkey/internal/outbound"
	"latchkey/internal/realm"
	"latchkey/internal/secret"
)

// Config is what a server is built from. Nothing in it is read from the
// environment or from files here but the TLS certificate.
type Config struct {
	// Hostname is the address that people reach the server at, as
	// https://id.example.com. Empty: http://localhost with the port of Listen.
	Hostname string
	// Listen is host:port of the public listener. Port 0 picks a free one.
	Listen string
	// Management is host:port of the management listener; empty: none.
	Management string
	// Database is sqlite:PATH or postgres://...
	Database string
	MaxConns int // to the database; 0: its own default
	// Keyring is of the master key.
	Keyring *secret.Keyring
	// TLSCert and TLSKey are PEM files, read again when they change. Both
	// empty: no TLS of our own.
	TLSCert, TLSKey string
	// TrustedProxies and Forwarded: see web.Site.
	TrustedProxies []netip.Prefix
	Forwarded      bool
	// Imports are realm exports; realms that exist already stay as they are.
	Imports   []Import
	Bootstrap Bootstrap
	// Dev adds what development needs; nil in production.
	Dev *Dev
	// Outbound is what may be called besides https at port 443 of public
	// addresses, where an application says where it is. With Dev, this
	// machine may be called too.
	Outbound []outbound.Allowance
	// MailRoots are the authorities that relays' certificates are checked
	// against; nil: the system's.
	MailRoots *x509.CertPool
	Version   string           // of this program, for whoever asks what runs
	Log       *slog.Logger     // nil: slog.Default()
	Now       func() time.Time // nil: time.Now
}

// Import is a realm export: a file, or the files of a folder.
type Import struct {
	Name  string // for messages
	Files []realm.File
}

// Bootstrap is the administrator that is made in realm master when nobody of
// that name exists (R-197: there is no default one).
type Bootstrap struct {
	Username     string
	Password     latchkey.Secret
	ClientID     string
	ClientSecret latchkey.Secret
}

// Dev is what `latchkey dev` runs beside the server, each on its own listener.
type Dev struct {
	SMTP    string // host:port of the mail server
	Mailbox string // host:port of its page
	Demo    string // host:port of the demo application; empty: none
	MailDir string // keeps mails over restarts; empty: memory only
	// RealmRelays lets mails of realms go where their mail settings say. Else
	// every mail of every realm goes to the mailbox.
	RealmRelays bool
	// DemoFile keeps who is signed in to the demo application over restarts;
	// empty: memory only.
	DemoFile string
	// Folder is the data folder, for the command that is shown on pages.
	Folder string
}

// Limits of the HTTP listeners.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second // longer than a long poll's 25 s
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 64 << 10 // that is read; what has more than web.MaxHeader is refused with a sentence
	maxStreams        = 100      // of one HTTP/2 connection
	maxConns          = 16384
	maxConnsPerHost   = 512 // of one address that is no trusted proxy
)
