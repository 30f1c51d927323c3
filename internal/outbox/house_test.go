package outbox

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a realm with an application and a person, on a real database, with
// relays and a worker.
type house struct {
	t      *testing.T
	db     *store.DB
	clock  *storetest.Clock
	realm  *latchkey.Realm
	client *latchkey.Client
	ada    *latchkey.User
	worker *Worker
}

func newHouse(t *testing.T, db *store.DB, relays ...latchkey.Relay) *house {
	t.Helper()
	h := &house{t: t, db: db, clock: storetest.ClockOf(db)}
	h.realm, h.client = h.newRealm("acme", relays...)
	h.ada = &latchkey.User{RealmID: h.realm.ID, ID: secret.NewID(), Username: "ada", Email: "Ada@example.test", EmailVerified: true, Enabled: true,
		Attributes: map[string][]string{"locale": {"de"}}}
	h.update(func(tx *store.Tx) error { return tx.CreateUser(h.ada) })
	h.worker = h.newWorker()
	return h
}

func (h *house) newRealm(name string, relays ...latchkey.Relay) (*latchkey.Realm, *latchkey.Client) {
	h.t.Helper()
	r := &latchkey.Realm{ID: secret.NewID(), Name: name, Enabled: true, SMTP: latchkey.SMTP{From: "login@" + name + ".example", Relays: relays}}
	c := &latchkey.Client{RealmID: r.ID, ID: secret.NewID(), ClientID: "shop", Name: "Shop", Enabled: true}
	h.update(func(tx *store.Tx) error {
		if err := tx.CreateRealm(r); err != nil {
			return err
		}
		return tx.CreateClient(c)
	})
	return r, c
}

// newWorker makes another node's worker on the same database.
func (h *house) newWorker() *Worker {
	w := &Worker{DB: h.db, BaseURL: "https://id.acme.example/auth", Log: quiet(h.t), Now: h.clock.Now,
		Realms: func(ctx context.Context, id string) (snap *latchkey.Snapshot, err error) {
			err = h.db.View(ctx, func(tx *store.Tx) error { snap, err = tx.Snapshot(id); return err })
			return snap, err
		},
		Code:    func(m *latchkey.Message) latchkey.Secret { return latchkey.Secret(fmt.Sprintf("%06d", len(m.LoginID))) },
		Compose: composeForTest,
	}
	w.init()
	h.t.Cleanup(w.pools.close)
	return w
}

// composeForTest writes a mail that tells all its facts.
func composeForTest(f Facts) (Content, error) {
	text := fmt.Sprintf("kind %s to %s in %q\nlink %s\ncode %s\n", f.Message.Kind, f.Message.Recipient, f.Message.Locale, f.Link.Reveal(), f.Code.Reveal())
	return Content{Subject: "Sign in to " + f.Realm.Title(), Text: text, HTML: "<pre>" + text + "</pre>"}, nil
}

func (h *house) update(f func(*store.Tx) error) {
	h.t.Helper()
	if err := h.db.Update(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) view(f func(*store.Tx) error) {
	h.t.Helper()
	if err := h.db.View(h.t.Context(), f); err != nil {
		h.t.Fatal(err)
	}
}

// login makes a login and the action token of its mail.
func (h *house) login(tx *store.Tx, realm *latchkey.Realm, client *latchkey.Client) (*latchkey.Login, *latchkey.ActionToken, error) {
	l := &latchkey.Login{RealmID: realm.ID, ID: secret.NewID(), BrowserHash: secret.Random(32), TabID: secret.TabID(), ClientID: client.ID,
		CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Hour), SeenAt: tx.Now(), Step: 1}
	t := &latchkey.ActionToken{RealmID: realm.ID, ID: secret.TabID(), SecretHash: secret.Hash("s3cret"), Kind: latchkey.TokenMagicLink,
		LoginID: l.ID, ClientID: client.ID, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(10 * time.Minute)}
	if err := tx.CreateLogin(l); err != nil {
		return nil, nil, err
	}
	return l, t, tx.CreateActionToken(t)
}

// queue promises a sign-in mail; change may change it first.
func (h *house) queue(address string, change func(m *latchkey.Message)) *latchkey.Message {
	h.t.Helper()
	return h.queueIn(h.realm, h.client, address, change)
}

func (h *house) queueIn(realm *latchkey.Realm, client *latchkey.Client, address string, change func(m *latchkey.Message)) *latchkey.Message {
	h.t.Helper()
	var m *latchkey.Message
	h.update(func(tx *store.Tx) error {
		l, t, err := h.login(tx, realm, client)
		if err != nil {
			return err
		}
		m = &latchkey.Message{Kind: latchkey.MailMagicLink, Address: address, LoginID: l.ID, TokenID: t.ID, Secret: "s3cret",
			ExpiresAt: t.ExpiresAt, ClientID: client.ID, WithCode: true, CreateUser: true, From: latchkey.Browser{Name: "Firefox", IP: "192.0.2.1"}}
		if change != nil {
			change(m)
		}
		return Queue(tx, realm, m)
	})
	return m
}

// round lets a worker do what is due and waits until it is done.
func (h *house) round(w *Worker) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer cancel()
	var flights sync.WaitGroup
	w.round(ctx, ctx, true, &flights)
	flights.Wait()
}

// start runs Deliver; the function ends it and waits for that.
func (h *house) start(w *Worker) (stop func()) {
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = w.Deliver(ctx) }()
	stop = func() { cancel(); <-done }
	h.t.Cleanup(stop)
	return stop
}

func (h *house) status(m *latchkey.Message) *Report {
	h.t.Helper()
	var r *Report
	h.view(func(tx *store.Tx) (err error) { r, err = Status(tx, m.RealmID, m.ID); return err })
	return r
}

// events gives the types of the mail events, the oldest first.
func (h *house) events() []latchkey.EventType {
	h.t.Helper()
	var out []latchkey.EventType
	h.view(func(tx *store.Tx) error {
		list, err := tx.Events(h.realm.ID, store.EventFilter{Max: 1000})
		for _, e := range list {
			out = append([]latchkey.EventType{e.Type}, out...)
		}
		return err
	})
	return out
}

// arrived waits until so many mails are there.
func arrived(t *testing.T, s *scripted, n int, within time.Duration) []received {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	for {
		mails, changed := s.look()
		if len(mails) >= n {
			return mails
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("%d of %d mails within %v", len(mails), n, within)
		}
	}
}

var textPart = regexp.MustCompile(`(?s)kind.*?code \d*`)

func bodyOf(t *testing.T, r received) string {
	t.Helper()
	m, err := parseStrict([]byte(r.data), false)
	if err != nil {
		t.Fatal(err)
	}
	return textPart.FindString(m.text)
}
