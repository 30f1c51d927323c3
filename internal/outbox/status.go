package outbox

import (
	"time"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/store"
)

// Report is what an operator sees of a mail. There is no secret in it.
type Report struct {
	Message  *latchkey.Message // without its secret
	Attempts []*latchkey.DeliveryAttempt
	// Opened, Opens and Redeemed are the link's: when it was first opened, how
	// often, and when it was used. They are zero for a mail without a link, and
	// once the link's row is swept.
	Opened   time.Time
	Opens    int
	Redeemed time.Time
}

// Status tells what became of a mail, with the relays' own words.
func Status(tx *store.Tx, realmID, messageID string) (*Report, error) {
	m, err := tx.Message(realmID, messageID)
	if err != nil {
		return nil, err
	}
	m.Secret = ""
	r := &Report{Message: m}
	if r.Attempts, err = tx.Attempts(realmID, messageID); err != nil {
		return nil, err
	}
	if m.TokenID == "" {
		return r, nil
	}
	t, err := tx.ActionToken(realmID, m.TokenID)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	r.Opened, r.Opens, r.Redeemed = t.OpenedAt, t.Opens, t.RedeemedAt
	return r, nil
}

// IssueFunc makes an action token and gives its secret: actiontoken.Issue.
type IssueFunc func(tx *store.Tx, t *latchkey.ActionToken) (latchkey.Secret, error)

// Resend promises a mail anew at an operator's wish: a new row with a new
// link, because the old secret is wiped. It is refused (CodeConflict) while
// the old one still waits, and (CodeExpired) when the login that asked for it
// is over or the link was used.
func Resend(tx *store.Tx, realm *latchkey.Realm, messageID string, issue IssueFunc) (*latchkey.Message, error) {
	old, err := tx.Message(realm.ID, messageID)
	if err != nil {
		return nil, err
	}
	if old.State == latchkey.MessageQueued {
		return nil, latchkey.Errorf(latchkey.CodeConflict, "The mail is still waiting to be handed over.")
	}
	lifetime := old.ExpiresAt.Sub(old.CreatedAt)
	expires := tx.Now().Add(lifetime)
	if old.LoginID != "" {
		l, err := tx.Login(realm.ID, old.LoginID)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound || err == nil && (l.Ended() || !tx.Now().Before(l.ExpiresAt)) {
			return nil, latchkey.Errorf(latchkey.CodeExpired, "The sign-in that asked for the mail is over.")
		}
		if err != nil {
			return nil, err
		}
		if l.ExpiresAt.Before(expires) {
			expires = l.ExpiresAt
		}
	}
	m := &latchkey.Message{Kind: old.Kind, Address: old.Address, LoginID: old.LoginID, ExpiresAt: expires,
		UserID: old.UserID, ClientID: old.ClientID, Locale: old.Locale, WithCode: old.WithCode,
		CreateUser: old.CreateUser, NoticeUnknown: old.NoticeUnknown, From: old.From}
	if old.TokenID != "" {
		t, err := tx.ActionToken(realm.ID, old.TokenID)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound || err == nil && !t.RedeemedAt.IsZero() && !t.Reusable {
			return nil, latchkey.Errorf(latchkey.CodeExpired, "The link of the mail was used.")
		}
		if err != nil {
			return nil, err
		}
		next := &latchkey.ActionToken{RealmID: realm.ID, Kind: t.Kind, LoginID: t.LoginID, UserID: t.UserID, ClientID: t.ClientID,
			ExpiresAt: expires, Address: t.Address, Reusable: t.Reusable, Request: t.Request, RememberMe: t.RememberMe, Locale: t.Locale}
		if m.Secret, err = issue(tx, next); err != nil {
			return nil, err
		}
		m.TokenID = next.ID
	}
	return m, Queue(tx, realm, m)
}

// Cancel keeps a mail that waits from being sent, at an operator's wish, and
// makes its link void. It is refused (CodeConflict) when the mail does not wait
// any more.
func Cancel(tx *store.Tx, realm *latchkey.Realm, messageID string) error {
	gone := latchkey.Errorf(latchkey.CodeConflict, "The mail does not wait any more.")
	m, err := tx.Message(realm.ID, messageID)
	if err != nil {
		return err
	}
	if m.State != latchkey.MessageQueued {
		return gone
	}
	m.State, m.Reason = latchkey.MessageWithheld, "cancelled"
	if err := tx.UpdateMessage(m); err != nil {
		return err
	}
	if m.State != latchkey.MessageWithheld {
		return gone // a worker was faster
	}
	if m.TokenID != "" {
		if _, err := tx.VoidActionToken(realm.ID, m.TokenID); err != nil {
			return err
		}
	}
	e := latchkey.Event{Type: latchkey.EventMailWithheld, UserID: m.UserID, IPAddress: m.From.IP, Details: details(m)}
	e.Details["reason"] = m.Reason
	return event.Record(tx, realm, e)
}
