package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"latchkey"
	"latchkey/internal/demo"
	"latchkey/internal/mailbox"
	"latchkey/internal/realm"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// Server is a whole server. It listens from the moment it is made, so that its
// addresses are known, and answers once it runs.
type Server struct {
	cfg     Config
	site    *web.Site
	cert    *certificate // nil without TLS of our own
	db      *store.DB
	realms  *realm.Cache
	metrics *metrics
	workers *crew
	house   *house

	drain     context.Context // ends when the server is told to stop
	stopPolls context.CancelFunc
	parts     []part
	mail      *mailbox.Mailbox // nil in production
	release   []func()         // undone in reverse when the server ends
}

// part is one listener with what answers on it.
type part struct {
	name  string
	addr  net.Addr
	serve func() error
	// stop drains until the context ends, then cuts.
	stop func(context.Context) error
}

// New opens the listeners and the database, runs migrations that are pending,
// makes what is missing of the realms, and builds everything. An error is a
// sentence that says what to do, and leaves nothing open.
func New(ctx context.Context, cfg Config) (_ *Server, err error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	s := &Server{cfg: cfg, workers: newCrew(cfg.Log)}
	s.drain, s.stopPolls = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			s.undo()
		}
	}()
	if cfg.TLSCert != "" {
		if s.cert, err = loadCertificate(cfg.TLSCert, cfg.TLSKey, cfg.Log, cfg.Now); err != nil {
			return nil, err
		}
	}
	public, err := s.listen("listen", cfg.Listen)
	if err != nil {
		return nil, err
	}
	if err := s.locate(public.Addr()); err != nil {
		return nil, err
	}
	// Every port is taken before the database is touched: a second server that
	// was started by mistake changes nothing.
	if err := s.openParts(); err != nil {
		return nil, err
	}
	if err := s.openDatabase(ctx); err != nil {
		return nil, err
	}
	if err := s.furnish(ctx); err != nil {
		return nil, err
	}
	if err := s.build(ctx); err != nil {
		return nil, err
	}
	s.addPublic(public)
	return s, nil
}

// listen opens a listener that is closed when the server does not come to be.
func (s *Server) listen(flag, address string) (net.Listener, error) {
	l, err := listen(flag, address)
	if err == nil {
		s.release = append(s.release, func() { _ = l.Close() })
	}
	return l, err
}

func (s *Server) undo() {
	s.stopPolls()
	for i := len(s.release) - 1; i >= 0; i-- {
		s.release[i]()
	}
	s.release = nil
}

// locate says where the server is: by configuration, or by its port on this
// machine.
func (s *Server) locate(addr net.Addr) error {
	base := s.cfg.Hostname
	if base == "" {
		base = localURL(addr)
	}
	site, err := web.NewSite(base)
	if err != nil {
		return err
	}
	site.TrustedProxies, site.Forwarded = s.cfg.TrustedProxies, s.cfg.Forwarded
	s.site = site
	return nil
}

// localURL is the address of a listener for a browser on this machine.
func localURL(addr net.Addr) string {
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return ""
	}
	return "http://" + net.JoinHostPort("localhost", port)
}

func (s *Server) openDatabase(ctx context.Context) error {
	db, err := store.Open(ctx, store.Options{URL: s.cfg.Database, Keyring: s.cfg.Keyring, Now: s.cfg.Now, Log: s.cfg.Log, MaxConns: s.cfg.MaxConns})
	if err != nil {
		return err
	}
	s.db = db
	s.release = append(s.release, func() { _ = db.Close() })
	n, err := db.Migrate(ctx)
	if err != nil {
		return err
	}
	if n > 0 {
		s.cfg.Log.Info("database migrated", "steps", n)
	}
	return nil
}

// httpServer is an HTTP server with the limits of R-210.
func (s *Server) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: maxStreams, MaxReadFrameSize: 16 << 10},
		ErrorLog: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug), // mostly handshakes of scanners
	}
}

