package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"latchkey"
)

func ring(t *testing.T, keys ...[]byte) *Keyring {
	t.Helper()
	var words []string
	for _, k := range keys {
		words = append(words, base64.StdEncoding.EncodeToString(k))
	}
	r, err := ParseKeyring(latchkey.Secret(strings.Join(words, ",")))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// 256 bits, base64url, never the same twice, every bit moves.
func TestTokens(t *testing.T) {
	form := regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
	seen := map[string]bool{}
	var ones [tokenBytes * 8]int
	const n = 2000
	for range n {
		s := Token()
		if !form.MatchString(s) || seen[s] {
			t.Fatalf("token %q", s)
		}
		seen[s] = true
		raw, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		for i := range ones {
			ones[i] += int(raw[i/8]>>(i%8)) & 1
		}
	}
	for i, c := range ones { // mean 1000, deviation 22: 10 deviations
		if c < 780 || c > 1220 {
			t.Errorf("bit %d is set %d times of %d", i, c, n)
		}
	}
}

func TestIDs(t *testing.T) {
	id := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	last := ""
	for range 100 {
		v := NewID()
		if !id.MatchString(v) || v <= last {
			t.Fatalf("%q after %q", v, last)
		}
		last = v
		if s := TabID(); !regexp.MustCompile(`^[A-Za-z0-9_-]{11}$`).MatchString(s) {
			t.Fatalf("tab %q", s)
		}
	}
	if len(Random(7)) != 7 {
		t.Error("Random(7)")
	}
}

func TestHashAndEqual(t *testing.T) {
	if got := hex.EncodeToString(Hash("abc")); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("Hash(abc) = %s", got)
	}
	if !Equal(Hash("a"), Hash("a")) || Equal(Hash("a"), Hash("b")) || Equal([]byte("a"), []byte("aa")) {
		t.Error("Equal")
	}
}

// start-up fails when the key is missing, weak or an example, and says
// what to do without repeating the key.
func TestParseKeyringRefuses(t *testing.T) {
	std := base64.StdEncoding
	row := make([]byte, 32)
	for i := range row {
		row[i] = byte(i)
	}
	long := Random(32)
	tests := []struct{ name, text, want string }{
		{"nothing", "", "no master key"},
		{"only separators", " , \n", "no master key"},
		{"16 bytes", std.EncodeToString(Random(16)), "16 bytes"},
		{"33 bytes", std.EncodeToString(Random(33)), "33 bytes"},
		{"a password", "correct horse", "neither"},
		{"zeros", std.EncodeToString(make([]byte, 32)), "repeats"},
		{"hex zeros", strings.Repeat("00", 32), "repeats"},
		{"low variety", hex.EncodeToString(bytes.Repeat(Random(8), 4)), "repeats"},
		{"a row", hex.EncodeToString(row), "row of numbers"},
		{"text", std.EncodeToString([]byte("the quick brown fox jumps over a")), "text"},
		{"SHA-256 of a word", std.EncodeToString(Hash("changeme")), "everybody knows"},
		{"test vector", knownKeys[0], "everybody knows"},
		{"twice", std.EncodeToString(long) + "," + hex.EncodeToString(long), "twice"},
		{"second is weak", std.EncodeToString(long) + " " + strings.Repeat("00", 32), "2 of 2"},
		{"stray bits", std.EncodeToString(long)[:42] + "B=", "neither"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseKeyring(latchkey.Secret(tt.text))
			if latchkey.ErrorCode(err) != latchkey.CodeInvalid {
				t.Fatalf("error %v", err)
			}
			if s := err.Error(); !strings.Contains(s, tt.want) || !strings.Contains(s, "openssl rand -base64 32") {
				t.Errorf("%q does not say %q and what to do", s, tt.want)
			}
			if len(tt.text) > 8 && strings.Contains(err.Error(), tt.text[:8]) {
				t.Errorf("%q repeats the key", err)
			}
		})
	}
}

func TestParseKeyringTakes(t *testing.T) {
	raw := Random(32)
	sealed := ring(t, raw).Seal("p", "i", []byte("x"))
	for _, text := range []string{
		base64.StdEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw),
		base64.URLEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
		hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)),
		"\n" + base64.StdEncoding.EncodeToString(raw) + "\n",
	} {
		r, err := ParseKeyring(latchkey.Secret(text))
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if _, err := r.Open("p", "i", sealed); err != nil {
			t.Errorf("another key came out: %v", err)
		}
	}
}

