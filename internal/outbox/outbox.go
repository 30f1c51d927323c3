package outbox

import (
	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// Content is what a mail says. Subject is one line; Text and HTML hold the
// same facts.
type Content struct{ Subject, Text, HTML string }

// Facts are what a mail may tell. Nothing in them is text that a stranger
// chose.
type Facts struct {
	// Message is the mail's row, without its secret; Kind is the mail to
	// write, Recipient the address that it goes to, Locale the language: the
	// mail's own, else the account's "locale" attribute, else empty.
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

// Queue promises a mail in the caller's transaction. The caller fills in
// Kind, Address, ExpiresAt and what the mail is about, and for a mail that is
// withheld by design State and Reason; Queue fills in the rest. Sent or
// withheld, the work is the same, so that the request does not tell which
//
func Queue(tx *store.Tx, realm *latchkey.Realm, m *latchkey.Message) error {
	if m.ExpiresAt.IsZero() {
		return latchkey.Invalid("expiresAt", "A mail needs a time at which it is of no more use.")
	}
	m.RealmID, m.CreatedAt, m.NextAttemptAt = realm.ID, tx.Now(), tx.Now()
	m.Attempts = 0
	if m.ID == "" {
		m.ID = secret.NewID()
	}
	m.MessageID = messageID(realm, m.ID)
	e := latchkey.Event{Type: latchkey.EventMailQueued, UserID: m.UserID, IPAddress: m.From.IP, Details: details(m)}
	if m.State == latchkey.MessageWithheld {
		m.Secret = ""
		e.Type, e.Details["reason"] = latchkey.EventMailWithheld, m.Reason
	} else {
		m.State = latchkey.MessageQueued
	}
	courier := tx.Courier()
	if courier != nil {
		m.ClaimedUntil = tx.Now().Add(lease)
	}
	if err := tx.CreateMessage(m); err != nil {
		return err
	}
	if courier == nil {
		tx.Notify(store.TopicOutbox)
	} else {
		claimed := *m
		tx.AfterCommit(func() { courier(&claimed) })
	}
	return event.Record(tx, realm, e)
}
