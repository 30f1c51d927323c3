package servertest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	netsmtp "net/smtp"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/server"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// What is configured. What the server draws is collected as it comes.
const (
	adminPassword  = "canary-of-the-first-admin-7731"
	robotSecret    = "canary-of-the-bootstrap-client-4410"
	relayPassword  = "canary-of-the-relay-password-9352"
	relayClient    = "canary-of-the-relay-client-5527"
	relayToken     = "canary-of-the-relay-token-3086"
	rightPassword  = "canary of a right password 6174"
	wrongPassword  = "canary of a wrong password 2718"
	ownerAddress   = "Canary.Owner+News@example.test"
	visitorAddress = "canary.visitor@example.test"
)

// whoever signs in, and however it goes wrong, no secret and no
// whole address stands in a log line or in a metric, no secret in a page, an
// error or an event, and none can be read in the database or its files, whether
// as it is, in hexadecimal, base64 or escaped.
func TestNoSecretAnywhere(t *testing.T) {
	for name, opts := range map[string]func(*testing.T) []servertest.Option{
		"sqlite":   func(*testing.T) []servertest.Option { return nil },
		"postgres": func(t *testing.T) []servertest.Option { return []servertest.Option{servertest.OnPostgres(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCage()
			bootstrap := servertest.With(func(c *server.Config) {
				c.Bootstrap = server.Bootstrap{Username: "root", Password: adminPassword, ClientID: "robot", ClientSecret: robotSecret}
			})
			s := servertest.Start(t, append(opts(t), bootstrap, servertest.RealmRelays(), servertest.Watched(c.see))...)
			w := &spied{t: t, s: s, cage: c, rp: s.RP("demo", confidential), service: service(s, "demo")}
			c.base = s.Base
			c.add(masterKey, storetest.MasterKey.Reveal())
			c.add(clientSecret, robotSecret, w.rp.OAuth.ClientSecret, w.service.OAuth.ClientSecret)
			c.add(relaySecret, relayPassword, relayClient, relayToken)
			c.add(password, adminPassword, rightPassword, wrongPassword)
			c.add(wholeAddress, ownerAddress, visitorAddress)
			w.relays()

			w.byLink()
			w.byCode()
			w.elsewhere()
			w.byPassword()
			w.byProgram()
			w.firstAdmin()
			w.mistakes()
			w.s.Settle("demo")
			w.search()
		})
	}
}

func confidential(c *representation.Client) { c.PublicClient = new(false) }

// spied is a server that is watched.
type spied struct {
	t           *testing.T
	s           *servertest.Server
	cage        *cage
	rp, service *servertest.RP
	unsent      string // what the database held while a mail was on its way
}

// relays gives realm demo two mail servers: one that wants a password and
// tells everything it knows in its refusals, and one that wants a token.
func (w *spied) relays() {
	tokens := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.FormValue("client_secret") != relayClient {
			http.Error(rw, `{"error":"invalid_client"}`, http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(rw).Encode(map[string]any{"access_token": relayToken, "expires_in": 300})
	}))
	w.t.Cleanup(tokens.Close)
	refuses := &signedRelay{mechanism: sasl.Plain, secret: relayPassword, take: func(to string, raw []byte) error {
		if w.unsent == "" {
			w.unsent = w.dump()
		}
		return w.talkative(relayPassword, to, raw)
	}}
	refused := false
	takes := &signedRelay{mechanism: "XOAUTH2", secret: relayToken, take: func(to string, raw []byte) error {
		if !refused {
			refused = true
			return w.talkative(relayToken, to, raw)
		}
		return netsmtp.SendMail(w.s.Addr("smtp"), nil, "no-reply@demo.example.test", []string{to}, raw)
	}}
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		first, second := refuses.start(w.t), takes.start(w.t)
		first.Auth, first.User, first.Password = true, "mailer", relayPassword
		second.Auth, second.AuthType, second.User = true, "token", "mailer@example.test"
		second.AuthTokenURL, second.AuthTokenClientID, second.AuthTokenClientSecret = tokens.URL, "mailer", relayClient
		r.SMTP.Relays = []latchkey.Relay{first, second}
		return tx.UpdateRealm(&r)
	})
}

