package outbox

import (
	"encoding/base64"
	"net/url"
	"strings"

	"latchkey"
	"latchkey/internal/ratelimit"
	"latchkey/internal/store"
)

// Why a mail is withheld or failed before a relay is asked. They stand in
// Message.Reason, for the operator.
const (
	ReasonNoAccount      = "no_account"      // the address is nobody's, and accounts are not made
	ReasonUserDisabled   = "user_disabled"
	ReasonUserGone       = "user_gone"       // deleted since
	ReasonAddressTaken   = "address_taken"   // another account has it
	ReasonAddressChanged = "address_changed" // the account has another address by now
	ReasonNoAddress      = "no_address"      // the account has none
	ReasonSuppressed     = "suppressed"      // a relay said that the mailbox does not exist
	ReasonRealmDisabled  = "realm_disabled"
	ReasonClientDisabled = "client_disabled" // or deleted
	ReasonEnded          = "ended"           // its login is over, or its link was used
	ReasonBadAddress     = "bad_address"     // no mail can be addressed to it
	ReasonNoSecret       = "no_secret"       // the row lost its link
)

// decision is what a message's row amounts to at the hand-over.
type decision struct {
	state  latchkey.MessageState // MessageQueued: send it
	reason string
	facts  Facts
	to     latchkey.Address
	key    []byte // of the recipient, for its mark
}

func (d *decision) stop(state latchkey.MessageState, reason string) *decision {
	d.state, d.reason = state, reason
	return d
}

// secrets are what must not stand in a relay's words; token is what it
// was signed in to with, if that was one.
func (d *decision) secrets(e endpoint, token latchkey.Secret) []string {
	link, code := d.facts.Link.Reveal(), d.facts.Code.Reveal()
	_, key, _ := strings.Cut(link, "?key=")
	_, bare, _ := strings.Cut(key, ".")
	password := e.Password.Reveal()
	list := []string{link, key, bare, code, password, base64.StdEncoding.EncodeToString([]byte(password)),
		base64.StdEncoding.EncodeToString([]byte("\x00" + e.User + "\x00" + password)), e.AuthTokenClientSecret.Reveal()}
	if t := token.Reveal(); t != "" {
		list = append(list, t, base64.StdEncoding.EncodeToString([]byte("user="+e.User+"\x01auth=Bearer "+t+"\x01\x01")))
	}
	return list
}

// decide says whom the mail goes to, which mail it is, and whether it goes at
// all. It happens here and not in the request, where known and unknown
// addresses must cause the same work.
func (w *Worker) decide(tx *store.Tx, snap *latchkey.Snapshot, m *latchkey.Message) (*decision, error) {
	copied := *m
	copied.Secret = ""
	d := &decision{state: latchkey.MessageQueued, facts: Facts{Message: &copied, Realm: w.sending(snap.Realm), BaseURL: w.BaseURL}}
	switch {
	case !tx.Now().Before(m.ExpiresAt):
		r := result{}.expired()
		return d.stop(r.state, r.reason), nil
	case !snap.Realm.Enabled:
		return d.stop(latchkey.MessageWithheld, ReasonRealmDisabled), nil
	}
	if m.ClientID != "" {
		if d.facts.Client = snap.ClientByID(m.ClientID); d.facts.Client == nil || !d.facts.Client.Enabled {
			return d.stop(latchkey.MessageWithheld, ReasonClientDisabled), nil
		}
	}
	for _, step := range []func(*store.Tx, *latchkey.Message, *decision) error{alive, w.recipient, suppressed} {
		if err := step(tx, m, d); err != nil || d.state != latchkey.MessageQueued {
			return d, err
		}
	}
	return w.carry(m, d), nil
}

// alive looks at the login and the link that the mail is about: a mail whose
// link is dead before it leaves is of no use to anybody.
func alive(tx *store.Tx, m *latchkey.Message, d *decision) error {
	if m.LoginID != "" {
		l, err := tx.Login(m.RealmID, m.LoginID)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound || err == nil && l.Ended() {
			d.stop(latchkey.MessageWithheld, ReasonEnded)
			return nil
		}
		if err != nil {
			return err
		}
		d.facts.Login = l
	}
	if m.TokenID != "" {
		t, err := tx.ActionToken(m.RealmID, m.TokenID)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound ||
			err == nil && (!tx.Now().Before(t.ExpiresAt) || !t.Reusable && !t.RedeemedAt.IsZero()) {
			d.stop(latchkey.MessageWithheld, ReasonEnded)
			return nil
		}
		if err != nil {
			return err
		}
		d.facts.Token = t
	}
	return nil
}

