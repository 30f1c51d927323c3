package requiredaction_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/flow"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// askEmail switches the action on and begins a login that an application asks
// for it in.
func (w *world) askEmail() {
	w.t.Helper()
	w.change(func(tx *store.Tx, _ *latchkey.Realm) error {
		ra := *w.snap.RequiredAction(latchkey.ActionUpdateEmail)
		ra.Enabled = true
		return tx.PutRequiredAction(&ra)
	})
	w.beginEmail()
}

func (w *world) beginEmail() {
	w.t.Helper()
	w.again()
	w.login.Request.Action = latchkey.ActionUpdateEmail
	w.update(func(tx *store.Tx) error { return tx.SaveLogin(w.login) })
	w.get()
}

// code is what the mail to the login's new address says.
func (w *world) addressCode() string {
	return actiontoken.AddressCode(storetest.Keyring(), w.login.ID, w.login.Note(actiontoken.NoteNewAddress)).Reveal()
}

// link redeems the link of the login's last mail, as the login door does.
func (w *world) link() (r actiontoken.Redemption) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		l, err := tx.LockLogin(w.login.RealmID, w.login.ID)
		if err != nil {
			return err
		}
		list, err := tx.MessagesOfLogin(l.RealmID, l.ID)
		if err != nil {
			return err
		}
		t, err := tx.ActionToken(l.RealmID, list[len(list)-1].TokenID)
		if err != nil {
			return err
		}
		if r, err = actiontoken.RedeemUpdateEmail(tx, w.snap, l, actiontoken.AddressProof{Token: t, Session: w.session}); err != nil {
			return err
		}
		w.login = l
		return tx.SaveLogin(l)
	})
	return r
}

// notice is the mail to the earlier address with its token.
func (w *world) notice() (m *latchkey.Message, t *latchkey.ActionToken) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		list, err := tx.ClaimMessages(50, time.Minute)
		if err != nil {
			return err
		}
		for _, one := range list {
			if one.Kind == latchkey.MailEmailChanged {
				m = one
			}
		}
		if m == nil {
			return nil
		}
		t, err = tx.ActionToken(m.RealmID, m.TokenID)
		return err
	})
	return m, t
}

// proof of the new address by link or code, other links void, the other
// sessions ended where that was asked for, and a notice with a way back.
func TestUpdateEmail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.sessions(3)
		outstanding := &latchkey.ActionToken{RealmID: w.user.RealmID, ID: "outstanding", SecretHash: secret.Hash("x"), Kind: latchkey.TokenMagicLink,
			UserID: w.user.ID, Address: w.user.Email, ExpiresAt: w.clock.Now().Add(time.Hour)}
		w.update(func(tx *store.Tx) error { return tx.CreateActionToken(outstanding) })
		w.askEmail()
		if form := screen[flow.EmailUpdate](w); form.Address != "ada@example.test" || !w.result.Initiated {
			t.Errorf("%+v", form)
		}
		for typed, want := range map[string]string{"": "email error.address.missing", "x": "email error.address.invalid", "ADA@example.test": "email error.address.same"} {
			w.post("email", typed)
			if got := errorKeys(screen[flow.EmailUpdate](w).Errors); !slices.Equal(got, []string{want}) {
				t.Errorf("%q: %v", typed, got)
			}
		}
		w.post("email", "Grace@example.test", "logout-sessions", "on")
		if sent := screen[flow.EmailUpdateSent](w); sent.Address != "Grace@example.test" || sent.CodeClosed {
			t.Errorf("%+v", sent)
		}
		mail := w.messages()
		if len(mail) != 1 || mail[0].Kind != latchkey.MailUpdateEmail || mail[0].Address != "Grace@example.test" || !mail[0].WithCode {
			t.Fatalf("%+v", mail)
		}
		if u := w.getUser(); u.Email != "ada@example.test" {
			t.Fatalf("changed before it is proven: %+v", u)
		}
		w.post("resend", "on")
		if got := errorKeys(screen[flow.EmailUpdateSent](w).Errors); !slices.Equal(got, []string{" error.resend.early"}) {
			t.Errorf("%v", got)
		}
		for typed, want := range map[string]string{"": "code error.code.missing", actiontoken.Code(storetest.Keyring(), w.login.ID).Reveal(): "code error.code.wrong.proof"} {
			w.post("code", typed)
			if got := errorKeys(screen[flow.EmailUpdateSent](w).Errors); !slices.Equal(got, []string{want}) {
				t.Errorf("%q: %v", typed, got)
			}
		}
		if res := w.post("code", w.addressCode()); res.Kind != flow.Done || w.login.ActionStatus != flow.ActionSuccess {
			t.Fatalf("%+v", res)
		}
		if u := w.getUser(); u.Email != "Grace@example.test" || !u.EmailVerified || u.Username != "ada" {
			t.Errorf("%+v", u)
		}
		if n := w.sessionsLeft(); n != 1 {
			t.Errorf("%d sessions", n)
		}
		w.update(func(tx *store.Tx) error {
			old, err := tx.ActionToken(outstanding.RealmID, outstanding.ID)
			if err != nil || tx.Now().Before(old.ExpiresAt) {
				t.Errorf("a link of the earlier address lives: %+v, %v", old, err)
			}
			return nil
		})
		m, back := w.notice()
		if m == nil || m.Address != "ada@example.test" || back.Kind != latchkey.TokenRevertEmail || back.ExpiresAt.Sub(w.clock.Now()) != 7*24*time.Hour || m.LoginID != "" {
			t.Errorf("%+v, %+v", m, back)
		}
		if got := w.eventTypes(); !slices.Equal(got, []string{"MAIL_QUEUED", "CODE_REFUSED", "UPDATE_EMAIL", "MAIL_QUEUED"}) {
			t.Errorf("events %v", got)
		}
	})
}

