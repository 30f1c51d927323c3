package servertest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"latchkey/internal/representation"
	"latchkey/internal/servertest"
)

// TestConformanceConfig is the plan oidcc-config-certification-test-plan, and
// the discovery modules of the logout plans.
func TestConformanceConfig(t *testing.T) {
	s := newSuite(t, "")
	status, body := s.s.Get("/realms/demo/.well-known/openid-configuration")
	doc := map[string]any{}
	if err := json.Unmarshal([]byte(body), &doc); status != http.StatusOK || err != nil {
		t.Fatalf("%d %v", status, err)
	}
	contains := func(t *testing.T, key string, values ...string) {
		t.Helper()
		list, _ := doc[key].([]any)
		for _, want := range values {
			found := false
			for _, v := range list {
				found = found || v == want
			}
			if !found {
				t.Errorf("%s is %v, without %s", key, list, want)
			}
		}
	}
	t.Run("oidcc-discovery-endpoint-verification", func(t *testing.T) {
		if doc["issuer"] != s.base {
			t.Errorf("issuer %v", doc["issuer"])
		}
		for _, key := range []string{"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"} {
			if at, _ := doc[key].(string); !strings.HasPrefix(at, s.base+"/") {
				t.Errorf("%s is %v", key, doc[key])
			}
		}
		contains(t, "response_types_supported", "code")
		contains(t, "response_modes_supported", "query", "form_post")
		contains(t, "subject_types_supported", "public")
		contains(t, "id_token_signing_alg_values_supported", "RS256")
		contains(t, "scopes_supported", "openid", "profile", "email", "address", "phone", "offline_access")
		contains(t, "claims_supported", "sub", "iss", "name", "email")
		contains(t, "grant_types_supported", "authorization_code", "refresh_token")
		contains(t, "token_endpoint_auth_methods_supported", "client_secret_basic", "client_secret_post")
		contains(t, "code_challenge_methods_supported", "S256")
		for key, want := range map[string]bool{"request_parameter_supported": false, "request_uri_parameter_supported": false,
			"claims_parameter_supported": true, "authorization_response_iss_parameter_supported": true} {
			if doc[key] != want {
				t.Errorf("%s is %v", key, doc[key])
			}
		}
	})
	t.Run("oidcc-rp-initiated-logout-discovery-endpoint-verification", func(t *testing.T) {
		if at, _ := doc["end_session_endpoint"].(string); !strings.HasPrefix(at, s.base+"/") {
			t.Errorf("end_session_endpoint is %v", doc["end_session_endpoint"])
		}
	})
	t.Run("oidcc-backchannel-logout-discovery-endpoint-verification", func(t *testing.T) {
		for _, key := range []string{"backchannel_logout_supported", "backchannel_logout_session_supported"} {
			if doc[key] != true {
				t.Errorf("%s is %v", key, doc[key])
			}
		}
	})
}

// TestConformanceLogout is the plan
// oidcc-rp-initiated-logout-certification-test-plan.
func TestConformanceLogout(t *testing.T) {
	s := newSuite(t, "")
	for module, run := range logoutModules {
		t.Run(module, func(t *testing.T) {
			one := *s
			one.T = t
			one.s.Clock.Advance(25 * time.Hour)
			b := one.s.Browser()
			run(&one, b, one.happy(b))
		})
	}
}

var logoutModules = map[string]func(s *suite, b *servertest.Browser, g grant){
	"oidcc-rp-initiated-logout": func(s *suite, b *servertest.Browser, g grant) {
		s.returned(b, s.endSession(g, "state", "s t&1"), "s t&1")
	},
	"oidcc-rp-initiated-logout-no-state": func(s *suite, b *servertest.Browser, g grant) {
		s.returned(b, s.endSession(g), "")
	},
	"oidcc-rp-initiated-logout-bad-post-logout-redirect-uri": func(s *suite, b *servertest.Browser, g grant) {
		s.refused(b, s.endSession(g, "post_logout_redirect_uri", "https://example.test/elsewhere"))
	},
	"oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri": func(s *suite, b *servertest.Browser, g grant) {
		s.refused(b, s.endSession(g, "post_logout_redirect_uri", s.rp.Client.BaseURL+"?foo=bar"))
	},
	"oidcc-rp-initiated-logout-modified-id-token-hint": func(s *suite, b *servertest.Browser, g grant) {
		parts := strings.Split(g.id, ".")
		s.refused(b, s.endSession(g, "id_token_hint", "eyJhbGciOiJub25lIn0."+parts[1]+"."))
	},
	"oidcc-rp-initiated-logout-bad-id-token-hint": func(s *suite, b *servertest.Browser, g grant) {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(s.rp.Client.Secret.Reveal())}, nil)
		if err != nil {
			s.Fatal(err)
		}
		fake, err := jwt.Signed(signer).Claims(g.claims).Serialize()
		if err != nil {
			s.Fatal(err)
		}
		s.refused(b, s.endSession(g, "id_token_hint", fake))
	},
	"oidcc-rp-initiated-logout-no-id-token-hint": func(s *suite, b *servertest.Browser, g grant) {
		s.refused(b, s.endSession(g, "id_token_hint", ""))
	},
	"oidcc-rp-initiated-logout-no-params":  func(s *suite, b *servertest.Browser, _ grant) { s.asked(b, url.Values{}) },
	"oidcc-rp-initiated-logout-only-state": func(s *suite, b *servertest.Browser, _ grant) { s.asked(b, url.Values{"state": {"x"}}) },
	"oidcc-rp-initiated-logout-no-post-logout-redirect-uri": func(s *suite, b *servertest.Browser, g grant) {
		p := b.Get(s.logoutURL(s.endSession(g, "post_logout_redirect_uri", "")))
		if p.Status != http.StatusOK || !strings.HasPrefix(p.URL.String(), s.base) {
			s.Errorf("%d at %s", p.Status, p.URL)
		}
		s.gone(b)
	},
}

