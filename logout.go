package latchkey

import "time"

// LogoutNotice is a promise to tell an application that a session of it has
// ended (OpenID Connect Back-Channel Logout 1.0). It is written in the
// transaction that ends the session, and kept until the application has taken
// it or its time is over.
type LogoutNotice struct {
	RealmID       string    `json:"-"`
	ID            string    `json:"-"`
	ClientID      string    `json:"-"` // internal id
	CreatedAt     time.Time `json:"-"`
	ExpiresAt     time.Time `json:"-"` // exclusive: from then on it is given up
	NextAttemptAt time.Time `json:"-"`
	ClaimedUntil  time.Time `json:"-"`
	Attempts      int       `json:"-"`

	UserID    string `json:"userId"`
	SessionID string `json:"sessionId"` // the sid that the application's ID tokens name
	// Reason says in a word why the last attempt failed.
	Reason string `json:"reason,omitempty"`
}

// The attributes of a client that say where and how it is told of a logout, as
// in Keycloak.
const (
	// AttributeBackchannelURL is where logout tokens are posted to.
	AttributeBackchannelURL = "backchannel.logout.url"
	// AttributeBackchannelSession, "false" to switch it off, puts the session's
	// sid into them.
	AttributeBackchannelSession = "backchannel.logout.session.required"
	// AttributeBackchannelOffline, when "true", asks the application to drop its
	// offline tokens as well: the event has the member revoke_offline_access.
	AttributeBackchannelOffline = "backchannel.logout.revoke.offline.tokens"
)
