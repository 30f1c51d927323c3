package page_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/page"
	"latchkey/internal/page/sample"
)

func compose(t testing.TB, f page.Facts) page.Content {
	t.Helper()
	c, err := newKit(t).Compose(f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mailNamed(t testing.TB, name, lang string) page.Facts {
	t.Helper()
	for _, m := range sample.Mails() {
		if m.Name == name {
			return m.Facts(lang)
		}
	}
	t.Fatalf("there is no mail %s", name)
	return page.Facts{}
}

// subject, text, HTML and direction of every mail in every language.
func TestGoldenMails(t *testing.T) {
	for _, lang := range languages {
		var b strings.Builder
		for _, m := range sample.Mails() {
			c := compose(t, m.Facts(lang))
			fmt.Fprintf(&b, "-- %s --\nSubject: %s\n\n%s\n%s\n", m.Name, c.Subject, c.Text, strings.ReplaceAll(c.HTML, "><", ">\n<"))
		}
		golden(t, "mails."+lang+".txt", b.String())
	}
}

// the same facts in text and HTML, both short; the text alone is enough
// to sign in.
func TestMailTextAndHTMLSayTheSame(t *testing.T) {
	for _, lang := range languages {
		for _, m := range sample.Mails() {
			f := m.Facts(lang)
			c := compose(t, f)
			if n := len(c.Subject) + len(c.Text) + len(c.HTML); n > 12_000 { // quoted-printable may double parts of it
				t.Errorf("%s %s: %d bytes", lang, m.Name, n)
			}
			html := textOf(find(parse(t, c.HTML), "body", "", "")[0])
			for _, line := range strings.Split(c.Text, "\n") {
				line = strings.NewReplacer("\u2068", "", "\u2069", "").Replace(line)
				if !strings.Contains(strings.NewReplacer("\u2068", "", "\u2069", "").Replace(html), line) {
					t.Errorf("%s %s: the HTML does not say %q", lang, m.Name, line)
				}
			}
			if link := f.Link.Reveal(); link != "" {
				// Alone on its line, so that nothing gets into it.
				if !strings.Contains(c.Text, "\n"+link+"\n") {
					t.Errorf("%s %s: the text lacks the link", lang, m.Name)
				}
			}
			if code := f.Code.Reveal(); code != "" {
				if !strings.Contains(c.Text, " "+code+".\n") || !strings.Contains(html, code+".") {
					t.Errorf("%s %s: the code does not stand in one piece on its line (R-175)", lang, m.Name)
				}
				if strings.Contains(c.Subject, code) {
					t.Errorf("%s %s: the subject has the code (R-171)", lang, m.Name)
				}
			}
		}
	}
}

// what looks like a link is where it leads; there is no other.
func TestMailLinksAreVisible(t *testing.T) {
	for _, m := range sample.Mails() {
		f := m.Facts("en")
		doc := parse(t, compose(t, f).HTML)
		links := find(doc, "a", "", "")
		want := 2 // the button and the URL below it
		if f.Link == "" {
			want = 0
		}
		if len(links) != want {
			t.Errorf("%s: %d links", m.Name, len(links))
			continue
		}
		for _, a := range links {
			if attr(a, "href") != f.Link.Reveal() {
				t.Errorf("%s: a link to %s", m.Name, attr(a, "href"))
			}
		}
		if want > 0 && textOf(links[1]) != f.Link.Reveal() {
			t.Errorf("%s: the URL reads %q", m.Name, textOf(links[1]))
		}
		for _, tag := range []string{"img", "script", "link", "form", "iframe", "input"} {
			if len(find(doc, tag, "", "")) > 0 {
				t.Errorf("%s: there is a <%s>", m.Name, tag)
			}
		}
		if strings.Contains(compose(t, f).HTML, "url(") {
			t.Errorf("%s: something is loaded", m.Name)
		}
	}
}

// who asks, for which address, from where, until when, and that nobody
// will ever ask for it.
func TestMailSaysWhoAndUntilWhen(t *testing.T) {
	text := compose(t, mailNamed(t, "magic-link-place", "en")).Text
	for _, want := range []string{
		"Acme Shop", "ada@example.test", "Safari on iOS", "near Vienna", "14:02 UTC", "until 14:12 UTC (10 minutes)",
		"If this was not you", "Nobody from Acme will ever ask you for this link or this code.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the mail does not say %q:\n%s", want, text)
		}
	}
	if text := compose(t, mailNamed(t, "magic-link-only", "en")).Text; strings.Contains(text, "code") {
		t.Errorf("a mail without a code speaks of one:\n%s", text)
	}
	// The address is the one that it goes to, not the one that was typed.
	f := mailNamed(t, "magic-link", "en")
	f.Message.Address, f.Message.Recipient = "ADA@example.test", "ada@example.test"
	if text := compose(t, f).Text; strings.Contains(text, "ADA") {
		t.Errorf("the mail names the address that was typed:\n%s", text)
	}
	// The token's end counts where it is known; a day is named when it is another.
	f.Token = &latchkey.ActionToken{ExpiresAt: f.Message.CreatedAt.Add(20 * time.Minute)}
	if text := compose(t, f).Text; !strings.Contains(text, "until 14:22 UTC (20 minutes)") {
		t.Errorf("the token's end is not named:\n%s", text)
	}
	if text := compose(t, mailNamed(t, "api-link", "en")).Text; !strings.Contains(text, "until 2026-03-15 14:02 UTC (24 hours)") {
		t.Errorf("the day is not named:\n%s", text)
	}
}

