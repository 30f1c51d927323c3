package demo_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/demo"
)

// hostile is an issuer that answers with whatever ID token the test says.
type hostile struct {
	*httptest.Server
	key    *rsa.PrivateKey
	signer *rsa.PrivateKey // whose signature the tokens carry
	claims map[string]any
}

func newHostile(t *testing.T) *hostile {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	h := &hostile{key: key, signer: key}
	mux := http.NewServeMux()
	reply := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]string{"issuer": h.URL, "authorization_endpoint": h.URL + "/auth", "token_endpoint": h.URL + "/token", "jwks_uri": h.URL + "/certs"})
	})
	mux.HandleFunc("/certs", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: h.signer, KeyID: "k"}}, nil)
		if err != nil {
			t.Error(err)
			return
		}
		body, _ := json.Marshal(h.claims)
		signed, err := signer.Sign(body)
		if err != nil {
			t.Error(err)
			return
		}
		raw, _ := signed.CompactSerialize()
		reply(w, map[string]any{"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": raw})
	})
	h.Server = httptest.NewServer(mux)
	t.Cleanup(h.Close)
	return h
}

// An ID token that is for another sign-in, another application or another
// time, or that somebody else signed, signs nobody in.
func TestHostileIDTokens(t *testing.T) {
	h := newHostile(t)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	app, err := demo.New(demo.Options{Issuer: h.URL, BaseURL: "http://localhost:8081", ClientID: demo.ClientID,
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(map[string]any){
		"good":             func(map[string]any) {},
		"another nonce":    func(c map[string]any) { c["nonce"] = "another" },
		"no nonce":         func(c map[string]any) { delete(c, "nonce") },
		"another audience": func(c map[string]any) { c["aud"] = "somebody-else" },
		"another issuer":   func(c map[string]any) { c["iss"] = "https://evil.test" },
		"over":             func(c map[string]any) { c["exp"] = now.Unix() - 1 },
		"another's key":    func(map[string]any) { h.signer = other },
	} {
		t.Run(name, func(t *testing.T) {
			h.signer = h.key
			w := httptest.NewRecorder()
			app.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost:8081/login", nil))
			to, err := url.Parse(w.Header().Get("Location"))
			if err != nil {
				t.Fatal(err)
			}
			h.claims = map[string]any{"iss": h.URL, "aud": demo.ClientID, "sub": "u", "name": "Ada", "nonce": to.Query().Get("nonce"),
				"iat": now.Unix(), "exp": now.Unix() + 300}
			change(h.claims)
			r := httptest.NewRequest(http.MethodGet, "http://localhost:8081/callback?code=c&state="+to.Query().Get("state"), nil)
			for _, c := range w.Result().Cookies() {
				r.AddCookie(c)
			}
			w = httptest.NewRecorder()
			app.ServeHTTP(w, r)
			in := strings.Contains(strings.Join(w.Header()["Set-Cookie"], " "), "demo-session=")
			if in != (name == "good") {
				t.Errorf("signed in: %v, %d %s", in, w.Code, w.Body)
			}
		})
	}
}
