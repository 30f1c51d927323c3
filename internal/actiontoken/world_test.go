package actiontoken_test

import (
	"sync"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// plan makes the keys of the test's realm once: that takes long.
var plan = sync.OnceValues(func() (*realm.Plan, error) {
	name, on := "acme", true
	return realm.Prepare(&representation.Realm{Realm: &name, Enabled: &on}, realm.Options{MagicLink: true, Events: true, Now: storetest.NewClock().Now()})
})

// world is a realm with an application, and people's browsers around it.
type world struct {
	t      testing.TB
	db     *store.DB
	clock  *storetest.Clock
	snap   *latchkey.Snapshot
	client *latchkey.Client
	magic  string // the execution of the mailed link
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { f(t, newWorld(t, db)) })
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	p, err := plan()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, clock: storetest.ClockOf(db)}
	w.update(func(tx *store.Tx) error {
		r, err := p.Apply(tx)
		if err != nil {
			return err
		}
		w.snap, err = tx.Snapshot(r.ID)
		return err
	})
	w.client = w.snap.ClientByClientID("account")
	for _, f := range w.snap.Flows {
		for _, e := range f.Executions {
			if e.Authenticator == latchkey.AuthMagicLink {
				w.magic = e.ID
			}
		}
	}
	if w.client == nil || w.magic == "" {
		t.Fatal("the realm has no client or no magic link")
	}
	return w
}

func (w *world) update(f func(*store.Tx) error) {
	w.t.Helper()
	if err := w.db.Update(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

// reload reads the realm anew after f changed it.
func (w *world) reload(f func(*store.Tx) error) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		snap, err := tx.Snapshot(w.snap.Realm.ID)
		w.snap = snap
		return err
	})
}

// configure sets the options behind the gear of the mailed link.
func (w *world) configure(config map[string]string) {
	w.t.Helper()
	w.reload(func(tx *store.Tx) error {
		c := &latchkey.AuthenticatorConfig{RealmID: w.snap.Realm.ID, ID: secret.NewID(), Alias: secret.NewID(), Config: config}
		if err := tx.CreateAuthenticatorConfig(c); err != nil {
			return err
		}
		for _, f := range w.snap.Flows {
			for i := range f.Executions {
				if f.Executions[i].ID == w.magic {
					f.Executions[i].ConfigID = c.ID
					return tx.UpdateFlow(f)
				}
			}
		}
		return nil
	})
}

// login begins a login in a browser.
func (w *world) login(browser string) *latchkey.Login {
	w.t.Helper()
	now := w.clock.Now()
	l := &latchkey.Login{
		RealmID: w.snap.Realm.ID, BrowserHash: secret.Hash(browser), TabID: secret.TabID(), ClientID: w.client.ID,
		CreatedAt: now, ExpiresAt: now.Add(30 * time.Minute), SeenAt: now, FlowID: w.snap.FlowByAlias(latchkey.FlowMagicLink).ID,
		From: latchkey.Browser{IP: "192.0.2.1"}, Answer: latchkey.AnswerCode,
	}
	w.update(func(tx *store.Tx) error { return tx.CreateLogin(l) })
	return l
}

// mail mails a link and a code, as the step of the flow does.
func (w *world) mail(l *latchkey.Login, address string) (t *latchkey.ActionToken, s latchkey.Secret) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		fresh, err := tx.LockLogin(l.RealmID, l.ID)
		if err != nil {
			return err
		}
		*l = *fresh
		config := actiontoken.ConfigOf(w.snap, &latchkey.Login{Mail: latchkey.MailStep{Execution: w.magic}})
		l.Mail.Execution = w.magic
		actiontoken.SetTypedAddress(l, address)
		l.Mail.Sent++
		l.Mail.LastAt = tx.Now()
		t = &latchkey.ActionToken{
			RealmID: l.RealmID, Kind: latchkey.TokenMagicLink, LoginID: l.ID, ClientID: l.ClientID, Address: address,
			ExpiresAt: tx.Now().Add(config.Lifespan), Reusable: config.Reusable,
		}
		if s, err = actiontoken.Issue(tx, t); err != nil {
			return err
		}
		err = tx.CreateMessage(&latchkey.Message{
			RealmID: l.RealmID, ID: secret.NewID(), Kind: latchkey.MailMagicLink, State: latchkey.MessageHandedOver, Address: address,
			LoginID: l.ID, TokenID: t.ID, CreatedAt: tx.Now(), ExpiresAt: t.ExpiresAt, WithCode: true,
		})
		if err != nil {
			return err
		}
		return tx.SaveLogin(l)
	})
	return t, s
}

