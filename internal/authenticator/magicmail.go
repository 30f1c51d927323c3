package authenticator

import (
	"fmt"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/flow"
	"latchkey/internal/outbox"
	"latchkey/internal/ratelimit"
)

// lingers is how long a login lives on after its link ended, so that who
// comes late is told so and can ask for a new mail with one click.
const lingers = 5 * time.Minute

// send mails for the first time and shows the waiting page.
func (m mailStep) send(c *flow.Context, to *recipient) (flow.Outcome, error) {
	l := c.Login
	if l.Mail.Execution != c.Execution.ID {
		// The counters of tries are the login's and stay.
		l.Mail = latchkey.MailStep{Execution: c.Execution.ID, NumberGeneration: l.Mail.NumberGeneration}
	}
	if err := m.mail(c, to); err != nil {
		return flow.Outcome{}, err
	}
	return m.wait(c, nil)
}

// mail promises one mail. Whatever is true of the address, it reads one mark,
// takes from every limit, and writes a token, a message and an event.
func (m mailStep) mail(c *flow.Context, to *recipient) error {
	if !m.guard.Allow(c.Browser.IP, c.Now) {
		return latchkey.Errorf(latchkey.CodeTooMany, "Many requests come from your network. Try again in a minute.")
	}
	l, cfg, realm := c.Login, config(c), c.Realm.Realm
	l.From = c.Browser
	l.From.Known = knows(c, to.address)
	actiontoken.SetTypedAddress(l, to.address)
	c.SetNote(noteShown, to.shown)

	linkOnly, err := ratelimit.LinkOnly(c.Tx, realm.ID, to.address)
	if err != nil {
		return err
	}
	l.Mail.LinkOnly = linkOnly && !l.From.Known
	hit, _, err := ratelimit.Take(c.Tx, realm.ID, ratelimit.Mail(c.Tx.Keyring(), l, to.address, l.From)...)
	if err != nil {
		return err
	}
	reason := to.reason
	switch {
	case reason != "":
	case !cfg.Allows(to.address):
		reason = "denied_domain"
	case hit != "":
		reason = "limit:" + hit
	}
	if err := m.promise(c, to, reason); err != nil {
		return err
	}
	l.Mail.Sent++
	l.Mail.LastAt = c.Now
	return nil
}

// promise writes the token and the mail that carries it. A mail that is
// withheld has a token too, which nobody ever gets.
func (m mailStep) promise(c *flow.Context, to *recipient, reason string) error {
	l, cfg := c.Login, config(c)
	ends := c.Now.Add(cfg.Lifespan)
	if late := ends.Add(lingers); l.ExpiresAt.Before(late) {
		l.ExpiresAt = late
	}
	token := &latchkey.ActionToken{
		RealmID: l.RealmID, Kind: cfg.Kind, LoginID: l.ID, UserID: to.userID, ClientID: l.ClientID,
		ExpiresAt: ends, Address: to.address, Reusable: cfg.Reusable, Locale: l.Locale,
	}
	s, err := actiontoken.Issue(c.Tx, token)
	if err != nil {
		return err
	}
	message := &latchkey.Message{
		RealmID: l.RealmID, Kind: cfg.Mail, State: latchkey.MessageQueued, Address: to.address,
		LoginID: l.ID, TokenID: token.ID, Secret: s, ExpiresAt: ends, UserID: to.userID, ClientID: l.ClientID, Locale: l.Locale,
		WithCode:   cfg.Code && !l.Mail.LinkOnly && !l.Mail.CodeClosed && l.CodeTries < actiontoken.MaxCodeTries,
		CreateUser: cfg.CreateUser, NoticeUnknown: cfg.NoticeUnknown, From: l.From,
	}
	if reason != "" {
		message.State, message.Reason = latchkey.MessageWithheld, reason
	}
	return outbox.Queue(c.Tx, c.Realm.Realm, message)
}

// magicProperties are the options behind the gear: the first five as in the
// extension whose exports import here, the others Latchkey's own.
var magicProperties = []flow.Property{
	{Name: actiontoken.KeyCreateUser, Label: "Force create user", Type: "boolean", Default: "true",
		HelpText: "Makes an account for an address that has none, once its mailbox is proven. Off by default in the realm master."},
	{Name: actiontoken.KeyUpdateProfile, Label: "Update profile on create", Type: "boolean", Default: "false",
		HelpText: "Asks new people for their profile before they go on."},
	{Name: actiontoken.KeyUpdatePassword, Label: "Update password on create", Type: "boolean", Default: "false",
		HelpText: "Asks new people to set a password before they go on."},
	{Name: actiontoken.KeyReusable, Label: actiontoken.LabelReusable, Type: "boolean", Default: "false",
		HelpText: "A weakening: the link works until it expires, and so does a copy of it. Off: it works once."},
	{Name: actiontoken.KeyLifespan, Label: actiontoken.LabelLifespan, Type: "String", Default: "600",
		Number:   &flow.Range{Least: 1, Most: int(actiontoken.MaxLifespan.Seconds())},
		HelpText: "Seconds that a link and its code work, 3600 at most."},
	{Name: actiontoken.KeyOtherBrowser, Label: "In another browser", Type: "List", Default: actiontoken.OtherBrowserNumber,
		Options: []string{actiontoken.OtherBrowserNumber, actiontoken.OtherBrowserCode, actiontoken.OtherBrowserRefuse},
		HelpText: "What the link does in a browser that did not ask for it: it asks for the number on the asking screen, " +
			"tells to type the mail's code there, or refuses."},
	{Name: actiontoken.KeyCode, Label: "Code in the mail", Type: "boolean", Default: "true",
		HelpText: "Mails carry six digits beside the link, to type on the page that waits."},
	{Name: actiontoken.KeyResend, Label: "Seconds between two mails", Type: "String", Default: "30", Number: &flow.Range{Least: 5, Most: 600},
		HelpText: "How long a person waits before the same login mails again, 5 to 600."},
	{Name: actiontoken.KeyNoticeUnknown, Label: "Tell unknown addresses", Type: "boolean", Default: "false",
		HelpText: "Where accounts are not made: mails an address that has none that it has none. Off: nothing is mailed."},
	{Name: actiontoken.KeyAllowedDomains, Label: "Allowed domains", Type: "MultivaluedString", Each: noDomain,
		HelpText: "Only addresses of these domains are mailed to; \"*.example.com\" means all below it. Empty: every domain. The page looks the same."},
	{Name: actiontoken.KeyDeniedDomains, Label: "Denied domains", Type: "MultivaluedString", Each: noDomain,
		HelpText: "Addresses of these domains are never mailed to. The page looks the same."},
}

// noDomain says that a part of a list of domains is none.
func noDomain(text string) string {
	if actiontoken.IsDomains(text) {
		return ""
	}
	return fmt.Sprintf("%q is no domain: expected example.com, or *.example.com for all below it.", text)
}
