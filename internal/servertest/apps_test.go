package servertest_test

import (
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"latchkey/internal/representation"
	"latchkey/internal/servertest"
)

// The program of docs/apps/go.md builds and signs somebody in: what stands
// there works as it stands there.
func TestGoPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/apps/go.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```go\n(package main.*?)```").FindSubmatch(text)
	if block == nil {
		t.Fatal("docs/apps/go.md has no program")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close() // the program listens there
	own := fmt.Sprintf("localhost:%d", port)
	// Inside of the module, whose libraries the program needs.
	dir, err := os.MkdirTemp("testdata", "app-*") //nolint:usetesting // not inside of the module
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte(strings.ReplaceAll(string(block[1]), "localhost:3000", own)), 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "app")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("the program does not build: %v\n%s", err, out)
	}

	s := servertest.Start(t)
	s.Clock.Advance(time.Since(s.Clock.Now())) // the program goes by the machine's
	rp := s.RP("demo", func(c *representation.Client) { c.RedirectURIs = []string{"http://" + own + "/callback"} })
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), "ISSUER="+s.Site().Issuer("demo"), "CLIENT_ID="+rp.Client.ClientID, "CLIENT_SECRET=")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	s.Eventually("the program to listen", func() bool {
		c, err := net.DialTimeout("tcp", own, time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	b := s.Browser()
	b.Get("http://"+own+"/").FormWith("username").Set("username", "ada@example.test").Submit()
	p := b.Get(s.Mail.Wait("ada@example.test").Link).Form(0).Submit()
	if !p.Has("(ada@example.test, proven: true)") {
		t.Errorf("the program says at %s: %s", p.URL, p.Body)
	}
}

// What a Spring resource server checks of an access token, and what it reads
// from it: issuer, keys by discovery, expiry, audience, realm_access.
func TestResourceServer(t *testing.T) {
	s := servertest.Start(t)
	rp := s.RP("demo", func(c *representation.Client) {
		c.ProtocolMappers = []representation.ProtocolMapper{{Name: "api", Protocol: "openid-connect", ProtocolMapper: "oidc-audience-mapper",
			Config: map[string]string{"included.custom.audience": "shop-api", "access.token.claim": "true"}}}
	})
	b := s.Browser()
	rp.Start(b).FormWith("username").Set("username", "ada@example.test").Submit()
	tokens := rp.Finish(b.Get(s.Mail.Wait("ada@example.test").Link).Form(0).Submit())

	var discovered struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	_, body := s.Get("/realms/demo/.well-known/openid-configuration")
	if err := json.Unmarshal([]byte(body), &discovered); err != nil || discovered.Issuer != s.Site().Issuer("demo") {
		t.Fatalf("%v: issuer %q", err, discovered.Issuer)
	}
	var keys jose.JSONWebKeySet
	status, body := s.Get(strings.TrimPrefix(discovered.JWKSURI, s.Base))
	if err := json.Unmarshal([]byte(body), &keys); status != http.StatusOK || err != nil {
		t.Fatalf("%d %v", status, err)
	}
	token, err := jwt.ParseSigned(tokens.AccessToken, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	found := keys.Key(token.Headers[0].KeyID)
	if len(found) != 1 || found[0].Use != "sig" {
		t.Fatalf("%d keys of the token's kid", len(found))
	}
	if _, ok := found[0].Key.(*rsa.PublicKey); !ok {
		t.Errorf("the key is a %T", found[0].Key)
	}
	var claims struct {
		jwt.Claims
		Type  string `json:"typ"`
		Realm struct {
			Roles []string `json:"roles"`
		} `json:"realm_access"`
	}
	if err := token.Claims(found[0].Key, &claims); err != nil {
		t.Fatal(err)
	}
	if err := claims.ValidateWithLeeway(jwt.Expected{Issuer: discovered.Issuer, AnyAudience: jwt.Audience{"shop-api"}, Time: s.Clock.Now()}, 0); err != nil {
		t.Error(err)
	}
	if claims.Type != "Bearer" || claims.Subject == "" || !slices.Contains(claims.Realm.Roles, "default-roles-demo") {
		t.Errorf("claims %+v", claims)
	}
}