// whatever an operator or a stranger wrote, the mail is one
// mail, its subject one line, its text no markup.
func TestMailTakesNoForeignText(t *testing.T) {
	const nasty = "Shop\r\nBcc: eve@evil.test\r\n\r\n<a href=\"https://evil.test\">win</a>\u202e\u200b"
	f := mailNamed(t, "magic-link", "en")
	f.Client.Name, f.Realm.DisplayName = nasty, nasty
	f.Message.From = latchkey.Browser{Name: "x\ny", OS: "z\r\n", Place: "<b>here</b>\nX: y"}
	f.Message.Recipient = "ada@example.test\r\nX: y"
	c := compose(t, f)
	if strings.ContainsAny(c.Subject, "\r\n\u202e\u200b") {
		t.Errorf("subject %q", c.Subject)
	}
	for _, bad := range []string{"\r", "\u202e", "\u200b", "\nBcc:", "\nX:"} {
		if strings.Contains(c.Text, bad) {
			t.Errorf("the text has %q", bad)
		}
	}
	if strings.Contains(c.HTML, "<a href=\"https://evil.test\"") || strings.Contains(c.HTML, "<b>here") {
		t.Error("the HTML has foreign markup")
	}
}

// the same facts give the same mail. R-050: a known and an unknown
// address get the same one.
func TestMailIsTheSameAgain(t *testing.T) {
	for _, m := range sample.Mails() {
		if compose(t, m.Facts("ar")) != compose(t, m.Facts("ar")) {
			t.Errorf("%s: two mails of the same facts differ", m.Name)
		}
	}
	known, unknown := mailNamed(t, "magic-link", "en"), mailNamed(t, "magic-link", "en")
	known.User = &latchkey.User{Username: "ada", FirstName: "Ada", Email: "ada@example.test"}
	if compose(t, known) != compose(t, unknown) {
		t.Error("a known address gets another mail")
	}
}

func TestMailLanguage(t *testing.T) {
	f := mailNamed(t, "magic-link", "")
	for name, c := range map[string]struct{ message, user, realm, want string }{
		"the realm's":    {"", "", "de", "Anmelden bei Acme Shop"},
		"the user's":     {"", "de", "en", "Anmelden bei Acme Shop"},
		"the login's":    {"en", "de", "ar", "Sign in to Acme Shop"},
		"an unknown one": {"fr", "", "en", "Sign in to Acme Shop"},
		"right to left":  {"ar", "", "en", "تسجيل الدخول إلى Acme Shop"},
	} {
		f.Message.Locale, f.Realm.DefaultLocale = c.message, c.realm
		f.User = &latchkey.User{Attributes: map[string][]string{"locale": {c.user}}}
		if got := compose(t, f).Subject; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestComposeRefuses(t *testing.T) {
	k := newKit(t)
	noLink := mailNamed(t, "magic-link", "en")
	noLink.Link = ""
	strange := mailNamed(t, "magic-link", "en")
	strange.Message.Kind = "advert"
	for name, f := range map[string]page.Facts{"nothing": {}, "no link": noLink, "a strange kind": strange} {
		if c, err := k.Compose(f); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}

// every ink of a mail can be read on white and, where the mail program
// takes the scheme over, on its dark ground; the button carries its own
// ground.
func TestMailContrast(t *testing.T) {
	f := mailNamed(t, "magic-link", "en")
	f.Realm.Attributes[page.AccentAttribute] = "#ffe000"
	html := compose(t, f).HTML
	light, dark, ok := strings.Cut(html, "@media (prefers-color-scheme: dark)")
	if !ok || !strings.Contains(html, `name="color-scheme" content="light dark"`) {
		t.Fatal("the mail knows no dark")
	}
	dark, _, _ = strings.Cut(dark, "</style>")
	ink := regexp.MustCompile(`[^-]color: (#[0-9a-f]{6})`)
	for ground, css := range map[string]string{"#ffffff": light, "#121212": dark, "#1f1f1f": dark} {
		found := ink.FindAllStringSubmatch(css, -1)
		if len(found) != 2 {
			t.Fatalf("inks %v", found)
		}
		for _, c := range found {
			if r := contrastOf(t, c[1], ground); r < 4.5 {
				t.Errorf("%s on %s is %.2f:1", c[1], ground, r)
			}
		}
	}
	button := regexp.MustCompile(`color:(#[0-9a-f]{6});background-color:(#[0-9a-f]{6})`).FindStringSubmatch(html)
	if button == nil || contrastOf(t, button[1], button[2]) < 4.5 {
		t.Errorf("button %v", button)
	}
}

func contrastOf(t *testing.T, a, b string) float64 {
	t.Helper()
	r := page.Contrast(a, b)
	if r == 0 {
		t.Fatalf("%s or %s is no colour", a, b)
	}
	return r
}

// what an application that nobody approved of says of itself is in no
// mail.
func TestNoMailNamesAnUnapprovedApplication(t *testing.T) {
	for _, m := range sample.Mails() {
		f := m.Facts("en")
		if f.Client == nil {
			continue
		}
		c := *f.Client
		c.Name, c.ClientID = "Claim your prize", "claim-your-prize"
		c.Attributes = map[string]string{latchkey.AttributeUnapproved: "true"}
		f.Client = &c
		if mail := compose(t, f); strings.Contains(mail.Subject+mail.Text+mail.HTML, "rize") {
			t.Errorf("%s: %s\n%s", m.Name, mail.Subject, mail.Text)
		}
	}
}
