package store

import (
	"slices"
	"strings"
	"time"

	"latchkey"
)

// SessionFilter says which sessions are listed. Empty fields do not filter.
type SessionFilter struct {
	UserID   string
	ClientID string // internal id of a client that has a part in it
	Offline  *bool
	// Search is the beginning of a word of the user's name or address, or of
	// the session's network address; or a client of Clients has a part in it.
	Search  string
	Clients []string // internal ids
	// Live are the kinds of sessions that are still good; a session of another
	// kind, or that is older, is not listed. Empty: all are listed.
	Live []LiveSessions
	// StartedSince, the realm's "not before", and StartedUntil are inclusive.
	StartedSince, StartedUntil time.Time
	First, Max                 int // Max zero: a hundred
	// fewOfClient says that ClientID has a part in few sessions.
	fewOfClient bool
}

// LiveSessions are sessions of one kind that have not expired: used and
// started after those times. A zero time does not filter.
type LiveSessions struct {
	Offline, RememberMe     bool
	UsedAfter, StartedAfter time.Time
}

// where gives the condition on user_session s.
func (f *SessionFilter) where(d *dialect, realmID string) *condition {
	c := &condition{args: []any{realmID}}
	c.text.WriteString("s.realm_id = $1")
	if f.UserID != "" {
		c.add("s.user_id = %", f.UserID)
	}
	switch {
	case f.ClientID != "" && f.fewOfClient:
		c.add("s.id IN (SELECT session_id FROM client_session WHERE realm_id = $1 AND client_id = %)", f.ClientID)
	case f.ClientID != "":
		c.add("EXISTS (SELECT 1 FROM client_session WHERE realm_id = $1 AND session_id = s.id AND client_id = % LIMIT 1)", f.ClientID)
	}
	if f.Offline != nil {
		c.add("s.offline = %", flag(*f.Offline))
	}
	started := "s.started_at"
	if f.few() {
		started += " + 0" // SQLite would rather go by the time
	}
	if !f.StartedSince.IsZero() {
		c.add(started+" >= %", millis(f.StartedSince))
	}
	if !f.StartedUntil.IsZero() {
		c.add(started+" <= %", millis(f.StartedUntil))
	}
	f.live(c)
	f.search(d, c)
	return c
}

func (f *SessionFilter) live(c *condition) {
	if len(f.Live) == 0 {
		return
	}
	var kinds []string
	var args []any
	for _, l := range f.Live {
		text := "s.offline = % AND s.remember_me = % AND s.last_access > %"
		args = append(args, flag(l.Offline), flag(l.RememberMe), millisOrZero(l.UsedAfter))
		if !l.StartedAfter.IsZero() {
			text += " AND s.started_at > %"
			args = append(args, millis(l.StartedAfter))
		}
		kinds = append(kinds, text)
	}
	c.add("("+strings.Join(kinds, " OR ")+")", args...)
}

func millisOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func (f *SessionFilter) search(d *dialect, c *condition) {
	if f.Search == "" {
		return
	}
	people, args := peopleWith(d, f.Search)
	ways := []string{`s.user_id IN (SELECT id FROM users WHERE realm_id = $1 AND ` + people + `)`}
	if f.byAddress() {
		ways = append(ways, `s.body LIKE % ESCAPE '\'`)
		args = append(args, `%"ipAddress":"`+likeText(f.Search)+`%`)
	}
	if len(f.Clients) > 0 {
		marks := strings.TrimSuffix(strings.Repeat("%, ", len(f.Clients)), ", ")
		ways = append(ways, `s.id IN (SELECT session_id FROM client_session WHERE realm_id = $1 AND client_id IN (`+marks+`))`)
		for _, id := range f.Clients {
			args = append(args, id)
		}
	}
	c.add("("+strings.Join(ways, " OR ")+")", args...)
}

// Sessions lists sessions, the newest first.
func (tx *Tx) Sessions(realmID string, f SessionFilter) ([]*latchkey.UserSession, error) {
	if err := tx.weigh(realmID, &f); err != nil {
		return nil, err
	}
	text, args := f.list(tx.db.dialect, realmID)
	return many(tx, (*Tx).scanUserSession, text, args...)
}

func (f *SessionFilter) list(d *dialect, realmID string) (string, []any) {
	c := f.where(d, realmID)
	limit := f.Max
	if limit <= 0 {
		limit = maxListed
	}
	order := "s.started_at"
	if f.few() {
		order += " + 0" // so that they are found first and then sorted
	}
	part := c.page(f.First, limit)
	return `SELECT ` + userSessionColumns + ` FROM user_session s WHERE ` + c.text.String() + ` ORDER BY ` + order + ` DESC, s.id DESC` + part, c.args
}

// fewSessions is how many sessions of a client are sorted to give a page of them;
// of more a page is found by going through the realm's in their order.
const fewSessions = 2000

