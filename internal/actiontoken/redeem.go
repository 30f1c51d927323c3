package actiontoken

import (
	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/store"
)

// Why a redemption is refused. A refused redemption changes nothing but
// counters and events.
const (
	RefusedUsed         = "used"          // by somebody before
	RefusedExpired      = "expired"       // too late
	RefusedEnded        = "ended"         // its login is over or another, or the account has another address now
	RefusedUserDisabled = "user_disabled" // the account is switched off
	RefusedNoAccount    = "no_account"    // there is none, and none is made
	RefusedWrongCode    = "invalid_code"  // the code is not this login's, or is closed
)

// Redemption is what came of redeeming.
type Redemption struct {
	Refused string         // why not; empty when it passed
	User    *latchkey.User // whose mailbox it is; nil when refused
	Created bool           // the account was made now
}

// Redeem uses the token up for the login, once: one conditional
// statement, and with it, in the same transaction, the login's other links
// end, its execution is marked as passed, the account is found or made, and a
// first proof of the address removes what an impostor could have left (R-036,
// The secret has been compared by the caller ([Matches]).
//
// The login is locked by the caller (tx.LockLogin) and saved by the caller
// afterwards (flow.Advance and tx.SaveLogin); the locks are taken in the
// order login, user, token. Which login it is depends on via:
//
//   - ViaLink, ViaContinue: the login that mailed the link. That it went on
//     from another browser (LINK_APPROVED_ELSEWHERE) is the caller's to
//     record, who knows that browser.
//   - ViaHere: a login of its own that was made in this browser for the same
//     client. It gets the passed step; the login that mailed the link is
//     locked and ended here.
//   - ViaAPI, and a reusable link whose login is over: a login that was made
//     in this browser for the token's client, in which the caller has marked
//     the first factor as passed (flow.PassFirstFactor).
func Redeem(tx *store.Tx, snap *latchkey.Snapshot, login *latchkey.Login, t *latchkey.ActionToken, via latchkey.ProofVia) (Redemption, error) {
	a := &act{tx: tx, snap: snap, login: login, token: t, via: via}
	r, err := a.run()
	if err != nil || r.Refused == "" {
		return r, err
	}
	e := a.event(latchkey.EventLinkRefused)
	e.Error = r.Refused
	return r, event.Record(tx, snap.Realm, e)
}

// RedeemVerifyEmail takes a link, or a code, that the required action
// VERIFY_EMAIL mailed: the address of the account is proven, if it still is the
// one that was mailed to. It signs nobody in; the login that mailed it goes on
// because its user has no VERIFY_EMAIL any more. The login is locked and saved
// by the caller.
//
// Passwords stay, unlike in [Redeem]: link and code only work in the browser of
// a login that has passed all its steps, so whoever brings them knows them.
func RedeemVerifyEmail(tx *store.Tx, snap *latchkey.Snapshot, login *latchkey.Login, p AddressProof) (Redemption, error) {
	a := &act{tx: tx, snap: snap, login: login, token: p.Token, via: latchkey.ViaLink}
	if p.Token == nil {
		a.via = latchkey.ViaCode
	}
	r, err := a.verifyEmail(p)
	if err != nil || r.Refused == "" {
		return r, err
	}
	e := a.event(latchkey.EventLinkRefused)
	if p.Token == nil {
		e.Type = latchkey.EventCodeRefused
	}
	e.Error = r.Refused
	return r, event.Record(tx, snap.Realm, e)
}

// act is one redemption under way.
type act struct {
	tx    *store.Tx
	snap  *latchkey.Snapshot
	login *latchkey.Login       // that passes
	token *latchkey.ActionToken // nil for the code
	via   latchkey.ProofVia

	// asking is the login that mailed: login itself, but for ViaHere, and nil
	// where none is waiting (ViaAPI, a reusable link used again).
	asking  *latchkey.Login
	address string // that is proven, as typed; empty when nothing is (a link that was handed out)
	config  MagicConfig
	user    *latchkey.User // nil: to be made
}

