package actiontoken_test

import (
	"slices"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// The link in the asking browser, a new person: everything that a redemption
// does, and no other event.
func TestRedeemNewPerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.configure(map[string]string{actiontoken.KeyUpdateProfile: "true"})
		w.reload(func(tx *store.Tx) error {
			for _, a := range []*latchkey.RequiredAction{w.snap.RequiredAction(latchkey.ActionTerms), w.snap.RequiredAction(latchkey.ActionVerifyEmail)} {
				a.Enabled, a.DefaultAction = true, true
				if err := tx.PutRequiredAction(a); err != nil {
					return err
				}
			}
			return nil
		})
		l := w.login("browser")
		token, _ := w.mail(l, "Ada+shop@Example.TEST")
		w.clock.Advance(time.Minute)
		r := w.redeem(l, token, latchkey.ViaLink)
		if r.Refused != "" || !r.Created {
			t.Fatalf("redeemed: %+v", r)
		}
		u := w.getUser(r.User.ID)
		if u.Username != "ada+shop@example.test" || u.Email != "Ada+shop@Example.TEST" || !u.EmailVerified || !u.Enabled || !u.CreatedAt.Equal(w.clock.Now()) {
			t.Errorf("the account is %+v", u)
		}
		// The link has verified the address: that is not asked for again.
		if !slices.Equal(sorted(u.RequiredActions), []string{latchkey.ActionTerms, latchkey.ActionUpdateProfile}) {
			t.Errorf("required actions %v", u.RequiredActions)
		}
		w.update(func(tx *store.Tx) error {
			roles, err := tx.UserRoles(u.RealmID, u.ID)
			if !slices.Equal(roles, []string{w.snap.Realm.DefaultRoleID}) {
				t.Errorf("roles %v", roles)
			}
			return err
		})
		got := w.getLogin(l.ID)
		if got.UserID != u.ID || !got.NewUser || got.Executions[w.magic] != latchkey.StatusSuccess || !got.PassedAt[w.magic].Equal(w.clock.Now()) ||
			!slices.Equal(got.AMR, []string{"email"}) || got.Level() != 1 || got.FromCookie || got.Ended() {
			t.Errorf("the login is %+v", got)
		}
		if m := got.Mail; !m.ProvenAt.Equal(w.clock.Now()) || m.Via != latchkey.ViaLink || m.TokenID != token.ID || m.Address != "ada+shop@example.test" {
			t.Errorf("the mail step is %+v", m)
		}
		if got := w.events(); !slices.Equal(got, []string{"REGISTER", "LINK_REDEEMED"}) {
			t.Errorf("events %v", got)
		}
		register := w.allEvents()[0]
		if register.UserID != u.ID || register.ClientID != "account" || register.Details["register_method"] != "magic" ||
			register.Details["username"] != u.Username || register.Details["email"] != u.Email || register.IPAddress != "192.0.2.1" {
			t.Errorf("REGISTER is %+v", register)
		}
	})
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// each condition of a redemption, dropped by itself. A refusal
// changes nothing and is one event.
func TestRedeemRefuses(t *testing.T) {
	tests := []struct {
		name string
		want string
		via  latchkey.ProofVia // ViaLink when empty
		// prepare changes the world; it gives the login to redeem for.
		prepare func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login
	}{
		{"used", actiontoken.RefusedUsed, "", func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			w.redeem(l, token, latchkey.ViaLink)
			return l
		}},
		{"expired", actiontoken.RefusedExpired, "", func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			w.clock.Advance(10 * time.Minute) // the boundary is exclusive
			return l
		}},
		{"another login of the browser", actiontoken.RefusedEnded, "", func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			return w.login("browser")
		}},
		{"another browser's login", actiontoken.RefusedEnded, "", func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			return w.login("other")
		}},
		{"another client", actiontoken.RefusedEnded, "", func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			token.ClientID = "other"
			return l
		}},
		{"another realm", actiontoken.RefusedEnded, "", func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			token.RealmID = "other"
			return l
		}},
		{"login ended", actiontoken.RefusedEnded, "", func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			w.update(func(tx *store.Tx) error {
				_, err := tx.EndLogin(l.RealmID, l.ID, latchkey.EndRestarted)
				return err
			})
			return l
		}},
		{"kind of an API link", actiontoken.RefusedEnded, latchkey.ViaAPI, func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			return l
		}},
		{"kind of a verify link", actiontoken.RefusedEnded, "", func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			token.Kind = latchkey.TokenVerifyEmail
			return l
		}},
		{"disabled", actiontoken.RefusedUserDisabled, "", func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			w.user("ada@example.test", func(u *latchkey.User) { u.Enabled = false })
			return l
		}},
		{"service account", actiontoken.RefusedNoAccount, "", func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			w.user("ada@example.test", func(u *latchkey.User) { u.ServiceAccountClientID = "client" })
			return l
		}},
		{"no account, none made", actiontoken.RefusedNoAccount, "", func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			w.configure(map[string]string{actiontoken.KeyCreateUser: "false"})
			return l
		}},
		{"no account, domain denied", actiontoken.RefusedNoAccount, "", func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			w.configure(map[string]string{actiontoken.KeyDeniedDomains: "example.test"})
			return l
		}},
		{"user of an earlier step deleted", actiontoken.RefusedNoAccount, "", func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			w.named(l, "gone")
			return l
		}},
		{"user of an earlier step has another address", actiontoken.RefusedEnded, "", func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			w.named(l, w.user("new@example.test", nil).ID)
			return l
		}},
		{"here, the asking login ended", actiontoken.RefusedEnded, latchkey.ViaHere, func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			w.update(func(tx *store.Tx) error {
				_, err := tx.EndLogin(l.RealmID, l.ID, latchkey.EndRestarted)
				return err
			})
			return w.login("other")
		}},
		{"here, the asking login has passed", actiontoken.RefusedUsed, latchkey.ViaHere, func(w *world, l *latchkey.Login, token *latchkey.ActionToken) *latchkey.Login {
			w.code(l, w.codeOf(l))
			token.ExpiresAt = w.clock.Now().Add(time.Hour) // as a page that was read before
			return w.login("other")
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				asking := w.login("browser")
				token, _ := w.mail(asking, "ada@example.test")
				l := test.prepare(w, asking, token)
				before, events := w.getLogin(l.ID), len(w.events())
				via := test.via
				if via == "" {
					via = latchkey.ViaLink
				}
				r := w.redeem(l, token, via)
				if r.Refused != test.want || r.User != nil || r.Created {
					t.Fatalf("redeemed: %+v, want %s", r, test.want)
				}
				after := w.getLogin(l.ID)
				after.Step = before.Step
				if test.name != "used" && (len(after.Executions) > 0 || after.UserID != before.UserID || !after.Mail.ProvenAt.IsZero()) {
					t.Errorf("the login is %+v", after)
				}
				if got := w.events()[events:]; !slices.Equal(got, []string{"LINK_REFUSED " + test.want}) {
					t.Errorf("events %v", got)
				}
			})
		})
	}
}

