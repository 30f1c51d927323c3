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
}

// LiveSessions are sessions of one kind that have not expired: used and
// started after those times. A zero time does not filter.
type LiveSessions struct {
	Offline, RememberMe     bool
	UsedAfter, StartedAfter time.Time
}

// where gives the condition on user_session s.
func (f *SessionFilter) where(realmID string) *condition {
	c := &condition{args: []any{realmID}}
	c.text.WriteString("s.realm_id = $1")
	if f.UserID != "" {
		c.add("s.user_id = %", f.UserID)
	}
	if f.ClientID != "" {
		c.add("s.id IN (SELECT session_id FROM client_session WHERE realm_id = $1 AND client_id = %)", f.ClientID)
	}
	if f.Offline != nil {
		c.add("s.offline = %", flag(*f.Offline))
	}
	if !f.StartedSince.IsZero() {
		c.add("s.started_at >= %", millis(f.StartedSince))
	}
	if !f.StartedUntil.IsZero() {
		c.add("s.started_at <= %", millis(f.StartedUntil))
	}
	f.live(c)
	f.search(c)
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

func (f *SessionFilter) search(c *condition) {
	if f.Search == "" {
		return
	}
	ways := []string{`s.user_id IN (SELECT id FROM users WHERE realm_id = $1 AND search LIKE % ESCAPE '\')`}
	args := []any{likeWord(f.Search)}
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
	text, args := f.list(realmID)
	return many(tx, (*Tx).scanUserSession, text, args...)
}

func (f *SessionFilter) list(realmID string) (string, []any) {
	c := f.where(realmID)
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

// few says that the filter goes by users, of whom each has few sessions.
func (f *SessionFilter) few() bool {
	return f.UserID != "" || f.Search != "" && !f.byAddress() && len(f.Clients) == 0
}

// byAddress says that what is searched may be the beginning of a network
// address.
func (f *SessionFilter) byAddress() bool {
	return strings.Trim(f.Search, "0123456789abcdefABCDEF.:") == ""
}

// CountSessions counts those whom Sessions would list without First and Max.
func (tx *Tx) CountSessions(realmID string, f SessionFilter) (int, error) {
	c := f.where(realmID)
	n := 0
	err := tx.each(func(r row) error { return r.Scan(&n) }, `SELECT COUNT(*) FROM user_session s WHERE `+c.text.String(), c.args...)
	return n, err
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
	c := f.where(realmID)
	return many(tx, func(_ *Tx, r row) (n SessionCount, err error) {
		err = r.Scan(&n.ClientID, &n.Offline, &n.Sessions)
		return n, err
	}, `SELECT p.client_id, s.offline, COUNT(*) FROM user_session s JOIN client_session p ON p.realm_id = s.realm_id AND p.session_id = s.id
		WHERE `+c.text.String()+` GROUP BY p.client_id, s.offline ORDER BY p.client_id, s.offline`, c.args...)
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