func (a *act) run() (Redemption, error) {
	refused, err := a.bind()
	if err != nil || refused != "" {
		return Redemption{Refused: refused}, err
	}
	if refused, err = a.findUser(); err != nil || refused != "" {
		return Redemption{Refused: refused}, err
	}
	if refused, err = a.useUp(); err != nil || refused != "" {
		return Redemption{Refused: refused}, err
	}
	created := a.user == nil
	if created {
		created, err = a.makeUser()
	}
	claimed := !created && err == nil && a.user != nil && !a.user.EmailVerified
	if err == nil && !created {
		err = a.prove(false)
	}
	if err == nil && claimed && a.config.registers() {
		err = a.claim()
	}
	if err == nil {
		err = a.ask()
	}
	if err != nil {
		return Redemption{}, err
	}
	if err := a.pass(created, created || claimed || !a.config.registers()); err != nil {
		return Redemption{}, err
	}
	return Redemption{User: a.user, Created: created}, a.recordPassed()
}

// bind checks that token and login belong together and are live, and finds
// the login that mailed.
func (a *act) bind() (refused string, err error) {
	l, t, now := a.login, a.token, a.tx.Now()
	if t == nil {
		a.asking = l
	} else if refused = a.bindToken(); refused != "" {
		return refused, nil
	}
	switch {
	case l.RealmID != a.snap.Realm.ID, l.Ended():
		return RefusedEnded, nil
	case !now.Before(l.ExpiresAt):
		return RefusedExpired, nil
	}
	if a.via == latchkey.ViaHere {
		if refused, err = a.lockAsking(); err != nil || refused != "" {
			return refused, err
		}
	}
	if a.asking != nil {
		if !a.asking.Mail.ProvenAt.IsZero() {
			return RefusedUsed, nil
		}
		a.config = ConfigOf(a.snap, a.asking)
		if t != nil && t.Kind != a.config.Kind {
			return RefusedEnded, nil
		}
	}
	switch {
	case t != nil:
		a.address = t.Address
	default:
		a.address = TypedAddress(l)
	}
	return "", nil
}

// bindToken checks the token against the login that it is for.
func (a *act) bindToken() (refused string) {
	l, t := a.login, a.token
	switch {
	case t.RealmID != l.RealmID, t.ClientID != "" && t.ClientID != l.ClientID, !a.kindFits():
		return RefusedEnded
	case !t.RedeemedAt.IsZero() && !t.Reusable:
		return RefusedUsed
	case !a.tx.Now().Before(t.ExpiresAt):
		return RefusedExpired
	case a.via == latchkey.ViaHere, a.via == latchkey.ViaAPI:
	case t.LoginID == l.ID:
		a.asking = l
	case !t.Reusable:
		return RefusedEnded
	}
	return ""
}

func (a *act) kindFits() bool {
	if a.via == latchkey.ViaAPI {
		return a.token.Kind.ByAPI() || a.token.Kind == latchkey.TokenFirstAdmin
	}
	return a.token.Kind == latchkey.TokenMagicLink || a.token.Kind == latchkey.TokenReset
}

// ask puts the actions of the token upon the user. That the address is proven
// the link itself has shown.
func (a *act) ask() error {
	if a.token == nil || len(a.token.Actions) == 0 {
		return nil
	}
	for _, alias := range a.token.Actions {
		if alias != latchkey.ActionVerifyEmail {
			a.user.AddRequiredAction(alias)
		}
	}
	return a.tx.UpdateUser(a.user)
}

// lockAsking locks the login that mailed a link which goes on elsewhere.
func (a *act) lockAsking() (refused string, err error) {
	asking, err := a.tx.LockLogin(a.token.RealmID, a.token.LoginID)
	switch {
	case latchkey.ErrorCode(err) == latchkey.CodeNotFound:
		asking = nil
	case err != nil:
		return "", err
	}
	switch {
	case asking == nil, asking.Ended(), !a.tx.Now().Before(asking.ExpiresAt):
		if a.token.Reusable {
			return "", nil
		}
		return RefusedEnded, nil
	}
	a.asking = asking
	return "", nil
}

// useUp is the one statement that decides, and ends the login's other
// links; mails that still wait are not handed over with a dead link.
func (a *act) useUp() (refused string, err error) {
	except, loginID := "", a.login.ID
	if a.token != nil {
		ok, err := a.tx.RedeemActionToken(a.token.RealmID, a.token.ID)
		if err != nil {
			return "", err
		}
		if !ok {
			return RefusedUsed, nil
		}
		except, loginID = a.token.ID, a.token.LoginID
	}
	if loginID == "" {
		return "", nil
	}
	return "", a.tx.VoidActionTokens(a.login.RealmID, loginID, except)
}