// named lets an earlier step of the login say who it is.
func (w *world) named(l *latchkey.Login, userID string) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		locked, err := tx.LockLogin(l.RealmID, l.ID)
		if err != nil {
			return err
		}
		locked.UserID = userID
		return tx.SaveLogin(locked)
	})
}

// a moment before its end a link works.
func TestRedeemBeforeExpiry(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.login("browser")
		token, _ := w.mail(l, "ada@example.test")
		w.clock.Advance(10*time.Minute - time.Millisecond)
		if r := w.redeem(l, token, latchkey.ViaLink); r.Refused != "" {
			t.Errorf("refused: %s", r.Refused)
		}
	})
}

// a resend replaces nothing; the first link that is redeemed ends the
// others, and the code.
func TestRedeemEndsSiblings(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.login("browser")
		first, _ := w.mail(l, "ada@example.test")
		w.clock.Advance(time.Minute)
		second, _ := w.mail(l, "ada@example.test")
		other := w.login("attacker")
		theirs, _ := w.mail(other, "ada@example.test")
		if r := w.redeem(l, first, latchkey.ViaLink); r.Refused != "" {
			t.Fatalf("the older link: %s", r.Refused)
		}
		if r := w.redeem(l, second, latchkey.ViaLink); r.Refused != actiontoken.RefusedUsed {
			t.Errorf("the newer link: %+v", r)
		}
		w.update(func(tx *store.Tx) error {
			stored, err := tx.ActionToken(second.RealmID, second.ID)
			if err == nil && w.clock.Now().Before(stored.ExpiresAt) {
				t.Error("the newer link is not void")
			}
			return err
		})
		if r := w.code(l, w.codeOf(l)); r.Refused == "" {
			t.Error("the code passes after the link")
		}
		// A request of another browser is another login, and is not touched.
		if r := w.redeem(other, theirs, latchkey.ViaLink); r.Refused != "" {
			t.Errorf("the other browser's link: %s", r.Refused)
		}
	})
}

