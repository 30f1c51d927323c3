package latchkey

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Realm is a space of users, clients and flows of its own (Keycloak: realm).
// Lifespans are seconds; the names of the fields are those of Keycloak's
// realm representation.
type Realm struct {
	ID      string `json:"-"`
	Name    string `json:"-"` // unique, part of every URL
	Enabled bool   `json:"-"`
	// Version grows by one with every change to the realm, its clients,
	// scopes, roles, flows or keys; nodes reload their snapshot when it moves.
	Version   int64     `json:"-"`
	CreatedAt time.Time `json:"-"`

	DisplayName     string `json:"displayName,omitempty"`
	DisplayNameHTML string `json:"displayNameHtml,omitempty"`
	SSLRequired     string `json:"sslRequired,omitempty"`

	RegistrationAllowed         bool `json:"registrationAllowed,omitempty"`
	RegistrationEmailAsUsername bool `json:"registrationEmailAsUsername,omitempty"`
	RememberMe                  bool `json:"rememberMe,omitempty"`
	VerifyEmail                 bool `json:"verifyEmail,omitempty"`
	LoginWithEmailAllowed       bool `json:"loginWithEmailAllowed,omitempty"`
	DuplicateEmailsAllowed      bool `json:"duplicateEmailsAllowed,omitempty"`
	ResetPasswordAllowed        bool `json:"resetPasswordAllowed,omitempty"`
	EditUsernameAllowed         bool `json:"editUsernameAllowed,omitempty"`

	NotBefore                           int64  `json:"notBefore,omitempty"` // unix seconds
	DefaultSignatureAlgorithm           string `json:"defaultSignatureAlgorithm,omitempty"`
	RevokeRefreshToken                  bool   `json:"revokeRefreshToken,omitempty"`
	RefreshTokenMaxReuse                int    `json:"refreshTokenMaxReuse,omitempty"`
	AccessTokenLifespan                 int    `json:"accessTokenLifespan,omitempty"`
	SSOSessionIdleTimeout               int    `json:"ssoSessionIdleTimeout,omitempty"`
	SSOSessionMaxLifespan               int    `json:"ssoSessionMaxLifespan,omitempty"`
	SSOSessionIdleTimeoutRememberMe     int    `json:"ssoSessionIdleTimeoutRememberMe,omitempty"`
	SSOSessionMaxLifespanRememberMe     int    `json:"ssoSessionMaxLifespanRememberMe,omitempty"`
	OfflineSessionIdleTimeout           int    `json:"offlineSessionIdleTimeout,omitempty"`
	OfflineSessionMaxLifespanEnabled    bool   `json:"offlineSessionMaxLifespanEnabled,omitempty"`
	OfflineSessionMaxLifespan           int    `json:"offlineSessionMaxLifespan,omitempty"`
	ClientSessionIdleTimeout            int    `json:"clientSessionIdleTimeout,omitempty"`
	ClientSessionMaxLifespan            int    `json:"clientSessionMaxLifespan,omitempty"`
	ClientOfflineSessionIdleTimeout     int    `json:"clientOfflineSessionIdleTimeout,omitempty"`
	ClientOfflineSessionMaxLifespan     int    `json:"clientOfflineSessionMaxLifespan,omitempty"`
	AccessCodeLifespan                  int    `json:"accessCodeLifespan,omitempty"`
	AccessCodeLifespanUserAction        int    `json:"accessCodeLifespanUserAction,omitempty"`
	AccessCodeLifespanLogin             int    `json:"accessCodeLifespanLogin,omitempty"`
	ActionTokenGeneratedByAdminLifespan int    `json:"actionTokenGeneratedByAdminLifespan,omitempty"`
	ActionTokenGeneratedByUserLifespan  int    `json:"actionTokenGeneratedByUserLifespan,omitempty"`

	// The aliases of the flows that the realm is bound to.
	BrowserFlow              string `json:"browserFlow,omitempty"`
	RegistrationFlow         string `json:"registrationFlow,omitempty"`
	DirectGrantFlow          string `json:"directGrantFlow,omitempty"`
	ResetCredentialsFlow     string `json:"resetCredentialsFlow,omitempty"`
	ClientAuthenticationFlow string `json:"clientAuthenticationFlow,omitempty"`
	DockerAuthenticationFlow string `json:"dockerAuthenticationFlow,omitempty"`
	FirstBrokerLoginFlow     string `json:"firstBrokerLoginFlow,omitempty"`

	PasswordPolicy string     `json:"passwordPolicy,omitempty"`
	OTPPolicy      OTPPolicy  `json:"otpPolicy,omitzero"`
	BruteForce     BruteForce `json:"bruteForce,omitzero"`

	InternationalizationEnabled bool     `json:"internationalizationEnabled,omitempty"`
	SupportedLocales            []string `json:"supportedLocales,omitempty"`
	DefaultLocale               string   `json:"defaultLocale,omitempty"`

	EventsEnabled             bool     `json:"eventsEnabled,omitempty"`
	EventsExpiration          int64    `json:"eventsExpiration,omitempty"` // seconds
	EnabledEventTypes         []string `json:"enabledEventTypes,omitempty"`
	AdminEventsEnabled        bool     `json:"adminEventsEnabled,omitempty"`
	AdminEventsDetailsEnabled bool     `json:"adminEventsDetailsEnabled,omitempty"`

	DefaultRoleID string `json:"defaultRoleId,omitempty"`
	// Ids of the client scopes that a new client gets.
	DefaultDefaultClientScopes  []string `json:"defaultDefaultClientScopes,omitempty"`
	DefaultOptionalClientScopes []string `json:"defaultOptionalClientScopes,omitempty"`

	// SMTP is where the realm's mail goes; its secrets are sealed in the store.
	SMTP SMTP `json:"-"`
	// Profile says what a user of the realm is asked for.
	Profile    UserProfile       `json:"profile"`
	Attributes map[string]string `json:"attributes,omitempty"`
	// Localization are the realm's own texts by language and key. They stand
	// before those of the catalogue, and are what "${key}" in labels means.
	Localization map[string]map[string]string `json:"localization,omitempty"`
	// DefaultGroups are ids of the groups that a new user is put into.
	DefaultGroups []string `json:"defaultGroups,omitempty"`
	Kept          Kept     `json:"-"`
}

