package demo

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// Stopping and starting loses nobody: who is signed in, and who is about to be.
func TestKept(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	dir := t.TempDir()
	o := Options{File: filepath.Join(dir, "demo.json"), Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	s := newSessions(o)
	state := s.begin(attempt{browser: "b", nonce: "n", verifier: "v"})
	gone := s.begin(attempt{})
	s.take(gone)
	cookie := s.start(session{token: &oauth2.Token{AccessToken: "a", RefreshToken: "r", Expiry: now}, idToken: "i", name: "Ada"})
	out := s.start(session{token: &oauth2.Token{}})
	s.end(out)
	s.renew(cookie, &oauth2.Token{AccessToken: "a2", RefreshToken: "r2"}, "")

	if info, err := os.Stat(o.File); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Errorf("%v is left behind: %v", list, err)
	}
	s = newSessions(o)
	if n, ok := s.find(cookie); !ok || n.name != "Ada" || n.idToken != "i" || n.token.AccessToken != "a2" || n.token.RefreshToken != "r2" {
		t.Errorf("the session is %+v", n)
	}
	if a, ok := s.take(state); !ok || a.browser != "b" || a.nonce != "n" || a.verifier != "v" {
		t.Errorf("the attempt is %+v", a)
	}
	if _, ok := s.take(gone); ok {
		t.Error("a state is good twice")
	}
	if _, ok := s.find(out); ok {
		t.Error("who signed out is signed in")
	}
	now = now.Add(sessionTime)
	if _, ok := newSessions(o).find(cookie); ok {
		t.Error("the file lengthens a session")
	}

	for _, bad := range []string{"", "{", `{"people":{"x":{}}}`, "[]"} {
		if err := os.WriteFile(o.File, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if s := newSessions(o); len(s.people) > 0 {
			t.Errorf("%q: %v", bad, s.people)
		}
	}
}
