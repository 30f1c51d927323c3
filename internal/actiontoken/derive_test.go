package actiontoken_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// three digits, none twice, no run, no round number.
func TestNumber(t *testing.T) {
	k := storetest.Keyring()
	seen := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		id, generation := rapid.String().Draw(t, "login"), rapid.IntRange(0, 1000).Draw(t, "generation")
		n := actiontoken.Number(k, id, generation)
		a, b, c := n[0], n[1], n[2]
		switch {
		case !regexp.MustCompile(`^[1-9]\d[1-9]$`).MatchString(n):
			t.Fatalf("%s is no three digits, or round", n)
		case a == b || b == c || a == c:
			t.Fatalf("%s has a digit twice", n)
		case b-a == 1 && c-b == 1, a-b == 1 && b-c == 1:
			t.Fatalf("%s is a run", n)
		}
		if actiontoken.Number(k, id, generation) != n {
			t.Fatal("the number of a login changes")
		}
		if !actiontoken.CheckNumber(k, id, generation, " "+n[:1]+"-"+n[1:]+" ") || actiontoken.CheckNumber(k, id, generation, n+"1") ||
			actiontoken.CheckNumber(k, id, generation, n[:2]) || actiontoken.CheckNumber(k, id, generation, "") {
			t.Fatal("CheckNumber")
		}
		for _, other := range []string{"000", "123", n[1:] + n[:1]} {
			if actiontoken.CheckNumber(k, id, generation, other) {
				t.Fatalf("%s passes for %s", other, n)
			}
		}
	})
	for i := range 100 {
		seen[actiontoken.Number(k, fmt.Sprint(i), 0)] = true
	}
	if len(seen) < 80 {
		t.Errorf("a hundred logins have %d numbers", len(seen))
	}
	differ := 0
	for g := range 100 {
		if actiontoken.Number(k, "login", g) != actiontoken.Number(k, "login", g+1) {
			differ++
		}
	}
	if differ < 95 {
		t.Errorf("%d of 100 generations have another number", differ)
	}
}

// a code is taken as people type and paste it, and no other is.
func TestCode(t *testing.T) {
	k := storetest.Keyring()
	seen := map[string]bool{}
	for i := range 500 {
		seen[actiontoken.Code(k, fmt.Sprint(i)).Reveal()] = true
	}
	if len(seen) < 498 {
		t.Errorf("500 logins have %d codes", len(seen))
	}
	code := actiontoken.Code(k, "login").Reveal()
	if !regexp.MustCompile(`^\d{6}$`).MatchString(code) || actiontoken.Code(k, "login").Reveal() != code {
		t.Fatalf("code %q", code)
	}
	shift := func(zero rune) string {
		return strings.Map(func(r rune) rune { return r - '0' + zero }, code)
	}
	for _, typed := range []string{code, " " + code + "\n", code[:3] + " " + code[3:], code[:3] + "-" + code[3:], code[:3] + "–" + code[3:],
		code[:3] + "\u00a0" + code[3:], "\u2068" + code + "\u2069", shift(0x0660), shift(0x06F0), shift(0xFF10), shift(0x0966)} {
		if !actiontoken.CheckCode(k, "login", typed) {
			t.Errorf("CheckCode refuses %q", typed)
		}
	}
	for _, typed := range []string{"", " ", code[:5], code + "0", "0" + code, "x" + code, code + "x", shift(0x1D7CE), shift(0x0BE6), strings.Repeat(" ", 300) + code} {
		if actiontoken.CheckCode(k, "login", typed) {
			t.Errorf("CheckCode takes %q", typed)
		}
	}
	if actiontoken.CheckCode(k, "other", code) {
		t.Error("the code of one login passes for another")
	}
}

func FuzzCheckCode(f *testing.F) {
	k := storetest.Keyring()
	code := actiontoken.Code(k, "login").Reveal()
	f.Add("123456")
	f.Add("12 34-56")
	f.Add("\xff")
	f.Add("١٢٣٤٥٦")
	f.Fuzz(func(t *testing.T, typed string) {
		if actiontoken.CheckCode(k, "login", typed) && !strings.ContainsAny(typed, code[:1]) && typed < "\x80" {
			t.Fatalf("%q passes for %s", typed, code)
		}
	})
}

