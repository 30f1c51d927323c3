package latchkey

import "time"

// UserSession is a person's sign-in in one browser (Keycloak: user session).
// The browser holds a secret whose SHA-256 is CookieHash.
type UserSession struct {
	RealmID    string    `json:"-"`
	ID         string    `json:"-"` // the sid of tokens; no secret
	UserID     string    `json:"-"`
	CookieHash []byte    `json:"-"`
	StartedAt  time.Time `json:"-"`
	LastAccess time.Time `json:"-"`
	RememberMe bool      `json:"-"`
	Offline    bool      `json:"-"`

	AuthTime  time.Time `json:"authTime"` // when the person last proved themselves
	IPAddress string    `json:"ipAddress,omitempty"`
	Browser   string    `json:"browser,omitempty"` // "Firefox", from a fixed list, never the raw header
	OS        string    `json:"os,omitempty"`      // "Linux", from a fixed list
	ACR       string    `json:"acr,omitempty"`     // what the executions that passed amount to
	AMR       []string  `json:"amr,omitempty"`
	// AMRUntil says until when a method counts that is not for good.
	AMRUntil map[string]time.Time `json:"amrUntil,omitempty"`
	// Levels are the levels of authentication that the sign-in reached, each
	// with when; how long one holds is for the flow to say.
	Levels map[int]time.Time `json:"levels,omitempty"`
	Notes  map[string]string `json:"notes,omitempty"`
}

// ClientSession is what a client holds of a user session (Keycloak: client
// session). Where refresh tokens rotate, Families says which are good now;
// RefreshID changes with every rotation and is what a rotation compares and
// sets, so that of two requests at once one sees what the other did.
type ClientSession struct {
	RealmID           string    `json:"-"`
	SessionID         string    `json:"-"`
	ClientID          string    `json:"-"` // internal id
	StartedAt         time.Time `json:"-"`
	LastAccess        time.Time `json:"-"`
	RefreshID         string    `json:"-"`
	PreviousRefreshID string    `json:"-"`
	RotatedAt         time.Time `json:"-"`
	Reuses            int       `json:"-"`

	Scope       string `json:"scope,omitempty"` // what was granted, space between
	RedirectURI string `json:"redirectUri,omitempty"`
	Nonce       string `json:"nonce,omitempty"`
	Claims      string `json:"claims,omitempty"` // the claims parameter of its last request
	// Families are the lines of rotated refresh tokens, the newest last: one
	// for every code, so that two tabs of an application do not end each
	// other's.
	Families []RefreshFamily `json:"families,omitempty"`
}

// RefreshFamily is the line of refresh tokens that came from one code. Current
// is the token that is good; Previous is the one before it, which within the
// grace gives the same successor again.
type RefreshFamily struct {
	ID        string    `json:"id"`
	Current   string    `json:"current"`
	Previous  string    `json:"previous,omitempty"`
	RotatedAt time.Time `json:"rotatedAt,omitzero"`
	Reuses    int       `json:"reuses,omitempty"` // of Previous, where the realm allows some
}

// AuthorizationCode is an OAuth code that was handed to a client. The code
// itself is only hashed; at most 60 s pass before it is void.
type AuthorizationCode struct {
	RealmID    string    `json:"-"`
	Hash       []byte    `json:"-"` // SHA-256 of the secret part
	SessionID  string    `json:"-"`
	ClientID   string    `json:"-"` // internal id
	ExpiresAt  time.Time `json:"-"`
	RedeemedAt time.Time `json:"-"`

	UserID              string    `json:"userId"`
	RedirectURI         string    `json:"redirectUri"` // verbatim, with its fragment
	Scope               string    `json:"scope,omitempty"`
	Nonce               string    `json:"nonce,omitempty"`
	CodeChallenge       string    `json:"codeChallenge,omitempty"`
	CodeChallengeMethod string    `json:"codeChallengeMethod,omitempty"`
	AuthTime            time.Time `json:"authTime"`
	ACR                 string    `json:"acr,omitempty"` // of this answer: "0" when an old session was used
	AMR                 []string  `json:"amr,omitempty"`
}
