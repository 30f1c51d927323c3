package actiontoken

import (
	"time"

	"latchkey"
	"latchkey/internal/event"
)

// noteAddress, behind the id of the execution that mailed, is the note with
// the address as it was typed.
const noteAddress = ".address"

// TypedAddress is the address that the login mailed to, as it was typed.
func TypedAddress(l *latchkey.Login) string {
	if typed := l.Note(l.Mail.Execution + noteAddress); typed != "" {
		return typed
	}
	return l.Mail.Address
}

// SetTypedAddress keeps the address that the login mails to.
func SetTypedAddress(l *latchkey.Login, typed string) {
	l.Mail.Address = latchkey.CanonicalAddress(typed)
	l.SetNote(l.Mail.Execution+noteAddress, typed)
}

// pass marks the execution that asked as passed in the login. Where the mail
// has shown no more than who it is (through is false: a registration, to an
// address that has a proven account), the execution stays open and finds that
// out itself.
func (a *act) pass(created, through bool) error {
	l, now := a.login, a.tx.Now()
	if a.asking != nil && a.asking != l {
		l.Mail = a.asking.Mail
		if len(a.asking.Draft) > 0 { // what was typed is used up, too
			a.asking.Draft = nil
			if err := a.tx.SaveLogin(a.asking); err != nil {
				return err
			}
		}
		if _, err := a.tx.EndLogin(a.asking.RealmID, a.asking.ID, latchkey.EndElsewhere); err != nil {
			return err
		}
	}
	if a.asking != nil && through {
		mark(l, l.Mail.Execution, now)
	}
	l.Draft = nil
	l.Become(a.user.ID)
	l.NewUser, l.FromCookie = created, false
	l.Mail.Via = a.via
	if a.token != nil {
		l.Mail.TokenID = a.token.ID
	}
	if a.address != "" {
		SetTypedAddress(l, a.address)
		l.Mail.ProvenAt = now
		l.AddAMR(latchkey.AMREmail)
	}
	if a.token != nil && a.via == latchkey.ViaAPI {
		l.RememberMe = a.token.RememberMe && a.snap.Realm.RememberMe
	}
	return nil
}

func mark(l *latchkey.Login, id string, now time.Time) {
	if l.Executions == nil {
		l.Executions = map[string]latchkey.ExecutionStatus{}
	}
	if l.PassedAt == nil {
		l.PassedAt = map[string]time.Time{}
	}
	l.Executions[id], l.PassedAt[id] = latchkey.StatusSuccess, now
}

// event makes an event of this redemption.
func (a *act) event(t latchkey.EventType) latchkey.Event {
	e := latchkey.Event{Type: t, Details: map[string]string{"code_id": a.login.ID, "via": string(a.via)}}
	if a.user != nil {
		e.UserID = a.user.ID
	}
	if c := a.snap.ClientByID(a.login.ClientID); c != nil {
		e.ClientID = c.ClientID
	}
	if a.via != latchkey.ViaContinue { // there another browser acts than the login's own
		e.IPAddress = a.login.From.IP
	}
	if a.token != nil {
		e.Details["token_id"] = a.token.ID
	}
	return e
}

func (a *act) recordPassed() error {
	e := a.event(latchkey.EventLinkRedeemed)
	if a.asking != nil {
		e.Details["asked_from"] = a.asking.From.IP
		if a.asking != a.login {
			e.Details["asking_code_id"] = a.asking.ID
		}
	}
	return event.Record(a.tx, a.snap.Realm, e)
}
