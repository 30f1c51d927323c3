package store

import (
	"bytes"
	"time"

	"latchkey"
	"latchkey/internal/secret"
)

// loginKept is how long a login is kept after its end.
const loginKept = time.Hour

const loginColumns = `realm_id, id, browser_hash, tab_id, client_id, step, created_at, expires_at, seen_at, ended_at, end_reason,
	answered_at, number_tries, code_tries, body`

func (tx *Tx) scanLogin(r row) (*latchkey.Login, error) {
	l, text := &latchkey.Login{}, ""
	err := r.Scan(&l.RealmID, &l.ID, &l.BrowserHash, &l.TabID, &l.ClientID, &l.Step, timeColumn{&l.CreatedAt},
		timeColumn{&l.ExpiresAt}, timeColumn{&l.SeenAt}, timeColumn{&l.EndedAt}, &l.EndReason, timeColumn{&l.AnsweredAt},
		&l.NumberTries, &l.CodeTries, bodyAndText{l, &text})
	if err == nil {
		tx.login = &loginRead{*l, text}
	}
	return l, err
}

// loginRead is a login as it was read: its columns and its body.
type loginRead struct {
	row  latchkey.Login
	text string
}

// placed says whether what a login is found or deleted by, and its end, are as
// they were read.
func (r *loginRead) placed(l *latchkey.Login) bool {
	return r != nil && r.row.ID == l.ID && r.row.RealmID == l.RealmID && bytes.Equal(r.row.BrowserHash, l.BrowserHash) && r.row.TabID == l.TabID &&
		r.row.ClientID == l.ClientID && r.row.ExpiresAt.Equal(l.ExpiresAt) && r.row.EndedAt.Equal(l.EndedAt) && r.row.EndReason == l.EndReason
}

// LoginChanged says whether a login is another than the one that this
// transaction read last.
func (tx *Tx) LoginChanged(l *latchkey.Login) bool {
	text, err := body(l)
	return err != nil || tx.loginDiffers(l, text)
}

func (tx *Tx) loginDiffers(l *latchkey.Login, text string) bool {
	r := tx.login
	return !r.placed(l) || r.text != text || !r.row.AnsweredAt.Equal(l.AnsweredAt) || !r.row.SeenAt.Equal(l.SeenAt)
}

// CreateLogin adds a login at step 1. An empty ID is drawn, a zero CreatedAt
// is now. The error has the code "conflict" when the browser has a login in
// that tab.
func (tx *Tx) CreateLogin(l *latchkey.Login) error {
	if l.ID == "" {
		l.ID = secret.NewID()
	}
	if l.CreatedAt.IsZero() {
		l.CreatedAt = tx.now
	}
	l.Step = 1
	text, err := body(l)
	if err != nil {
		return err
	}
	return tx.later(otherwise(conflict("tab_id", "This tab has a login already.")), `INSERT INTO login (realm_id, id, browser_hash, tab_id,
			client_id, step, created_at, expires_at, seen_at, ended_at, end_reason, answered_at, number_tries, code_tries, delete_at, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT DO NOTHING`,
		l.RealmID, l.ID, l.BrowserHash, l.TabID, l.ClientID, l.Step, millis(l.CreatedAt), l.ExpiresAt.UnixMilli(), millis(l.SeenAt),
		millis(l.EndedAt), string(l.EndReason), millis(l.AnsweredAt), l.NumberTries, l.CodeTries, loginDeletion(l), text)
}

// loginDeletion is when the row may go: an hour after the end, or after the
// expiry of one that nobody ended.
func loginDeletion(l *latchkey.Login) int64 {
	end := l.ExpiresAt
	if l.Ended() && l.EndedAt.Before(end) {
		end = l.EndedAt
	}
	return end.Add(loginKept).UnixMilli()
}

// Login finds a login by id, ended and expired ones too.
func (tx *Tx) Login(realmID, id string) (*latchkey.Login, error) {
	return one(tx, "login", (*Tx).scanLogin, `SELECT `+loginColumns+` FROM login WHERE realm_id = $1 AND id = $2`, realmID, id)
}

// LoginByTab finds a login by the hash of the browser's secret and the tab.
func (tx *Tx) LoginByTab(realmID string, browserHash []byte, tabID string) (*latchkey.Login, error) {
	return one(tx, "login", (*Tx).scanLogin, `SELECT `+loginColumns+` FROM login
		WHERE realm_id = $1 AND browser_hash = $2 AND tab_id = $3`, realmID, bytesOrNull(browserHash), tabID)
}

// LoginsOfBrowser gives the logins of a browser that go on, the newest first.
func (tx *Tx) LoginsOfBrowser(realmID string, browserHash []byte) ([]*latchkey.Login, error) {
	return many(tx, (*Tx).scanLogin, `SELECT `+loginColumns+` FROM login
		WHERE realm_id = $1 AND browser_hash = $2 AND ended_at IS NULL AND expires_at > $3 ORDER BY created_at DESC, id DESC`,
		realmID, bytesOrNull(browserHash), millis(tx.now))
}

// LockLogin is Login that makes other transactions which lock or write the
// login wait until this one ends.
func (tx *Tx) LockLogin(realmID, id string) (*latchkey.Login, error) {
	if !tx.writes {
		return nil, errReadOnly
	}
	return one(tx, "login", (*Tx).scanLogin, `SELECT `+loginColumns+` FROM login WHERE realm_id = $1 AND id = $2`+
		tx.db.dialect.forUpdate, realmID, id)
}

