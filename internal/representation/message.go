package representation

import (
	"time"

	"latchkey"
)

// Message is a mail that was promised, and what became of it. Times are unix
// milliseconds; there is no secret in it, nor what the mail says.
type Message struct {
	ID            string `json:"id"`
	Kind          string `json:"kind"`  // magic-link, verify-email, api-link, ...
	State         string `json:"state"` // queued, handed_over, failed, expired, withheld
	Reason        string `json:"reason,omitempty"`
	Address       string `json:"address"`             // as asked for
	Recipient     string `json:"recipient,omitempty"` // the account's own address, once the mail is made
	UserID        string `json:"userId,omitempty"`
	ClientID      string `json:"clientId,omitempty"`
	Locale        string `json:"locale,omitempty"`
	LinkID        string `json:"linkId,omitempty"`
	MessageID     string `json:"messageId,omitempty"` // of its header (RFC 5322 3.6.4)
	IPAddress     string `json:"ipAddress,omitempty"` // from where it was asked for
	CreatedAt     int64  `json:"createdAt"`
	ExpiresAt     int64  `json:"expiresAt"` // never sent at or after this
	NextAttemptAt *int64 `json:"nextAttemptAt,omitempty"`
	HandedOverAt  *int64 `json:"handedOverAt,omitempty"`
	Attempts      int    `json:"attempts"`
	// What follows is told of one message, and left out of lists. Subject is in
	// the words of the realm as they are now; the next three are the link's.
	Subject    string            `json:"subject,omitempty"`
	OpenedAt   *int64            `json:"openedAt,omitempty"`
	Opens      int               `json:"opens,omitempty"`
	RedeemedAt *int64            `json:"redeemedAt,omitempty"`
	Tries      []DeliveryAttempt `json:"tries,omitempty"`
}

// DeliveryAttempt is one try to hand a mail to a relay.
type DeliveryAttempt struct {
	Number   int    `json:"number"`
	Time     int64  `json:"time"` // unix milliseconds
	Relay    string `json:"relay"`
	Outcome  string `json:"outcome"`  // accepted, deferred, refused, unreachable
	Reply    string `json:"reply"`    // the relay's own words
	Duration int64  `json:"duration"` // milliseconds
}

// Link is a link that was mailed or handed out. Times are unix milliseconds;
// its secret is kept nowhere, only its hash.
type Link struct {
	ID         string `json:"id"`
	Kind       string `json:"kind"`  // magic-link, ext-magic-link, verify-email, ...
	State      string `json:"state"` // pending, used, expired
	UserID     string `json:"userId,omitempty"`
	ClientID   string `json:"clientId,omitempty"`
	Address    string `json:"address,omitempty"` // where it was mailed to
	Reusable   bool   `json:"reusable"`
	CreatedAt  int64  `json:"createdAt"`
	ExpiresAt  int64  `json:"expiresAt"`
	OpenedAt   *int64 `json:"openedAt,omitempty"`
	Opens      int    `json:"opens"`
	RedeemedAt *int64 `json:"redeemedAt,omitempty"`
}

// MessageOf shows a mail; clientID is the clientId of Message.ClientID.
func MessageOf(m *latchkey.Message, clientID string) Message {
	r := Message{ID: m.ID, Kind: string(m.Kind), State: string(m.State), Reason: m.Reason, Address: m.Address, Recipient: m.Recipient,
		UserID: m.UserID, ClientID: clientID, Locale: m.Locale, LinkID: m.TokenID, MessageID: m.MessageID, IPAddress: m.From.IP,
		CreatedAt: m.CreatedAt.UnixMilli(), ExpiresAt: m.ExpiresAt.UnixMilli(), HandedOverAt: milliseconds(m.HandedOverAt), Attempts: m.Attempts}
	if m.State == latchkey.MessageQueued {
		r.NextAttemptAt = milliseconds(m.NextAttemptAt)
	}
	return r
}

// DeliveryAttemptOf shows a try.
func DeliveryAttemptOf(a *latchkey.DeliveryAttempt) DeliveryAttempt {
	return DeliveryAttempt{Number: a.Number, Time: a.At.UnixMilli(), Relay: a.Relay, Outcome: a.Outcome, Reply: a.Reply,
		Duration: a.Duration.Milliseconds()}
}

// LinkOf shows a link as it is at that time; clientID is the clientId of
// ActionToken.ClientID.
func LinkOf(t *latchkey.ActionToken, clientID string, now time.Time) Link {
	state := "pending"
	switch {
	case !t.RedeemedAt.IsZero() && !t.Reusable:
		state = "used"
	case !now.Before(t.ExpiresAt):
		state = "expired"
	}
	return Link{ID: t.ID, Kind: string(t.Kind), State: state, UserID: t.UserID, ClientID: clientID, Address: t.Address, Reusable: t.Reusable,
		CreatedAt: t.CreatedAt.UnixMilli(), ExpiresAt: t.ExpiresAt.UnixMilli(), OpenedAt: milliseconds(t.OpenedAt), Opens: t.Opens,
		RedeemedAt: milliseconds(t.RedeemedAt)}
}

// Opened adds what became of the mail's link; zero times where nothing did.
func (m *Message) Opened(opened time.Time, opens int, redeemed time.Time) {
	m.OpenedAt, m.Opens, m.RedeemedAt = milliseconds(opened), opens, milliseconds(redeemed)
}

// milliseconds is nil for no time.
func milliseconds(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	return new(t.UnixMilli())
}
