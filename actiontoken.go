package latchkey

import "time"

// TokenKind says what an action token is for. A token of one kind is useless
// as any other.
type TokenKind string

// The kinds of action tokens.
const (
	TokenMagicLink TokenKind = "magic-link"        // mailed by a login
	TokenReset     TokenKind = "reset-credentials" // mailed by a login, to who forgot their password
	TokenAPILink   TokenKind = "ext-magic-link"    // made by POST /realms/{realm}/magic-link
	// TokenExecuteActions is mailed for an administrator: its actions are asked of
	// the account's owner, and nobody is signed in by it.
	TokenExecuteActions TokenKind = "execute-actions"
	TokenVerifyEmail    TokenKind = "verify-email" // mailed by the required action
	TokenFirstAdmin     TokenKind = "first-admin"  // printed once on the host
	TokenUpdateEmail    TokenKind = "update-email" // mailed to an account's new address
	TokenRevertEmail    TokenKind = "revert-email" // mailed to its earlier one
)

// TokenKinds are all kinds of action tokens.
var TokenKinds = []TokenKind{TokenMagicLink, TokenReset, TokenAPILink, TokenExecuteActions, TokenVerifyEmail, TokenFirstAdmin, TokenUpdateEmail, TokenRevertEmail}

// ByAPI says that tokens of the kind were made by the API: no login waits for
// them.
func (k TokenKind) ByAPI() bool { return k == TokenAPILink || k == TokenExecuteActions }

// ActionToken is a secret that was mailed or handed out. It is found by its
// public ID, the selector, and proven by the secret whose SHA-256 is
// SecretHash. It is redeemed at most once, by one conditional statement
//
type ActionToken struct {
	RealmID    string    `json:"-"`
	ID         string    `json:"-"` // the selector: random, public
	SecretHash []byte    `json:"-"`
	Kind       TokenKind `json:"-"`
	LoginID    string    `json:"-"` // the login that mailed it; empty for links made by the API
	UserID     string    `json:"-"` // whose it is, when known at the time
	ClientID   string    `json:"-"` // internal id
	CreatedAt  time.Time `json:"-"`
	ExpiresAt  time.Time `json:"-"` // exclusive: at this instant it is void
	RedeemedAt time.Time `json:"-"`
	OpenedAt   time.Time `json:"-"` // first GET
	Opens      int       `json:"-"` // GETs

	Address  string `json:"address,omitempty"` // where it was mailed to; empty when it was handed out
	Reusable bool   `json:"reusable,omitempty"`
	// Request is the application's request of a link made by the API; of one that
	// asks for actions it says where the person may go on from there.
	Request *AuthorizationRequest `json:"request,omitempty"`
	// Actions are the required actions of TokenExecuteActions, by alias.
	Actions    []string `json:"actions,omitempty"`
	RememberMe bool     `json:"rememberMe,omitempty"`
	Locale     string   `json:"locale,omitempty"`
}
