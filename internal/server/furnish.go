package server

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// furnish makes what is missing: realm master, dev's realm, the realms to be
// imported, the first administrator. What is there already stays as it is.
func (s *Server) furnish(ctx context.Context) error {
	if _, err := realm.EnsureMaster(ctx, s.db, s.realmOptions()); err != nil {
		return err
	}
	if s.cfg.Dev != nil {
		if err := s.furnishDev(ctx); err != nil {
			return err
		}
	}
	for _, file := range s.cfg.Imports {
		if err := s.importFile(ctx, file); err != nil {
			return err
		}
	}
	return s.bootstrapAdmin(ctx)
}

func (s *Server) realmOptions() realm.Options { return realm.Options{Now: s.cfg.Now(), Built: Built} }

// furnishDev makes the demo realm, and lets its mail and realm master's go to
// the mailbox.
func (s *Server) furnishDev(ctx context.Context) error {
	host, port, err := s.mailboxAddress()
	if err != nil {
		return err
	}
	url := s.LocalURL("demo")
	if url == "" {
		url = "http://localhost:8081" // no demo application: the client is there for one that comes
	}
	_, err = realm.EnsureDemo(ctx, s.db, realm.DemoOptions{Options: s.realmOptions(), URL: url, MailHost: host, MailPort: port})
	if err != nil {
		return err
	}
	return realm.FollowMail(ctx, s.db, latchkey.MasterRealm, map[string]string{
		"from": mailboxSender, "fromDisplayName": "Latchkey", "host": host, "port": strconv.Itoa(port)})
}

// mailboxSender is whom mails come from in dev when a realm names nobody.
const mailboxSender = "no-reply@latchkey.example.test"

// mailboxAddress is where dev's mail server is, as a client of it says.
func (s *Server) mailboxAddress() (host string, port int, err error) {
	host, text, err := net.SplitHostPort(s.Addr("smtp"))
	if err != nil {
		return "", 0, err
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	port, err = strconv.Atoi(text)
	return host, port, err
}

// caught is where dev keeps every mail; nil where mails go to the relays of
// their realms.
func (s *Server) caught() (*latchkey.SMTP, error) {
	if s.cfg.Dev == nil || s.cfg.Dev.RealmRelays {
		return nil, nil
	}
	host, port, err := s.mailboxAddress()
	if err != nil {
		return nil, err
	}
	return &latchkey.SMTP{From: mailboxSender, Relays: []latchkey.Relay{{Host: host, Port: port}}}, nil
}

// importFile makes the realms of an export that do not exist, goes on with one
// that was begun, and logs what of it was not taken, item by item.
func (s *Server) importFile(ctx context.Context, file Import) error {
	options := realm.ImportOptions{Options: s.realmOptions(), Resume: true, Progress: s.importProgress(file.Name)}
	sources, err := realm.Read(file.Files...)
	var results []realm.Result
	if err == nil {
		results, err = realm.Import(ctx, s.db, sources, options)
	}
	for _, r := range results {
		if !r.Created && !r.Resumed {
			s.cfg.Log.Info("realm exists already and stays as it is", "file", file.Name, "realm", r.Realm)
			continue
		}
		s.cfg.Log.Info("realm imported", "file", file.Name, "realm", r.Realm, "people", r.People)
		for _, line := range r.Report.Lines() {
			s.cfg.Log.Warn("import", "file", file.Name, "realm", r.Realm, "item", line)
		}
	}
	if err != nil {
		return &latchkey.Error{Code: latchkey.CodeInvalid, Field: "import", Err: err,
			Message: fmt.Sprintf("The realm export %s cannot be taken in.", file.Name)}
	}
	return nil
}

// importProgress logs how far the import of a realm with many people is, every
// ten seconds.
func (s *Server) importProgress(file string) func(realm string, done, total int) {
	last := s.cfg.Now()
	return func(realm string, done, total int) {
		if now := s.cfg.Now(); now.Sub(last) >= 10*time.Second {
			last = now
			s.cfg.Log.Info("realm is being imported", "file", file, "realm", realm, "done", done, "total", total)
		}
	}
}

// bootstrapAdmin makes the administrators that the configuration names, when
// there are none of their names.
func (s *Server) bootstrapAdmin(ctx context.Context) error {
	b := s.cfg.Bootstrap
	if b.Username != "" {
		if err := s.bootstrapUser(ctx, strings.ToLower(b.Username), b.Password); err != nil {
			return err
		}
	}
	if b.ClientID != "" {
		return s.bootstrapClient(ctx, b.ClientID, b.ClientSecret)
	}
	return nil
}

func (s *Server) bootstrapUser(ctx context.Context, name string, password latchkey.Secret) error {
	missing := false
	err := s.inMaster(ctx, s.db.View, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		_, err := tx.UserByUsername(snap.Realm.ID, name)
		if missing = latchkey.ErrorCode(err) == latchkey.CodeNotFound; missing {
			return nil
		}
		return err
	})
	if err != nil || !missing {
		return err
	}
	credential := realm.NewPassword(password, s.cfg.Now()) // slow, so outside of the transaction
	err = s.inMaster(ctx, s.db.Update, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		u := &latchkey.User{RealmID: snap.Realm.ID, ID: secret.NewID(), Username: name, Enabled: true, CreatedAt: tx.Now()}
		if address, err := latchkey.ParseAddress(name); err == nil {
			u.Email = address.Typed
		}
		if err := tx.CreateUser(u); err != nil {
			return err
		}
		c := *credential
		c.RealmID, c.ID, c.UserID = u.RealmID, secret.NewID(), u.ID
		if err := tx.CreateCredential(&c); err != nil {
			return err
		}
		return makeAdmin(tx, snap, u)
	})
	return s.madeOnce(err, "user", name)
}

