package servertest_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/servertest"
)

// What the OpenID Foundation's certification plans ask of a provider, module by
// module: each has a test of its name here. The plans are config, basic (also
// with response_mode=form_post), RP-initiated logout and back-channel logout.

// suite is one relying party of the plans: confidential, without PKCE, and
// with scopes that it has to ask for.
type suite struct {
	*testing.T
	s    *servertest.Server
	rp   *servertest.RP
	mode string // response_mode; empty is the default
	base string // of the realm
}

const conformant = "conformance@example.test"

func newSuite(t *testing.T, mode string, change ...func(*representation.Client)) *suite {
	t.Helper()
	s := servertest.Start(t)
	s.AddUser("demo", conformant, "", func(u *latchkey.User) {
		u.EmailVerified, u.FirstName, u.LastName = true, "Ada", "Byron"
		u.Attributes = map[string][]string{"street": {"1 High Street"}, "locality": {"London"}, "country": {"GB"},
			"phoneNumber": {"+44 20 7946 0000"}, "phoneNumberVerified": {"true"}, "nickname": {"ada"}, "zoneinfo": {"Europe/London"}}
	})
	plain := func(c *representation.Client) {
		c.PublicClient = new(false)
		c.Attributes["pkce.code.challenge.method"] = ""
		c.DefaultClientScopes = []string{"basic", "acr", "web-origins", "roles"}
		c.OptionalClientScopes = []string{"profile", "email", "address", "phone", "offline_access"}
	}
	return &suite{T: t, s: s, rp: s.RP("demo", append([]func(*representation.Client){plain}, change...)...), mode: mode, base: s.Site().Issuer("demo")}
}

// request is an authorization request of the suite; an empty parameter is left
// out.
func (s *suite) request(params ...string) url.Values {
	q := url.Values{"client_id": {s.rp.Client.ClientID}, "redirect_uri": {s.rp.OAuth.RedirectURL}, "response_type": {"code"},
		"scope": {"openid"}, "state": {secret.Token()}, "nonce": {secret.Token()}}
	if s.mode != "" {
		q.Set("response_mode", s.mode)
	}
	for i := 0; i+1 < len(params); i += 2 {
		q.Set(params[i], params[i+1])
	}
	maps.DeleteFunc(q, func(_ string, v []string) bool { return v[0] == "" })
	return q
}

func (s *suite) authURL(q url.Values) string { return s.rp.OAuth.Endpoint.AuthURL + "?" + q.Encode() }

// signIn goes through the pages of a sign-in, from the first one on.
func (s *suite) signIn(b *servertest.Browser, p *servertest.Page) *servertest.Page {
	s.Helper()
	form := p.FormWith("username")
	if form.Values.Get("username") == "" {
		form.Set("username", conformant)
	}
	form.Submit()
	return b.Get(s.s.Mail.Wait(conformant).Link).Form(0).Submit()
}

// answer takes what the application was answered with, by the request's mode.
func (s *suite) answer(p *servertest.Page, q url.Values) url.Values {
	s.Helper()
	before := len(s.rp.Calls())
	if q.Get("response_mode") == "form_post" {
		form := p.Form(0)
		if form.Method != http.MethodPost || form.Action != s.rp.OAuth.RedirectURL || strings.Contains(p.URL.RawQuery, "code=") {
			s.Fatalf("no form_post answer but %s: %s", p.URL, p.Text())
		}
		form.Submit()
		before++
	}
	calls := s.rp.Calls()
	if len(calls) == 0 || len(calls) != before {
		s.Fatalf("the application was not answered; the browser is at %s: %s", p.URL, p.Text())
	}
	got := calls[len(calls)-1]
	if got.Get("state") != q.Get("state") || got.Get("iss") != s.base {
		s.Errorf("state %q, iss %q", got.Get("state"), got.Get("iss"))
	}
	return got
}

// grant is what the token endpoint answered.
type grant struct {
	status          int
	access, refresh string
	id              string
	claims, headers map[string]any // of the ID token
	code, err       string
}

// token sends a request to the token endpoint by client_secret_basic.
func (s *suite) token(form url.Values) grant {
	s.Helper()
	auth := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(s.rp.Client.ClientID) + ":" + url.QueryEscape(s.rp.Client.Secret.Reveal())))
	return s.tokenAs(form, "Authorization: Basic "+auth)
}

