package actiontoken_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// the first proof of an address removes what an impostor could have
// left in its account, and later proofs remove nothing.
func TestFirstProof(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.user("ada@example.test", func(u *latchkey.User) {
			u.RequiredActions = []string{latchkey.ActionVerifyEmail, latchkey.ActionUpdateProfile}
		})
		w.password(u)
		session := w.session(u)
		var link *latchkey.ActionToken
		var pending *latchkey.Message
		w.update(func(tx *store.Tx) (err error) {
			link = &latchkey.ActionToken{RealmID: u.RealmID, Kind: latchkey.TokenAPILink, UserID: u.ID, ExpiresAt: tx.Now().Add(time.Hour)}
			if _, err = actiontoken.Issue(tx, link); err != nil {
				return err
			}
			pending = &latchkey.Message{RealmID: u.RealmID, ID: secret.NewID(), Kind: latchkey.MailAPILink, State: latchkey.MessageQueued,
				Address: u.Email, UserID: u.ID, TokenID: link.ID, CreatedAt: tx.Now(), ExpiresAt: link.ExpiresAt, Secret: "x"}
			if err := tx.CreateFederatedIdentity(&latchkey.FederatedIdentity{RealmID: u.RealmID, UserID: u.ID, IdentityProvider: "corp", FederatedUserID: "mallory"}); err != nil {
				return err
			}
			return tx.CreateMessage(pending)
		})
		l := w.login("browser")
		token, _ := w.mail(l, "Ada@example.test")
		w.clock.Advance(time.Minute)
		if r := w.redeem(l, token, latchkey.ViaLink); r.Refused != "" || r.Created || r.User.ID != u.ID {
			t.Fatalf("redeemed: %+v", r)
		}
		got := w.getUser(u.ID)
		if !got.EmailVerified || got.Email != "ada@example.test" || !slices.Equal(got.RequiredActions, []string{latchkey.ActionUpdateProfile}) ||
			got.NotBefore != w.clock.Now().Unix() {
			t.Errorf("the account is %+v", got)
		}
		if n := w.passwords(u); n != 0 {
			t.Errorf("%d passwords survive", n)
		}
		w.update(func(tx *store.Tx) error {
			if _, err := tx.UserSession(u.RealmID, session); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
				t.Errorf("the session survives: %v", err)
			}
			if ok, err := tx.RedeemActionToken(u.RealmID, link.ID); ok || err != nil {
				t.Errorf("the link survives: %v, %v", ok, err)
			}
			links, err := tx.FederatedIdentities(u.RealmID, u.ID)
			if err != nil || len(links) > 0 {
				t.Errorf("linked accounts survive: %v, %v", links, err)
			}
			m, err := tx.Message(u.RealmID, pending.ID)
			if err == nil && m.State != latchkey.MessageWithheld {
				t.Errorf("the mail is %s", m.State)
			}
			return err
		})
		if got := w.events(); !slices.Equal(got, []string{"VERIFY_EMAIL", "LINK_REDEEMED"}) {
			t.Errorf("events %v", got)
		}

		// Made after the proof: it stays.
		w.password(u)
		session = w.session(u)
		l = w.login("browser")
		token, _ = w.mail(l, "ada@example.test")
		if r := w.redeem(l, token, latchkey.ViaLink); r.Refused != "" {
			t.Fatalf("again: %s", r.Refused)
		}
		if w.passwords(u) != 1 {
			t.Error("a password that was made after the proof is gone")
		}
		w.update(func(tx *store.Tx) error {
			_, err := tx.UserSession(u.RealmID, session)
			return err
		})
	})
}

