package actiontoken

import (
	"latchkey"
	"latchkey/internal/store"
)

// Why a redemption is refused. A refused redemption changes nothing but the
// events.
const (
	RefusedUsed         = "used"          // by somebody before
	RefusedExpired      = "expired"       // too late
	RefusedEnded        = "ended"         // its login is over, or is another
	RefusedUserDisabled = "user_disabled" // the account is switched off
	RefusedNoAccount    = "no_account"    // there is none, and none is made
	RefusedWrongCode    = "invalid_code"  // the code is not this login's, or is closed
)

// Redemption is what came of redeeming.
type Redemption struct {
	Refused string         // why not; empty when it passed
	User    *latchkey.User // whose mailbox it is
	Created bool           // the account was made now
}

// Redeem uses the token up for the login, once: one conditional
// statement, and with it, in the same transaction, the login's other links
// end, its execution is marked as passed, the account is found or made, and a
// first proof of the address removes what an impostor could have left (R-036,
//
//
// The login is locked by the caller (tx.LockLogin) and saved by the caller
// afterwards (flow.Advance and tx.SaveLogin); the locks are taken in the
// order login, token, user. Which login it is depends on via:
//
//   - ViaLink, ViaContinue: the login that mailed the link.
//   - ViaHere: a login of its own that was made in this browser for the same
//     client. It gets the passed step; the login that mailed the link is
//     locked and ended here.
//   - ViaAPI, and a reusable link whose login is over: a login that was made
//     in this browser for the token's client.
func Redeem(tx *store.Tx, snap *latchkey.Snapshot, login *latchkey.Login, t *latchkey.ActionToken, via latchkey.ProofVia) (Redemption, error) {
	return Redemption{}, nil
}

// RedeemCode takes what was typed for the code of the login's mail: the try
// is counted before it is compared, and the right code has the effect
// of [Redeem] in the asking browser. The login is locked and saved by the
// caller.
func RedeemCode(tx *store.Tx, snap *latchkey.Snapshot, login *latchkey.Login, typed string) (Redemption, error) {
	return Redemption{}, nil
}

// RedeemVerifyEmail uses up a link that the required action VERIFY_EMAIL
// mailed: the address of the account is proven, if it still is the one that
// was mailed to. It signs nobody in.
func RedeemVerifyEmail(tx *store.Tx, snap *latchkey.Snapshot, t *latchkey.ActionToken) (Redemption, error) {
	return Redemption{}, nil
}
