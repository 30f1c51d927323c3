package server_test

import (
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"latchkey/internal/representation"
	"latchkey/internal/server"
	"latchkey/internal/servertest"
	"latchkey/internal/web"
)

// mutations is how many requests TestMutatedRequests sends: a tenth of the
// soak's million.
const mutations = 100_000

// mutator makes requests to every route: what they hold is mostly right, and
// bent here and there.
type mutator struct {
	routes  []web.Route
	right   map[string][]string // values that a parameter may have, by its name
	names   []string
	junk    []string
	secrets []string
	cookies []*http.Cookie
	base    *url.URL
}

// TestMutatedRequests: whatever a stranger sends to whatever route, the answer
// is never a server error, shows no secret where one was refused, and leaves
// nothing running. Seeded: a failure names its request.
func TestMutatedRequests(t *testing.T) {
	s := servertest.Start(t, servertest.With(func(c *server.Config) { c.Log = slog.New(slog.DiscardHandler) }))
	m := newMutator(t, s)
	handler := s.Handler()
	rounds := mutations
	if os.Getenv("LK_SOAK") != "" {
		rounds *= 10
	}
	before := runtime.NumGoroutine()
	const hands = 8
	var all sync.WaitGroup
	for hand := range hands {
		all.Go(func() {
			r := rand.New(rand.NewPCG(132, uint64(hand))) //nolint:gosec // a seed that can be told
			for i := range rounds / hands {
				if t.Failed() {
					return
				}
				req, say := m.request(t, r)
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, req)
				if problem := m.problem(req, w); problem != "" {
					t.Errorf("hand %d, request %d: %s\n%s\n%d %v\n%.300s", hand, i, problem, say, w.Code, w.Header(), w.Body)
				}
			}
		})
	}
	all.Wait()
	s.Eventually("what the requests started to end", func() bool { return runtime.NumGoroutine() <= before+hands })
	if status, _ := s.Get("/realms/demo/.well-known/openid-configuration"); status != http.StatusOK {
		t.Errorf("afterwards discovery answers %d", status)
	}
}

func newMutator(t *testing.T, s *servertest.Server) *mutator {
	t.Helper()
	rp := s.RP("demo", func(c *representation.Client) {
		c.PublicClient, c.ServiceAccountsEnabled, c.DirectAccessGrantsEnabled = new(false), new(true), new(true)
	})
	b := s.Browser()
	rp.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
	tokens := rp.Finish(b.Get(s.Mail.Wait("ada@example.test").Link).Form(0).Submit())
	waiting := rp.Start(s.Browser())
	client, key := rp.Client.ClientID, rp.Client.Secret.Reveal()
	q := waiting.URL.Query()
	m := &mutator{routes: s.Routes(), secrets: []string{key, tokens.AccessToken, tokens.RefreshToken, tokens.IDToken}}
	m.base, _ = url.Parse(s.Base)
	m.cookies = b.Jar.Cookies(m.base)
	m.right = map[string][]string{
		"client_id": {client, "account-console", "demo", "nope"}, "client_secret": {key, "wrong"}, "redirect_uri": {rp.OAuth.RedirectURL, s.Base + "/x"},
		"response_type": {"code", "token", "code id_token"}, "response_mode": {"query", "fragment", "form_post", "jwt"}, "scope": {"openid", "openid email profile", "offline_access openid", "nope"},
		"state": {"s"}, "nonce": {"n"}, "prompt": {"none", "login", "consent", "select_account", "none login"}, "max_age": {"0", "1", "100000", "-1", "x"},
		"acr_values": {"1", "2 3"}, "claims": {`{"id_token":{"acr":{"essential":true,"values":["2"]}}}`, `{"userinfo":null}`, "{"},
		"ui_locales": {"de", "ar en", "xx"}, "login_hint": {"ada@example.test", "x"}, "id_token_hint": {tokens.IDToken}, "kc_action": {"UPDATE_PASSWORD", "CONFIGURE_TOTP", "delete_credential:x", "nope"},
		"kc_idp_hint": {"github"}, "code_challenge": {strings.Repeat("a", 43)}, "code_challenge_method": {"S256", "plain"}, "request": {"a.b.c"}, "request_uri": {"urn:x", "https://example.test/"},
		"grant_type": {"authorization_code", "refresh_token", "client_credentials", "password", "urn:ietf:params:oauth:grant-type:token-exchange", "foo"},
		"code":       {"x.y.z", strings.Repeat("c", 60)}, "code_verifier": {strings.Repeat("v", 43)}, "refresh_token": {tokens.RefreshToken}, "token": {tokens.AccessToken, tokens.RefreshToken, tokens.IDToken},
		"token_type_hint": {"access_token", "refresh_token"}, "access_token": {tokens.AccessToken}, "username": {"ada@example.test", "nobody"}, "password": {"x"}, "totp": {"123456"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {tokens.IDToken, "a.b.c"},
		"post_logout_redirect_uri": {rp.Client.BaseURL}, "tab_id": {q.Get("tab_id")}, "session_code": {"x"}, "execution": {q.Get("execution"), "UPDATE_PROFILE"}, "step": {"1", "x"},
		"key": {"sel.secret"}, "email": {"ada@example.test", "a@b"}, "firstName": {"Ada"}, "lastName": {"L"}, "password-new": {"x"}, "password-confirm": {"x"}, "accept": {"1"}, "cancel": {"1"},
		"kc_locale": {"de", "../x"}, "origin": {rp.OAuth.RedirectURL}, "first": {"0", "-1"}, "max": {"1", "x"}, "code_": {"123456"}, "number": {"123"}, "otp": {"123456"},
		"userProfileMetadata": {"true"}, "current": {"true"}, "referrer": {client}, "referrer_uri": {rp.OAuth.RedirectURL},
	}
	for name := range m.right {
		m.names = append(m.names, name)
	}
	slices.Sort(m.names)
	m.junk = []string{"", "\x00", "ü\u202e", "%zz", "' OR 1=1 --", "<script>alert(1)</script>", "../../etc/passwd", strings.Repeat("A", 3000), "null", "[]", "{}",
		"\r\nX: y", "eyJhbGciOiJub25lIn0.e30.", strings.Repeat("{\"a\":", 200), "9223372036854775808", "-1"}
	return m
}

// request makes one request, and says what it is.
func (m *mutator) request(t *testing.T, r *rand.Rand) (*http.Request, string) {
	method, path, _ := strings.Cut(m.routes[r.IntN(len(m.routes))].Pattern, " ")
	path = strings.ReplaceAll(path, "{realm}", []string{"demo", "demo", "demo", "demo", "master", "nope"}[r.IntN(6)])
	path = placeholder.ReplaceAllString(strings.ReplaceAll(path, "{$}", ""), []string{"x", "demo", "%2e%2e", "01a212c1-3fc9-74c3-ab36-03d0cdb64647"}[r.IntN(4)])
	if r.IntN(20) == 0 {
		method = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}[r.IntN(7)]
	}
	form, query := m.values(r), url.Values{}
	body, kind := "", "application/x-www-form-urlencoded"
	if method == http.MethodGet || method == http.MethodHead || r.IntN(5) == 0 {
		query = m.values(r)
	}
	if method != http.MethodGet && method != http.MethodHead {
		body = form.Encode()
		if r.IntN(4) == 0 {
			kind, body = "application/json", m.json(r)
		}
		if r.IntN(20) == 0 && body != "" {
			body = body[:r.IntN(len(body))]
		}
	}
	raw := query.Encode()
	if r.IntN(30) == 0 {
		raw += "&%zz"
	}
	req, err := http.NewRequestWithContext(t.Context(), method, m.base.String()+path+"?"+raw, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil), ""
	}
	req.RequestURI = req.URL.RequestURI()
	req.RemoteAddr = "127.0.0.1:1"
	req.Header.Set("Content-Type", kind)
	m.dress(r, req)
	return req, method + " " + path + "?" + raw + "\n" + kind + "\n" + body
}