// the key of a link, and what mail programs do to it.
func TestParseKey(t *testing.T) {
	id, s := strings.Repeat("i", 22), strings.Repeat("s", 43)
	key := id + "." + s
	for _, mangled := range []string{key, " " + key, key + "\r\n", key + ".", key + ">", "<" + key + ">", key + ").", "\"" + key + "\"", key + "*"} {
		gotID, got, ok := actiontoken.ParseKey(mangled)
		if !ok || gotID != id || got.Reveal() != s {
			t.Errorf("ParseKey(%q) = %q, %q, %v", mangled, gotID, got.Reveal(), ok)
		}
	}
	for _, bad := range []string{"", ".", id, id + ".", key[:65], key + "s", id + "-" + s, id + "." + s[:42] + "=", "é" + key[2:],
		id + "." + s + "x.", strings.Repeat("a", 1000), id + "." + s[:20] + " " + s[21:], key + "\x00"} {
		if gotID, got, ok := actiontoken.ParseKey(bad); ok {
			t.Errorf("ParseKey(%q) = %q, %q", bad, gotID, got.Reveal())
		}
	}
	t1 := &latchkey.ActionToken{ID: id, SecretHash: secret.Hash(s)}
	if got := actiontoken.Key(t1, latchkey.Secret(s)).Reveal(); got != key || url.QueryEscape(got) != got {
		t.Errorf("Key = %q", got)
	}
	if !actiontoken.Matches(t1, latchkey.Secret(s)) || actiontoken.Matches(t1, latchkey.Secret(s[1:]+"t")) || actiontoken.Matches(t1, "") ||
		actiontoken.Matches(&latchkey.ActionToken{}, "") {
		t.Error("Matches")
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add(strings.Repeat("i", 22) + "." + strings.Repeat("s", 43))
	f.Add("<" + strings.Repeat("-", 22) + "." + strings.Repeat("_", 43) + ">.")
	f.Add("")
	f.Fuzz(func(t *testing.T, key string) {
		id, s, ok := actiontoken.ParseKey(key)
		if !ok {
			return
		}
		whole := id + "." + s.Reveal()
		if !strings.Contains(key, whole) || len(whole) != 66 || url.QueryEscape(whole) != whole {
			t.Fatalf("ParseKey(%q) = %q", key, whole)
		}
	})
}

// the secret has 256 bits, and neither it nor the code is in the
// database in any form that can be read.
func TestNothingSecretIsStored(t *testing.T) {
	db, dbURL := storetest.SQLite(t)
	w := newWorld(t, db)
	var secrets []string
	for i := range 20 {
		l := w.login(fmt.Sprint("browser", i))
		token, s := w.mail(l, fmt.Sprintf("user%d@example.test", i))
		raw, err := base64.RawURLEncoding.DecodeString(s.Reveal())
		if err != nil || len(raw) != 32 {
			t.Fatalf("a secret of %d bytes, %v", len(raw), err)
		}
		if !actiontoken.Matches(token, s) {
			t.Fatal("the token does not match its secret")
		}
		secrets = append(secrets, s.Reveal(), string(raw), hex.EncodeToString(raw), base64.StdEncoding.EncodeToString(raw), url.QueryEscape(s.Reveal()))
		if code := w.codeOf(l); !w.getLogin(l.ID).Ended() { // six digits turn up by chance in numbers: search them as text
			secrets = append(secrets, `"`+code+`"`, " "+code+" ")
		}
	}
	path := strings.TrimPrefix(dbURL, "sqlite:")
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of the database %s: %v", dbURL, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets {
			if bytes.Contains(data, []byte(s)) {
				t.Errorf("%s holds %q", filepath.Base(file), s)
			}
		}
	}
}

func TestIssue(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		l := w.login("browser")
		a, s := w.mail(l, "Ada@example.test")
		b, s2 := w.mail(l, "Ada@example.test")
		if a.ID == b.ID || s == s2 || len(a.ID) != 22 || !a.CreatedAt.Equal(w.clock.Now()) {
			t.Errorf("tokens %+v and %+v", a, b)
		}
		w.update(func(tx *store.Tx) error {
			stored, err := tx.ActionToken(w.snap.Realm.ID, a.ID)
			if err == nil && (!actiontoken.Matches(stored, s) || actiontoken.Matches(stored, s2) || stored.Address != "Ada@example.test") {
				t.Errorf("stored %+v", stored)
			}
			return err
		})
	})
}