// talkative is a refusal for now that tells all that the relay knows.
func (w *spied) talkative(secret, to string, raw []byte) error {
	text := unquoted(raw)
	w.cage.link(text)
	key, _, _ := strings.Cut(text[strings.Index(text, "key=")+4:], "\n")
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: fmt.Sprintf("not %s for %s: %s",
		secret, to, key)}
}

// unquoted undoes quoted-printable as far as links need it.
func unquoted(raw []byte) string {
	return strings.ReplaceAll(string(bytes.ReplaceAll(raw, []byte("=\r\n"), nil)), "=3D", "=")
}

// signedRelay is a mail server that wants to know who sends.
type signedRelay struct {
	mechanism, secret string
	take              func(to string, raw []byte) error
}

func (r *signedRelay) start(t *testing.T) latchkey.Relay {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &signedTalk{relay: r}, nil }))
	server.Domain, server.AllowInsecureAuth = "localhost", true
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	host, port, _ := net.SplitHostPort(l.Addr().String())
	number, _ := strconv.Atoi(port)
	return latchkey.Relay{Host: host, Port: number}
}

type signedTalk struct {
	relay  *signedRelay
	to     string
	signed bool
}

func (s *signedTalk) Reset()                   {}
func (s *signedTalk) Logout() error            { return nil }
func (s *signedTalk) AuthMechanisms() []string { return []string{s.relay.mechanism} }

func (s *signedTalk) Auth(string) (sasl.Server, error) { return s, nil }

// Next is the one step that both mechanisms have: the answer holds the secret.
func (s *signedTalk) Next(response []byte) (challenge []byte, done bool, err error) {
	if response == nil {
		return nil, false, nil
	}
	if s.signed = strings.Contains(string(response), s.relay.secret); !s.signed {
		return nil, true, fmt.Errorf("not with %q", response)
	}
	return nil, true, nil
}

func (s *signedTalk) Mail(string, *smtp.MailOptions) error {
	if !s.signed {
		return errors.New("who are you?")
	}
	return nil
}

func (s *signedTalk) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}

func (s *signedTalk) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return s.relay.take(s.to, raw)
}

// mail waits for the next mail to an address and keeps what is secret in it.
func (w *spied) mail(address string) servertest.Mail {
	w.s.Eventually("the mail to arrive", func() bool {
		w.s.Clock.Advance(10 * time.Millisecond) // the first one was refused once
		return w.s.Mail.Pending(address) > 0
	})
	m := w.s.Mail.Wait(address)
	w.cage.link(m.Link)
	w.cage.add(mailCode, m.Code)
	return m
}

func (w *spied) ask(b *servertest.Browser, address string) *servertest.Page {
	p := w.rp.Start(b).FormWith("username").Set("username", address).Submit()
	if _, number, ok := strings.Cut(p.Text(), "number, it is "); ok {
		w.cage.add(screenNumber, number[:3])
	}
	return p
}

// byLink signs in by link, refreshes, asks who it is, and signs out.
func (w *spied) byLink() {
	b := w.s.Browser()
	w.ask(b, ownerAddress)
	m := w.mail(ownerAddress)
	tokens := w.rp.Finish(b.Get(m.Link).Form(0).Submit())
	b.Get(m.Link) // used
	again, err := w.rp.Refresh(tokens.RefreshToken)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.rp.Provider.UserInfo(w.rp.Context(), oauth2.StaticTokenSource(again.Token)); err != nil {
		w.t.Error(err)
	}
	_, _ = w.rp.Refresh(tokens.RefreshToken) // a second time: refused in the end
	_, _ = w.rp.Refresh(again.RefreshToken + "x")
	logout := w.s.Base + "/realms/demo/protocol/openid-connect/logout"
	b.Get(logout + "?id_token_hint=" + again.IDToken + "x")
	b.Get(logout)
	b.Get(logout + "?id_token_hint=" + url.QueryEscape(again.IDToken))
}

// byCode signs in by code, after wrong ones.
func (w *spied) byCode() {
	b := w.s.Browser()
	p := w.ask(b, ownerAddress)
	m := w.mail(ownerAddress)
	for _, code := range wrongCodes(m.Code, 2) {
		p = p.FormWith("code").Set("code", code).Submit()
	}
	p = p.FormWith("code").Set("code", m.Code).Submit()
	answer := w.rp.Answer(p)
	if _, err := w.rp.Exchange(answer); err != nil {
		w.t.Fatal(err)
	}
	_, _ = w.rp.Exchange(answer) // a second time
	b.Get(p.URL.String())
}