// recipient resolves the account. A mail goes to the account's own address,
// never to the one that was submitted.
func (w *Worker) recipient(tx *store.Tx, m *latchkey.Message, d *decision) error {
	u, err := account(tx, m)
	if err != nil {
		return err
	}
	row := d.facts.Message
	address := m.Address
	switch {
	case m.Kind == latchkey.MailAccountDeleted: // there is none any more; whoever has the address now was not asked
		u = nil
	case u == nil && m.UserID != "":
		d.stop(latchkey.MessageWithheld, ReasonUserGone)
		return nil
	case u == nil && m.CreateUser:
	case u == nil && m.NoticeUnknown:
		row.Kind = latchkey.MailNoAccount
	case u == nil:
		d.stop(latchkey.MessageWithheld, ReasonNoAccount)
		return nil
	case !u.Enabled:
		row.UserID = u.ID
		d.stop(latchkey.MessageWithheld, ReasonUserDisabled)
		return nil
	case m.Kind.Fixed():
		d.facts.User = u
		if err := taken(tx, m, u, d); err != nil {
			return err
		}
	case u.Email == "":
		row.UserID = u.ID
		d.stop(latchkey.MessageWithheld, ReasonNoAddress)
		return nil
	default:
		address, row.UserID, d.facts.User = u.Email, u.ID, u
		if row.Kind == latchkey.MailRegister && u.EmailVerified {
			row.Kind = latchkey.MailHasAccount // the page did not say so; the mail may
		}
	}
	if row.Locale == "" {
		row.Locale = u.Locale()
	}
	if d.to, err = latchkey.ParseAddress(address); err != nil {
		d.stop(latchkey.MessageFailed, ReasonBadAddress)
		return nil //nolint:nilerr // the mail fails, and says so; nothing went wrong here
	}
	if m.Address != "" && latchkey.CanonicalAddress(address) != latchkey.CanonicalAddress(m.Address) {
		d.stop(latchkey.MessageWithheld, ReasonAddressChanged)
		return nil
	}
	row.Recipient = address
	return nil
}

// taken makes the mail that is to prove an account's new address another one
// where somebody else has that address: only who reads its mailbox learns
//
func taken(tx *store.Tx, m *latchkey.Message, u *latchkey.User, d *decision) error {
	if m.Kind != latchkey.MailUpdateEmail || d.facts.Realm.DuplicateEmailsAllowed {
		return nil
	}
	other, err := tx.UserByEmail(m.RealmID, m.Address)
	switch {
	case latchkey.ErrorCode(err) == latchkey.CodeNotFound:
		return nil
	case err == nil && other.ID != u.ID:
		d.facts.Message.Kind = latchkey.MailAddressTaken
	}
	return err
}

// account finds the account that the mail is for; nil when there is none.
func account(tx *store.Tx, m *latchkey.Message) (u *latchkey.User, err error) {
	if m.UserID != "" {
		u, err = tx.User(m.RealmID, m.UserID)
	} else {
		u, err = tx.UserByEmail(m.RealmID, m.Address)
	}
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil, nil
	}
	return u, err
}

// suppressed withholds mail to mailboxes that a relay said do not exist.
func suppressed(tx *store.Tx, m *latchkey.Message, d *decision) error {
	d.key = ratelimit.AddressKey(tx.Keyring(), m.RealmID, d.facts.Message.Recipient)
	_, until, ok, err := tx.AddressMark(m.RealmID, d.key)
	if err == nil && ok && tx.Now().Before(until) {
		d.stop(latchkey.MessageWithheld, ReasonSuppressed)
	}
	return err
}

// carry puts the link and the code into the facts.
func (w *Worker) carry(m *latchkey.Message, d *decision) *decision {
	if !d.facts.Message.Kind.Linked() {
		return d
	}
	if m.Secret == "" || m.TokenID == "" {
		return d.stop(latchkey.MessageFailed, ReasonNoSecret)
	}
	d.facts.Link = link(w.BaseURL, d.facts.Realm.Name, m.TokenID, m.Secret)
	if m.WithCode && m.LoginID != "" && w.Code != nil {
		d.facts.Code = w.Code(m)
	}
	return d
}

// link makes the mailed URL from the configured one.
func link(base, realm, tokenID string, secret latchkey.Secret) latchkey.Secret {
	return latchkey.Secret(strings.TrimSuffix(base, "/") + "/realms/" + url.PathEscape(realm) +
		"/login-actions/action-token?key=" + url.QueryEscape(tokenID+"."+secret.Reveal()))
}

// letter is the mail of a decision.
func (d *decision) letter(c Content) letter {
	m := d.facts.Message
	l := letter{Sender: &d.facts.Realm.SMTP, To: d.to, ID: m.ID, MessageID: m.MessageID, Kind: m.Kind,
		Realm: d.facts.Realm.Name, At: m.CreatedAt, Content: c}
	if d.facts.Client != nil {
		l.App = d.facts.Client.ClientID
	}
	if l.MessageID == "" {
		l.MessageID = messageID(d.facts.Realm, m.ID)
		m.MessageID = l.MessageID
	}
	return l
}

// messageID names a mail in the From domain. The row's id is in it,
// so that a mail that somebody complains of can be found.
func messageID(realm *latchkey.Realm, id string) string {
	from, err := senderAddress("from", realm.SMTP.From)
	if err != nil {
		return ""
	}
	return id + from[strings.LastIndexByte(from, '@'):]
}
