package actiontoken

import (
	"errors"
	"time"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/outbox"
	"latchkey/internal/ratelimit"
	"latchkey/internal/session"
	"latchkey/internal/store"
	"latchkey/internal/user"
)

// The notes of a login in which an account's address is to be changed: the new
// address, the one that the account had when it was asked for, whether the
// other sessions are to end, and that it was done.
const (
	NoteNewAddress    = latchkey.ActionUpdateEmail + ".new"
	NoteOldAddress    = latchkey.ActionUpdateEmail + ".old"
	NoteEndOthers     = latchkey.ActionUpdateEmail + ".others"
	NoteAddressProven = latchkey.ActionUpdateEmail + ".proven"
)

// revertFor is how long the earlier address has a way back.
const revertFor = 7 * 24 * time.Hour

// AddressProof is what proves an account's address, its own or a new one, in
// the login that mailed to it: the link, or, where Token is nil, the code.
type AddressProof struct {
	Token   *latchkey.ActionToken
	Code    string                // as typed
	Session *latchkey.UserSession // of this browser; nil when there is none
	// From is this browser; its Known says that it signed in as the address.
	From latchkey.Browser
}

// codeRight takes what was typed for the code that the login's mails of the
// kind carry to the address. The try is counted before it is compared (R-012,
//
func (p AddressProof) codeRight(tx *store.Tx, l *latchkey.Login, kind latchkey.MessageKind, address string) (refused string, err error) {
	tries := ratelimit.Codes{Address: address, Known: p.From.Known, IP: p.From.IP}
	allowed, err := tries.Allowed(tx, l.RealmID)
	if err != nil {
		return "", err
	}
	counted, err := tx.CountCodeTry(l.RealmID, l.ID, MaxCodeTries)
	if err != nil {
		return "", err
	}
	if counted {
		l.CodeTries++
	}
	messages, err := tx.MessagesOfLogin(l.RealmID, l.ID)
	if err != nil {
		return "", err
	}
	mailed := false // and not out of date
	for _, m := range messages {
		mailed = mailed || m.Kind == kind && m.WithCode && m.State != latchkey.MessageWithheld && latchkey.SameAddress(m.Address, address) && tx.Now().Before(m.ExpiresAt)
	}
	right := same(p.Code, AddressCode(tx.Keyring(), l.ID, address).Reveal())
	if allowed && counted && mailed && right && address != "" && !l.Mail.CodeClosed {
		return "", nil
	}
	return RefusedWrongCode, tries.Wrong(tx, l.RealmID)
}

// RedeemUpdateEmail gives the login's user the new address, once: the
// links of the earlier one are void, it gets a notice with a way back, and the
// user's other sessions end where they asked for it. A code is counted before
// it is compared. The login is locked and saved by the caller.
//
// It is refused alike, and nothing is changed, where the account has another
// address by now than when it was asked for, and where somebody else has the
// new one.
func RedeemUpdateEmail(tx *store.Tx, snap *latchkey.Snapshot, login *latchkey.Login, p AddressProof) (Redemption, error) {
	a := &addressAct{tx: tx, snap: snap, login: login, proof: p, address: login.Note(NoteNewAddress)}
	r, err := a.run()
	if err != nil || r.Refused == "" {
		return r, err
	}
	e := a.act().event(latchkey.EventLinkRefused)
	if p.Token == nil {
		e.Type = latchkey.EventCodeRefused
	}
	e.Error = r.Refused
	return r, event.Record(tx, snap.Realm, e)
}

type addressAct struct {
	tx      *store.Tx
	snap    *latchkey.Snapshot
	login   *latchkey.Login
	proof   AddressProof
	address string
	user    *latchkey.User
}

// act is the same for events.
func (a *addressAct) act() *act {
	via := latchkey.ViaLink
	if a.proof.Token == nil {
		via = latchkey.ViaCode
	}
	return &act{tx: a.tx, snap: a.snap, login: a.login, token: a.proof.Token, via: via, user: a.user}
}

func (a *addressAct) run() (Redemption, error) {
	refused, err := a.proven()
	if err == nil && refused == "" {
		refused, err = a.holds()
	}
	if err == nil && refused == "" {
		refused, err = a.act().useUp()
	}
	if err != nil || refused != "" {
		return Redemption{Refused: refused}, err
	}
	old, wasProven := a.user.Email, a.user.EmailVerified
	by := user.Act{Client: a.snap.ClientByID(a.login.ClientID), From: a.proof.From, Locale: a.login.Locale,
		Detail: map[string]string{"code_id": a.login.ID}}
	err = user.ChangeAddress(a.tx, a.snap, a.user, a.address, by)
	switch {
	case errors.Is(err, user.ErrAddressTaken):
		return Redemption{Refused: RefusedEnded}, nil
	case err != nil:
		return Redemption{}, err
	}
	if old != "" && wasProven {
		if err := a.wayBack(old); err != nil {
			return Redemption{}, err
		}
	}
	return Redemption{User: a.user}, a.settle()
}

