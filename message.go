package latchkey

import "time"

// MessageState is where a promised mail stands.
type MessageState string

// The states of an outbox message. Only MessageQueued is waiting.
const (
	MessageQueued     MessageState = "queued"
	MessageHandedOver MessageState = "handed_over" // a relay took it
	MessageFailed     MessageState = "failed"      // a relay refused it for good
	MessageExpired    MessageState = "expired"     // its link ended before a relay took it
	MessageWithheld   MessageState = "withheld"    // by design nothing is sent: a limit, a denied domain, no such account
)

// MessageKind says which mail it is.
type MessageKind string

// The kinds of mail.
const (
	MailMagicLink   MessageKind = "magic-link"   // link, and mostly a code
	MailNoAccount   MessageKind = "no-account"   // an unknown address, where accounts are not made
	MailVerifyEmail MessageKind = "verify-email" // a link that proves an address
	MailAPILink     MessageKind = "api-link"     // a link made by the API

	MailExecuteActions MessageKind = "execute-actions" // a link to what an administrator asks of the account's owner

	MailUpdateEmail  MessageKind = "update-email"  // link and code that prove an account's new address
	MailAddressTaken MessageKind = "address-taken" // instead of it, where another account has the address
	MailEmailChanged MessageKind = "email-changed" // to the earlier address, with the way back

	// Notices of what was done to an account.
	MailOTPAdded          MessageKind = "otp-added"
	MailCredentialRemoved MessageKind = "credential-removed"
	MailPasswordChanged   MessageKind = "password-changed"
	MailAccountDeleted    MessageKind = "account-deleted" // its user is gone when it is sent
	MailRegister          MessageKind = "register"        // a link that makes the account that was asked for
	MailHasAccount        MessageKind = "has-account"     // the same, to an address that has one already
	MailReset             MessageKind = "reset-credentials"
	MailTest              MessageKind = "test" // to the administrator who asks whether mail arrives
)

// MessageKinds are all kinds of mail.
var MessageKinds = []MessageKind{MailMagicLink, MailNoAccount, MailVerifyEmail, MailAPILink, MailExecuteActions, MailUpdateEmail, MailAddressTaken, MailEmailChanged,
	MailOTPAdded, MailCredentialRemoved, MailPasswordChanged, MailAccountDeleted, MailRegister, MailHasAccount, MailReset, MailTest}

// Linked says whether mails of the kind carry a link.
func (k MessageKind) Linked() bool {
	switch k {
	case MailMagicLink, MailVerifyEmail, MailAPILink, MailExecuteActions, MailUpdateEmail, MailEmailChanged, MailRegister, MailHasAccount, MailReset:
		return true
	}
	return false
}

// Coded says whether mails of the kind may carry a code to type, too.
func (k MessageKind) Coded() bool {
	switch k {
	case MailMagicLink, MailVerifyEmail, MailUpdateEmail, MailRegister, MailHasAccount, MailReset:
		return true
	}
	return false
}

// OfAccount says that mails of the kind are about the account at the realm, and
// not about an application that somebody was on the way to.
func (k MessageKind) OfAccount() bool {
	switch k {
	case MailUpdateEmail, MailAddressTaken, MailEmailChanged, MailOTPAdded, MailCredentialRemoved, MailPasswordChanged, MailAccountDeleted:
		return true
	}
	return false
}

// Fixed says that mails of the kind go to Message.Address whatever address the
// account has: they are about that one.
func (k MessageKind) Fixed() bool {
	return k == MailAccountDeleted || k == MailUpdateEmail || k == MailAddressTaken || k == MailEmailChanged
}

// Message is a mail that has been promised, written in the transaction that
// promised it. Its text is made when it is handed over; until then Secret
// holds the link's secret, sealed, and it is wiped with the last attempt.
type Message struct {
	RealmID       string       `json:"-"`
	ID            string       `json:"-"`
	Kind          MessageKind  `json:"-"`
	State         MessageState `json:"-"`
	Address       string       `json:"-"` // as asked for; the mail itself goes to the account's own
	LoginID       string       `json:"-"`
	TokenID       string       `json:"-"` // the action token that it carries
	Secret        Secret       `json:"-"` // sealed in the store
	CreatedAt     time.Time    `json:"-"`
	ExpiresAt     time.Time    `json:"-"` // never sent at or after this
	NextAttemptAt time.Time    `json:"-"`
	Attempts      int          `json:"-"`
	ClaimedUntil  time.Time    `json:"-"`
	HandedOverAt  time.Time    `json:"-"`

	// Known now or filled in when it is made ready.
	MessageID string `json:"messageId,omitempty"` // stable over attempts
	Recipient string `json:"recipient,omitempty"` // the account's stored address
	UserID    string `json:"userId,omitempty"`
	ClientID  string `json:"clientId,omitempty"` // internal id
	Locale    string `json:"locale,omitempty"`
	WithCode  bool   `json:"withCode,omitempty"`
	// CreateUser says that an unknown address may become an account.
	CreateUser    bool    `json:"createUser,omitempty"`
	NoticeUnknown bool    `json:"noticeUnknown,omitempty"` // tell an unknown address that it has no account
	From          Browser `json:"from"`
	Reason        string  `json:"reason,omitempty"` // why it failed or was withheld
}

// DeliveryAttempt is one try to hand a message to a relay, with the relay's
// own words.
type DeliveryAttempt struct {
	RealmID   string
	MessageID string
	Number    int
	At        time.Time
	Relay     string // host:port
	Outcome   string // "accepted", "deferred", "refused", "unreachable"
	Reply     string // at most 500 bytes, as the relay said it
	Duration  time.Duration
}