// the session of the very browser is no exception: it was made
// before the proof, and the sign-in that goes on makes a new one.
func TestFirstProofEndsOwnSession(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.user("ada@example.test", nil)
		own := w.session(u)
		l := w.login("browser")
		token, _ := w.mail(l, "ada@example.test")
		w.inSession(l, own)
		w.clock.Advance(time.Minute)
		if r := w.redeem(l, token, latchkey.ViaLink); r.Refused != "" {
			t.Fatal(r.Refused)
		}
		w.update(func(tx *store.Tx) error {
			if _, err := tx.UserSession(u.RealmID, own); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
				t.Errorf("its session survives: %v", err)
			}
			return nil
		})
		if got := w.getUser(u.ID).NotBefore; got != w.clock.Now().Unix() || w.getLogin(l.ID).PassedAt[w.magic].Unix() < got {
			t.Errorf("not before %d: the login itself would end", got)
		}
	})
}

// inSession says that the login runs in a browser with that session.
func (w *world) inSession(l *latchkey.Login, id string) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		locked, err := tx.LockLogin(l.RealmID, l.ID)
		if err != nil {
			return err
		}
		locked.SessionID = id
		return tx.SaveLogin(locked)
	})
}

func (w *world) session(u *latchkey.User) (id string) {
	w.t.Helper()
	id = secret.NewID()
	w.update(func(tx *store.Tx) error {
		return tx.CreateUserSession(&latchkey.UserSession{RealmID: u.RealmID, ID: id, UserID: u.ID, CookieHash: secret.Hash(id)})
	})
	return id
}

// what a stranger typed who made the account goes with the first proof,
// and so does what they agreed to; what an administrator wrote stays.
func TestFirstProofLeavesNothingThatWasTyped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, byStranger := range map[string]bool{"mallory": true, "admin": false} {
			u := w.user(name+"@example.test", func(u *latchkey.User) {
				u.Unclaimed, u.FirstName, u.LastName = byStranger, "Not", "Her"
				u.Attributes = map[string][]string{"iban": {"of somebody else"}}
			})
			l := w.login("browser")
			w.update(func(tx *store.Tx) error {
				return tx.PutConsent(&latchkey.Consent{RealmID: u.RealmID, UserID: u.ID, ClientID: l.ClientID})
			})
			token, _ := w.mail(l, u.Email)
			w.clock.Advance(time.Minute)
			if r := w.redeem(l, token, latchkey.ViaLink); r.Refused != "" {
				t.Fatal(r.Refused)
			}
			got := w.getUser(u.ID)
			if gone := got.FullName() == "" && len(got.Attributes) == 0; gone != byStranger || got.Unclaimed || !got.EmailVerified {
				t.Errorf("made by %s: %+v", name, got)
			}
			w.update(func(tx *store.Tx) error {
				given, err := tx.Consents(u.RealmID, u.ID)
				if (len(given) == 0) != byStranger {
					t.Errorf("made by %s: consents %v", name, given)
				}
				return err
			})
		}
	})
}

// A trojan name: somebody has the address for a username, with a mailbox of
// their own. The address opens another account than that.
func TestUsernameIsNoMailbox(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		impostor := w.user("mallory@example.test", func(u *latchkey.User) { u.Username = "ada@example.test" })
		l := w.login("browser")
		token, _ := w.mail(l, "ada@example.test")
		r := w.redeem(l, token, latchkey.ViaLink)
		if r.Refused != "" || !r.Created || r.User.ID == impostor.ID {
			t.Fatalf("redeemed: %+v", r)
		}
		if got := w.getUser(r.User.ID); got.Username == "ada@example.test" || !strings.HasPrefix(got.Username, "ada@example.test-") || got.Email != "ada@example.test" {
			t.Errorf("the account is %+v", got)
		}
	})
}

// addresses that are one find one account, those that only look
// alike do not.
func TestAccountByCanonicalAddress(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.user("ada@exämple.test", func(u *latchkey.User) { u.EmailVerified = true })
		for address, same := range map[string]bool{"ADA@xn--exmple-cua.test": true, "Ada@Exämple.test": true, "ada@example.test": false, "a.da@exämple.test": false, "ada+1@exämple.test": false} {
			l := w.login(address)
			token, _ := w.mail(l, address)
			if r := w.redeem(l, token, latchkey.ViaLink); r.Refused != "" || (r.User.ID == u.ID) != same {
				t.Errorf("%s: %+v", address, r)
			}
		}
	})
}