// The link does it too, once; another address that is typed makes the first
// one's link and code worth nothing; five wrong codes close the code alone.
func TestUpdateEmailLink(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.sessions(2)
		w.askEmail()
		w.post("email", "first@example.test")
		old := w.addressCode()
		w.post("again", "on")
		screen[flow.EmailUpdate](w)
		if r := w.link(); r.Refused != actiontoken.RefusedEnded {
			t.Errorf("%+v", r)
		}
		w.post("email", "second@example.test")
		for range 5 {
			w.post("code", old)
		}
		if sent := screen[flow.EmailUpdateSent](w); !sent.CodeClosed {
			t.Errorf("%+v", sent)
		}
		w.post("code", w.addressCode())
		if u := w.getUser(); u.Email != "ada@example.test" {
			t.Errorf("a closed code was taken: %+v", u)
		}
		if r := w.link(); r.Refused != "" || r.User.Email != "second@example.test" {
			t.Errorf("%+v", r)
		}
		if r := w.link(); r.Refused == "" {
			t.Errorf("the link works twice: %+v", r)
		}
		if res := w.get(); res.Kind != flow.Done || w.login.ActionStatus != flow.ActionSuccess || len(w.login.Notes) > 0 {
			t.Errorf("%+v, %v", res, w.login.Notes)
		}
		if n := w.sessionsLeft(); n != 2 {
			t.Errorf("%d sessions", n)
		}
	})
}

// only who proved themselves a moment ago, and only where the profile
// lets people change it.
func TestUpdateEmailIsGuarded(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	w.askEmail()
	w.clock.Advance(6 * time.Minute)
	if res := w.post("email", "grace@example.test"); res.Kind != flow.Restarted {
		t.Errorf("%+v", res)
	}
	w.change(func(_ *store.Tx, r *latchkey.Realm) error {
		r.Profile = latchkey.DefaultUserProfile()
		for i := range r.Profile.Attributes {
			if a := &r.Profile.Attributes[i]; a.Name == latchkey.ProfileEmail {
				a.Permissions = &latchkey.ProfilePermissions{View: []string{"user"}, Edit: []string{"admin"}}
			}
		}
		return nil
	})
	w.beginEmail()
	if w.result.Kind != flow.Done || w.login.ActionStatus != flow.ActionError {
		t.Errorf("%+v", w.result)
	}
}

// an address that somebody else has is answered like any other; who has
// it keeps it.
func TestUpdateEmailTaken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		bob := w.person("bob")
		w.askEmail()
		w.post("email", bob.Email)
		if sent := screen[flow.EmailUpdateSent](w); sent.Address != bob.Email || len(sent.Errors) > 0 {
			t.Errorf("%+v", sent)
		}
		w.post("code", w.addressCode()) // nobody could know it: the mail says something else
		if got := errorKeys(screen[flow.EmailUpdateSent](w).Errors); !slices.Equal(got, []string{"code error.code.wrong.proof"}) {
			t.Errorf("%v", got)
		}
		if r := w.link(); r.Refused == "" {
			t.Errorf("%+v", r)
		}
		if u := w.getUser(); u.Email != "ada@example.test" {
			t.Errorf("%+v", u)
		}
	})
}

