package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// Whose sign-in ends in the middle of a form loses nothing of what they typed:
// it is not saved, and is sent again after a new sign-in. A form of another
// sign-in is never taken unseen.
func TestSignedOutInAForm(t *testing.T) {
	w := newWorld(t)
	w.made("spa", "clientId", "shop", "redirectUris", "https://one.example.test/")
	id := w.client("shop").ID
	f := w.open("clients/" + id + "/settings").FormWith("clientId")
	f.Set("name", "Typed for hours").Set("redirectUris", "https://one.example.test/\nhttps://two.example.test/")
	w.s.Change(latchkey.MasterRealm, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		u, err := tx.UserByEmail(snap.Realm.ID, root)
		if err != nil {
			return err
		}
		_, err = tx.EndUserSessions(snap.Realm.ID, u.ID, "")
		return err
	})
	w.s.Clock.Advance(time.Duration(w.s.Snapshot(latchkey.MasterRealm).Realm.AccessTokenLifespan) * time.Second)
	p := f.Submit()
	if p.Status != http.StatusForbidden || !p.Has("You are signed out") || w.client("shop").Name == "Typed for hours" {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
	again := p.FormWith("redirectUris")
	if again.Values.Get("name") != "Typed for hours" || again.Values.Get("redirectUris") != f.Values.Get("redirectUris") {
		t.Errorf("%v", again.Values)
	}
	// Still signed out: it is kept once more.
	if p = again.Submit(); p.Status != http.StatusForbidden || p.FormWith("redirectUris").Values.Get("name") != "Typed for hours" {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	// In another tab they sign in.
	tab := w.b.Get(p.Link("Sign in in a new tab")).FormWith("username").Set("username", root).Submit()
	if tab.Status != http.StatusOK {
		t.Fatal(tab.Text())
	}
	w.b.Get(w.s.Mail.Wait(root).Link).Form(0).Submit()
	if p = again.Submit(); p.Status != http.StatusForbidden || !p.Has("before you signed in anew") || w.client("shop").Name == "Typed for hours" {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
	if p = p.FormWith("redirectUris").Submit(); p.Status != http.StatusOK || !p.Has("Saved.") {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
	if c := w.client("shop"); c.Name != "Typed for hours" || len(c.RedirectURIs) != 2 {
		t.Errorf("%+v", c)
	}
}

// A secret that was typed does not stand in the page that keeps a form: it is
// asked for again.
func TestSignedOutWithSecret(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.test")
	f := w.open("users/"+ada+"/credentials/set-password").FormWith("value").Set("value", "sesame-opens-it").Set("confirmation", "sesame-opens-it")
	w.s.Change(latchkey.MasterRealm, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		u, err := tx.UserByEmail(snap.Realm.ID, root)
		if err != nil {
			return err
		}
		_, err = tx.EndUserSessions(snap.Realm.ID, u.ID, "")
		return err
	})
	w.s.Clock.Advance(time.Duration(w.s.Snapshot(latchkey.MasterRealm).Realm.AccessTokenLifespan) * time.Second)
	p := f.Submit()
	if p.Status != http.StatusForbidden || !p.Has("You are signed out") || !p.Has("type it again") || strings.Contains(p.Body, "sesame") {
		t.Fatalf("%d %s", p.Status, p.Text())
	}
	if again := p.FormWith("confirmation").Set("value", "sesame-opens-it").Set("confirmation", "sesame-opens-it").Submit(); !again.Has("type it again") || strings.Contains(again.Body, "sesame") {
		t.Error("the second page keeps it")
	}
}