// endSession is a request to the end session endpoint; an empty parameter is
// left out.
func (s *suite) endSession(g grant, params ...string) url.Values {
	q := url.Values{"id_token_hint": {g.id}, "post_logout_redirect_uri": {s.rp.Client.BaseURL}}
	for i := 0; i+1 < len(params); i += 2 {
		if q.Set(params[i], params[i+1]); params[i+1] == "" {
			q.Del(params[i])
		}
	}
	return q
}

func (s *suite) logoutURL(q url.Values) string {
	return s.base + "/protocol/openid-connect/logout?" + q.Encode()
}

// gone: nobody is signed in any more.
func (s *suite) gone(b *servertest.Browser) {
	s.Helper()
	q := s.request("prompt", "none")
	if answer := s.answer(b.Get(s.authURL(q)), q); answer.Get("error") == "" {
		s.Error("the person is still signed in")
	}
}

// there: the person is still signed in.
func (s *suite) there(b *servertest.Browser) {
	s.Helper()
	q := s.request("prompt", "none")
	if answer := s.answer(b.Get(s.authURL(q)), q); answer.Get("error") != "" {
		s.Errorf("the person was signed out: %v", answer)
	}
}

func (s *suite) returned(b *servertest.Browser, q url.Values, state string) {
	s.Helper()
	p := b.Get(s.logoutURL(q))
	if p.URL.Scheme+"://"+p.URL.Host+p.URL.Path != s.rp.Client.BaseURL || p.URL.Query().Get("state") != state || p.URL.Query().Has("state") != (state != "") {
		s.Errorf("back at %s", p.URL)
	}
	s.gone(b)
}

// refused: an error page or a question, never a redirect.
func (s *suite) refused(b *servertest.Browser, q url.Values) {
	s.Helper()
	p := b.Get(s.logoutURL(q))
	if len(p.Hops) != 1 || !strings.HasPrefix(p.URL.String(), s.base) {
		s.Errorf("led to %s", p.URL)
	}
	s.there(b)
}

// asked: the person is asked, and signed out when they say so.
func (s *suite) asked(b *servertest.Browser, q url.Values) {
	s.Helper()
	p := b.Get(s.logoutURL(q))
	s.there(b)
	p = p.Press("Sign out")
	if p.Status != http.StatusOK || !strings.HasPrefix(p.URL.String(), s.base) {
		s.Errorf("%d at %s", p.Status, p.URL)
	}
	s.gone(b)
}

// TestConformanceBackchannel is the plan
// oidcc-backchannel-rp-initiated-logout-certification-test-plan.
func TestConformanceBackchannel(t *testing.T) {
	told := make(chan url.Values, 4)
	at := serveApp(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.Method != http.MethodPost {
			t.Errorf("%s: %v", r.Method, err)
		}
		told <- r.PostForm
	}))
	s := newSuite(t, "", func(c *representation.Client) {
		c.Attributes["backchannel.logout.url"] = at + "/backchannel"
		c.Attributes["backchannel.logout.session.required"] = "true"
	})
	t.Run("oidcc-backchannel-rp-initiated-logout", func(t *testing.T) {
		b := s.s.Browser()
		g := s.happy(b)
		s.returned(b, s.endSession(g, "state", "x"), "x")
		var form url.Values
		select {
		case form = <-told:
		case <-time.After(10 * time.Second):
			t.Fatal("the application was not told")
		}
		if len(form) != 1 {
			t.Errorf("parameters %v", form)
		}
		raw := form.Get("logout_token")
		if _, err := s.rp.Provider.VerifierContext(s.rp.Context(), configFor(s)).Verify(context.WithoutCancel(t.Context()), raw); err != nil {
			t.Errorf("the logout token: %v", err)
		}
		head, claims := part(t, raw, 0), part(t, raw, 1)
		if head["typ"] != "logout+jwt" || head["alg"] != "RS256" {
			t.Errorf("header %v", head)
		}
		events, _ := claims["events"].(map[string]any)
		if _, ok := events["http://schemas.openid.net/event/backchannel-logout"].(map[string]any); !ok {
			t.Errorf("events %v", claims["events"])
		}
		if claims["iss"] != s.base || claims["sub"] != g.claims["sub"] || claims["sid"] != g.claims["sid"] || !has(claims, "aud", "iat", "exp", "jti") || has(claims, "nonce") {
			t.Errorf("claims %v", claims)
		}
		if exp, iat := claims["exp"].(float64), claims["iat"].(float64); exp-iat > 120 || exp <= iat {
			t.Errorf("it lives %v s", exp-iat)
		}
	})
}