// An address that is proven for a user whom an earlier step named is that
// user's.
func TestUserOfEarlierStep(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.user("ada@example.test", func(u *latchkey.User) { u.Username, u.EmailVerified = "ada", true })
		l := w.login("browser")
		token, _ := w.mail(l, "ada@example.test")
		w.named(l, u.ID)
		if r := w.redeem(l, token, latchkey.ViaLink); r.Refused != "" || r.User.ID != u.ID {
			t.Errorf("redeemed: %+v", r)
		}
	})
}

// The link of VERIFY_EMAIL proves the address that it was mailed to, for the
// login that mailed it, once; passwords stay, other sessions go.
func TestRedeemVerifyEmail(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.user("ada@example.test", func(u *latchkey.User) { u.RequiredActions = []string{latchkey.ActionVerifyEmail} })
		w.password(u)
		session, own := w.session(u), w.session(u)
		l := w.login("browser")
		w.named(l, u.ID)
		w.inSession(l, own)
		issue := func(address string) (token *latchkey.ActionToken) {
			w.update(func(tx *store.Tx) (err error) {
				token = &latchkey.ActionToken{RealmID: u.RealmID, Kind: latchkey.TokenVerifyEmail, LoginID: l.ID, UserID: u.ID, ClientID: w.client.ID,
					Address: address, ExpiresAt: tx.Now().Add(10 * time.Minute)}
				_, err = actiontoken.Issue(tx, token)
				return err
			})
			return token
		}
		verify := func(token *latchkey.ActionToken) (r actiontoken.Redemption) {
			w.update(func(tx *store.Tx) error {
				login, err := tx.LockLogin(token.RealmID, l.ID)
				if err != nil {
					return err
				}
				r, err = actiontoken.RedeemVerifyEmail(tx, w.snap, login, actiontoken.AddressProof{Token: token})
				return err
			})
			return r
		}
		if r := verify(issue("old@example.test")); r.Refused != actiontoken.RefusedEnded {
			t.Errorf("mailed to another address: %+v", r)
		}
		stray := *issue("ada@example.test")
		stray.LoginID = w.login("other").ID
		if r := verify(&stray); r.Refused != actiontoken.RefusedEnded {
			t.Errorf("of another login: %+v", r)
		}
		magic := *issue("ada@example.test")
		magic.Kind = latchkey.TokenMagicLink
		if r := verify(&magic); r.Refused != actiontoken.RefusedEnded {
			t.Errorf("of another kind: %+v", r)
		}
		late := *issue("ada@example.test")
		late.ExpiresAt = w.clock.Now()
		if r := verify(&late); r.Refused != actiontoken.RefusedExpired {
			t.Errorf("late: %+v", r)
		}
		if w.getUser(u.ID).EmailVerified {
			t.Fatal("proven by a refused link")
		}
		token := issue("Ada@example.test")
		if r := verify(token); r.Refused != "" || r.User.ID != u.ID {
			t.Fatalf("redeemed: %+v", r)
		}
		got := w.getUser(u.ID)
		if !got.EmailVerified || len(got.RequiredActions) > 0 || w.passwords(u) != 1 || got.NotBefore != 0 {
			t.Errorf("the account is %+v with %d passwords", got, w.passwords(u))
		}
		w.update(func(tx *store.Tx) error {
			if _, err := tx.UserSession(u.RealmID, session); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
				t.Errorf("the other session survives: %v", err)
			}
			_, err := tx.UserSession(u.RealmID, own)
			return err
		})
		if r := verify(token); r.Refused != actiontoken.RefusedUsed {
			t.Errorf("again: %+v", r)
		}
		gone := *token
		gone.LoginID = "swept"
		if r := verify(&gone); r.Refused != actiontoken.RefusedEnded {
			t.Errorf("of a login that was swept: %+v", r)
		}
	})
}
