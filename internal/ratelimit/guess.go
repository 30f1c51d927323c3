package ratelimit

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/store"
)

// Guess is one password or one-time password that is to be compared, where the
// realm protects itself against brute force: it is counted before it is
// compared, so that guesses at once are no way around the count. The caller
// says what came of it by [Guess.Right] or [Guess.Wrong].
//
// What is closed by it is the road of passwords and codes alone: the mailed
// link never asks here. A name that is nobody's is counted like a
// user's, so that the answers are the same.
type Guess struct {
	// Allowed says that it may be compared.
	Allowed bool

	tx      *store.Tx
	realm   *latchkey.Realm
	who     Guesser
	failure *latchkey.LoginFailure // nil where the realm does not count
	before  latchkey.LoginFailure
	waits   bool
}

// Guesser is who guesses, at what.
type Guesser struct {
	UserID string // empty for a name that is nobody's
	Name   string // as typed
	IP     string
	// Known says that the browser signed in as that user before. It is counted
	// apart, so that strangers do not lock the owner out.
	Known bool
}

const knownSubject = ".known"

func (g Guesser) subject(tx *store.Tx, realmID string) string {
	switch {
	case g.UserID == "":
		return "name:" + hex.EncodeToString(tx.Keyring().MAC("login-failure", realmID, strings.ToLower(g.Name)))
	case g.Known:
		return g.UserID + knownSubject
	}
	return g.UserID
}

// BeginGuess counts the guess.
func BeginGuess(tx *store.Tx, realm *latchkey.Realm, who Guesser) (*Guess, error) {
	g := &Guess{Allowed: true, tx: tx, realm: realm, who: who}
	if !realm.BruteForce.Protected {
		return g, nil
	}
	f, err := tx.LockLoginFailure(realm.ID, who.subject(tx, realm.ID))
	if err != nil {
		return nil, err
	}
	if g.Allowed = !f.Locked(tx.Now()); !g.Allowed {
		return g, nil
	}
	g.before = *f
	g.failure, g.waits = f, f.Count(realm.BruteForce.OrDefaults(), tx.Now(), who.IP)
	return g, tx.SaveLoginFailure(f, g.forget())
}

// Locked says whether a guess would be refused, without counting anything: so
// that nothing slow is done for it.
func Locked(tx *store.Tx, realm *latchkey.Realm, who Guesser) (bool, error) {
	if !realm.BruteForce.Protected {
		return false, nil
	}
	f, err := tx.LoginFailure(realm.ID, who.subject(tx, realm.ID))
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return false, nil
	}
	return err == nil && f.Locked(tx.Now()), err
}

// forget is when nothing of the failures counts any more.
func (g *Guess) forget() time.Time {
	at := g.failure.LastFailure.Add(max(time.Duration(g.realm.BruteForce.OrDefaults().MaxDeltaTime)*time.Second, time.Hour))
	if at.Before(g.failure.NotBefore) {
		return g.failure.NotBefore
	}
	return at
}

// Right takes the count back: what was guessed right is no failure. Those
// before it stay until the whole sign-in is through ([Succeeded]): else who
// knows the password could try one-time passwords without end.
func (g *Guess) Right() error {
	switch {
	case g.failure == nil:
		return nil
	case g.before.LastFailure.IsZero():
		_, err := g.tx.DeleteLoginFailure(g.realm.ID, g.before.Subject)
		return err
	}
	g.failure = &g.before
	return g.tx.SaveLoginFailure(g.failure, g.forget())
}

// Wrong records that a wait began, if one did; the failure is counted already.
func (g *Guess) Wrong() error {
	if g.failure == nil || !g.waits || g.who.UserID == "" {
		return nil
	}
	e := latchkey.Event{Type: latchkey.EventTemporaryLockout, UserID: g.who.UserID, IPAddress: g.who.IP, Error: "user_temporarily_disabled",
		Details: map[string]string{"reason": "brute_force_attack detected", "num_failures": strconv.Itoa(g.failure.Failures)}}
	if g.failure.Closed {
		e.Type, e.Error = latchkey.EventPermanentLockout, "user_disabled"
	} else {
		e.Details["not_before"] = g.failure.NotBefore.UTC().Format(time.RFC3339)
	}
	return event.Record(g.tx, g.realm, e)
}

// Succeeded forgets the failures of a user who signed in. A proven mailbox
// opens the road of passwords too where it was closed for good; else those of
// other browsers stay.
func Succeeded(tx *store.Tx, realm *latchkey.Realm, who Guesser, mailbox bool) error {
	if !realm.BruteForce.Protected {
		return nil
	}
	if mailbox {
		_, err := ForgetFailures(tx, realm.ID, who.UserID)
		return err
	}
	_, err := tx.DeleteLoginFailure(realm.ID, who.subject(tx, realm.ID))
	return err
}

// ForgetFailures opens the road of passwords again: an administrator says so,
// or the user proved their mailbox. It says whether there was anything to
// forget.
func ForgetFailures(tx *store.Tx, realmID, userID string) (bool, error) {
	some := false
	for _, subject := range []string{userID, userID + knownSubject} {
		had, err := tx.DeleteLoginFailure(realmID, subject)
		if err != nil {
			return false, err
		}
		some = some || had
	}
	return some, nil
}

// Failures gives what is known of wrong passwords and codes of the users with
// the ids, those of their own browsers and of others together; nothing of who
// had none.
func Failures(tx *store.Tx, realmID string, userIDs ...string) (map[string]*latchkey.LoginFailure, error) {
	var subjects []string
	for _, id := range userIDs {
		subjects = append(subjects, id, id+knownSubject)
	}
	list, err := tx.LoginFailures(realmID, subjects)
	if err != nil {
		return nil, err
	}
	out := map[string]*latchkey.LoginFailure{}
	for _, f := range list {
		id := strings.TrimSuffix(f.Subject, knownSubject)
		both := out[id]
		if both == nil {
			out[id] = f
			continue
		}
		both.Failures, both.Lockouts, both.Closed = both.Failures+f.Failures, both.Lockouts+f.Lockouts, both.Closed || f.Closed
		if f.NotBefore.After(both.NotBefore) {
			both.NotBefore = f.NotBefore
		}
		if f.LastFailure.After(both.LastFailure) {
			both.LastFailure, both.LastIP = f.LastFailure, f.LastIP
		}
	}
	return out, nil
}
