package outbox

import (
	"latchkey"
	"latchkey/internal/store"
)

// Content is what a mail says. Subject is one line; Text and HTML hold the
// same facts.
type Content struct{ Subject, Text, HTML string }

// Facts are what a mail may tell. Nothing in them is text that a stranger
// chose.
type Facts struct {
	// Message is the mail's row, without its secret; Kind is the mail to
	// write, Recipient the address that it goes to, Locale the language.
	Message *latchkey.Message
	Realm   *latchkey.Realm
	Client  *latchkey.Client // nil when the mail is for no application
	User    *latchkey.User   // nil for an address without an account
	Link    latchkey.Secret  // the whole URL; empty for MailNoAccount
	Code    latchkey.Secret  // empty when the mail carries the link only
	Login   *latchkey.Login  // nil when no login asked for the mail
	Token   *latchkey.ActionToken
	BaseURL string // the server's own, as configured
}

// ComposeFunc writes a mail. It must give the same content for the same
// facts: a mail that is sent again is the same mail.
type ComposeFunc func(Facts) (Content, error)

// Queue promises a mail.
func Queue(tx *store.Tx, realm *latchkey.Realm, m *latchkey.Message) error {
	return tx.CreateMessage(m)
}