// proven checks the link, or the code.
func (a *addressAct) proven() (refused string, err error) {
	l, t, now := a.login, a.proof.Token, a.tx.Now()
	if t == nil {
		return a.proof.codeRight(a.tx, l, latchkey.MailUpdateEmail, a.address)
	}
	switch {
	case t.Kind != latchkey.TokenUpdateEmail, t.RealmID != l.RealmID, t.LoginID != l.ID, t.UserID != l.UserID, l.Ended(),
		!latchkey.SameAddress(t.Address, a.address):
		return RefusedEnded, nil
	case !t.RedeemedAt.IsZero():
		return RefusedUsed, nil
	case !now.Before(t.ExpiresAt), !now.Before(l.ExpiresAt):
		return RefusedExpired, nil
	}
	return "", nil
}

// holds looks at the account again, and holds it until it is decided: of two
// changes at once one finds another address than it began with.
func (a *addressAct) holds() (refused string, err error) {
	u, err := a.tx.LockUser(a.login.RealmID, a.login.UserID)
	switch {
	case latchkey.ErrorCode(err) == latchkey.CodeNotFound:
		return RefusedNoAccount, nil
	case err != nil:
		return "", err
	case !u.Enabled:
		return RefusedUserDisabled, nil
	case latchkey.CanonicalAddress(u.Email) != latchkey.CanonicalAddress(a.login.Note(NoteOldAddress)):
		return RefusedEnded, nil
	}
	a.user = u
	return "", nil
}

// wayBack tells the earlier address, with a link that gives the account back
// to it.
func (a *addressAct) wayBack(old string) error {
	ends := a.tx.Now().Add(revertFor)
	t := &latchkey.ActionToken{RealmID: a.user.RealmID, Kind: latchkey.TokenRevertEmail, UserID: a.user.ID, ClientID: a.login.ClientID,
		ExpiresAt: ends, Address: old, Locale: a.login.Locale}
	s, err := Issue(a.tx, t)
	if err != nil {
		return err
	}
	return outbox.Queue(a.tx, a.snap.Realm, &latchkey.Message{Kind: latchkey.MailEmailChanged, Address: old, TokenID: t.ID, Secret: s,
		ExpiresAt: ends, UserID: a.user.ID, ClientID: a.login.ClientID, Locale: a.login.Locale, From: a.proof.From})
}

// settle is what remains to be done in the login.
func (a *addressAct) settle() error {
	l := a.login
	if !l.Mail.ProvenAt.IsZero() {
		l.Mail.Address = latchkey.CanonicalAddress(a.address) // this login may go on
	}
	l.SetNote(NoteAddressProven, "1")
	if l.Note(NoteEndOthers) == "" {
		return nil
	}
	own := ""
	if s := a.proof.Session; s != nil && s.UserID == a.user.ID {
		own = s.ID
	}
	_, err := session.EndAll(a.tx, a.snap, a.user.ID, own)
	return err
}

// RedeemRevertEmail gives an account its earlier address back, for who opened
// the link in the notice to it: once, within seven days.
func RedeemRevertEmail(tx *store.Tx, snap *latchkey.Snapshot, t *latchkey.ActionToken, from latchkey.Browser) (Redemption, error) {
	u, err := tx.LockUser(t.RealmID, t.UserID)
	switch {
	case latchkey.ErrorCode(err) == latchkey.CodeNotFound:
		return Redemption{Refused: RefusedNoAccount}, nil
	case err != nil:
		return Redemption{}, err
	case !u.Enabled:
		return Redemption{Refused: RefusedUserDisabled}, nil
	case t.Kind != latchkey.TokenRevertEmail, t.RealmID != snap.Realm.ID:
		return Redemption{Refused: RefusedEnded}, nil
	}
	ok, err := tx.RedeemActionToken(t.RealmID, t.ID)
	if err != nil || !ok {
		return Redemption{Refused: RefusedUsed}, err
	}
	by := user.Act{Client: snap.ClientByID(t.ClientID), From: from, Detail: map[string]string{"context": string(t.Kind), "token_id": t.ID}}
	err = user.RevertAddress(tx, snap, u, t, by)
	if errors.Is(err, user.ErrAddressTaken) {
		return Redemption{Refused: RefusedEnded}, nil
	}
	return Redemption{User: u}, err
}
