package servertest_test

import (
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestConformanceBasic is the plan oidcc-basic-certification-test-plan, and
// with form_post oidcc-formpost-basic-certification-test-plan (R-091, R-110 to
//
func TestConformanceBasic(t *testing.T) {
	for _, mode := range []string{"", "form_post"} {
		name := "default"
		if mode != "" {
			name = mode
		}
		t.Run(name, func(t *testing.T) {
			s := newSuite(t, mode)
			for module, run := range basicModules {
				t.Run(module, func(t *testing.T) {
					one := *s
					one.T = t
					one.s.Clock.Advance(25 * time.Hour) // mails to one address are limited by the day
					run(&one)
				})
			}
		})
	}
}

var basicModules = map[string]func(s *suite){
	"oidcc-server":                         moduleServer,
	"oidcc-response-type-missing":          moduleResponseTypeMissing,
	"oidcc-idtoken-signature":              moduleSignature,
	"oidcc-userinfo-get":                   moduleUserinfo,
	"oidcc-userinfo-post-header":           moduleUserinfoPostHeader,
	"oidcc-userinfo-post-body":             moduleUserinfoPostBody,
	"oidcc-scope-profile":                  scopeModule("openid profile", "name", "given_name", "family_name", "preferred_username", "nickname", "zoneinfo"),
	"oidcc-scope-email":                    scopeModule("openid email", "email", "email_verified"),
	"oidcc-scope-address":                  scopeModule("openid address", "address"),
	"oidcc-scope-phone":                    scopeModule("openid phone", "phone_number", "phone_number_verified"),
	"oidcc-scope-all":                      scopeModule("openid email phone address profile", "name", "email", "address", "phone_number"),
	"oidcc-alternate-happy-flow":           moduleAlternate,
	"oidcc-display-page":                   happyModule("display", "page"),
	"oidcc-display-popup":                  happyModule("display", "popup"),
	"oidcc-prompt-login":                   modulePromptLogin,
	"oidcc-prompt-none-not-logged-in":      modulePromptNone,
	"oidcc-prompt-none-logged-in":          modulePromptNoneLoggedIn,
	"oidcc-max-age-1":                      moduleMaxAge1,
	"oidcc-max-age-10000":                  moduleMaxAge10000,
	"oidcc-id-token-hint":                  moduleHint,
	"oidcc-login-hint":                     moduleLoginHint,
	"oidcc-ui-locales":                     moduleUILocales,
	"oidcc-claims-locales":                 happyModule("claims_locales", "se"),
	"oidcc-codereuse":                      moduleCodeReuse,
	"oidcc-codereuse-30seconds":            moduleCodeReuseLater,
	"oidcc-ensure-registered-redirect-uri": moduleRegisteredRedirect,
	"oidcc-ensure-post-request-succeeds":   modulePost,
	"oidcc-server-client-secret-post":      moduleSecretPost,
	"oidcc-claims-essential":               moduleClaimsEssential,
	"oidcc-refresh-token":                  moduleRefresh,
	"oidcc-ensure-request-without-nonce-succeeds-for-code-flow":                    happyModule("nonce", ""),
	"oidcc-ensure-request-with-unknown-parameter-succeeds":                         happyModule("extra", "foobar"),
	"oidcc-ensure-request-with-acr-values-succeeds":                                moduleACR,
	"oidcc-ensure-request-with-valid-pkce-succeeds":                                modulePKCE,
	"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported": requestObjectModule("request", "request_not_supported"),
	"oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported":    requestObjectModule("request_uri", "request_uri_not_supported"),
	"oidcc-ensure-request-object-with-redirect-uri":                                moduleRequestObjectRedirect,
}

func happyModule(params ...string) func(*suite) {
	return func(s *suite) { s.happy(s.s.Browser(), params...) }
}

func moduleServer(s *suite) {
	q := s.request()
	b := s.s.Browser()
	answer := s.answer(s.signIn(b, b.Get(s.authURL(q))), q)
	code := answer.Get("code")
	distinct := map[rune]int{}
	for _, c := range code {
		distinct[c]++
	}
	bits := 0.0
	for _, n := range distinct {
		p := float64(n) / float64(len(code))
		bits -= p * math.Log2(p)
	}
	if bits *= float64(len(code)); bits < 96 {
		s.Errorf("the code has %.0f measured bits", bits)
	}
	g := s.check(q, s.exchange(answer))
	for claim := range g.claims {
		if strings.Contains("name given_name family_name email preferred_username address phone_number", claim) {
			s.Errorf("the ID token has %s, which was not asked for", claim)
		}
	}
	if !has(g.claims, "exp", "iat", "auth_time", "at_hash", "sid", "acr") {
		s.Errorf("claims %v", g.claims)
	}
}

func moduleResponseTypeMissing(s *suite) {
	q := s.request("response_type", "")
	b := s.s.Browser()
	answer := s.answer(b.Get(s.authURL(q)), q)
	if e := answer.Get("error"); e != "invalid_request" && e != "unsupported_response_type" {
		s.Errorf("%v", answer)
	}
}

func moduleSignature(s *suite) {
	g := s.happy(s.s.Browser())
	if g.headers["alg"] != "RS256" || g.headers["kid"] == "" {
		s.Errorf("header %v", g.headers)
	}
}

func moduleUserinfo(s *suite) { s.claimsOf(s.happy(s.s.Browser())) }

func moduleUserinfoPostHeader(s *suite) {
	g := s.happy(s.s.Browser())
	if status, claims := s.userinfo(http.MethodPost, "", "Authorization: Bearer "+g.access); status != http.StatusOK || claims["sub"] != g.claims["sub"] {
		s.Errorf("%d %v", status, claims)
	}
}

func moduleUserinfoPostBody(s *suite) {
	g := s.happy(s.s.Browser())
	status, claims := s.userinfo(http.MethodPost, url.Values{"access_token": {g.access}}.Encode(), "Content-Type: application/x-www-form-urlencoded")
	if status != http.StatusOK || claims["sub"] != g.claims["sub"] {
		s.Errorf("%d %v", status, claims)
	}
}

func scopeModule(scope string, claims ...string) func(*suite) {
	return func(s *suite) {
		g := s.happy(s.s.Browser(), "scope", scope)
		got := s.claimsOf(g)
		for _, c := range claims {
			if !has(got, c) {
				s.Errorf("userinfo has no %s: %v", c, got)
			}
		}
		if address, ok := got["address"].(map[string]any); strings.Contains(scope, "address") && (!ok || address["country"] != "GB") {
			s.Errorf("address %v", got["address"])
		}
		if verified, ok := got["phone_number_verified"]; ok && verified != true {
			s.Errorf("phone_number_verified is %v", verified)
		}
	}
}

func moduleAlternate(s *suite) {
	q := s.request("scope", "email openid")
	b := s.s.Browser()
	var ordered []string
	for _, k := range []string{"state", "scope", "nonce", "response_mode", "redirect_uri", "response_type", "client_id"} {
		if q.Has(k) {
			ordered = append(ordered, k+"="+url.QueryEscape(q.Get(k)))
		}
	}
	p := s.signIn(b, b.Get(s.rp.OAuth.Endpoint.AuthURL+"?"+strings.Join(ordered, "&")))
	s.check(q, s.exchange(s.answer(p, q)))
}

func authTime(g grant) float64 { n, _ := g.claims["auth_time"].(float64); return n }

func modulePromptLogin(s *suite) {
	b := s.s.Browser()
	first := s.happy(b)
	s.s.Clock.Advance(40 * time.Second)
	second := s.happy(b, "prompt", "login")
	if authTime(second) <= authTime(first) || second.claims["sub"] != first.claims["sub"] {
		s.Errorf("auth_time %v, then %v", first.claims, second.claims)
	}
}

func modulePromptNone(s *suite) {
	q := s.request("prompt", "none")
	answer := s.answer(s.s.Browser().Get(s.authURL(q)), q)
	if e := answer.Get("error"); e != "login_required" && e != "interaction_required" {
		s.Errorf("%v", answer)
	}
}

func (s *suite) same(first, second grant) {
	s.Helper()
	if authTime(first) == 0 || authTime(first) != authTime(second) || first.claims["sub"] != second.claims["sub"] {
		s.Errorf("%v, then %v", first.claims, second.claims)
	}
}

func modulePromptNoneLoggedIn(s *suite) {
	b := s.s.Browser()
	first := s.happy(b)
	s.s.Clock.Advance(2 * time.Second)
	s.same(first, s.silent(b, "prompt", "none"))
}

func moduleMaxAge1(s *suite) {
	b := s.s.Browser()
	first := s.happy(b)
	s.s.Clock.Advance(40 * time.Second)
	second := s.happy(b, "max_age", "1")
	if authTime(second) <= authTime(first) {
		s.Errorf("auth_time %v, then %v", first.claims, second.claims)
	}
}

func moduleMaxAge10000(s *suite) {
	b := s.s.Browser()
	first := s.happy(b, "max_age", "15000")
	s.s.Clock.Advance(time.Second)
	s.same(first, s.silent(b, "max_age", "10000"))
}

func moduleHint(s *suite) {
	b := s.s.Browser()
	first := s.happy(b)
	s.s.Clock.Advance(time.Second)
	s.same(first, s.silent(b, "prompt", "none", "id_token_hint", first.id))
}

func moduleLoginHint(s *suite) {
	q := s.request("login_hint", conformant)
	b := s.s.Browser()
	p := b.Get(s.authURL(q))
	if got := p.FormWith("username").Values.Get("username"); got != conformant {
		s.Errorf("the page offers %q", got)
	}
	s.check(q, s.exchange(s.answer(s.signIn(b, p), q)))
}

func moduleUILocales(s *suite) {
	s.happy(s.s.Browser(), "ui_locales", "se")
	q := s.request("ui_locales", "de")
	if p := s.s.Browser().Get(s.authURL(q)); !strings.Contains(p.Body, `lang="de"`) {
		s.Errorf("ui_locales=de shows %s", p.Title())
	}
}

func moduleACR(s *suite) {
	g := s.happy(s.s.Browser(), "acr_values", "1 2")
	if acr, _ := g.claims["acr"].(string); acr != "1" {
		s.Errorf("acr is %q", acr)
	}
}

func moduleCodeReuse(s *suite) {
	g := s.happy(s.s.Browser())
	again := s.token(url.Values{"grant_type": {"authorization_code"}, "code": {g.code}, "redirect_uri": {s.rp.OAuth.RedirectURL}})
	if again.status != http.StatusBadRequest || again.err != "invalid_grant" {
		s.Errorf("%+v", again)
	}
}

func moduleCodeReuseLater(s *suite) {
	g := s.happy(s.s.Browser())
	s.s.Clock.Advance(30 * time.Second)
	again := s.token(url.Values{"grant_type": {"authorization_code"}, "code": {g.code}, "redirect_uri": {s.rp.OAuth.RedirectURL}})
	if again.status != http.StatusBadRequest || again.err != "invalid_grant" {
		s.Errorf("%+v", again)
	}
	if status, _ := s.userinfo(http.MethodGet, "", "Authorization: Bearer "+g.access); status != http.StatusUnauthorized {
		s.Errorf("the access token of a code that was used twice: %d", status)
	}
}

func moduleRegisteredRedirect(s *suite) {
	for _, uri := range []string{s.rp.OAuth.RedirectURL + "/x", s.rp.OAuth.RedirectURL + "?foo=bar"} {
		before := len(s.rp.Calls())
		p := s.s.Browser().Get(s.authURL(s.request("redirect_uri", uri)))
		if p.Status != http.StatusBadRequest || len(p.Hops) != 1 || len(s.rp.Calls()) != before {
			s.Errorf("%s: %d at %s", uri, p.Status, p.URL)
		}
	}
}

func modulePost(s *suite) {
	q := s.request()
	b := s.s.Browser()
	p := s.signIn(b, b.Do(http.MethodPost, s.rp.OAuth.Endpoint.AuthURL, q))
	s.check(q, s.exchange(s.answer(p, q)))
}

func moduleSecretPost(s *suite) {
	q := s.request()
	b := s.s.Browser()
	answer := s.answer(s.signIn(b, b.Get(s.authURL(q))), q)
	g := s.tokenAs(url.Values{"grant_type": {"authorization_code"}, "code": {answer.Get("code")}, "redirect_uri": {s.rp.OAuth.RedirectURL},
		"client_id": {s.rp.Client.ClientID}, "client_secret": {s.rp.Client.Secret.Reveal()}})
	if g.status != http.StatusOK {
		s.Fatalf("%+v", g)
	}
	s.check(q, g)
}

func moduleClaimsEssential(s *suite) {
	g := s.happy(s.s.Browser(), "scope", "openid profile", "claims", `{"userinfo":{"name":{"essential":true}}}`)
	if got := s.claimsOf(g); got["name"] != "Ada Byron" {
		s.Errorf("userinfo %v", got)
	}
}

func moduleRefresh(s *suite) {
	g := s.happy(s.s.Browser(), "scope", "openid offline_access")
	if g.refresh == "" {
		s.Fatal("no refresh token")
	}
	again := s.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {g.refresh}})
	if again.status != http.StatusOK || again.claims["sub"] != g.claims["sub"] || authTime(again) != authTime(g) || again.claims["iss"] != g.claims["iss"] {
		s.Errorf("%+v", again)
	}
	if n, ok := again.claims["nonce"]; ok && n != g.claims["nonce"] {
		s.Errorf("nonce %v", n)
	}
	other := s.s.RP("demo", confidential)
	foreign := s.tokenAs(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {again.refresh},
		"client_id": {other.Client.ClientID}, "client_secret": {other.Client.Secret.Reveal()}})
	if foreign.status != http.StatusBadRequest || foreign.err != "invalid_grant" {
		s.Errorf("another client's: %+v", foreign)
	}
}

