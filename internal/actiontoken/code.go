package actiontoken

import (
	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/ratelimit"
	"latchkey/internal/store"
)

// RedeemCode takes what was typed, by a browser at that IP address, for the
// code of the login's mail. The try is counted before it is compared,
// and against the limits for wrong codes; the right code has the
// effect of [Redeem] in the asking browser. The login is locked and saved by
// the caller.
//
// Every refusal looks the same and costs the same: a code that is wrong, one
// that is used up, one that no mail carried.
func RedeemCode(tx *store.Tx, snap *latchkey.Snapshot, login *latchkey.Login, typed, ip string) (Redemption, error) {
	tries := ratelimit.Codes{Address: login.Mail.Address, Known: login.From.Known, IP: ip}
	allowed, err := tries.Allowed(tx, login.RealmID)
	if err != nil {
		return Redemption{}, err
	}
	counted, err := tx.CountCodeTry(login.RealmID, login.ID, MaxCodeTries)
	if err != nil {
		return Redemption{}, err
	}
	if counted {
		login.CodeTries++
	}
	mailed, err := codeWasMailed(tx, login)
	if err != nil {
		return Redemption{}, err
	}
	right := CheckCode(tx.Keyring(), login.ID, typed)
	a := &act{tx: tx, snap: snap, login: login, via: latchkey.ViaCode}
	r := Redemption{Refused: RefusedWrongCode}
	if allowed && counted && mailed && right && !login.Mail.CodeClosed {
		if r, err = a.run(); err != nil || r.Refused == "" {
			return r, err
		}
	} else if err := tries.Wrong(tx, login.RealmID); err != nil {
		return Redemption{}, err
	}
	if login.CodeTries >= MaxCodeTries {
		login.Mail.CodeClosed = true
	}
	e := a.event(latchkey.EventCodeRefused)
	e.Error, e.IPAddress = r.Refused, ip
	return r, event.Record(tx, snap.Realm, e)
}

// codeWasMailed says whether a mail with the code may be in a mailbox, and is
// not out of date: a login that mailed nothing has no code.
func codeWasMailed(tx *store.Tx, login *latchkey.Login) (bool, error) {
	messages, err := tx.MessagesOfLogin(login.RealmID, login.ID)
	if err != nil {
		return false, err
	}
	for _, m := range messages {
		if m.WithCode && m.Kind != latchkey.MailVerifyEmail && m.Kind != latchkey.MailUpdateEmail && m.State != latchkey.MessageWithheld && tx.Now().Before(m.ExpiresAt) {
			return true, nil
		}
	}
	return false, nil
}