// "Continue there" passes the asking login; "Sign in here instead" passes
// another and ends the asking one.
func TestRedeemInAnotherBrowser(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.login("browser")
		token, _ := w.mail(l, "ada@example.test")
		if r := w.redeem(l, token, latchkey.ViaContinue); r.Refused != "" {
			t.Fatalf("continue: %s", r.Refused)
		}
		if got := w.getLogin(l.ID); got.Mail.Via != latchkey.ViaContinue || got.Executions[w.magic] != latchkey.StatusSuccess || got.Ended() {
			t.Errorf("the asking login is %+v", got)
		}
		for _, e := range w.allEvents() {
			if e.Type == latchkey.EventLinkRedeemed && (e.IPAddress != "" || e.Details["asked_from"] != "192.0.2.1" || e.Details["via"] != "continue") {
				t.Errorf("LINK_REDEEMED is %+v", e)
			}
		}

		asking, here := w.login("browser"), w.login("phone")
		token, _ = w.mail(asking, "ada@example.test")
		w.update(func(tx *store.Tx) error {
			l, err := tx.LockLogin(asking.RealmID, asking.ID)
			if err != nil {
				return err
			}
			l.Draft = []byte("sealed") // what was typed is gone with it
			return tx.SaveLogin(l)
		})
		r := w.redeem(here, token, latchkey.ViaHere)
		if r.Refused != "" || r.Created {
			t.Fatalf("here: %+v", r)
		}
		got, ended := w.getLogin(here.ID), w.getLogin(asking.ID)
		if got.Executions[w.magic] != latchkey.StatusSuccess || got.UserID != r.User.ID || got.Mail.Via != latchkey.ViaHere || got.Mail.ProvenAt.IsZero() {
			t.Errorf("the login here is %+v", got)
		}
		if ended.EndReason != latchkey.EndElsewhere || len(ended.Draft) > 0 || len(ended.Executions) > 0 || ended.UserID != "" {
			t.Errorf("the asking login is %+v", ended)
		}
		if r := w.code(asking, w.codeOf(asking)); r.Refused == "" {
			t.Error("the code passes after the link was redeemed elsewhere")
		}
	})
}

// A link that may be used again is a weakening that an operator can choose;
// each login it opens is passed once.
func TestRedeemReusable(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.configure(map[string]string{actiontoken.KeyReusable: "true"})
		l := w.login("browser")
		token, _ := w.mail(l, "ada@example.test")
		if r := w.redeem(l, token, latchkey.ViaLink); r.Refused != "" {
			t.Fatalf("first: %s", r.Refused)
		}
		if r := w.redeem(l, token, latchkey.ViaLink); r.Refused != actiontoken.RefusedUsed {
			t.Errorf("the same login again: %+v", r)
		}
		again := w.login("browser")
		if r := w.redeem(again, token, latchkey.ViaLink); r.Refused != "" || r.Created {
			t.Errorf("another login: %+v", r)
		}
		if got := w.getLogin(again.ID); got.UserID == "" || got.Mail.ProvenAt.IsZero() {
			t.Errorf("the second login is %+v", got)
		}
		w.clock.Advance(10 * time.Minute)
		if r := w.redeem(w.login("browser"), token, latchkey.ViaLink); r.Refused != actiontoken.RefusedExpired {
			t.Errorf("after its end: %+v", r)
		}
	})
}

