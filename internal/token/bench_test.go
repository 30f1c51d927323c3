package token

import (
	"context"
	"testing"

	"latchkey"
)

// The costs of tokens. A signature of RSA-2048 is the unit (sigma); what stands
// beside it should be small.
func BenchmarkMint(b *testing.B) {
	for _, algorithm := range []string{"RS256", "ES256"} {
		b.Run(algorithm+" refresh", func(b *testing.B) { benchmarkMint(b, algorithm, "openid") })
		b.Run(algorithm+" client credentials", func(b *testing.B) { benchmarkMint(b, algorithm, "") })
	}
}

func benchmarkMint(b *testing.B, algorithm, scope string) {
	m := NewMinter((&clock{start}).now)
	s := bench(algorithm)
	s.Realm.DefaultSignatureAlgorithm = algorithm
	b.ReportAllocs()
	for b.Loop() {
		g := grantOf(s, scope)
		if scope == "" {
			g.Refresh = ""
		}
		if _, err := m.Mint(context.Background(), g, g.NewID()); err != nil {
			b.Fatal(err)
		}
	}
}

// All of a refresh's or an introspection's work on tokens but the signatures.
func BenchmarkClaims(b *testing.B) {
	s := bench()
	m := NewMinter((&clock{start}).now)
	b.ReportAllocs()
	for b.Loop() {
		m.Userinfo(grantOf(s, "openid"))
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, algorithm := range []string{"RS256", "ES256", "EdDSA"} {
		b.Run(algorithm, func(b *testing.B) {
			m := NewMinter((&clock{start}).now)
			s := bench(algorithm)
			s.Realm.DefaultSignatureAlgorithm = algorithm
			g := grantOf(s, "openid")
			t, err := m.Mint(context.Background(), g, g.NewID())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.VerifyAccess(s, issuer, t.Access); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("refresh token", func(b *testing.B) {
		m := NewMinter((&clock{start}).now)
		s := bench()
		g := grantOf(s, "openid")
		t, err := m.Mint(context.Background(), g, g.NewID())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := m.VerifyRefresh(s, issuer, t.Refresh); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRoles(b *testing.B) {
	s := bench()
	client := s.ClientByClientID("bench-app")
	scope, _ := ResolveScope(s, client, "openid")
	h := &latchkey.Holdings{Roles: []string{"default"}}
	b.ReportAllocs()
	for b.Loop() {
		ResolveRoles(s, client, scope, h.RoleIDs())
	}
}
