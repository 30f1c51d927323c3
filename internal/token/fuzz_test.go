package token

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
)

// FuzzVerify mutates tokens at every place that takes one: nothing that is not
// byte for byte what was signed is ever taken, and nothing panics.
func FuzzVerify(f *testing.F) {
	c := &clock{start}
	m := NewMinter(c.now)
	s := bench("EdDSA", "ES256")
	g := grantOf(s, "openid")
	tokens, err := m.Mint(context.Background(), g, "jti")
	if err != nil {
		f.Fatal(err)
	}
	good := map[string]bool{tokens.Access: true, tokens.ID: true, tokens.Refresh: true}
	for raw := range good {
		f.Add(raw)
		f.Add(raw[:len(raw)/2])
		f.Add(strings.Replace(raw, ".", "..", 1))
		f.Add(raw + "=")
		f.Add(strings.ToUpper(raw))
	}
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("..")
	f.Fuzz(func(t *testing.T, raw string) {
		if _, err := m.VerifyAccess(s, issuer, raw); err == nil && raw != tokens.Access {
			t.Errorf("taken as an access token: %q", raw)
		}
		if _, err := m.VerifyIDHint(s, issuer, raw); err == nil && raw != tokens.ID {
			t.Errorf("taken as an ID token: %q", raw)
		}
		if _, err := m.VerifyRefresh(s, issuer, raw); err == nil && raw != tokens.Refresh {
			t.Errorf("taken as a refresh token: %q", raw)
		}
	})
}

// FuzzHeader feeds headers alone: whatever is taken has our three members.
func FuzzHeader(f *testing.F) {
	f.Add(`eyJhbGciOiJSUzI1NiIsImtpZCI6IngiLCJ0eXAiOiJKV1QifQ`)
	f.Add(`eyJhbGciOiJSUzI1NiIsImtpZCI6IngiLCJraWQiOiJ5In0`)
	f.Add(`W10`)
	f.Fuzz(func(t *testing.T, head string) {
		kid, algorithm, ok := header(head)
		if ok && (kid == "" || strings.Contains(head, ".")) {
			t.Errorf("%q: %q %q", head, kid, algorithm)
		}
	})
}

// FuzzClaimPath puts a claim at any path: nothing panics and nothing reserved
// changes.
func FuzzClaimPath(f *testing.F) {
	for _, p := range []string{"a", "a.b", `a\.b`, "sub", "exp", "", ".", "..", `\`, "a.b.c.d", "realm_access.roles", "acr.x", `acr\.x`} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, path string) {
		claims := map[string]any{"sub": "me", "exp": int64(1), "taken": "text"}
		if c := newClaim(path, "String", false); c != nil {
			c.set(claims, "x")
			put(claims, c.path, []any{"y"})
		}
		if claims["sub"] != "me" || claims["exp"] != int64(1) || claims["acr"] != nil {
			t.Errorf("%q changed %v", path, claims)
		}
		if _, err := json.Marshal(claims); err != nil {
			t.Error(err)
		}
	})
}