func TestSealOpen(t *testing.T) {
	k1, k2 := Random(32), Random(32)
	old, both, other := ring(t, k1), ring(t, k2, k1), ring(t, k2)
	plain := []byte("relay password")
	sealed := old.Seal("smtp", "realm-1", plain)
	if bytes.Contains(sealed, plain) {
		t.Fatal("not sealed")
	}
	if bytes.Equal(sealed, old.Seal("smtp", "realm-1", plain)) {
		t.Error("sealing twice gives the same bytes")
	}
	for name, r := range map[string]*Keyring{"same": old, "rotated": both} {
		got, err := r.Open("smtp", "realm-1", sealed)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	// The first key seals: the old ring cannot open what the new one sealed.
	if _, err := old.Open("p", "i", both.Seal("p", "i", plain)); !errors.Is(err, ErrSealed) {
		t.Errorf("old ring: %v", err)
	}
	refused := map[string]func() ([]byte, error){
		"other key":     func() ([]byte, error) { return other.Open("smtp", "realm-1", sealed) },
		"other purpose": func() ([]byte, error) { return old.Open("key", "realm-1", sealed) },
		"other id":      func() ([]byte, error) { return old.Open("smtp", "realm-2", sealed) },
		"moved border":  func() ([]byte, error) { return old.Open("smtpr", "ealm-1", sealed) },
		"short":         func() ([]byte, error) { return old.Open("smtp", "realm-1", sealed[:3]) },
		"cut":           func() ([]byte, error) { return old.Open("smtp", "realm-1", sealed[:len(sealed)-1]) },
		"empty":         func() ([]byte, error) { return old.Open("smtp", "realm-1", nil) },
	}
	for name, open := range refused {
		if got, err := open(); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := old.Open("smtp", "realm-1", changed); !errors.Is(err, ErrSealed) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	if got, err := old.Open("p", "", old.Seal("p", "", nil)); err != nil || len(got) != 0 {
		t.Errorf("empty: %q, %v", got, err)
	}
}

func TestMAC(t *testing.T) {
	k1, k2 := Random(32), Random(32)
	a := ring(t, k1)
	if len(a.MAC("code", "login")) != 32 || !Equal(a.MAC("code", "login"), ring(t, k1, k2).MAC("code", "login")) {
		t.Error("not the same under the same first key")
	}
	for name, other := range map[string][]byte{
		"key": ring(t, k2).MAC("code", "login"), "purpose": a.MAC("number", "login"),
		"part": a.MAC("code", "login2"), "border": a.MAC("code", "log", "in"), "moved": a.MAC("codel", "ogin"),
	} {
		if Equal(a.MAC("code", "login"), other) {
			t.Errorf("another %s gives the same MAC", name)
		}
	}
}

// no way of printing a keyring shows a key.
func TestKeyringHidesItself(t *testing.T) {
	r := ring(t, Random(32))
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "ring", r)
	js, err := json.Marshal(struct{ R *Keyring }{r})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{fmt.Sprint(r), fmt.Sprintf("%+v", r), fmt.Sprintf("%#v", r), fmt.Sprintf("%x", r), fmt.Sprintf("%d", r), log.String(), string(js)} {
		if !strings.Contains(s, "[redacted]") {
			t.Errorf("%q", s)
		}
	}
}

func FuzzParseKeyring(f *testing.F) {
	for _, s := range []string{"", ",", "AAAA", strings.Repeat("0", 64), knownKeys[1], base64.StdEncoding.EncodeToString(Hash("seed 1")) + " =="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseKeyring(latchkey.Secret(s))
		if (r == nil) == (err == nil) {
			t.Fatalf("%v, %v", r == nil, err)
		}
		if r != nil {
			if _, err := r.Open("p", "i", r.Seal("p", "i", []byte(s))); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzOpen(f *testing.F) {
	raw := Hash("a fixed key for the seeds")
	r, err := ParseKeyring(latchkey.Secret(hex.EncodeToString(raw)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	f.Add(r.Seal("p", "other", []byte("x")))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if _, err := r.Open("p", "i", sealed); !errors.Is(err, ErrSealed) {
			t.Fatal("opened what was never sealed")
		}
	})
}
