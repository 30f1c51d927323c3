package console_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/console"
	"latchkey/internal/page"
	"latchkey/internal/web"
)

const base = "http://localhost:8080"

// serve answers GET path for a person; realms counts how often the realms
// were asked for.
func serve(t *testing.T, path string, person *console.Person, signInErr error) (w *httptest.ResponseRecorder, realms int) {
	t.Helper()
	site, err := web.NewSite(base)
	if err != nil {
		t.Fatal(err)
	}
	c := &console.Console{
		Kit: page.New(site), Site: site, Now: func() time.Time { return time.Unix(1_700_000_000, 0) },
		Realms: func(context.Context) ([]*latchkey.Realm, error) {
			realms++
			return []*latchkey.Realm{{Name: "acme", DisplayName: "Acme", Enabled: true}, {Name: "old"}}, nil
		},
		SignedIn: func(*http.Request) (*console.Person, error) { return person, signInErr },
	}
	h := web.Mount(c.Routes(), web.Manners{Site: site, Errors: c.Kit, Log: slog.New(slog.DiscardHandler), Now: c.Now})
	r := httptest.NewRequest(http.MethodGet, base+path, nil)
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w, realms
}

func TestHomeForAnAdministrator(t *testing.T) {
	w, _ := serve(t, "/admin/", &console.Person{Name: "ada@example.test", Admin: true}, nil)
	body := w.Body.String()
	if w.Code != http.StatusOK {
		t.Errorf("status %d", w.Code)
	}
	for _, want := range []string{
		"<title>Administration · Latchkey</title>", "ada@example.test", "Acme", base + "/realms/acme", "(disabled)",
		base + "/realms/acme/.well-known/openid-configuration", "latchkey start --import FILE", "latchkey migrate", "brings the database up to date",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if !strings.Contains(w.Header().Get("Content-Security-Policy"), "script-src 'none'") {
		t.Error("the page may run scripts")
	}
}

// Nobody but an administrator learns which realms there are.
func TestRealmsAreForAdministrators(t *testing.T) {
	for name, c := range map[string]struct {
		person *console.Person
		status int
		says   string
	}{
		"nobody":   {nil, http.StatusUnauthorized, "latchkey admin link --hostname " + base},
		"somebody": {&console.Person{Name: "grace@example.test"}, http.StatusForbidden, "grace@example.test"},
	} {
		w, asked := serve(t, "/admin/", c.person, nil)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if asked != 0 || strings.Contains(w.Body.String(), "acme") {
			t.Errorf("%s: was told of the realms", name)
		}
	}
	if w, asked := serve(t, "/admin/", &console.Person{Admin: true}, errors.New("the database is away")); w.Code != http.StatusInternalServerError || asked != 0 {
		t.Errorf("an error lets in: %d", w.Code)
	}
}

func TestOtherAddressesLeadToThePage(t *testing.T) {
	for _, path := range []string{"/admin", "/admin/master/console/"} {
		w, _ := serve(t, path, nil, nil)
		if w.Code != http.StatusFound || w.Header().Get("Location") != "/admin/" {
			t.Errorf("%s: %d %s", path, w.Code, w.Header().Get("Location"))
		}
	}
	if w, _ := serve(t, "/admin/nothing", nil, nil); w.Code != http.StatusNotFound {
		t.Errorf("/admin/nothing: %d", w.Code)
	}
}