// SaveLogin writes a login, raises l.Step by one and wakes who watches it. The
// counters have their own statements and are left alone; an end or an answer
// that stands already stays (EndLogin, AnswerLogin). The error has the code
// "conflict" when the login was saved since it was read: nothing is lost that
// another request has written.
func (tx *Tx) SaveLogin(l *latchkey.Login) error {
	text, err := body(l)
	if err != nil {
		return err
	}
	return tx.saveLogin(l, text)
}

// SaveChangedLogin is SaveLogin that writes nothing when the login is as this
// transaction read it last.
func (tx *Tx) SaveChangedLogin(l *latchkey.Login) error {
	text, err := body(l)
	if err != nil || !tx.loginDiffers(l, text) {
		return err
	}
	return tx.saveLogin(l, text)
}

const saveLogin = `UPDATE login SET browser_hash = $4, tab_id = $5, client_id = $6,
		step = step + 1, expires_at = $7, end_reason = CASE WHEN ended_at IS NULL THEN $8 ELSE end_reason END,
		seen_at = CASE WHEN seen_at IS NULL OR seen_at < CAST($9 AS BIGINT) THEN CAST($9 AS BIGINT) ELSE seen_at END,
		delete_at = CASE WHEN ended_at IS NULL THEN CAST($10 AS BIGINT) ELSE delete_at END,
		ended_at = COALESCE(ended_at, CAST($11 AS BIGINT)), answered_at = COALESCE(answered_at, CAST($12 AS BIGINT)), body = $13
	WHERE realm_id = $1 AND id = $2 AND step = $3`

// A login that stays where it is leaves the indexes alone.
const saveLoginInPlace = `UPDATE login SET step = step + 1,
		seen_at = CASE WHEN seen_at IS NULL OR seen_at < CAST($4 AS BIGINT) THEN CAST($4 AS BIGINT) ELSE seen_at END,
		answered_at = COALESCE(answered_at, CAST($5 AS BIGINT)), body = $6
	WHERE realm_id = $1 AND id = $2 AND step = $3`

func (tx *Tx) saveLogin(l *latchkey.Login, text string) error {
	var err error
	if stale := staleLogin(l); tx.login.placed(l) {
		err = tx.later(stale, saveLoginInPlace, l.RealmID, l.ID, l.Step, millis(l.SeenAt), millis(l.AnsweredAt), text)
	} else {
		err = tx.later(stale, saveLogin, l.RealmID, l.ID, l.Step, l.BrowserHash, l.TabID, l.ClientID, l.ExpiresAt.UnixMilli(),
			string(l.EndReason), millis(l.SeenAt), loginDeletion(l), millis(l.EndedAt), millis(l.AnsweredAt), text)
	}
	if err == nil {
		l.Step++
		tx.login = nil
		tx.Notify(TopicLogin(l.ID))
	}
	return err
}

// staleLogin says why a login was not written.
func staleLogin(l *latchkey.Login) func(*Tx) error {
	realmID, id := l.RealmID, l.ID
	return func(tx *Tx) error {
		return tx.takenOrGone(conflict("", "This login went on elsewhere."), "login", `SELECT 1 FROM login WHERE realm_id = $1 AND id = $2`,
			[]any{realmID, id})
	}
}

// EndLogin ends a login and says whether this was what ended it: of any number
// of requests at once exactly one gets true.
func (tx *Tx) EndLogin(realmID, id string, reason latchkey.EndReason) (bool, error) {
	deletion := tx.now.Add(loginKept).UnixMilli()
	ended, err := tx.changed(`UPDATE login SET ended_at = $3, end_reason = $4,
			delete_at = CASE WHEN delete_at < CAST($5 AS BIGINT) THEN delete_at ELSE CAST($5 AS BIGINT) END
		WHERE realm_id = $1 AND id = $2 AND ended_at IS NULL`, realmID, id, millis(tx.now), string(reason), deletion)
	if ended {
		tx.Notify(TopicLogin(id))
	}
	return ended, err
}

// AnswerLogin marks that the application gets its one answer: of any
// number of requests at once exactly one gets true.
func (tx *Tx) AnswerLogin(realmID, id string) (bool, error) {
	answered, err := tx.changed(`UPDATE login SET answered_at = $3 WHERE realm_id = $1 AND id = $2 AND answered_at IS NULL`,
		realmID, id, millis(tx.now))
	if answered {
		tx.Notify(TopicLogin(id))
	}
	return answered, err
}

// CountNumberTry counts a number that is about to be compared. It is false,
// and nothing may be compared, when so many (most) were counted before.
func (tx *Tx) CountNumberTry(realmID, id string, most int) (ok bool, err error) {
	return tx.changed(`UPDATE login SET number_tries = number_tries + 1 WHERE realm_id = $1 AND id = $2 AND number_tries < $3`,
		realmID, id, most)
}

// CountCodeTry counts a code that is about to be compared. It is false, and
// nothing may be compared, when so many (most) were counted before.
func (tx *Tx) CountCodeTry(realmID, id string, most int) (ok bool, err error) {
	return tx.changed(`UPDATE login SET code_tries = code_tries + 1 WHERE realm_id = $1 AND id = $2 AND code_tries < $3`,
		realmID, id, most)
}

// SeeLogin says that the asking page was heard of now. It is no step.
func (tx *Tx) SeeLogin(realmID, id string) error {
	return tx.later(otherwise(notFound("login")), `UPDATE login
		SET seen_at = CASE WHEN seen_at > CAST($3 AS BIGINT) THEN seen_at ELSE CAST($3 AS BIGINT) END
		WHERE realm_id = $1 AND id = $2`, realmID, id, millis(tx.now))
}
