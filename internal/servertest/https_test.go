package servertest_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/server"
	"latchkey/internal/servertest"
)

// on https, whoever signs in however, every
// cookie of every answer is the browser's and this host's alone, and every
// answer has the headers of what it is.
func TestHTTPS(t *testing.T) {
	c := newCage()
	bootstrap := servertest.With(func(c *server.Config) {
		c.Bootstrap = server.Bootstrap{Username: "root", Password: adminPassword}
	})
	s := servertest.Start(t, servertest.OnTLS(t, "id.example.test"), bootstrap, servertest.Watched(c.see))
	c.base = s.Base
	w := &spied{t: t, s: s, cage: c, rp: s.RP("demo", confidential), service: service(s, "demo")}
	w.byLink()
	w.byCode()
	w.elsewhere()
	w.byPassword()
	w.byProgram()
	w.firstAdmin()
	w.mistakes()
	cookies, kinds := map[string]int{}, map[string]int{}
	wrong := map[string]string{}
	for _, x := range c.exchanges {
		if !strings.HasPrefix(x.URL, s.Base) {
			continue
		}
		at, _, _ := strings.Cut(x.URL, "?")
		for _, line := range x.Header.Values("Set-Cookie") {
			name, problem := cookieProblem(line)
			cookies[name]++
			if problem != "" {
				wrong[name+": "+problem] = x.Method + " " + at
			}
		}
		kind, problems := headerProblems(x)
		kinds[kind]++
		for _, p := range problems {
			wrong[kind+": "+p] = fmt.Sprint(x.Method, " ", at, " ", x.Status)
		}
	}
	for what, where := range wrong {
		t.Errorf("%s (%s)", what, where)
	}
	for _, name := range []string{"__Host-login-demo", "__Host-session-demo", "__Host-known-demo", "__Host-link-", "__Host-session-master", "__Host-session-passwords"} {
		if cookies[name] == 0 {
			t.Errorf("no cookie %s was set; only %v", name, cookies)
		}
	}
	for _, kind := range []string{"page", "program", "way on"} {
		if kinds[kind] < 10 {
			t.Errorf("few answers of the kind %q: %v", kind, kinds)
		}
	}
}

var linkCookie = regexp.MustCompile(`^__Host-link-[\w-]{22}-[a-z]+$`)

// cookieProblem says what is wrong with a cookie.
func cookieProblem(line string) (name, problem string) {
	set, err := http.ParseSetCookie(line)
	if err != nil {
		return line, err.Error()
	}
	name = set.Name
	if linkCookie.MatchString(name) {
		name = "__Host-link-"
	}
	switch {
	case !strings.HasPrefix(set.Name, "__Host-"):
		return name, "no __Host-"
	case !set.Secure, !set.HttpOnly && !strings.HasPrefix(set.Name, "__Host-sid-"), set.Path != "/", set.Domain != "":
		return name, "not Secure, HttpOnly, Path=/ and without Domain: " + line
	case set.SameSite != http.SameSiteLaxMode:
		return name, "not SameSite=Lax: " + line
	case set.Value == "" && set.MaxAge >= 0:
		return name, "empty, and not taken away"
	case set.Value != "" && len(set.Value) < 22 && name != "__Host-locale":
		return name, "a guessable value"
	}
	return name, ""
}

