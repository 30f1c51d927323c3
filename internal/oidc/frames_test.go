package oidc_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/web"
)

func (w *world) frame(path string, header ...string) *answer {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, w.endpoint("bench", path), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return w.browser().do(r)
}

func ancestors(a *answer) string {
	_, list, _ := strings.Cut(a.header.Get("Content-Security-Policy"), "frame-ancestors ")
	return list
}

// Only pages of the realm's applications may frame the hidden pages, and only
// of the client may they ask (R-074; keycloak-js).
func TestFrames(t *testing.T) {
	w := sqliteWorld(t)
	w.changeClient("bench-app", func(c *latchkey.Client) { c.WebOrigins = []string{"https://app.example"} })
	w.changeClient("bench-star", func(c *latchkey.Client) { c.WebOrigins = nil }) // else every page may
	status := w.frame("login-status-iframe.html", "Referer", "https://app.example/deep?x=1")
	if got := status.page.Fields; status.page.Page != "status" || got["cookie"] != "sid-bench" || got["next"] != w.endpoint("bench", "login-status-iframe.html/init") {
		t.Errorf("%s", status.body)
	}
	if status.header.Get("X-Frame-Options") != "" || status.header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("%v", status.header)
	}
	for name, c := range map[string]struct {
		referer string
		want    func(list string) bool
	}{
		"an application": {"https://app.example/", func(list string) bool { return list == w.base+" https://app.example" }},
		"somebody else":  {"https://evil.example/", func(list string) bool { return list == "'none'" }},
		"nobody who says": {"", func(list string) bool {
			return strings.Contains(list, "https://app.example") && !strings.Contains(list, "*")
		}},
		"what is no URL":   {"::", func(list string) bool { return strings.Contains(list, "https://app.example") }},
		"another scheme":   {"http://app.example/", func(list string) bool { return list == "'none'" }},
		"the realm's page": {w.base + "/x", func(list string) bool { return strings.Contains(list, "https://app.example") }},
	} {
		for _, path := range []string{"login-status-iframe.html", "3p-cookies/step1.html", "3p-cookies/step2.html"} {
			var header []string
			if c.referer != "" {
				header = []string{"Referer", c.referer}
			}
			if got := ancestors(w.frame(path, header...)); !c.want(got) {
				t.Errorf("%s, framed by %s: %q", path, name, got)
			}
		}
	}
	for name, c := range map[string]struct {
		client, origin string
		status         int
	}{
		"its own origin":          {"bench-app", "https://app.example", 204},
		"another's origin":        {"bench-narrow", "https://app.example", 403},
		"an origin of nobody":     {"bench-app", "https://evil.example", 403},
		"a client that is none":   {"nope", "https://app.example", 403},
		"no origin":               {"bench-app", "", 403},
		"our own, as a console's": {"bench-app", w.base, 204},
	} {
		q := url.Values{"client_id": {c.client}, "origin": {c.origin}}
		if got := w.frame("login-status-iframe.html/init?" + q.Encode()); got.status != c.status || len(got.body) != 0 {
			t.Errorf("%s: %d %q", name, got.status, got.body)
		}
	}
}

// The two steps say whether session cookies come along, with a cookie that
// goes as far as they do.
func TestCookieSteps(t *testing.T) {
	w := sqliteWorld(t)
	first := w.frame("3p-cookies/step1.html")
	set := first.header.Get("Set-Cookie")
	if first.page.Page != "step" || first.page.Fields["next"] != w.endpoint("bench", "3p-cookies/step2.html") || !strings.Contains(set, "SameSite=Lax") {
		t.Errorf("%q %s", set, first.body)
	}
	if got := w.frame("3p-cookies/step2.html"); got.page.Fields["result"] != "unsupported" {
		t.Errorf("%s", got.body)
	}
	cookie, _, _ := strings.Cut(set, ";")
	if got := w.frame("3p-cookies/step2.html", "Cookie", cookie); got.page.Fields["result"] != "supported" {
		t.Errorf("%s", got.body)
	}
}

// What the status frame compares is a hash of the session that answers and
// tokens tell.
func TestSessionState(t *testing.T) {
	w := sqliteWorld(t)
	q := w.browser().signIn("golden@example.test", params("bench-app"))
	a := w.redeem("bench-app", q.Get("code"))
	_, claims := decode(t, a.text("access_token"))
	if q.Get("session_state") == "" || claims["sid"] != q.Get("session_state") || a.text("session_state") != q.Get("session_state") {
		t.Errorf("%v, %v, %v", q.Get("session_state"), claims["sid"], a.text("session_state"))
	}
	if got := web.SessionState("abc"); got != "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0" { // SHA-256 of "abc", FIPS 180-4
		t.Errorf("%s", got)
	}
}
