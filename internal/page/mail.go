package page

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/a-h/templ"

	"latchkey"
)

// Facts are what a mail tells of: the same as the outbox's Facts.
type Facts struct {
	Message *latchkey.Message
	Realm   *latchkey.Realm
	Client  *latchkey.Client // nil when the mail is for no application
	User    *latchkey.User   // nil for an address without an account
	Link    latchkey.Secret  // the whole URL; empty for MailNoAccount
	Code    latchkey.Secret  // empty when the mail carries the link only
	Login   *latchkey.Login  // nil when no login asked for the mail
	Token   *latchkey.ActionToken
	BaseURL string
}

// Content is what a mail says: the same as the outbox's Content.
type Content struct{ Subject, Text, HTML string }

// mail is a mail's sentences, in order; text and HTML are two ways to set the
// same.
type mail struct {
	lang, dir string
	realm     string
	subject   string
	asked     []any // a key and its arguments: who asked, for what
	linkIntro string
	button    string
	url       string
	codeIntro string
	codeLine  []any // a key and its arguments
	next      string
	small     [][]any // keys with their arguments
	accent    string
}

// Compose writes a mail. The same facts give the same mail: its times
// are those of the message, never the clock's. A known and an unknown address
// get the same one.
func (k *Kit) Compose(f Facts) (Content, error) {
	if f.Message == nil || f.Realm == nil {
		return Content{}, latchkey.Errorf(latchkey.CodeInvalid, "A mail needs its message and its realm.")
	}
	t := k.TextsOf(f.Realm, k.mailLanguage(f))
	m, err := k.mail(t, f)
	if err != nil {
		return Content{}, err
	}
	var html bytes.Buffer
	ctx := context.WithValue(context.Background(), viewKey{}, &view{kit: k, texts: t, meta: Meta{Lang: t.Lang(), Realm: m.realm}})
	if err := mailDocument(m).Render(ctx, &html); err != nil {
		return Content{}, fmt.Errorf("render mail: %w", err)
	}
	return Content{Subject: m.subject, Text: m.plain(t), HTML: html.String()}, nil
}

// Subject gives the subject of a mail by its facts but its link and its code:
// for those who look at what was sent.
func (k *Kit) Subject(f Facts) (string, error) {
	f.Link = "-" // the mail is not sent
	m, err := k.mail(k.TextsOf(f.Realm, k.mailLanguage(f)), f)
	return m.subject, err
}

// mailLanguage is the language of the login that asked, else of the user,
// else of the realm.
func (k *Kit) mailLanguage(f Facts) string {
	return k.Choose(f.Realm, Preferences{Param: f.Message.Locale, User: f.User.Locale()})
}

func (k *Kit) mail(t *Texts, f Facts) (mail, error) {
	m := mail{lang: t.Lang(), dir: t.Dir(), realm: clean(f.Realm.Title()), accent: mailAccent(f.Realm)}
	app := m.realm
	if f.Client != nil && !f.Client.Unapproved() && !f.Message.Kind.OfAccount() {
		app = k.AppTitle(f.Client, t.Lang())
	}
	address := clean(f.Message.Recipient)
	if address == "" {
		address = clean(f.Message.Address)
	}
	name, notYou := "magic", "mail.not-you"
	switch f.Message.Kind {
	case latchkey.MailMagicLink:
	case latchkey.MailNoAccount:
		name, notYou = "no-account", "mail.no-account.not-you"
	case latchkey.MailVerifyEmail:
		name, notYou = "verify", "mail.verify.not-you"
	case latchkey.MailRegister:
		name, notYou = "register", "mail.register.not-you"
	case latchkey.MailHasAccount:
		name, notYou = "has-account", "mail.has-account.not-you"
	case latchkey.MailReset:
		name, notYou = "reset", "mail.reset.not-you"
	case latchkey.MailExecuteActions:
		name, notYou = "actions", "mail.actions.not-you"
	case latchkey.MailAPILink:
		name, notYou = "api", "mail.api.not-you"
	case latchkey.MailUpdateEmail, latchkey.MailAddressTaken, latchkey.MailEmailChanged, latchkey.MailTest:
		name = string(f.Message.Kind)
		notYou = "mail." + name + ".not-you"
	case latchkey.MailOTPAdded, latchkey.MailCredentialRemoved, latchkey.MailPasswordChanged:
		name, notYou = string(f.Message.Kind), "mail.notice.not-you"
	case latchkey.MailAccountDeleted:
		name, notYou = string(f.Message.Kind), "mail.account-deleted.not-you"
	default:
		return m, latchkey.Errorf(latchkey.CodeInvalid, "There is no mail of the kind %q.", f.Message.Kind)
	}
	// The subject stands alone on its line: nothing to isolate it from.
	m.subject = t.Say("mail."+name+".subject", phrase(app))
	m.asked = []any{"mail." + name + ".asked", app, address}
	if !f.Message.Kind.Linked() {
		next := "mail." + name + ".next"
		if notYou == "mail.notice.not-you" || f.Message.Kind == latchkey.MailAccountDeleted {
			next = "mail.notice.next"
		}
		m.next = t.Say(next)
		m.small = append(t.asked(f), []any{notYou})
		return m, nil
	}
	if f.Link == "" {
		return m, latchkey.Errorf(latchkey.CodeInvalid, "A mail of the kind %q needs its link.", f.Message.Kind)
	}
	texts := name
	if name == "api" {
		texts = "magic"
	}
	m.linkIntro, m.button = t.Say("mail."+texts+".link"), t.Say("mail."+texts+".button", app)
	m.url = f.Link.Reveal()
	m.small = append(m.small, []any{"mail.until", stamped(until(f), t.Dir()), t.span(ends(f).Sub(f.Message.CreatedAt))})
	m.small = append(m.small, t.asked(f)...)
	m.small = append(m.small, []any{notYou})
	nobody := "mail.nobody-asks"
	if f.Code != "" && f.Message.Kind.Coded() {
		m.codeIntro = t.Say("mail.code")
		m.codeLine = []any{"mail.code.line", app, code(f.Code.Reveal())}
		nobody = "mail.nobody-asks-code"
	}
	m.small = append(m.small, []any{nobody, m.realm})
	return m, nil
}