// Links made by the API: only one that Latchkey mailed to the account's
// address proves it; one that was handed out proves nothing and cleans nothing.
func TestRedeemAPILink(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		issue := func(u *latchkey.User, address string) (token *latchkey.ActionToken) {
			w.update(func(tx *store.Tx) (err error) {
				token = &latchkey.ActionToken{RealmID: u.RealmID, Kind: latchkey.TokenAPILink, UserID: u.ID, ClientID: w.client.ID, Address: address,
					ExpiresAt: tx.Now().Add(24 * time.Hour)}
				_, err = actiontoken.Issue(tx, token)
				return err
			})
			return token
		}
		u := w.user("ada@example.test", nil)
		w.password(u)
		l := w.login("phone")
		if r := w.redeem(l, issue(u, ""), latchkey.ViaAPI); r.Refused != "" || r.User.ID != u.ID {
			t.Fatalf("handed out: %+v", r)
		}
		if got := w.getLogin(l.ID); len(got.AMR) > 0 || !got.Mail.ProvenAt.IsZero() || got.UserID != u.ID {
			t.Errorf("the login is %+v", got)
		}
		if got := w.getUser(u.ID); got.EmailVerified || w.passwords(u) != 1 {
			t.Errorf("the account is %+v with %d passwords", got, w.passwords(u))
		}

		l = w.login("phone")
		if r := w.redeem(l, issue(u, "Ada@example.test"), latchkey.ViaAPI); r.Refused != "" {
			t.Fatalf("mailed: %+v", r)
		}
		if got := w.getLogin(l.ID); !slices.Equal(got.AMR, []string{"email"}) || got.Mail.ProvenAt.IsZero() {
			t.Errorf("the login is %+v", got)
		}
		if got := w.getUser(u.ID); !got.EmailVerified || w.passwords(u) != 0 {
			t.Errorf("the account is %+v with %d passwords", got, w.passwords(u))
		}

		// The address was changed since: the old mailbox does not open it.
		token := issue(u, "ada@example.test")
		w.update(func(tx *store.Tx) error {
			u = w.mustUser(tx, u.ID)
			u.Email = "new@example.test"
			return tx.UpdateUser(u)
		})
		if r := w.redeem(w.login("phone"), token, latchkey.ViaAPI); r.Refused != actiontoken.RefusedEnded {
			t.Errorf("changed address: %+v", r)
		}
		// A user who was disabled after the link was made.
		token = issue(u, "")
		w.update(func(tx *store.Tx) error {
			u.Enabled = false
			return tx.UpdateUser(u)
		})
		if r := w.redeem(w.login("phone"), token, latchkey.ViaAPI); r.Refused != actiontoken.RefusedUserDisabled {
			t.Errorf("disabled: %+v", r)
		}
	})
}

func (w *world) mustUser(tx *store.Tx, id string) *latchkey.User {
	w.t.Helper()
	u, err := tx.User(w.snap.Realm.ID, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// password gives the user a password, of which the hash does not matter.
func (w *world) password(u *latchkey.User) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		return tx.CreateCredential(&latchkey.Credential{RealmID: u.RealmID, ID: secret.NewID(), UserID: u.ID, Type: latchkey.CredentialPassword,
			SecretData: "{}", CredentialData: "{}"})
	})
}

func (w *world) passwords(u *latchkey.User) (n int) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		list, err := tx.Credentials(u.RealmID, u.ID)
		n = len(list)
		return err
	})
	return n
}