// Of two changes of one account at once one happens; of two accounts that want
// the same address one gets it.
func TestUpdateEmailAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.askEmail()
		ready := func(u *latchkey.User, address string) *latchkey.Login {
			before := w.user
			w.user = u
			w.beginEmail()
			w.post("email", address)
			l := w.login
			w.update(func(tx *store.Tx) error {
				list, err := tx.MessagesOfLogin(l.RealmID, l.ID)
				for _, m := range list { // it is in the mailbox
					m.State = latchkey.MessageHandedOver
					if err := tx.UpdateMessage(m); err != nil {
						return err
					}
				}
				return err
			})
			w.user = before
			return l
		}
		race := func(logins ...*latchkey.Login) int {
			var won atomic.Int32
			var wait sync.WaitGroup
			for _, l := range logins {
				code := actiontoken.AddressCode(storetest.Keyring(), l.ID, l.Note(actiontoken.NoteNewAddress)).Reveal()
				wait.Go(func() {
					var r actiontoken.Redemption
					err := w.db.Update(t.Context(), func(tx *store.Tx) error {
						locked, err := tx.LockLogin(l.RealmID, l.ID)
						if err != nil {
							return err
						}
						if r, err = actiontoken.RedeemUpdateEmail(tx, w.snap, locked, actiontoken.AddressProof{Code: code}); err != nil {
							return err
						}
						return tx.SaveLogin(locked)
					})
					if err != nil {
						t.Error(err)
					}
					if r.Refused == "" {
						won.Add(1)
					}
				})
			}
			wait.Wait()
			return int(won.Load())
		}
		var mine, others []*latchkey.Login
		for _, name := range []string{"one", "two", "three", "four"} {
			mine = append(mine, ready(w.user, name+"@example.test"))
			others = append(others, ready(w.person(name+"-user"), "same@example.test"))
		}
		if n := race(mine...); n != 1 {
			t.Errorf("%d changes of one account", n)
		}
		if n := race(others...); n != 1 {
			t.Errorf("%d accounts have one address", n)
		}
	})
}

// the link in the notice works once, for seven days: the address is back,
// everybody is signed out, and what was added since is gone. A change after the
// change does not take the way back away, and the later one's goes with it.
func TestRevertEmail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.sessions(2)
		first := &latchkey.Credential{RealmID: w.user.RealmID, UserID: w.user.ID, Type: "otp", UserLabel: "mine", CreatedAt: w.clock.Now().Add(-time.Hour)}
		w.update(func(tx *store.Tx) error { return tx.CreateCredential(first) })
		w.askEmail()
		w.post("email", "thief@example.test")
		w.post("code", w.addressCode())
		_, back := w.notice()
		w.clock.Advance(time.Second)
		later := &latchkey.Credential{RealmID: w.user.RealmID, UserID: w.user.ID, Type: "otp", UserLabel: "theirs"}
		w.update(func(tx *store.Tx) error { return tx.CreateCredential(later) })
		w.beginEmail()
		w.post("email", "thief2@example.test")
		w.post("code", w.addressCode())
		_, theirs := w.notice()
		if w.getUser().Email != "thief2@example.test" || theirs.Address != "thief@example.test" {
			t.Fatalf("%+v", theirs)
		}
		revert := func(token *latchkey.ActionToken) (r actiontoken.Redemption) {
			w.update(func(tx *store.Tx) (err error) {
				r, err = actiontoken.RedeemRevertEmail(tx, w.snap, token, latchkey.Browser{IP: "192.0.2.9"})
				return err
			})
			return r
		}
		if r := revert(back); r.Refused != "" || r.User.Email != "ada@example.test" || !r.User.EmailVerified {
			t.Fatalf("%+v", r)
		}
		if list := w.credentials(); len(list) != 1 || list[0].UserLabel != "mine" || w.sessionsLeft() != 0 {
			t.Errorf("%+v, %d sessions", list, w.sessionsLeft())
		}
		for name, token := range map[string]*latchkey.ActionToken{"again": back, "the thief's": theirs} {
			if r := revert(token); r.Refused == "" || w.getUser().Email != "ada@example.test" {
				t.Errorf("%s: %+v", name, r)
			}
		}
		// Too late, or somebody else has the address by now.
		w.beginEmail()
		w.post("email", "new@example.test")
		w.post("code", w.addressCode())
		_, back = w.notice()
		bob := w.person("bob")
		bob.Email = "ada@example.test"
		w.update(func(tx *store.Tx) error { return tx.UpdateUser(bob) })
		if r := revert(back); r.Refused != actiontoken.RefusedEnded || w.getUser().Email != "new@example.test" {
			t.Errorf("%+v", r)
		}
		w.clock.Advance(8 * 24 * time.Hour)
		if r := revert(back); r.Refused == "" {
			t.Errorf("%+v", r)
		}
	})
}

// A login that proved the earlier mailbox does not sign in to the account that
// has another address since.
func TestUpdateEmailEndsLogins(t *testing.T) {
	db, _ := storetest.SQLite(t)
	w := newWorld(t, db)
	w.again()
	pending := w.login
	pending.Mail.ProvenAt, pending.Mail.Address = w.clock.Now(), "ada@example.test"
	w.update(func(tx *store.Tx) error { return tx.SaveLogin(pending) })
	w.askEmail()
	w.login.Mail.ProvenAt, w.login.Mail.Address = w.clock.Now(), "ada@example.test"
	w.update(func(tx *store.Tx) error { return tx.SaveLogin(w.login) })
	w.post("email", "grace@example.test")
	if res := w.post("code", w.addressCode()); res.Kind != flow.Done || w.login.Mail.Address != "grace@example.test" {
		t.Errorf("the login that changed it: %+v", res)
	}
	w.login = pending
	if res := w.get(); res.Kind != flow.Failed || res.Code != "address_changed" {
		t.Errorf("%+v", res)
	}
}
