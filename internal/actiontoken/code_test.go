package actiontoken_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/ratelimit"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// The right code does what the link does.
func TestRedeemCode(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.login("browser")
		token, _ := w.mail(l, "Ada@example.test")
		code := w.codeOf(l)
		r := w.code(l, code[:3]+" "+code[3:])
		if r.Refused != "" || !r.Created || r.User.Email != "Ada@example.test" {
			t.Fatalf("code: %+v", r)
		}
		got := w.getLogin(l.ID)
		if got.Executions[w.magic] != latchkey.StatusSuccess || got.Mail.Via != latchkey.ViaCode || got.Mail.ProvenAt.IsZero() || got.Mail.TokenID != "" ||
			!slices.Equal(got.AMR, []string{"email"}) || got.UserID != r.User.ID {
			t.Errorf("the login is %+v", got)
		}
		if got := w.events(); !slices.Equal(got, []string{"REGISTER", "LINK_REDEEMED"}) {
			t.Errorf("events %v", got)
		}
		if r := w.redeem(l, token, latchkey.ViaLink); r.Refused == "" {
			t.Error("the link passes after the code")
		}
		if r := w.code(l, code); r.Refused == "" {
			t.Error("the code passes twice")
		}
	})
}

// five wrong codes close the code, whatever was resent, and leave the
// link; one login's code is nothing in another.
func TestRedeemCodeWrong(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.login("browser")
		token, _ := w.mail(l, "ada@example.test")
		other := w.login("other")
		w.mail(other, "ada@example.test")
		for i := range 5 {
			if w.getLogin(l.ID).Mail.CodeClosed {
				t.Errorf("closed after %d", i)
			}
			typed := w.wrongCode(l)
			if i == 2 {
				w.clock.Advance(time.Minute)
				w.mail(l, "ada@example.test")
			}
			if i == 3 && w.codeOf(other) != w.codeOf(l) {
				typed = w.codeOf(other)
			}
			if r := w.code(l, typed); r.Refused != actiontoken.RefusedWrongCode {
				t.Fatalf("wrong code %d: %+v", i, r)
			}
		}
		if got := w.getLogin(l.ID); !got.Mail.CodeClosed || got.CodeTries != 5 {
			t.Errorf("after five: closed %v, %d tries", got.Mail.CodeClosed, got.CodeTries)
		}
		if r := w.code(l, w.codeOf(l)); r.Refused != actiontoken.RefusedWrongCode {
			t.Errorf("the sixth, right code: %+v", r)
		}
		if got := w.events(); len(got) != 6 || got[5] != "CODE_REFUSED invalid_code" {
			t.Errorf("events %v", got)
		}
		if r := w.redeem(l, token, latchkey.ViaLink); r.Refused != "" {
			t.Errorf("the link: %s", r.Refused)
		}
	})
}

// the counter in the row decides, whatever else the login says.
func TestRedeemCodeCounted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.login("browser")
		w.mail(l, "ada@example.test")
		w.update(func(tx *store.Tx) error {
			for range 5 {
				if _, err := tx.CountCodeTry(l.RealmID, l.ID, actiontoken.MaxCodeTries); err != nil {
					return err
				}
			}
			return nil
		})
		if r := w.code(l, w.codeOf(l)); r.Refused != actiontoken.RefusedWrongCode {
			t.Errorf("the right code after five tries: %+v", r)
		}
	})
}

// a login that mailed nothing has no code; nor has one whose mails
// carried none, or ended.
func TestRedeemCodeThatWasNotMailed(t *testing.T) {
	message := func(w *world, l *latchkey.Login, change func(*latchkey.Message)) {
		w.update(func(tx *store.Tx) error {
			m := &latchkey.Message{RealmID: l.RealmID, ID: secret.NewID(), Kind: latchkey.MailMagicLink, State: latchkey.MessageHandedOver, LoginID: l.ID,
				WithCode: true, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Minute)}
			change(m)
			return tx.CreateMessage(m)
		})
	}
	tests := []struct {
		name   string
		passes bool
		change func(*latchkey.Message)
	}{
		{"withheld", false, func(m *latchkey.Message) { m.State = latchkey.MessageWithheld }},
		{"link only", false, func(m *latchkey.Message) { m.WithCode = false }},
		{"over", false, func(m *latchkey.Message) { m.ExpiresAt = m.CreatedAt }},
		{"handed over", true, func(*latchkey.Message) {}},
		{"under way", true, func(m *latchkey.Message) { m.State = latchkey.MessageQueued }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				l := w.login("browser")
				w.update(func(tx *store.Tx) error {
					locked, err := tx.LockLogin(l.RealmID, l.ID)
					if err != nil {
						return err
					}
					locked.Mail.Execution, locked.Mail.Sent = w.magic, 1
					actiontoken.SetTypedAddress(locked, "ada@example.test")
					return tx.SaveLogin(locked)
				})
				message(w, l, test.change)
				if r := w.code(l, w.codeOf(l)); (r.Refused == "") != test.passes {
					t.Errorf("code: %+v", r)
				}
			})
		})
	}
}

// ten wrong codes for an address over many logins; then its codes are
// off in browsers that it does not know, its links are not, and the owner's
// browser has codes too.
func TestRedeemCodeLimits(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for i := range 5 {
			l := w.login(fmt.Sprint("attacker", i))
			w.mail(l, "ada@example.test")
			for range 2 {
				w.code(l, w.wrongCode(l))
			}
		}
		w.update(func(tx *store.Tx) error {
			yes, err := ratelimit.LinkOnly(tx, w.snap.Realm.ID, "ada@example.test")
			if !yes {
				t.Error("mails still carry a code")
			}
			return err
		})
		l := w.login("new")
		token, _ := w.mail(l, "ada@example.test")
		if r := w.code(l, w.codeOf(l)); r.Refused != actiontoken.RefusedWrongCode {
			t.Errorf("the right code in a browser that it does not know: %+v", r)
		}
		if r := w.redeem(l, token, latchkey.ViaLink); r.Refused != "" {
			t.Errorf("R-014: the link: %s", r.Refused)
		}
		own := w.login("own")
		w.mail(own, "ada@example.test")
		w.update(func(tx *store.Tx) error {
			locked, err := tx.LockLogin(own.RealmID, own.ID)
			if err != nil {
				return err
			}
			locked.From.Known = true
			return tx.SaveLogin(locked)
		})
		if r := w.code(own, w.codeOf(own)); r.Refused != "" {
			t.Errorf("R-014: the right code in the owner's browser: %+v", r)
		}
	})
}

// what a wrong code costs does not tell why it is wrong.
func TestRedeemCodeEqualWork(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	known := w.login("a")
	w.user("ada@example.test", nil)
	w.mail(known, "ada@example.test")
	nobody := w.login("b")
	events := func(l *latchkey.Login) (out []string) {
		before := len(w.events())
		r := w.code(l, w.wrongCode(l))
		return append(w.events()[before:], r.Refused)
	}
	if a, b := events(known), events(nobody); !slices.Equal(a, b) {
		t.Errorf("%v and %v", a, b)
	}
}