// headerProblems says which kind of answer it is, and what its headers lack.
func headerProblems(x servertest.Exchange) (kind string, problems []string) {
	h := x.Header
	want := map[string]string{"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
	switch {
	case h.Get("Location") != "":
		kind = "way on"
		want["Referrer-Policy"], want["Cache-Control"] = "no-referrer", "no-store"
		if x.Status != http.StatusFound && x.Status != http.StatusSeeOther || (x.Method == http.MethodPost && x.Status != http.StatusSeeOther) {
			problems = append(problems, fmt.Sprint("a redirect with the status ", x.Status))
		}
	case strings.HasPrefix(h.Get("Content-Type"), "text/html"):
		kind = "page"
		want["Cache-Control"], want["Cross-Origin-Opener-Policy"] = "no-store", "same-origin"
		if p := h.Get("Referrer-Policy"); p != "same-origin" && p != "no-referrer" {
			problems = append(problems, "Referrer-Policy: "+p)
		}
		if !strings.Contains(h.Get("Permissions-Policy"), "camera=()") {
			problems = append(problems, "Permissions-Policy: "+h.Get("Permissions-Policy"))
		}
	default:
		kind = "program"
		if x.Status >= 400 || strings.HasSuffix(x.URL, "/token") || strings.HasSuffix(x.URL, "/userinfo") {
			want["Cache-Control"] = "no-store"
		}
	}
	for name, value := range want {
		if h.Get(name) != value {
			problems = append(problems, fmt.Sprintf("%s: %q", name, h.Get(name)))
		}
	}
	policy := h.Get("Content-Security-Policy")
	for _, must := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action "} {
		if !strings.Contains(policy, must) {
			problems = append(problems, "the policy lacks "+must)
		}
	}
	if kind == "page" && (!strings.Contains(policy, "object-src 'none'") || !strings.Contains(policy, "require-trusted-types-for 'script'")) {
		problems = append(problems, "the policy of a page: "+policy)
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		problems = append(problems, "a policy that allows too much: "+policy)
	}
	for _, name := range []string{"Server", "X-Powered-By", "Via"} {
		if v := h.Get(name); v != "" {
			problems = append(problems, name+": "+v)
		}
	}
	slices.Sort(problems)
	return kind, problems
}

// behind a proxy that does TLS, what came to it without is sent
// to https or refused, and what came with it has the cookies of https. Nobody
// but the proxy is believed.
func TestBehindProxy(t *testing.T) {
	named := servertest.With(func(c *server.Config) { c.Hostname = "https://id.example.test" })
	s := servertest.Start(t, named, behindProxy())
	stranger := servertest.Start(t, named, servertest.With(func(c *server.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} }))
	page, token := "/realms/demo/login-actions/authenticate?tab_id=x", "/realms/demo/protocol/openid-connect/token"
	for _, tt := range []struct {
		name, method, path string
		at                 *servertest.Server
		headers            []string
		status             int
	}{
		{"a page without TLS", http.MethodGet, page, s, []string{"X-Forwarded-Proto: http"}, http.StatusFound},
		{"a page, and the proxy does not say", http.MethodGet, page, s, nil, http.StatusBadRequest},
		{"a page with TLS", http.MethodGet, page, s, []string{"X-Forwarded-Proto: https"}, http.StatusBadRequest},
		{"a token without TLS", http.MethodPost, token, s, []string{"X-Forwarded-Proto: http"}, http.StatusForbidden},
		{"a token with TLS", http.MethodPost, token, s, []string{"X-Forwarded-Proto: https"}, http.StatusBadRequest},
		{"another host", http.MethodPost, token, s, []string{"X-Forwarded-Proto: https", "Host: evil.example"}, http.StatusMisdirectedRequest},
		{"another host, says the proxy", http.MethodPost, token, s, []string{"X-Forwarded-Proto: https", "Host: inside:8080", "X-Forwarded-Host: id.example.test"}, http.StatusBadRequest},
		{"a stranger who says it had TLS", http.MethodPost, token, stranger, []string{"X-Forwarded-Proto: https"}, http.StatusForbidden},
		{"a stranger's host", http.MethodPost, token, stranger, []string{"X-Forwarded-Proto: https", "Host: evil.example", "X-Forwarded-Host: id.example.test"}, http.StatusMisdirectedRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), tt.method, "http://"+tt.at.Addr("public")+tt.path, strings.NewReader("grant_type=none"))
			if err != nil {
				t.Fatal(err)
			}
			r.Host = "id.example.test"
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for _, line := range tt.headers {
				if name, value, _ := strings.Cut(line, ": "); name == "Host" {
					r.Host = value
				} else {
					r.Header.Set(name, value)
				}
			}
			resp, err := new(http.Transport).RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != tt.status {
				t.Errorf("%d, want %d", resp.StatusCode, tt.status)
			}
			if to := resp.Header.Get("Location"); to != "" && to != "https://id.example.test"+tt.path {
				t.Errorf("it leads to %s", to)
			}
			for _, line := range resp.Header.Values("Set-Cookie") {
				if _, problem := cookieProblem(line); problem != "" {
					t.Error(problem)
				}
			}
		})
	}
}
