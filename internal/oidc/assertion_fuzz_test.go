package oidc

import (
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"latchkey"
	"latchkey/internal/web"
)

// FuzzAssertion: whatever a stranger sends as an assertion, it is refused as
// long as the client's secret did not sign it, and nothing panics or is
// fetched.
func FuzzAssertion(f *testing.F) {
	const secret = "bench-secret-bench-secret-bench-secret-bench-secret-bench-secret"
	now := time.Unix(1_700_000_000, 0)
	sign := func(claims, key string) string {
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(key)}, nil)
		if err != nil {
			f.Fatal(err)
		}
		o, err := s.Sign([]byte(claims))
		if err != nil {
			f.Fatal(err)
		}
		raw, err := o.CompactSerialize()
		if err != nil {
			f.Fatal(err)
		}
		return raw
	}
	const good = `{"iss":"app","sub":"app","aud":"https://id.example/realms/r","jti":"j","exp":1700000060}`
	right, wrong := sign(good, secret), sign(good, secret[1:]+"x")
	for _, raw := range []string{right, wrong, "", "..", "a.b.c", right + ".", "eyJhbGciOiJub25lIn0.e30.", sign(`{"exp":1e400}`, secret), sign(`[]`, secret), sign(`{"aud":[[]]}`, secret), sign(`{"aud":{"a":1},"exp":{}}`, secret)} {
		f.Add(raw, authSecretJWT)
		f.Add(raw, authJWT)
	}
	site, err := web.NewSite("https://id.example")
	if err != nil {
		f.Fatal(err)
	}
	d := &Door{Deps: Deps{Site: site, Now: func() time.Time { return now }}}
	x := &exchange{snap: (&latchkey.Snapshot{Realm: &latchkey.Realm{ID: "r", Name: "r"}}).Index(), issuer: site.Issuer("r"), endpoint: "token"}
	f.Fuzz(func(t *testing.T, raw, method string) {
		client := &latchkey.Client{ID: "c", ClientID: "app", Enabled: true, Secret: secret, ClientAuthenticatorType: method}
		_ = assertedClient(raw)
		a, err := d.checkAssertion(t.Context(), x, client, raw)
		// Another spelling of the same signature is the same assertion: its id is
		// good once.
		if err == nil && (raw[:strings.LastIndexByte(raw, '.')] != right[:strings.LastIndexByte(right, '.')] || method != authSecretJWT) {
			t.Errorf("%q was taken as %s: %+v", raw, method, a)
		}
		if raw == right && method == authSecretJWT && err != nil {
			t.Errorf("the right one: %v", err)
		}
	})
}