// user makes an account.
func (w *world) user(address string, change func(*latchkey.User)) *latchkey.User {
	w.t.Helper()
	u := &latchkey.User{RealmID: w.snap.Realm.ID, Username: address, Email: address, Enabled: true}
	if change != nil {
		change(u)
	}
	w.update(func(tx *store.Tx) error { return tx.CreateUser(u) })
	return u
}

func (w *world) getUser(id string) (u *latchkey.User) {
	w.t.Helper()
	w.update(func(tx *store.Tx) (err error) {
		u, err = tx.User(w.snap.Realm.ID, id)
		return err
	})
	return u
}

func (w *world) getLogin(id string) (l *latchkey.Login) {
	w.t.Helper()
	w.update(func(tx *store.Tx) (err error) {
		l, err = tx.Login(w.snap.Realm.ID, id)
		return err
	})
	return l
}

// redeem redeems as a door does: the login is locked, and saved afterwards.
func (w *world) redeem(l *latchkey.Login, t *latchkey.ActionToken, via latchkey.ProofVia) actiontoken.Redemption {
	w.t.Helper()
	r, err := redeem(w.t, w.db, w.snap, l, func(tx *store.Tx, locked *latchkey.Login) (actiontoken.Redemption, error) {
		return actiontoken.Redeem(tx, w.snap, locked, t, via)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// code types a code, at an address of its own.
func (w *world) code(l *latchkey.Login, typed string) actiontoken.Redemption {
	w.t.Helper()
	r, err := redeem(w.t, w.db, w.snap, l, func(tx *store.Tx, locked *latchkey.Login) (actiontoken.Redemption, error) {
		return actiontoken.RedeemCode(tx, w.snap, locked, typed, "192.0.2.1")
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func redeem(t testing.TB, db *store.DB, snap *latchkey.Snapshot, l *latchkey.Login, act func(*store.Tx, *latchkey.Login) (actiontoken.Redemption, error)) (r actiontoken.Redemption, err error) {
	err = db.Update(t.Context(), func(tx *store.Tx) error {
		locked, err := tx.LockLogin(l.RealmID, l.ID)
		if err != nil {
			return err
		}
		if r, err = act(tx, locked); err != nil {
			return err
		}
		return tx.SaveLogin(locked)
	})
	return r, err
}

// events gives the types of the realm's events, the oldest first.
func (w *world) events() (types []string) {
	for _, e := range w.allEvents() {
		s := string(e.Type)
		if e.Error != "" {
			s += " " + e.Error
		}
		types = append(types, s)
	}
	return types
}

func (w *world) allEvents() (events []*latchkey.Event) {
	w.t.Helper()
	w.update(func(tx *store.Tx) (err error) {
		events, err = tx.Events(w.snap.Realm.ID, store.EventFilter{Max: 1000})
		return err
	})
	for i, j := 0, len(events)-1; i < j; i, j = i+1, j-1 {
		events[i], events[j] = events[j], events[i]
	}
	return events
}

// codeOf is the code of a login's mails.
func (w *world) codeOf(l *latchkey.Login) string {
	return actiontoken.Code(storetest.Keyring(), l.ID).Reveal()
}

// wrongCode is a code that the login's mails do not carry.
func (w *world) wrongCode(l *latchkey.Login) string {
	if w.codeOf(l) == "123456" {
		return "654321"
	}
	return "123456"
}