func (s *suite) tokenAs(form url.Values, headers ...string) grant {
	s.Helper()
	status, body := s.s.Send(http.MethodPost, "/realms/demo/protocol/openid-connect/token", form.Encode(),
		append([]string{"Content-Type: application/x-www-form-urlencoded"}, headers...)...)
	var raw map[string]any
	if err := json.Unmarshal([]byte(body), &raw); err != nil {
		s.Fatalf("%d %s", status, body)
	}
	g := grant{status: status, code: form.Get("code")}
	g.access, _ = raw["access_token"].(string)
	g.refresh, _ = raw["refresh_token"].(string)
	g.id, _ = raw["id_token"].(string)
	g.err, _ = raw["error"].(string)
	if g.id != "" {
		g.headers, g.claims = part(s.T, g.id, 0), part(s.T, g.id, 1)
		if _, err := s.rp.Verifier.Verify(s.rp.Context(), g.id); err != nil {
			s.Errorf("the ID token: %v", err)
		}
	}
	return g
}

// part decodes one part of a JWT.
func part(t *testing.T, jwt string, n int) map[string]any {
	t.Helper()
	parts := strings.Split(jwt, ".")
	out := map[string]any{}
	data, err := base64.RawURLEncoding.DecodeString(parts[n])
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		t.Fatalf("%s: %v", jwt, err)
	}
	return out
}

func (s *suite) exchange(answer url.Values) grant {
	s.Helper()
	if answer.Get("error") != "" {
		s.Fatalf("the application got an error: %v", answer)
	}
	g := s.token(url.Values{"grant_type": {"authorization_code"}, "code": {answer.Get("code")}, "redirect_uri": {s.rp.OAuth.RedirectURL}})
	if g.status != http.StatusOK || g.id == "" {
		s.Fatalf("code to tokens: %+v", g)
	}
	return g
}

// happy is a whole sign-in of a fresh browser with further parameters.
func (s *suite) happy(b *servertest.Browser, params ...string) grant {
	s.Helper()
	q := s.request(params...)
	p := s.signIn(b, b.Get(s.authURL(q)))
	return s.check(q, s.exchange(s.answer(p, q)))
}

// silent is a sign-in that no page may be shown for, because there is a session.
func (s *suite) silent(b *servertest.Browser, params ...string) grant {
	s.Helper()
	q := s.request(params...)
	return s.check(q, s.exchange(s.answer(b.Get(s.authURL(q)), q)))
}

// check is what every ID token of the suite has to be.
func (s *suite) check(q url.Values, g grant) grant {
	s.Helper()
	if n, _ := g.claims["nonce"].(string); n != q.Get("nonce") {
		s.Errorf("nonce %q, want %q", n, q.Get("nonce"))
	}
	if g.claims["iss"] != s.base || g.claims["aud"] != s.rp.Client.ClientID || g.claims["azp"] != s.rp.Client.ClientID || g.claims["sub"] == "" {
		s.Errorf("claims %v", g.claims)
	}
	return g
}

// userinfo asks for the claims of a token.
func (s *suite) userinfo(method, body string, headers ...string) (int, map[string]any) {
	s.Helper()
	status, text := s.s.Send(method, "/realms/demo/protocol/openid-connect/userinfo", body, headers...)
	claims := map[string]any{}
	if status == http.StatusOK {
		if err := json.Unmarshal([]byte(text), &claims); err != nil {
			s.Fatal(err)
		}
	}
	return status, claims
}

func (s *suite) claimsOf(g grant) map[string]any {
	s.Helper()
	status, claims := s.userinfo(http.MethodGet, "", "Authorization: Bearer "+g.access)
	if status != http.StatusOK || claims["sub"] != g.claims["sub"] {
		s.Fatalf("userinfo: %d %v", status, claims)
	}
	return claims
}

func has(claims map[string]any, names ...string) bool {
	return !slices.ContainsFunc(names, func(n string) bool { _, ok := claims[n]; return !ok })
}

// configFor verifies what is made for the suite's client.
func configFor(s *suite) *oidc.Config {
	return &oidc.Config{ClientID: s.rp.Client.ClientID, Now: s.s.Clock.Now}
}

// serveApp serves on loopback until the test ends.
func serveApp(t *testing.T, h http.Handler) string {
	t.Helper()
	app := httptest.NewServer(h)
	t.Cleanup(app.Close)
	return app.URL
}
