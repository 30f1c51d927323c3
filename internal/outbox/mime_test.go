package outbox

import (
	"bytes"
	"flag"
	"mime"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey"
)

var update = flag.Bool("update", false, "write the golden files anew")

func mustAddress(t testing.TB, s string) latchkey.Address {
	t.Helper()
	a, err := latchkey.ParseAddress(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return a
}

func goldenLetter(t testing.TB) letter {
	return letter{
		Sender: &latchkey.SMTP{From: "login@acme.example", FromDisplayName: "Acme", ReplyTo: "help@acme.example", ReplyToDisplayName: "Acme, Hilfe für alle",
			EnvelopeFrom: "bounces@mail.acme.example"},
		To: mustAddress(t, "ada@example.test"), ID: "0197b2c4-0000-7000-8000-000000000001", MessageID: "0197b2c4-0000-7000-8000-000000000001@acme.example",
		Kind: latchkey.MailMagicLink, Realm: "acme", App: "shop", At: time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("", 3600)),
		Content: Content{Subject: "Sign in to Acme Shop", Text: "Sign in:\nhttps://id.acme.example/realms/acme/login-actions/action-token?key=a.b\n.\nYour code is 123456. Grüße\n",
			HTML: "<p>Sign in: <a href=\"https://id.acme.example/realms/acme/login-actions/action-token?key=a.b\">here</a></p>\n"},
	}
}

// the raw mail, byte by byte.
func TestRawMail(t *testing.T) {
	p, err := goldenLetter(t).build()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "magic-link.eml")
	if *update {
		if err := os.WriteFile(path, p.raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(p.raw, want) {
		t.Errorf("the mail is\n%s\nwant\n%s", p.raw, want)
	}
	if p.from != "bounces@mail.acme.example" || p.to != "ada@example.test" {
		t.Errorf("envelope %q to %q", p.from, p.to)
	}
	m, err := parseStrict(p.raw, false)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.order, allowedFields) {
		t.Errorf("fields %v", m.order)
	}
	again, err := goldenLetter(t).build()
	if err != nil || !bytes.Equal(again.raw, p.raw) {
		t.Error("the same row gives other bytes (R-178)")
	}
}

// what an operator or a template may type, and what stands in the mail.
func TestHeaderText(t *testing.T) {
	tests := []struct{ name, display, subject, wantFrom, wantSubject string }{
		{"plain", "Acme", "Hello", `"Acme" <login@acme.example>`, "Hello"},
		{"no display name", "", "Hello", `login@acme.example`, "Hello"},
		{"quotes", `A "B" \ C`, "x", `"A \"B\" \\ C" <login@acme.example>`, "x"},
		{"new field in the name", "Acme\r\nBcc: eve@evil.test", "x", `"Acme Bcc: eve@evil.test" <login@acme.example>`, "x"},
		{"new field in the subject", "Acme", "a\nBcc: eve@evil.test\r\n\r\nbody", `"Acme" <login@acme.example>`, "a Bcc: eve@evil.test body"},
		{"encoded word that was typed", "=?utf-8?q?x?=", "=?utf-8?q?x?=", `=?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <login@acme.example>`, "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?="},
		{"NUL and escape", "A\x00c\x1bme", "x\x00", `"A c me" <login@acme.example>`, "x"},
		{"direction override", "A\u202ecme", "x", `"A cme" <login@acme.example>`, "x"},
		{"umlaut", "Ein großer Laden", "x", `=?utf-8?q?Ein_gro=C3=9Fer_Laden?= <login@acme.example>`, "x"},
		{"kanji are shorter in base64", "Acme", "会社へログイン", `"Acme" <login@acme.example>`, "=?utf-8?b?5Lya56S+44G444Ot44Kw44Kk44Oz?="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := goldenLetter(t)
			l.Sender.FromDisplayName, l.Content.Subject = tt.display, tt.subject
			p, err := l.build()
			if err != nil {
				t.Fatal(err)
			}
			m, err := parseStrict(p.raw, false)
			if err != nil {
				t.Fatal(err)
			}
			if m.fields["From"] != tt.wantFrom || m.fields["Subject"] != tt.wantSubject {
				t.Errorf("From: %s\nSubject: %s", m.fields["From"], m.fields["Subject"])
			}
		})
	}
}