// MasterRealm is the name of the realm whose administrators may administer
// every realm.
const MasterRealm = "master"

var realmName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$`)

// ValidateRealmName refuses names that cannot stand in a URL and a cookie name.
func ValidateRealmName(name string) error {
	if !realmName.MatchString(name) {
		return Invalid("realm", "A realm's name has 1 to 255 letters, digits, dots, underscores or hyphens, and starts with a letter or digit.")
	}
	return nil
}

// Title is what people are shown for the realm: its display name, else its name.
func (r *Realm) Title() string {
	if r.DisplayName != "" {
		return r.DisplayName
	}
	return r.Name
}

// LoginTimeout is how long a login may take from its beginning (Keycloak: login
// timeout); half an hour where the realm does not say.
func (r *Realm) LoginTimeout() time.Duration {
	if r.AccessCodeLifespanLogin > 0 {
		return time.Duration(r.AccessCodeLifespanLogin) * time.Second
	}
	return 30 * time.Minute
}

// SMTP is a realm's mail configuration, with the keys of Keycloak's
// smtpServer. Timeouts are milliseconds; zero means Latchkey's default.
type SMTP struct {
	From               string `json:"from,omitempty"`
	FromDisplayName    string `json:"fromDisplayName,omitempty"`
	ReplyTo            string `json:"replyTo,omitempty"`
	ReplyToDisplayName string `json:"replyToDisplayName,omitempty"`
	EnvelopeFrom       string `json:"envelopeFrom,omitempty"`
	AllowUTF8          bool   `json:"allowutf8,omitempty"`
	// Relays are tried in order: the realm's SMTP server, then its fallbacks.
	Relays []Relay `json:"relays,omitempty"`
}

// Relay is one SMTP server that takes mail from a realm.
type Relay struct {
	Host     string `json:"host"`
	Port     int    `json:"port,omitempty"` // 0: 465 with SSL, 587 with StartTLS, else 25
	SSL      bool   `json:"ssl,omitempty"`
	StartTLS bool   `json:"starttls,omitempty"` // on means required
	Auth     bool   `json:"auth,omitempty"`
	AuthType string `json:"authType,omitempty"` // "basic" (default) or "token"
	User     string `json:"user,omitempty"`
	Password Secret `json:"-"`
	// OAuth 2.0 client credentials for AuthType "token" (XOAUTH2).
	AuthTokenURL          string `json:"authTokenUrl,omitempty"`
	AuthTokenScope        string `json:"authTokenScope,omitempty"`
	AuthTokenClientID     string `json:"authTokenClientId,omitempty"`
	AuthTokenClientSecret Secret `json:"-"`
	ConnectionTimeout     int    `json:"connectionTimeout,omitempty"`
	Timeout               int    `json:"timeout,omitempty"`
	WriteTimeout          int    `json:"writeTimeout,omitempty"`
}

// Address is the relay's host and port: the one that it names, else the usual
// one of its encryption (465 with SSL, 587 with StartTLS, else 25).
func (r Relay) Address() string {
	port := r.Port
	if port == 0 {
		switch {
		case r.SSL:
			port = 465
		case r.StartTLS:
			port = 587
		default:
			port = 25
		}
	}
	host := r.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]" // IPv6
	}
	return host + ":" + strconv.Itoa(port)
}

// Configured says whether the realm can send mail at all.
func (s *SMTP) Configured() bool { return s.From != "" && len(s.Relays) > 0 && s.Relays[0].Host != "" }

// AttributeCrossSite is the attribute of a realm whose session cookies go to
// frames in other sites too (SameSite=None), so that applications there can
// check silently whether somebody is signed in: "true" or absent.
const AttributeCrossSite = "latchkey.cookies.cross-site"

// AttributeClientRegistration is the attribute of a realm at which no client
// registers itself: "false", or absent.
const AttributeClientRegistration = "latchkey.client-registration"

// RegistersClients says whether clients may register themselves, by a token that
// an administrator made.
func (r *Realm) RegistersClients() bool { return r.Attributes[AttributeClientRegistration] != "false" }

// CrossSite says whether session cookies of the realm go to other sites.
func (r *Realm) CrossSite() bool { return r.Attributes[AttributeCrossSite] == "true" }

// AttributeImmediate is the attribute of a realm whose registration makes
// accounts at once, without the proof of the mailbox. It is a weakening: the
// page then has to tell that an address has an account.
const AttributeImmediate = "latchkey.registration.immediate"

// ImmediateRegistration says whether accounts are made before their mailbox is
// proven.
func (r *Realm) ImmediateRegistration() bool { return r.Attributes[AttributeImmediate] == "true" }
