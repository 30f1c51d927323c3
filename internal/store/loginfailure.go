package store

import (
	"time"

	"latchkey"
)

const loginFailureColumns = `realm_id, subject, failures, lockouts, not_before, closed, last_failure, last_ip`

func scanLoginFailure(_ *Tx, r row) (*latchkey.LoginFailure, error) {
	f := &latchkey.LoginFailure{}
	return f, r.Scan(&f.RealmID, &f.Subject, &f.Failures, &f.Lockouts, timeColumn{&f.NotBefore}, &f.Closed, timeColumn{&f.LastFailure}, &f.LastIP)
}

// LoginFailure gives what is known of failures of the subject; the error has
// the code "not_found" when there were none.
func (tx *Tx) LoginFailure(realmID, subject string) (*latchkey.LoginFailure, error) {
	return one(tx, "failure", scanLoginFailure, `SELECT `+loginFailureColumns+` FROM login_failure WHERE realm_id = $1 AND subject = $2`, realmID, subject)
}

// LoginFailures gives what is known of failures of the subjects; nothing of
// those that had none.
func (tx *Tx) LoginFailures(realmID string, subjects []string) (list []*latchkey.LoginFailure, err error) {
	err = tx.eachOf(subjects, func(r row) error {
		f, err := scanLoginFailure(tx, r)
		list = append(list, f)
		return err
	}, `SELECT `+loginFailureColumns+` FROM login_failure WHERE realm_id = $1 AND subject IN (%)`, realmID)
	return list, err
}

// LockLoginFailure is LoginFailure that makes the row when there is none, and
// makes other guesses at the same subject wait until this transaction ends.
func (tx *Tx) LockLoginFailure(realmID, subject string) (f *latchkey.LoginFailure, err error) {
	err = tx.returning(func(r row) error {
		f, err = scanLoginFailure(tx, r)
		return err
	}, `INSERT INTO login_failure (realm_id, subject, failures, lockouts, closed, last_ip) VALUES ($1, $2, 0, 0, 0, '')
		ON CONFLICT (realm_id, subject) DO UPDATE SET failures = login_failure.failures RETURNING `+loginFailureColumns, realmID, subject)
	return f, err
}

// SaveLoginFailure writes what LockLoginFailure gave. It is forgotten at that
// time, unless it is closed.
func (tx *Tx) SaveLoginFailure(f *latchkey.LoginFailure, forget time.Time) error {
	if f.Closed {
		forget = time.Time{}
	}
	return tx.later(otherwise(notFound("failure")), `UPDATE login_failure SET failures = $3, lockouts = $4, not_before = $5, closed = $6, last_failure = $7, last_ip = $8, delete_at = $9
		WHERE realm_id = $1 AND subject = $2`,
		f.RealmID, f.Subject, f.Failures, f.Lockouts, millis(f.NotBefore), flag(f.Closed), millis(f.LastFailure), f.LastIP, millis(forget))
}

// DeleteLoginFailure forgets the failures of the subject, and says whether
// there were any.
func (tx *Tx) DeleteLoginFailure(realmID, subject string) (bool, error) {
	return tx.changed(`DELETE FROM login_failure WHERE realm_id = $1 AND subject = $2`, realmID, subject)
}

// DeleteLoginFailures forgets all failures of the realm.
func (tx *Tx) DeleteLoginFailures(realmID string) error {
	return tx.later(nil, `DELETE FROM login_failure WHERE realm_id = $1`, realmID)
}