// asked says when and from which browser the mail was asked for.
// A mail that no browser asked for was asked for by a program.
func (t *Texts) asked(f Facts) [][]any {
	if f.Message.Kind == latchkey.MailAPILink || f.Message.From == (latchkey.Browser{}) {
		return nil
	}
	at := phrase(f.Message.CreatedAt.UTC().Format("15:04"))
	browser := t.browser(f.Message.From)
	if place := clean(f.Message.From.Place); place != "" {
		return [][]any{{"mail.from.place", at, browser, place}}
	}
	return [][]any{{"mail.from", at, browser}}
}

// ends is when the mail's link ends.
func ends(f Facts) time.Time {
	if f.Token != nil && !f.Token.ExpiresAt.IsZero() {
		return f.Token.ExpiresAt
	}
	return f.Message.ExpiresAt
}

// until is the hour that the link ends at, with the day when that is another.
func until(f Facts) string {
	end := ends(f).UTC()
	if end.Sub(f.Message.CreatedAt) < 12*time.Hour {
		return end.Format("15:04")
	}
	return end.Format("2006-01-02 15:04")
}

// code is an argument of the mail's code line: its digits stand together, and
// run from left to right in every language.
type code string

// plain sets the mail as text, which alone is enough to sign in. The
// link stands alone on its line.
func (m mail) plain(t *Texts) string {
	var b strings.Builder
	line := func(text string) {
		b.WriteString(text)
		b.WriteByte('\n')
	}
	say := func(sentence []any) string { return t.Say(sentence[0].(string), plainArgs(sentence[1:])...) }
	line(say(m.asked))
	if m.next != "" {
		line(m.next)
	}
	line("")
	if m.url != "" {
		line(m.linkIntro)
		line(m.url)
		line("")
	}
	if m.codeLine != nil {
		line(m.codeIntro)
		line(say(m.codeLine))
		line("")
	}
	for _, s := range m.small {
		line(say(s))
	}
	line("")
	line(m.realm)
	return b.String()
}

func plainArgs(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		if c, ok := a.(code); ok {
			a = phrase(c)
		}
		out[i] = a
	}
	return out
}

// mailAccent is the colour of the mail's button: the realm's, darkened until
// white can be read on it, in light and in dark.
func mailAccent(realm *latchkey.Realm) string {
	c, ok := parseColour(realm.Attributes[AccentAttribute])
	if !ok {
		c = rgb{0x0b, 0x5d, 0x4e}
	}
	return c.towards(rgb{0, 0, 0}, lightGround).String()
}

// mailButton is a button without an image: a link with a ground of its own,
// which stays legible when a mail program turns the colours around.
func mailButton(m mail) templ.OrderedAttributes {
	return templ.OrderedAttributes{{Key: "style", Value: "display:inline-block;padding:10px 20px;border-radius:6px;font-weight:600;text-decoration:none;color:#ffffff;background-color:" +
		m.accent + ";border:1px solid " + m.accent + ";"}}
}

func mailArgs(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		if c, ok := a.(code); ok {
			a = mailCode(c)
		}
		out[i] = a
	}
	return out
}