func TestParseMagicConfig(t *testing.T) {
	def := actiontoken.ParseMagicConfig(nil, "acme")
	want := actiontoken.MagicConfig{CreateUser: true, Lifespan: 600 * time.Second, OtherBrowser: "number", Code: true, Resend: 30 * time.Second,
		Kind: latchkey.TokenMagicLink, Mail: latchkey.MailMagicLink}
	if fmt.Sprint(def) != fmt.Sprint(want) {
		t.Errorf("the defaults are %+v", def)
	}
	if actiontoken.ParseMagicConfig(nil, "master").CreateUser {
		t.Error("realm master makes accounts by default")
	}
	if !actiontoken.ParseMagicConfig(map[string]string{actiontoken.KeyCreateUser: "true"}, "master").CreateUser {
		t.Error("realm master cannot be told to make accounts")
	}
	// a lifespan is kept inside its bounds; what is no number is the default.
	for text, seconds := range map[string]int{"": 600, "x": 600, "0": 600, "-5": 600, "1": 1, "300": 300, "3600": 3600, "3601": 3600, "86400": 3600,
		"99999999999999999999": 600, " 120 ": 120, "1.5": 600} {
		got := actiontoken.ParseMagicConfig(map[string]string{actiontoken.KeyLifespan: text}, "acme").Lifespan
		if got != time.Duration(seconds)*time.Second {
			t.Errorf("lifespan %q is %v, want %d s", text, got, seconds)
		}
	}
	for text, seconds := range map[string]int{"": 30, "1": 5, "60": 60, "9999": 600, "x": 30} {
		got := actiontoken.ParseMagicConfig(map[string]string{actiontoken.KeyResend: text}, "acme").Resend
		if got != time.Duration(seconds)*time.Second {
			t.Errorf("resend %q is %v, want %d s", text, got, seconds)
		}
	}
	for _, c := range []struct{ other, code, want string }{
		{"code", "true", "code"}, {"refuse", "", "refuse"}, {"REFUSE ", "", "refuse"}, {"anything", "", "number"}, {"", "", "number"},
		{"code", "false", "refuse"}, // there is no code to type
	} {
		got := actiontoken.ParseMagicConfig(map[string]string{actiontoken.KeyOtherBrowser: c.other, actiontoken.KeyCode: c.code}, "acme")
		if got.OtherBrowser != c.want {
			t.Errorf("%+v: other browser %q", c, got.OtherBrowser)
		}
	}
	on := actiontoken.ParseMagicConfig(map[string]string{actiontoken.KeyUpdateProfile: "true", actiontoken.KeyUpdatePassword: "true",
		actiontoken.KeyReusable: "true", actiontoken.KeyNoticeUnknown: "true", actiontoken.KeyCreateUser: "false", actiontoken.KeyCode: "false"}, "acme")
	if !on.UpdateProfile || !on.UpdatePassword || !on.Reusable || !on.NoticeUnknown || on.CreateUser || on.Code {
		t.Errorf("switched: %+v", on)
	}
}

// allowed and denied domains, by the domain's canonical form.
func TestAllows(t *testing.T) {
	tests := []struct {
		allowed, denied, address string
		want                     bool
	}{
		{"", "", "a@example.test", true},
		{"example.test", "", "A@EXAMPLE.test", true},
		{"example.test", "", "a@sub.example.test", false},
		{"*.example.test", "", "a@sub.example.test", true},
		{"*.example.test", "", "a@example.test", false},
		{"*.example.test", "", "a@evilexample.test", false},
		{"example.test##other.test", "", "a@other.test", true},
		{"example.test, other.test\nthird.test", "", "a@third.test", true},
		{"@example.test", "", "a@example.test", true},
		{"exämple.test", "", "a@xn--exmple-cua.test", true},
		{"", "spam.test", "a@spam.test", false},
		{"", "spam.test", "a@example.test", true},
		{"example.test", "example.test", "a@example.test", false},
		{"*.test", "bad.test", "a@bad.test", false},
		{"example.test", "", "a@example.test.evil.test", false},
	}
	for _, test := range tests {
		c := actiontoken.ParseMagicConfig(map[string]string{actiontoken.KeyAllowedDomains: test.allowed, actiontoken.KeyDeniedDomains: test.denied}, "acme")
		if got := c.Allows(test.address); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}
