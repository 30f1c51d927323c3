package account_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/store"
)

// the language that a person saved is spoken at once, whatever was
// chosen in the browser before, and in every other browser after its sign-in,
// on the pages of signing out as well.
func TestSavedLanguage(t *testing.T) {
	w := newWorld(t)
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.InternationalizationEnabled, r.SupportedLocales = true, []string{"en", "de", "ar"}
		return tx.UpdateRealm(&r)
	})
	w.signIn(w.b, "")
	p := w.b.Get(w.url("?kc_locale=ar"))
	w.sees(p, http.StatusOK, "تسجيل الخروج")
	p = p.FormWith("locale").Set("locale", "de").Submit()
	w.sees(p, http.StatusOK, "Abmelden")

	other := w.s.Browser()
	p = w.signIn(other, "")
	w.sees(p, http.StatusOK, "Abmelden")
	fresh := other.Copy()
	w.sees(fresh.Get(w.s.Base+"/realms/demo/protocol/openid-connect/logout"), http.StatusOK, "Abmelden?")
	p = p.Press("Abmelden")
	w.sees(p, http.StatusOK, "abgemeldet")
	for _, hop := range p.Hops {
		if strings.Contains(hop.Location, "id_token_hint") {
			t.Errorf("an address with the ID token: %s", hop.Location)
		}
	}
}
