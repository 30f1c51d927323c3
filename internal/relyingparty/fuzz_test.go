package relyingparty

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"latchkey/internal/secret"
	"latchkey/internal/store/storetest"
	"latchkey/internal/web"
)

// Whatever a browser sends as what it keeps for us: nothing panics, and only
// what was sealed for this realm and this purpose is taken.
func FuzzCookie(f *testing.F) {
	site, err := web.NewSite("http://localhost:8080")
	if err != nil {
		f.Fatal(err)
	}
	p := New(Deps{Site: site, Keyring: storetest.Keyring(), Now: func() time.Time { return time.Unix(1_700_000_000, 0) }}, Application{Cookie: "account"})
	sealed := func(purpose, realm string) string {
		value, _ := p.seal(purpose, realm, Held{Refresh: "r", Code: secret.Token()})
		return value
	}
	for _, seed := range []string{"", "x", "AAAA", sealed(p.Cookie, "other"), sealed(p.loginCookie(), "demo"), sealed(p.Cookie, "demo")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := httptest.NewRequest(http.MethodGet, "http://localhost:8080/", nil)
		r.AddCookie(&http.Cookie{Name: "account-demo", Value: value})
		r.AddCookie(&http.Cookie{Name: "account-sign-in-demo", Value: value})
		p.attempts(r, "demo")
		var h Held
		if p.open(r, p.Cookie, "demo", &h) && h.Refresh != "r" {
			t.Errorf("%q is taken for %+v", value, h)
		}
	})
}

// Whatever stands where a token or a refusal of the API should be: nothing
// panics.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{"", "a.b.c", "e30.eyJub25jZSI6Im4ifQ.x", `{"error":"a"}`, `{"errorMessage":7}`} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		claimsOf(text)
		_ = (&Refusal{Status: http.StatusBadRequest, Body: []byte(text)}).Unwrap()
	})
}
