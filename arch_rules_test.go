package latchkey_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// broken has, for every rule, a file that breaks it and nothing else that the
// rule looks at.
var broken = map[string]struct{ path, text string }{
	"imports go down the floors":                 {"internal/store/x.go", `package store; import _ "latchkey/internal/login"`},
	"doors never import doors":                   {"internal/oidc/x.go", `package oidc; import _ "latchkey/internal/login"`},
	"the nouns do no I/O":                        {"x.go", `package latchkey; import _ "net/http"`},
	"only store speaks to a database":            {"internal/realm/x.go", `package realm; import _ "database/sql"`},
	"no math/rand":                               {"internal/token/x.go", `package token; import _ "math/rand/v2"`},
	"randomness comes from secret":               {"internal/login/x.go", `package login; import _ "crypto/rand"`},
	"no unsafe":                                  {"internal/web/x.go", `package web; import _ "unsafe"`},
	"no package is called after nothing":         {"internal/util/x.go", `package util`},
	"only outbox hands mail to a relay":          {"internal/login/x.go", `package login; import _ "github.com/wneessen/go-mail"`},
	"only the mailbox of dev takes mail by SMTP": {"internal/outbox/x.go", `package outbox; import _ "github.com/emersion/go-smtp"`},
	"flow, authenticators and required actions never import net/http": {"internal/authenticator/x.go", `package authenticator; import _ "net/http"`},

	"verbs and plug-ins never open a transaction":     {"internal/session/x.go", `package session; func f() { db.Update(ctx, func(tx *store.Tx) error { return nil }) }`},
	"only login/finish.go starts a session":           {"internal/login/link.go", `package login; import "latchkey/internal/session"; var _ = session.Start`},
	"only token signs":                                {"internal/oidc/x.go", `package oidc; import "github.com/go-jose/go-jose/v4"; var _ = jose.NewSigner`},
	"the clock comes in":                              {"internal/login/x.go", `package login; import "time"; var _ = time.Now`},
	"nothing sleeps":                                  {"internal/login/x_test.go", `package login; import "time"; func f() { time.Sleep(1) }`},
	"no test-only behaviour in production":            {"internal/login/x.go", `package login; import _ "testing"`},
	"no client but the one that looks where it dials": {"internal/login/x.go", `package login; import "net/http"; var _ = http.DefaultClient`},
	"one log":                             {"internal/login/x.go", `package login; import "fmt"; func f() { fmt.Println() }`},
	"no panic on input":                   {"internal/login/x.go", `package login; func f() { panic("x") }`},
	"no policy that allows inline code":   {"internal/login/x.go", `package login; const p = "script-src 'unsafe-inline'"`},
	"a file has at most 500 lines":        {"internal/login/x_test.go", "package login\n" + strings.Repeat("\n", maxFile)},
	"a function has at most 80 lines":     {"internal/login/x.go", "package login; func f() {" + strings.Repeat("\n", maxFunction) + "}"},
	"a function has at most 5 parameters": {"internal/login/x.go", `package login; func f(a, b, c, d, e, f int) {}`},
	"an interface has at most 5 methods":  {"internal/login/x.go", `package login; type i interface { A(); B(); C(); D(); E(); F() }`},
	"a package has a doc.go":              {"internal/login/x.go", `package login`},
	"an exported name has a comment":      {"internal/login/x.go", "package login\n\nfunc (t *T) Name() {}"},
	"an ES module has at most 100 lines":  {"internal/page/resources/x.js", strings.Repeat("\n", maxScript+1)},
}

// Every rule notices a file that breaks it, and says where.
func TestRulesNotice(t *testing.T) {
	for _, r := range append(append([]rule(nil), nevers...), sizes...) {
		t.Run(r.name, func(t *testing.T) {
			example, ok := broken[r.name]
			if !ok {
				t.Fatal("no example breaks this rule")
			}
			root := t.TempDir()
			file := filepath.Join(root, filepath.FromSlash(example.path))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(example.text), 0o600); err != nil {
				t.Fatal(err)
			}
			h, err := load(root)
			if err != nil {
				t.Fatal(err)
			}
			found := r.check(h)
			if len(found) != 1 {
				t.Fatalf("%d breaches, want 1: %v", len(found), found)
			}
			if dir := filepath.ToSlash(filepath.Dir(example.path)); !strings.HasPrefix(found[0].at, dir) && dir != "." {
				t.Errorf("the breach is said to be at %s", fmt.Sprint(found[0]))
			}
		})
	}
}
