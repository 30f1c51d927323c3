package page_test

import (
	"testing"

	"latchkey"
)

// TestOwnTexts: a realm's own texts stand before those of the catalogue, and
// its labels may name them.
func TestOwnTexts(t *testing.T) {
	k := newKit(t)
	realm := &latchkey.Realm{Localization: map[string]map[string]string{"en": {"mail.magic.subject": "Come in to {0}", "team": "Your team"}}}
	en := k.TextsOf(realm, "en")
	if got := en.Say("mail.magic.subject", "Acme"); got != "Come in to Acme" {
		t.Errorf("own text: %q", got)
	}
	if got := en.Say("mail.code"); got != k.Texts("en").Say("mail.code") {
		t.Errorf("the catalogue's: %q", got)
	}
	if !en.Has("team") || k.TextsOf(realm, "de").Has("team") || k.TextsOf(nil, "en").Has("team") {
		t.Error("a text of one language is another's, or nobody's")
	}
}
