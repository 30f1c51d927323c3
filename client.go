package latchkey

import "strings"

// Client is an application that sends people to be signed in, or a service
// that signs in itself (Keycloak: client).
type Client struct {
	RealmID  string `json:"-"`
	ID       string `json:"-"` // internal id, not the clientId of OAuth
	ClientID string `json:"-"` // OAuth's client_id, unique in the realm
	Enabled  bool   `json:"-"`
	Secret   Secret `json:"-"` // sealed in the store; empty for public clients
	// RotatedSecret is the secret before it, which is good until the attribute
	// AttributeRotatedExpires says; empty when there is none.
	RotatedSecret Secret `json:"-"`

	Name                      string   `json:"name,omitempty"`
	Description               string   `json:"description,omitempty"`
	Protocol                  string   `json:"protocol,omitempty"` // "openid-connect"
	RootURL                   string   `json:"rootUrl,omitempty"`
	BaseURL                   string   `json:"baseUrl,omitempty"`
	AdminURL                  string   `json:"adminUrl,omitempty"`
	RedirectURIs              []string `json:"redirectUris,omitempty"`
	WebOrigins                []string `json:"webOrigins,omitempty"`
	PublicClient              bool     `json:"publicClient,omitempty"`
	BearerOnly                bool     `json:"bearerOnly,omitempty"`
	ConsentRequired           bool     `json:"consentRequired,omitempty"`
	StandardFlowEnabled       bool     `json:"standardFlowEnabled,omitempty"`
	DirectAccessGrantsEnabled bool     `json:"directAccessGrantsEnabled,omitempty"`
	ServiceAccountsEnabled    bool     `json:"serviceAccountsEnabled,omitempty"`
	FullScopeAllowed          bool     `json:"fullScopeAllowed,omitempty"`
	SurrogateAuthRequired     bool     `json:"surrogateAuthRequired,omitempty"`
	AlwaysDisplayInConsole    bool     `json:"alwaysDisplayInConsole,omitempty"`
	FrontchannelLogout        bool     `json:"frontchannelLogout,omitempty"`
	ClientAuthenticatorType   string   `json:"clientAuthenticatorType,omitempty"` // "client-secret", ...
	NotBefore                 int64    `json:"notBefore,omitempty"`               // unix seconds
	// RegisteredNodes are the nodes of the application that were made known, and
	// when, in unix seconds. Nothing is sent to them.
	RegisteredNodes map[string]int64 `json:"registeredNodes,omitempty"`
	// RegistrationTokenID is the jti of the one registration access token that
	// is good for the client (RFC 7592 3).
	RegistrationTokenID string `json:"registrationTokenId,omitempty"`

	// Attributes are Keycloak's dotted keys: pkce.code.challenge.method,
	// post.logout.redirect.uris ("##" between values), access.token.lifespan,
	// id.token.signed.response.alg, initiate.login.uri, ...
	Attributes map[string]string `json:"attributes,omitempty"`
	// FlowBindings maps "browser" and "direct_grant" to the id of a flow that
	// takes the place of the realm's.
	FlowBindings map[string]string `json:"authenticationFlowBindingOverrides,omitempty"`

	DefaultClientScopes  []string         `json:"defaultClientScopes,omitempty"`  // ids
	OptionalClientScopes []string         `json:"optionalClientScopes,omitempty"` // ids
	ProtocolMappers      []ProtocolMapper `json:"protocolMappers,omitempty"`
	// ScopeMappings are ids of roles that may go into this client's tokens
	// when FullScopeAllowed is off.
	ScopeMappings []string `json:"scopeMappings,omitempty"`
	Kept          Kept     `json:"-"`
}

// AttributeUnapproved, "true" for a client that was registered with an initial
// access token, says that nobody who runs the realm has looked at what the
// client says of itself. It always asks for a consent, its page warns,
// and no mail names it. An administrator approves of it by taking the
// attribute away.
const AttributeUnapproved = "latchkey.unapproved"

// Unapproved says whether nobody has looked at the client yet; see
// [AttributeUnapproved].
func (c *Client) Unapproved() bool { return c.Attribute(AttributeUnapproved) == "true" }

// BuiltIn says whether the client is one that every realm has, or one by which
// realm master administers another.
func (c *Client) BuiltIn() bool {
	switch c.ClientID {
	case "account", "account-console", "admin-cli", "broker", ClientRealmManagement, ClientAdminConsole:
		return true
	}
	return strings.HasSuffix(c.ClientID, "-realm")
}

// Title is what people are shown for the client: its name, else its clientId.
// A name of the form "${client_account}" is a key of the message catalogue.
func (c *Client) Title() string {
	if c.Name != "" {
		return c.Name
	}
	return c.ClientID
}

// Attribute gives an attribute, or the empty string.
func (c *Client) Attribute(key string) string { return c.Attributes[key] }

// ClientScope is a set of protocol mappers and role mappings that an
// application asks for by name (Keycloak: client scope).
type ClientScope struct {
	RealmID         string            `json:"-"`
	ID              string            `json:"-"`
	Name            string            `json:"-"`
	Description     string            `json:"description,omitempty"`
	Protocol        string            `json:"protocol,omitempty"`
	Attributes      map[string]string `json:"attributes,omitempty"`
	ProtocolMappers []ProtocolMapper  `json:"protocolMappers,omitempty"`
	ScopeMappings   []string          `json:"scopeMappings,omitempty"` // ids of roles
	Kept            Kept              `json:"-"`
}

// ProtocolMapper puts something into a token (Keycloak: protocol mapper).
type ProtocolMapper struct {
	ID             string            `json:"id"`
	Name           string            `json:"name"`
	Protocol       string            `json:"protocol,omitempty"`
	ProtocolMapper string            `json:"protocolMapper"` // "oidc-usermodel-attribute-mapper", ...
	Config         map[string]string `json:"config,omitempty"`
	Kept           Kept              `json:"kept,omitempty"`
}

// Role is a realm role or a role of one client (Keycloak: role).
type Role struct {
	RealmID     string              `json:"-"`
	ID          string              `json:"-"`
	ClientID    string              `json:"-"` // internal id of the client; empty for a realm role
	Name        string              `json:"-"`
	Description string              `json:"description,omitempty"`
	Composites  []string            `json:"composites,omitempty"` // ids of roles
	Attributes  map[string][]string `json:"attributes,omitempty"`
	Kept        Kept                `json:"-"`
}

// The realm role of master that administers everything, the client of every
// other realm that holds its administrative roles, and the client that the
// console of a realm is.
const (
	RoleAdmin             = "admin"
	ClientRealmManagement = "realm-management"
	ClientAdminConsole    = "security-admin-console"
	RoleManageUsers       = "manage-users"
)
