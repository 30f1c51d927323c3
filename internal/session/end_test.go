package session_test

import (
	"fmt"
	"slices"
	"testing"

	"latchkey"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// listener adds an application that wants to be told of logouts, with a part
// in the session.
func (w *world) listener(s *latchkey.UserSession, id string, attributes map[string]string) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		c := &latchkey.Client{RealmID: "r", ID: id, ClientID: id, Enabled: true, Attributes: attributes}
		if err := tx.CreateClient(c); err != nil {
			return err
		}
		var err error
		if w.snap, err = tx.Snapshot("r"); err != nil {
			return err
		}
		_, err = session.AttachClient(tx, w.snap, s, c, latchkey.AuthorizationRequest{})
		return err
	})
}

func (w *world) notices() (out []string) {
	w.t.Helper()
	w.update(func(tx *store.Tx) error {
		list, err := tx.LogoutNotices("r")
		for _, n := range list {
			out = append(out, n.ClientID+" "+n.UserID+" "+n.SessionID)
		}
		return err
	})
	slices.Sort(out)
	return out
}

// What ends a session tells those of its applications that want to know, once
// each, in the same transaction; an offline session is named by the sign-in
// that it came from.
func TestEndingTells(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		url := map[string]string{latchkey.AttributeBackchannelURL: "https://one.test/logout"}
		s, _ := w.start(&latchkey.Login{LoA: 1})
		other, _ := w.start(&latchkey.Login{LoA: 1})
		w.attach(s)
		w.listener(s, "one", url)
		w.listener(s, "two", url)
		w.listener(other, "absent", url)
		var offline *latchkey.UserSession
		w.update(func(tx *store.Tx) (err error) {
			if offline, err = session.StartOffline(tx, s); err != nil {
				return err
			}
			_, err = session.AttachClient(tx, w.snap, offline, w.snap.ClientByID("one"), latchkey.AuthorizationRequest{})
			return err
		})
		wantErr := fmt.Errorf("taken back")
		err := w.db.Update(ctx, func(tx *store.Tx) error {
			if _, err := session.Remove(tx, w.snap, s); err != nil {
				return err
			}
			return wantErr
		})
		if err == nil || len(w.notices()) != 0 {
			t.Errorf("told of an end that was rolled back: %v", w.notices())
		}
		w.update(func(tx *store.Tx) error { _, err := session.EndAll(tx, w.snap, "u", other.ID); return err })
		if got, want := w.notices(), []string{"one u " + s.ID, "two u " + s.ID}; !slices.Equal(got, want) {
			t.Errorf("notices %v, want %v", got, want)
		}
		w.update(func(tx *store.Tx) error { return session.End(tx, w.snap, s, "again") })
		if len(w.notices()) != 2 {
			t.Errorf("told again: %v", w.notices())
		}
	})
}

// Who is expelled has nothing left: no session, no link, no mail.
func TestExpel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		s, cookie := w.start(&latchkey.Login{LoA: 1})
		w.listener(s, "one", map[string]string{latchkey.AttributeBackchannelURL: "https://one.test/logout"})
		soon := w.clock.Now().Add(600e9)
		w.update(func(tx *store.Tx) error {
			if err := tx.CreateActionToken(&latchkey.ActionToken{RealmID: "r", ID: "link", SecretHash: []byte("h"), Kind: latchkey.TokenAPILink, UserID: "u", ExpiresAt: soon}); err != nil {
				return err
			}
			return tx.CreateMessage(&latchkey.Message{RealmID: "r", ID: "mail", Kind: latchkey.MailMagicLink, Address: w.user.Email, ExpiresAt: soon, Secret: "x"})
		})
		w.update(func(tx *store.Tx) error { return session.Expel(tx, w.snap, "u") })
		if w.find(cookie) != nil {
			t.Error("still signed in")
		}
		w.update(func(tx *store.Tx) error {
			link, err := tx.ActionToken("r", "link")
			if err != nil || tx.Now().Before(link.ExpiresAt) {
				t.Errorf("the link is still good: %v", err)
			}
			mail, err := tx.Message("r", "mail")
			if err != nil || mail.State != latchkey.MessageWithheld {
				t.Errorf("the mail: %+v %v", mail, err)
			}
			return nil
		})
		if got := w.notices(); len(got) != 1 {
			t.Errorf("notices %v", got)
		}
	})
}