func modulePKCE(s *suite) {
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636 appendix B
	q := s.request("code_challenge", challenge, "code_challenge_method", "S256")
	b := s.s.Browser()
	answer := s.answer(s.signIn(b, b.Get(s.authURL(q))), q)
	g := s.token(url.Values{"grant_type": {"authorization_code"}, "code": {answer.Get("code")}, "redirect_uri": {s.rp.OAuth.RedirectURL}, "code_verifier": {verifier}})
	if g.status != http.StatusOK {
		s.Fatalf("%+v", g)
	}
	s.check(q, g)
}

func requestObjectModule(param, refusal string) func(*suite) {
	return func(s *suite) {
		value := "eyJhbGciOiJub25lIn0.eyJzY29wZSI6Im9wZW5pZCJ9."
		if param == "request_uri" {
			value = "https://example.test/request.jwt"
		}
		q := s.request(param, value)
		if answer := s.answer(s.s.Browser().Get(s.authURL(q)), q); answer.Get("error") != refusal {
			s.Errorf("%v", answer)
		}
	}
}

func moduleRequestObjectRedirect(s *suite) {
	before := len(s.rp.Calls())
	q := s.request("request", "eyJhbGciOiJub25lIn0.eyJzY29wZSI6Im9wZW5pZCJ9.", "redirect_uri", s.rp.OAuth.RedirectURL+"invalid")
	if p := s.s.Browser().Get(s.authURL(q)); p.Status != http.StatusBadRequest || len(s.rp.Calls()) != before {
		s.Errorf("%d at %s", p.Status, p.URL)
	}
}