// weigh finds out whether the client has few sessions.
func (tx *Tx) weigh(realmID string, f *SessionFilter) error {
	if f.ClientID == "" {
		return nil
	}
	n := 0
	err := tx.each(func(r row) error { return r.Scan(&n) },
		`SELECT COUNT(*) FROM (SELECT 1 FROM client_session WHERE realm_id = $1 AND client_id = $2 LIMIT $3) listed`, realmID, f.ClientID, fewSessions+1)
	f.fewOfClient = n <= fewSessions
	return err
}

// few says that the filter goes by users, of whom each has few sessions, or by
// a client that has few.
func (f *SessionFilter) few() bool {
	return f.fewOfClient || f.UserID != "" || f.Search != "" && !f.byAddress() && len(f.Clients) == 0
}

// byAddress says that what is searched may be the beginning of a network
// address.
func (f *SessionFilter) byAddress() bool {
	return strings.Trim(f.Search, "0123456789abcdefABCDEF.:") == ""
}

// CountSessions counts those whom Sessions would list without First and Max.
func (tx *Tx) CountSessions(realmID string, f SessionFilter) (int, error) {
	n := 0
	f.fewOfClient = f.ClientID != "" // all are read, in the order of the client's
	c := f.where(tx.db.dialect, realmID)
	err := tx.each(func(r row) error { return r.Scan(&n) }, `SELECT COUNT(*) FROM user_session s WHERE `+c.text.String(), c.args...)
	return n, err
}

// CountSessionsByKind counts them apart, those of a browser and offline ones,
// reading each once.
func (tx *Tx) CountSessionsByKind(realmID string, f SessionFilter) (browser, offline int, err error) {
	f.fewOfClient = f.ClientID != ""
	c := f.where(tx.db.dialect, realmID)
	err = tx.each(func(r row) error {
		isOffline, n := false, 0
		err := r.Scan(&isOffline, &n)
		if isOffline {
			offline = n
		} else {
			browser = n
		}
		return err
	}, `SELECT s.offline, COUNT(*) FROM user_session s WHERE `+c.text.String()+` GROUP BY s.offline`, c.args...)
	return browser, offline, err
}

// SessionCount says how many sessions a client has a part in.
type SessionCount struct {
	ClientID string // internal id
	Offline  bool
	Sessions int
}

// CountSessionsByClient counts the sessions of the filter that each client has
// a part in.
func (tx *Tx) CountSessionsByClient(realmID string, f SessionFilter) ([]SessionCount, error) {
	f.fewOfClient = f.ClientID != ""
	c := f.where(tx.db.dialect, realmID)
	join := ","
	if f.few() {
		join = " CROSS JOIN" // SQLite would rather go by the clients'
	}
	return many(tx, func(_ *Tx, r row) (n SessionCount, err error) {
		err = r.Scan(&n.ClientID, &n.Offline, &n.Sessions)
		return n, err
	}, `SELECT p.client_id, s.offline, COUNT(*) FROM user_session s`+join+` client_session p
		WHERE p.realm_id = s.realm_id AND p.session_id = s.id AND `+c.text.String()+` GROUP BY p.client_id, s.offline ORDER BY p.client_id, s.offline`, c.args...)
}

// ClientsOfSessions gives which clients, by their internal ids, have a part in
// each of the sessions.
func (tx *Tx) ClientsOfSessions(realmID string, ids []string) (map[string][]string, error) {
	out := map[string][]string{}
	return out, tx.eachOf(ids, func(r row) error {
		var session, client string
		err := r.Scan(&session, &client)
		out[session] = append(out[session], client)
		return err
	}, `SELECT session_id, client_id FROM client_session WHERE realm_id = $1 AND session_id IN (%) ORDER BY session_id, started_at, client_id`, realmID)
}

// Usernames gives the usernames of the users with the ids.
func (tx *Tx) Usernames(realmID string, ids []string) (map[string]string, error) {
	out := map[string]string{}
	return out, tx.eachOf(ids, func(r row) error {
		var id, name string
		err := r.Scan(&id, &name)
		out[id] = name
		return err
	}, `SELECT id, username FROM users WHERE realm_id = $1 AND id IN (%)`, realmID)
}

// EndSessions ends sessions with what clients hold of them and the codes that
// came of them.
func (tx *Tx) EndSessions(realmID string, ids []string) error {
	for part := range slices.Chunk(ids, maxPlaceholders) {
		args := append([]any{realmID}, padded(part)...)
		marks := placeholders(2, len(args)-1)
		for _, text := range []string{
			`DELETE FROM client_session WHERE realm_id = $1 AND session_id IN (`,
			`DELETE FROM authorization_code WHERE realm_id = $1 AND session_id IN (`,
			`DELETE FROM user_session WHERE realm_id = $1 AND id IN (`,
		} {
			if _, err := tx.exec(text+marks+`)`, args...); err != nil {
				return err
			}
		}
	}
	return nil
}
