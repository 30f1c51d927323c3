package representation

import "latchkey"

// Session is a sign-in as administrators see it. Start and LastAccess are unix
// milliseconds in whole seconds, as Keycloak's; Clients are clientIds by
// internal id.
type Session struct {
	ID            string            `json:"id"`
	Username      string            `json:"username"`
	UserID        string            `json:"userId"`
	IPAddress     string            `json:"ipAddress"`
	Start         int64             `json:"start"`
	LastAccess    int64             `json:"lastAccess"`
	RememberMe    *bool             `json:"rememberMe,omitempty"`
	TransientUser bool              `json:"transientUser"`
	Type          string            `json:"type,omitempty"` // "REGULAR" or "OFFLINE"; in the lists of the console
	Clients       map[string]string `json:"clients"`
}

// The values of Session.Type.
const (
	SessionRegular = "REGULAR"
	SessionOffline = "OFFLINE"
)

// SessionOf shows a session of the user with that name; clients are the
// internal ids of those that have a part in it.
func SessionOf(snap *latchkey.Snapshot, s *latchkey.UserSession, username string, clients []string) Session {
	r := Session{ID: s.ID, Username: username, UserID: s.UserID, IPAddress: s.IPAddress, Start: s.StartedAt.Unix() * 1000,
		LastAccess: s.LastAccess.Unix() * 1000, RememberMe: new(s.RememberMe), Type: SessionRegular, Clients: map[string]string{}}
	if s.Offline {
		r.Type = SessionOffline
	}
	for _, id := range clients {
		if c := snap.ClientByID(id); c != nil {
			r.Clients[id] = c.ClientID
		}
	}
	return r
}

// ClientSessionStats says how many sessions a client has a part in. The
// numbers are text, as in Keycloak.
type ClientSessionStats struct {
	ID       string `json:"id"`
	ClientID string `json:"clientId"`
	Active   string `json:"active"`
	Offline  string `json:"offline"`
}

// SessionCount says how many sessions of a realm are live.
type SessionCount struct {
	Active  int `json:"active"` // in browsers
	Offline int `json:"offline"`
}

// BruteForceStatus is what is known of wrong passwords and codes of a user.
// FailedLoginNotBefore is unix seconds, LastFailure milliseconds.
type BruteForceStatus struct {
	FailedLoginNotBefore     *int64 `json:"failedLoginNotBefore,omitempty"`
	NumFailures              int    `json:"numFailures"`
	NumTemporaryLockouts     *int   `json:"numTemporaryLockouts,omitempty"`
	Disabled                 bool   `json:"disabled"`
	NumSecondaryAuthFailures *int   `json:"numSecondaryAuthFailures,omitempty"`
	LastIPFailure            string `json:"lastIPFailure"`
	LastFailure              int64  `json:"lastFailure"`
}

// GlobalRequest is the answer of calls that tell applications something: at
// which of their addresses they were told, and at which not.
type GlobalRequest struct {
	SuccessRequests []string `json:"successRequests,omitempty"`
	FailedRequests  []string `json:"failedRequests,omitempty"`
}

// Impersonation is the answer of an impersonation: where the browser goes to
// be signed in as the user, and whether the administrator is of the same
// realm.
type Impersonation struct {
	SameRealm bool   `json:"sameRealm"`
	Redirect  string `json:"redirect"`
}