// elsewhere opens links in browsers that did not ask.
func (w *spied) elsewhere() {
	b, other := w.s.Browser(), w.s.Browser()
	waiting := w.ask(b, visitorAddress)
	m := w.mail(visitorAddress)
	number := w.number(waiting)
	p := other.Get(m.Link)
	for _, typed := range []string{"274", number} {
		if typed == "274" && number == "274" {
			typed = "275"
		}
		if how := (canary{wholeAddress, visitorAddress}).in(p.Body); how != "" {
			w.t.Errorf("the page in another browser shows the whole address: %s", how)
		}
		if strings.Contains(p.Text(), number) {
			w.t.Errorf("the page in another browser shows the number: %s", p.Text())
		}
		p = p.FormWith("number").Set("number", typed).Press("Continue there")
	}
	w.rp.Finish(waiting.Reload())
	w.ask(w.s.Browser(), ownerAddress)
	other.Get(w.mail(ownerAddress).Link).Press("It was not me")
}

func (w *spied) number(p *servertest.Page) string {
	_, rest, ok := strings.Cut(p.Text(), "number, it is ")
	if !ok {
		w.t.Fatalf("no number: %s", p.Text())
	}
	return rest[:3]
}

// byPassword signs in by name and password.
func (w *spied) byPassword() {
	w.s.Realm("passwords")
	w.s.Change("passwords", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.BrowserFlow = "browser"
		return tx.UpdateRealm(&r)
	})
	rp := w.s.RP("passwords", confidential)
	w.cage.add(clientSecret, rp.OAuth.ClientSecret)
	w.s.AddUser("passwords", ownerAddress, rightPassword, func(u *latchkey.User) { u.EmailVerified = true })
	p := rp.Start(w.s.Browser())
	for _, typed := range []string{wrongPassword, rightPassword} {
		p = p.FormWith("password").Set("username", ownerAddress).Set("password", typed).Submit()
	}
	rp.Finish(p)
}

