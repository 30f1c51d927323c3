package authenticator_test

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/flow"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// device gives the user a device for one-time passwords by the realm's policy.
func (w *world) device(u *latchkey.User, label string) latchkey.Secret {
	w.t.Helper()
	s := credential.NewOTPSecret()
	c, err := credential.NewOTP(w.snap.Realm.OTPPolicy, s, label)
	if err != nil {
		w.t.Fatal(err)
	}
	c.RealmID, c.UserID = u.RealmID, u.ID
	w.update(func(tx *store.Tx) error { return tx.CreateCredential(c) })
	return s
}

// code is what a device shows now.
func (w *world) code(s latchkey.Secret) string {
	w.t.Helper()
	code, err := totp.GenerateCodeCustom(s.Reveal(), w.clock.Now(), totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix})
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

// direct is a token request with a name and a password, as the OpenID door runs
// it.
func (w *world) direct(form ...string) (flow.Result, *latchkey.Login) {
	w.t.Helper()
	now := w.clock.Now()
	l := &latchkey.Login{
		RealmID: w.snap.Realm.ID, ID: secret.NewID(), ClientID: w.client.ID, CreatedAt: now, ExpiresAt: now.Add(time.Minute),
		FlowID: w.snap.DirectGrantFlow(w.client).ID, Request: latchkey.AuthorizationRequest{GrantType: latchkey.GrantPassword},
	}
	v := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		v.Set(form[i], form[i+1])
	}
	r := &flow.Run{Registry: w.registry, Realm: w.snap, Login: l, Form: v, Browser: latchkey.Browser{IP: "192.0.2.1"}}
	err := w.db.View(w.t.Context(), func(tx *store.Tx) (err error) {
		r.Tx, r.Now = tx, tx.Now()
		r.Prepared, err = flow.PrepareDirect(r)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	var res flow.Result
	w.update(func(tx *store.Tx) (err error) {
		r.Tx, r.Now = tx, tx.Now()
		res, err = flow.Advance(r)
		return err
	})
	return res, l
}

// the built-in flow of the password grant; what is wrong has a
// code for the event, and never a page.
func TestDirectGrant(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.realm(func(r *latchkey.Realm) { r.LoginWithEmailAllowed = true })
		ada := w.user("ada@example.test", true, func(u *latchkey.User) { u.Username = "ada" })
		w.user("bob@example.test", false, nil)
		w.user("off@example.test", true, func(u *latchkey.User) { u.Enabled = false })
		otp := w.user("otp@example.test", true, nil)
		seed := w.device(otp, "phone")
		right := w.code(seed)
		for _, c := range []struct {
			name string
			form []string
			code string
			amr  []string
		}{
			{"by name", []string{"username", "ada", "password", password}, "", []string{"pwd"}},
			{"by address", []string{"username", "ADA@example.test", "password", password}, "", []string{"pwd"}},
			{"wrong", []string{"username", "ada", "password", "x"}, "invalid_user_credentials", nil},
			{"no password given", []string{"username", "ada"}, "invalid_user_credentials", nil},
			{"unknown", []string{"username", "nobody", "password", password}, "user_not_found", nil},
			{"nameless", []string{"password", password}, "user_not_found", nil},
			{"has none", []string{"username", "bob@example.test", "password", password}, "invalid_user_credentials", nil},
			{"disabled", []string{"username", "off@example.test", "password", password}, "user_not_found", nil},
			{"without the code", []string{"username", "otp@example.test", "password", password}, "invalid_user_credentials", []string{"pwd"}},
			{"a wrong code", []string{"username", "otp@example.test", "password", password, "totp", "000000"}, "invalid_user_credentials", []string{"pwd"}},
			{"the code", []string{"username", "otp@example.test", "password", password, "totp", right}, "", []string{"pwd", "otp", "mfa"}},
			{"the code again", []string{"username", "otp@example.test", "password", password, "otp", right}, "invalid_user_credentials", []string{"pwd"}},
		} {
			res, l := w.direct(c.form...)
			kind := flow.Failed
			if c.code == "" {
				kind = flow.Done
			}
			if res.Kind != kind || res.Code != c.code || res.Screen != nil || !slices.Equal(l.AMR, c.amr) {
				t.Errorf("%s: %+v, amr %v", c.name, res, l.AMR)
			}
		}
		if _, l := w.direct("username", "ada", "password", password); l.UserID != ada.ID {
			t.Errorf("%+v", l)
		}
	})
}
