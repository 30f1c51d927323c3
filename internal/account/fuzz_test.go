package account

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"latchkey/internal/representation"
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
	c := New(Deps{Site: site, Keyring: storetest.Keyring(), Now: func() time.Time { return time.Unix(1_700_000_000, 0) }})
	sealed := func(purpose, realm string) string {
		value, _ := c.seal(purpose, realm, held{Refresh: "r", Code: secret.Token()})
		return value
	}
	for _, seed := range []string{"", "x", "AAAA", sealed(cookieSession, "other"), sealed(cookieLogin, "demo"), sealed(cookieSession, "demo")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := httptest.NewRequest(http.MethodGet, "http://localhost:8080/", nil)
		r.AddCookie(&http.Cookie{Name: "account-demo", Value: value})
		r.AddCookie(&http.Cookie{Name: "account-sign-in-demo", Value: value})
		c.attempts(r, "demo")
		var h held
		if c.open(r, cookieSession, "demo", &h) && h.Refresh != "r" {
			t.Errorf("%q is taken for %+v", value, h)
		}
	})
}

// Whatever stands where a token or the account REST's faults should be:
// nothing panics.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{"", "a.b.c", "e30.eyJub25jZSI6Im4ifQ.x", `{"errors":[{"field":"a","errorMessage":"b","params":[1,"x",null,{}]}]}`, `{"errorMessage":7}`} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		claimsOf(text)
		var faults representation.ProfileFaults
		if json.Unmarshal([]byte(text), &faults) == nil {
			faultsOf(faults.Errors)
		}
		_ = (&refusal{status: http.StatusBadRequest, body: []byte(text)}).Unwrap()
		opened(text)
	})
}
