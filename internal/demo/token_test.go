package demo

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

func jwt(head, body string) string {
	b64 := base64.RawURLEncoding.EncodeToString
	return b64([]byte(head)) + "." + b64([]byte(body)) + ".c2lnbmF0dXJl"
}

// Tokens are shown as people read them, and their signature never.
func TestDecode(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	var d decoded
	d.read(jwt(`{"alg":"RS256","kid":"k1","typ":"JWT"}`, `{"zz":{"a":[1]},"sub":"u1","email":"ada@example.test","email_verified":true,"exp":1800000300,"iat":1799999999.5,"auth_time":1800000000,"nbf":"soon"}`), now)
	var got []string
	for _, c := range d.Claims {
		got = append(got, c.Name+"="+strings.Join(strings.Fields(c.Value), "")+"|"+c.Meaning)
	}
	want := []string{"email=ada@example.test|", "email_verified=true|", "sub=u1|", "exp=1800000300|15 January 2027, 08:05:00 UTC, in 5 minutes",
		"iat=1799999999.5|15 January 2027, 07:59:59 UTC, 1 second ago", "auth_time=1800000000|15 January 2027, 08:00:00 UTC, now", "nbf=soon|", `zz={"a":[1]}|`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") || d.Head != "RS256 k1" {
		t.Errorf("%s %q", d.Head, got)
	}
	for raw, head := range map[string]string{"": "", "opaque": "6 characters that only Latchkey can read", "a.b.c": "not readable", jwt(`{"alg":"x"}`, `[]`): "x"} {
		d := decoded{}
		if d.read(raw, now); d.Head != head || d.Claims != nil {
			t.Errorf("%q: %+v", raw, d)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{time.Second: "1 second", 59 * time.Second: "59 seconds", time.Minute: "1 minute", 89 * time.Second: "1 minute",
		100 * time.Second: "2 minutes", 30 * time.Minute: "30 minutes", 10 * time.Hour: "10 hours", 25 * time.Hour: "1 day", 72 * time.Hour: "3 days", 0: "a moment"} {
		if got := span(d); got != want {
			t.Errorf("%v: %s", d, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(jwt(`{"alg":"none"}`, `{"exp":1e400}`))
	f.Add("..")
	f.Add(jwt(`{}`, `{"exp":-1,"iat":null}`))
	f.Fuzz(func(_ *testing.T, raw string) {
		var d decoded
		d.read(raw, time.Unix(0, 0))
	})
}

// Memory is bounded: what is over goes first, then the oldest.
func TestSessionsAreBounded(t *testing.T) {
	now := time.Unix(0, 0)
	s := newSessions(Options{Now: func() time.Time { return now }})
	first := s.begin(attempt{})
	var last string
	for range maxKept + 5 {
		now = now.Add(time.Millisecond)
		last = s.begin(attempt{})
	}
	if len(s.attempts) > maxKept {
		t.Errorf("%d attempts", len(s.attempts))
	}
	if _, ok := s.take(first); ok {
		t.Error("the oldest is still there")
	}
	if _, ok := s.take(last); !ok {
		t.Error("the newest is gone")
	}
	if _, ok := s.take(last); ok {
		t.Error("taken twice")
	}
	cookie := s.start(session{name: "Ada"})
	if n, ok := s.find(cookie); !ok || n.name != "Ada" {
		t.Error("not signed in")
	}
	now = now.Add(sessionTime)
	if _, ok := s.find(cookie); ok {
		t.Error("signed in for ever")
	}
	s.end(cookie)
	if s.renew(cookie, nil, "") {
		t.Error("renewed what ended")
	}
}