func (s *Server) bootstrapClient(ctx context.Context, clientID string, clientSecret latchkey.Secret) error {
	err := s.inMaster(ctx, s.db.Update, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		if snap.ClientByClientID(clientID) != nil {
			return latchkey.Errorf(latchkey.CodeConflict, "exists")
		}
		rep := &representation.Client{ClientID: &clientID, Secret: new(clientSecret.Reveal()), Name: new("Bootstrap administrator"),
			PublicClient: new(false), StandardFlowEnabled: new(false), ServiceAccountsEnabled: new(true)}
		c, err := realm.NewClient(snap, rep, tx.Now())
		if err != nil {
			return err
		}
		if err := tx.CreateClient(c); err != nil {
			return err
		}
		u := realm.NewServiceAccount(c, tx.Now())
		if err := tx.CreateUser(u); err != nil {
			return err
		}
		return makeAdmin(tx, snap, u)
	})
	return s.madeOnce(err, "client", clientID)
}

// madeOnce takes a conflict for good: it was there, or another node was faster.
func (s *Server) madeOnce(err error, kind, name string) error {
	if err == nil {
		s.cfg.Log.Info("administrator made", kind, name)
		return nil
	}
	if latchkey.ErrorCode(err) == latchkey.CodeConflict {
		return nil
	}
	return err
}

func makeAdmin(tx *store.Tx, snap *latchkey.Snapshot, u *latchkey.User) error {
	role := snap.RoleNamed("", latchkey.RoleAdmin)
	if role == nil {
		return latchkey.Errorf(latchkey.CodeInternal, "realm master lacks the role %s", latchkey.RoleAdmin)
	}
	if snap.Realm.DefaultRoleID != "" {
		if err := tx.AddUserRole(u.RealmID, u.ID, snap.Realm.DefaultRoleID); err != nil {
			return err
		}
	}
	return tx.AddUserRole(u.RealmID, u.ID, role.ID)
}

type transaction func(context.Context, func(*store.Tx) error) error

func (s *Server) inMaster(ctx context.Context, run transaction, f func(*store.Tx, *latchkey.Snapshot) error) error {
	return run(ctx, func(tx *store.Tx) error {
		master, err := tx.RealmByName(latchkey.MasterRealm)
		if err != nil {
			return err
		}
		snap, err := tx.Snapshot(master.ID)
		if err != nil {
			return err
		}
		return f(tx, snap)
	})
}
