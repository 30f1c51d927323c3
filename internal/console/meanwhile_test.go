package console_test

import (
	"net/http"
	"testing"

	"latchkey/internal/realm"
)

// Two tabs are on one form. What each changed is kept; where both changed the
// same field the later one is told, keeps what was typed, and overwrites by
// saving again. Neither needs scripts.
func TestTwoTabs(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.test")
	for _, tt := range []struct{ page, one, other string }{
		{"realm-settings/general", "displayName", "realm"},
		{"users/" + ada + "/settings", "firstName", "lastName"},
	} {
		first, second := w.open(tt.page), w.open(tt.page)
		saved(t, first.FormWith(tt.one).Set(tt.one, "First").Submit())
		before := second.FormWith(tt.one).Values.Get(tt.other)
		p := saved(t, second.FormWith(tt.one).Set(tt.other, before+"x").Submit())
		if got := p.FormWith(tt.one).Values; got.Get(tt.one) != "First" || got.Get(tt.other) != before+"x" {
			t.Errorf("%s: one undoes the other: %v", tt.page, got)
		}
		if tt.other == "realm" {
			w.of += "x"
		}
		// Both change the same field, and one of them another one.
		first, second = w.open(tt.page), w.open(tt.page)
		saved(t, first.FormWith(tt.one).Set(tt.one, "Mine").Set(tt.other, before).Submit())
		if tt.other == "realm" {
			w.of = realm.DemoRealm
			second = w.open(tt.page) // the realm's pages are elsewhere by now
			saved(t, w.open(tt.page).FormWith(tt.one).Set(tt.one, "Mine too").Submit())
		}
		p = second.FormWith(tt.one).Set(tt.one, "Yours").Submit()
		if p.Status != http.StatusConflict || !p.Has("Nothing was saved") || !p.Has("it is “Mine") {
			t.Fatalf("%s: %d %s", tt.page, p.Status, p.Text())
		}
		if got := p.FormWith(tt.one).Values; got.Get(tt.one) != "Yours" || got.Get(tt.other) != before {
			t.Errorf("%s: typed %v", tt.page, got)
		}
		// One more change between: it is said again.
		saved(t, w.open(tt.page).FormWith(tt.one).Set(tt.one, "Again mine").Submit())
		if p = p.FormWith(tt.one).Submit(); p.Status != http.StatusConflict || !p.Has("Again mine") {
			t.Errorf("%s: %d %s", tt.page, p.Status, p.Text())
		}
		p = saved(t, p.FormWith(tt.one).Submit())
		if got := p.FormWith(tt.one).Values.Get(tt.one); got != "Yours" {
			t.Errorf("%s: %q", tt.page, got)
		}
	}
}

// What only somebody else changed stays theirs, whatever kind of field it is,
// and a test of the settings does not forget what the page was.
func TestMeanwhileKinds(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct{ page, field, theirs, mine string }{
		{"realm-settings/login", "verifyEmail", "on", ""},
		{"realm-settings/sessions", "ssoSessionIdleTimeout", "47", ""},
		{"realm-settings/tokens", "defaultSignatureAlgorithm", "ES256", ""},
		{"realm-settings/email", "smtpServer/replyTo", "theirs@example.test", ""},
	} {
		mine := w.open(tt.page).FormWith(tt.field)
		saved(t, w.open(tt.page).FormWith(tt.field).Set(tt.field, tt.theirs).Submit())
		p := saved(t, mine.Submit())
		if got := p.FormWith(tt.field).Values.Get(tt.field); got != tt.theirs {
			t.Errorf("%s %s: %q", tt.page, tt.field, got)
		}
	}
	mine := w.open("realm-settings/email").FormWith("smtpServer/replyTo").Set("smtpServer/replyTo", "mine@example.test")
	saved(t, w.open("realm-settings/email").FormWith("smtpServer/replyTo").Set("smtpServer/replyTo", "again@example.test").Submit())
	if p := mine.Press("Test connection").FormWith("smtpServer/replyTo").Submit(); p.Status != http.StatusConflict || !p.Has("again@example.test") {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	// A secret that never was is not kept.
	if p := w.open("realm-settings/email"); p.Has("Kept as it is") {
		t.Error("a password is kept that there never was")
	}
}
