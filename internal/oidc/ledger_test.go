package oidc_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every file and every test that docs/protocol.md names is there, so that the
// ledger cannot promise what is gone.
func TestLedger(t *testing.T) {
	const root = "../.."
	text, err := os.ReadFile(filepath.Join(root, "docs", "protocol.md"))
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	for _, dir := range []string{".", "internal/oidc", "internal/token", "internal/session", "internal/account", "internal/authenticator", "internal/servertest", "internal/store", "internal/credential", "internal/admin"} {
		files, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no tests in %s: %v", dir, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(b)
		}
	}
	names := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z]+)`").FindAllStringSubmatch(string(text), -1)
	files := regexp.MustCompile("`((?:(?:oidc|token|session|web|flow|authenticator|backchannel|credential|store)/[a-z_]+|redirect)\\.go)`").FindAllStringSubmatch(string(text), -1)
	if len(names) < 50 || len(files) < 50 {
		t.Fatalf("only %d tests and %d files were found", len(names), len(files))
	}
	for _, n := range names {
		if !strings.Contains(tests.String(), "func "+n[1]+"(") {
			t.Errorf("there is no %s", n[1])
		}
	}
	for _, f := range files {
		place := filepath.Join(root, "internal", f[1])
		if !strings.Contains(f[1], "/") {
			place = filepath.Join(root, f[1])
		}
		if _, err := os.Stat(place); err != nil {
			t.Errorf("there is no %s", f[1])
		}
	}
}