// byProgram gets tokens as a program, and makes links by the API.
func (w *spied) byProgram() {
	w.s.Update(func(tx *store.Tx) error {
		snap, err := tx.Snapshot(w.service.Client.RealmID)
		if err != nil {
			return err
		}
		management := snap.ClientByClientID(latchkey.ClientRealmManagement)
		u, err := tx.ServiceAccountUser(snap.Realm.ID, w.service.Client.ID)
		if err != nil {
			return err
		}
		return tx.AddUserRole(snap.Realm.ID, u.ID, snap.RoleNamed(management.ID, latchkey.RoleManageUsers).ID)
	})
	config := clientcredentials.Config{ClientID: w.service.OAuth.ClientID, ClientSecret: w.service.OAuth.ClientSecret, TokenURL: w.service.OAuth.Endpoint.TokenURL}
	token, err := config.Token(w.service.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	wrong := config
	wrong.ClientSecret = "wrong-" + robotSecret
	_, _ = wrong.Token(w.service.Context())
	for _, mailed := range []bool{false, true} {
		body, _ := json.Marshal(map[string]any{"email": ownerAddress, "client_id": w.rp.OAuth.ClientID, "redirect_uri": w.rp.OAuth.RedirectURL, "send_email": mailed})
		status, answer := w.s.Send(http.MethodPost, "/realms/demo/magic-link", string(body), "Content-Type: application/json", "Authorization: Bearer "+token.AccessToken)
		var made struct{ Link string }
		if err := json.Unmarshal([]byte(answer), &made); err != nil || status != http.StatusOK {
			w.t.Fatalf("%d %s", status, answer)
		}
		w.cage.link(made.Link)
		if mailed {
			w.mail(ownerAddress) // before the link is used: the mail of one that was is not sent
		}
		f := w.s.Browser().Get(made.Link).Form(0)
		if f.Values.Has("address") { // who was mailed the link knows whom it was mailed to
			f = f.Set("address", "someone.else@example.test").Submit().Form(0).Set("address", ownerAddress)
		}
		p := f.Submit()
		w.rp.Answer(p)
	}
}

// firstAdmin makes an administrator by a link.
func (w *spied) firstAdmin() {
	link, err := w.s.FirstAdminLink(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.cage.link(link.Reveal())
	b := w.s.Browser()
	b.Get(link.Reveal()).FormWith("email").Set("email", "first.admin@example.test").Submit()
	b.Get(link.Reveal())
	b.Get(w.s.Base + "/admin/")
}

// search looks for every canary everywhere.
func (w *spied) search() {
	t, log := w.t, w.s.Log.String()
	for kind, least := range map[string]int{linkSecret: 8, mailCode: 4, screenNumber: 4, cookie: 12, authCode: 5, bearer: 12, clientSecret: 4, relaySecret: 3, password: 3} {
		if n := w.cage.count(kind); n < least {
			t.Errorf("only %d canaries of the kind %q were let out", n, kind)
		}
	}
	if !strings.Contains(log, `"outcome":"deferred"`) || !strings.Contains(log, `"outcome":"accepted"`) || !strings.Contains(log, "LOGIN") {
		t.Errorf("the log shows little of what happened")
	}
	metrics, err := new(http.Client).Get("http://" + w.s.Addr("management") + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = metrics.Body.Close() }()
	measured, err := io.ReadAll(metrics.Body)
	if err != nil || len(measured) < 1000 {
		t.Fatalf("metrics: %v %s", err, measured)
	}
	everything := newHunt(slices.DeleteFunc(w.cage.all(), func(c canary) bool { return c.kind == screenNumber }))
	for where, text := range map[string]string{"the log": log, "the metrics": string(measured), "the events": w.events(), "the database": w.dump(), "the database while a mail was on its way": w.unsent} {
		if len(text) < 1000 {
			t.Errorf("%s: only %d bytes", where, len(text))
		}
		for c, how := range everything.in(text) {
			if stored := where != "the log" && where != "the metrics"; c.kind != wholeAddress || !stored {
				t.Errorf("%s: %s %q: %s", where, c.kind, c.value, how)
			}
		}
	}
	for _, c := range w.cage.all() {
		if c.kind == screenNumber {
			if found := numbersIn(log, c.value); len(found) > 0 {
				t.Errorf("the log has the number %s: %v", c.value, found)
			}
		}
	}
	for _, found := range w.cage.misplaced() {
		t.Error(found)
	}
}

// events is everything that is recorded, as text.
func (w *spied) events() string {
	var list []any
	for _, name := range []string{"demo", "passwords", "master"} {
		id := w.s.Snapshot(name).Realm.ID
		w.s.View(func(tx *store.Tx) error {
			events, err := tx.Events(id, store.EventFilter{Max: 1000})
			if err != nil {
				return err
			}
			admin, err := tx.AdminEvents(id, store.AdminEventFilter{Max: 1000})
			list = append(list, events, admin)
			return err
		})
	}
	text, err := json.Marshal(list)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// dump is the whole database as whoever steals it has it: the files of SQLite,
// and every row of every table of PostgreSQL.
func (w *spied) dump() string {
	if path, ok := strings.CutPrefix(w.s.Database(), "sqlite:"); ok {
		var all []byte
		for _, suffix := range []string{"", "-wal"} {
			part, err := os.ReadFile(path + suffix)
			if err != nil {
				w.t.Error(err)
			}
			all = append(all, part...)
		}
		return string(all)
	}
	conn, err := pgx.Connect(w.t.Context(), w.s.Database())
	if err != nil {
		w.t.Error(err)
		return ""
	}
	defer func() { _ = conn.Close(w.t.Context()) }()
	rows, err := conn.Query(w.t.Context(), `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`)
	if err != nil {
		w.t.Error(err)
		return ""
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(names) < 20 {
		w.t.Errorf("%d tables: %v", len(names), err)
	}
	var out bytes.Buffer
	for _, name := range names {
		fmt.Fprintf(&out, "table %s\n", name)
		if _, err := conn.PgConn().CopyTo(w.t.Context(), &out, `COPY "`+name+`" TO STDOUT`); err != nil {
			w.t.Error(err)
		}
	}
	return out.String()
}