// add makes a part of an HTTP server. Told to stop, it first takes nobody in any
// more, then hears what those want who are in, then answers them.
func (s *Server) add(name string, l net.Listener, h *http.Server) {
	in := &entrance{}
	h.ConnState = in.saw
	s.parts = append(s.parts, part{name: name, addr: l.Addr(), serve: func() error {
		if h.TLSConfig != nil {
			return h.ServeTLS(l, "", "")
		}
		return h.Serve(l)
	}, stop: func(ctx context.Context) error {
		_ = l.Close() // it may be closed already
		in.hear(ctx)
		if err := h.Shutdown(ctx); err != nil {
			return errors.Join(err, h.Close())
		}
		return nil
	}})
}

func (s *Server) addPublic(l net.Listener) {
	h := s.httpServer(s.house.handler)
	if s.cert != nil {
		h.TLSConfig = s.cert.config()
	}
	s.add("public", bound(l, s.cfg.TrustedProxies, maxConns, maxConnsPerHost), h)
}

// openParts opens every listener but the public one.
func (s *Server) openParts() error {
	if s.cfg.Management != "" {
		l, err := s.listen("management-listen", s.cfg.Management)
		if err != nil {
			return err
		}
		s.add("management", l, s.httpServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.house.management.ServeHTTP(w, r)
		})))
	}
	if s.cfg.Dev != nil {
		return s.openDev()
	}
	return nil
}

// openDev opens the mail server, its page and the demo application.
func (s *Server) openDev() error {
	dev := s.cfg.Dev
	s.mail = mailbox.New(mailbox.Options{Dir: dev.MailDir, Log: s.cfg.Log, Now: s.cfg.Now})
	smtp, err := s.listen("smtp-listen", dev.SMTP)
	if err != nil {
		return err
	}
	s.parts = append(s.parts, part{name: "smtp", addr: smtp.Addr(), serve: func() error { return s.mail.Serve(smtp) },
		stop: func(context.Context) error { return s.mail.Close() }})
	if dev.Mailbox != "" {
		l, err := s.listen("mailbox-listen", dev.Mailbox)
		if err != nil {
			return err
		}
		h := s.httpServer(s.mail.Handler())
		h.WriteTimeout = 0 // the live list is one answer without end
		h.RegisterOnShutdown(func() { _ = h.Close() })
		s.add("mailbox", l, h)
	}
	if dev.Demo == "" {
		return nil
	}
	l, err := s.listen("demo-listen", dev.Demo)
	if err != nil {
		return err
	}
	app, err := demo.New(demo.Options{Issuer: s.site.Issuer(realm.DemoRealm), BaseURL: localURL(l.Addr()),
		ClientID: demo.ClientID, File: dev.DemoFile, Log: s.cfg.Log.With("part", "demo"), Now: s.cfg.Now})
	if err != nil {
		return err
	}
	s.add("demo", l, s.httpServer(app))
	return nil
}

// Site is where the server is.
func (s *Server) Site() *web.Site { return s.site }

// DB is the server's database.
func (s *Server) DB() *store.DB { return s.db }

// Realms are the realms' snapshots as this server has them.
func (s *Server) Realms() *realm.Cache { return s.realms }

// Mailbox is dev's mailbox; nil in production.
func (s *Server) Mailbox() *mailbox.Mailbox { return s.mail }

// Addr is the address of a listener: public, management, smtp, mailbox or
// demo; empty when there is none.
func (s *Server) Addr(part string) string {
	for _, p := range s.parts {
		if p.name == part {
			return p.addr.String()
		}
	}
	return ""
}

// LocalURL is the address of a listener for a browser on this machine.
func (s *Server) LocalURL(part string) string {
	for _, p := range s.parts {
		if p.name == part {
			return localURL(p.addr)
		}
	}
	return ""
}

// HasAdministrator says whether anybody may administer every realm.
func (s *Server) HasAdministrator(ctx context.Context) (bool, error) {
	return hasAdministrator(ctx, s.db)
}

// FirstAdminLink makes a one-time link, valid for an hour, that makes whoever
// opens it an administrator.
func (s *Server) FirstAdminLink(ctx context.Context) (latchkey.Secret, error) {
	return FirstAdminLink(ctx, s.db, s.site)
}