// operators' addresses that would be another or several.
func TestSenderAddress(t *testing.T) {
	for _, ok := range []string{"noreply@example.test", "noreply@localhost", "a.b+c@x-y.example", "x@exämple.test"} {
		if _, err := senderAddress("from", ok); err != nil {
			t.Errorf("%q: %v", ok, err)
		}
	}
	for _, bad := range []string{"", "a", "a@", "@b", "a@b@c", "a@b, c@d", "A <a@b.test>", "a@b\r\nBcc: x@y.test", "a\x00@b.test", "a b@c.test",
		`"a"@b.test`, "a@[127.0.0.1]", "a..b@localhost", "a@-b", "用户@example.test", "a@b>", strings.Repeat("a", 250) + "@localhost"} {
		if got, err := senderAddress("from", bad); err == nil {
			t.Errorf("%q became %q", bad, got)
		} else if latchkey.ErrorCode(err) != latchkey.CodeInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestUTF8Recipient(t *testing.T) {
	l := goldenLetter(t)
	l.To = mustAddress(t, "用户@example.test")
	if _, err := l.build(); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
		t.Errorf("without allowutf8: %v", err)
	}
	l.Sender.AllowUTF8 = true
	p, err := l.build()
	if err != nil {
		t.Fatal(err)
	}
	m, err := parseStrict(p.raw, true)
	if err != nil || !p.utf8 || m.fields["To"] != "用户@example.test" {
		t.Errorf("%v %v %v", err, p.utf8, m)
	}
	l.To = mustAddress(t, "ada@例え.jp")
	if p, err := l.build(); err != nil || p.utf8 || p.to != "ada@xn--r8jz45g.jp" {
		t.Errorf("a domain needs no SMTPUTF8: %q %v", p.to, err)
	}
}

// a mail that programs would cut off is not sent.
func TestSize(t *testing.T) {
	l := goldenLetter(t)
	l.Content.HTML = strings.Repeat("x", 20_000)
	if _, err := l.build(); latchkey.ErrorCode(err) != latchkey.CodeInternal {
		t.Errorf("%v", err)
	}
}

// the last look refuses what lets servers disagree on the mail's end.
func TestCheckWire(t *testing.T) {
	for _, bad := range []string{"a\n.\n", "a\r.\r", "a\r\n.\n", "a\n.\r\n", "a\r\n\x00\r\n", "a", strings.Repeat("x", 999) + "\r\n"} {
		if checkWire([]byte(bad)) == nil {
			t.Errorf("%q passes", bad)
		}
	}
	if err := checkWire([]byte("a: b\r\n\r\n.\r\n")); err != nil {
		t.Error(err) // a lone dot is stuffed by the client
	}
}

// whatever goes in, an independent strict reader finds one mail with
// the fields of R-171 and the words that went in.
func FuzzBuild(f *testing.F) {
	f.Add("Acme", "Sign in", "text", "<p>html</p>", "ada@example.test", "realm", "app")
	f.Add("A\r\nBcc: x@y.test", "s\n\nbody", "\r\n.\r\nMAIL FROM:<x>", "\n.\n", "a+b@example.test", "r:e:a", "https://app/")
	f.Add("=?utf-8?q?x?=", "会社へログイン 会社へログイン 会社へログイン 会社へログイン", "--=_x\r\n--", "\u2028\u202e", "x@exämple.test", "", "\x00")
	f.Add(strings.Repeat("x", 200), strings.Repeat("y", 300), "=20=\n \n\t\n", "From me", "ada@example.test", strings.Repeat("z", 99), "é")
	f.Add("\"\\\"", "a  b\tc", "\xff\xfe", "\xc3", "用户@example.test", "x", "y")
	f.Fuzz(func(t *testing.T, display, subject, text, html, to, realm, app string) {
		address, err := latchkey.ParseAddress(to)
		if err != nil {
			return
		}
		l := goldenLetter(t)
		l.Sender = &latchkey.SMTP{From: "login@acme.example", FromDisplayName: display, ReplyTo: "help@acme.example", ReplyToDisplayName: subject, AllowUTF8: true}
		l.To, l.Realm, l.App, l.Content = address, realm, app, Content{Subject: subject, Text: text, HTML: html}
		p, err := l.build()
		if err != nil {
			if len(display)+len(subject)+len(text)+len(html) < 2000 {
				t.Fatalf("a small mail was refused: %v", err)
			}
			return
		}
		m, err := parseStrict(p.raw, p.utf8)
		if err != nil {
			t.Fatalf("%v in\n%q", err, p.raw)
		}
		if m.text != cleanBody(text) || m.html != cleanBody(html) {
			t.Errorf("text %q html %q", m.text, m.html)
		}
		decoded, err := new(mime.WordDecoder).DecodeHeader(m.fields["Subject"])
		if err != nil || decoded != cleanLine(subject) {
			t.Errorf("subject %q, want %q", decoded, cleanLine(subject))
		}
		if m.fields["To"] != address.Envelope() || p.to != address.Envelope() || strings.ContainsAny(p.to, " <>,;\r\n") {
			t.Errorf("to %q", m.fields["To"])
		}
		if !strings.HasSuffix(m.fields["From"], "login@acme.example") && !strings.HasSuffix(m.fields["From"], "<login@acme.example>") {
			t.Errorf("from %q", m.fields["From"])
		}
		if strings.Count(m.fields["Feedback-ID"], ":") != 3 {
			t.Errorf("feedback id %q", m.fields["Feedback-ID"])
		}
	})
}