// dress adds headers and cookies.
func (m *mutator) dress(r *rand.Rand, req *http.Request) {
	if r.IntN(2) == 0 {
		for _, c := range m.cookies {
			if r.IntN(10) == 0 {
				c = &http.Cookie{Name: c.Name, Value: "x"}
			}
			req.AddCookie(c)
		}
	}
	switch r.IntN(5) {
	case 0:
		req.SetBasicAuth(m.pick(r, "client_id"), m.pick(r, "client_secret"))
	case 1:
		req.Header.Set("Authorization", "Bearer "+m.pick(r, "token"))
	case 2:
		req.Header.Set("Authorization", []string{"Basic", "Bearer", "Basic %%%", "DPoP x", "Bearer a b"}[r.IntN(5)])
	}
	req.Header.Set("Accept", []string{"*/*", "text/html", "application/json", "application/jwt"}[r.IntN(4)])
	if r.IntN(3) > 0 {
		req.Header.Set("Sec-Fetch-Site", []string{"same-origin", "cross-site", "none"}[r.IntN(3)])
		req.Header.Set("Origin", []string{m.base.String(), "https://evil.example.test", "null"}[r.IntN(3)])
	}
}

func (m *mutator) pick(r *rand.Rand, name string) string {
	list := m.right[name]
	return list[r.IntN(len(list))]
}

// values are up to nine parameters, one in six of them bent.
func (m *mutator) values(r *rand.Rand) url.Values {
	v := url.Values{}
	for range r.IntN(10) {
		name := m.names[r.IntN(len(m.names))]
		switch r.IntN(18) {
		case 0:
			v.Set(name, m.junk[r.IntN(len(m.junk))])
		case 1:
			v.Add(name, m.pick(r, name))
			v.Add(name, m.pick(r, name))
		case 2:
			v.Set(m.junk[r.IntN(len(m.junk))], m.pick(r, name))
		default:
			v.Set(name, m.pick(r, name))
		}
	}
	return v
}

// json is an object of such parameters with values of every kind.
func (m *mutator) json(r *rand.Rand) string {
	obj := map[string]any{}
	for k, v := range m.values(r) {
		obj[k] = []any{v[0], v, nil, 1.5, true, map[string]any{"x": v[0]}}[r.IntN(6)]
	}
	data, _ := json.Marshal(obj)
	return string(data)
}

// problem says what is wrong with an answer.
func (m *mutator) problem(req *http.Request, w *httptest.ResponseRecorder) string {
	if w.Code >= 500 {
		return "a server error"
	}
	if to := w.Header().Get("Location"); strings.ContainsAny(to, "\r\n") {
		return "a line break in Location"
	}
	if w.Code < 400 {
		return ""
	}
	text := w.Body.String() + w.Header().Get("WWW-Authenticate")
	for _, s := range m.secrets {
		// A page's links to itself in other languages repeat its address.
		if strings.Contains(text, s) && !strings.Contains(req.URL.RawQuery, s) {
			return "a secret in a refusal"
		}
	}
	return ""
}
