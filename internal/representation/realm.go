package representation

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"

	"latchkey"
)

// KeycloakVersion is the version of Keycloak whose representations these are.
const KeycloakVersion = "26.7.3"

// Realm is a realm, in the admin API its settings only, in an export all that
// belongs to it. Lifespans are seconds.
type Realm struct {
	ID              *string `json:"id,omitzero"`
	Realm           *string `json:"realm,omitzero"` // its name
	DisplayName     *string `json:"displayName,omitzero"`
	DisplayNameHTML *string `json:"displayNameHtml,omitzero"`
	NotBefore       *int64  `json:"notBefore,omitzero"` // unix seconds
	Enabled         *bool   `json:"enabled,omitzero"`
	SSLRequired     *string `json:"sslRequired,omitzero"` // all, external, none

	DefaultSignatureAlgorithm           *string `json:"defaultSignatureAlgorithm,omitzero"`
	RevokeRefreshToken                  *bool   `json:"revokeRefreshToken,omitzero"`
	RefreshTokenMaxReuse                *int    `json:"refreshTokenMaxReuse,omitzero"`
	AccessTokenLifespan                 *int    `json:"accessTokenLifespan,omitzero"`
	SSOSessionIdleTimeout               *int    `json:"ssoSessionIdleTimeout,omitzero"`
	SSOSessionMaxLifespan               *int    `json:"ssoSessionMaxLifespan,omitzero"`
	SSOSessionIdleTimeoutRememberMe     *int    `json:"ssoSessionIdleTimeoutRememberMe,omitzero"`
	SSOSessionMaxLifespanRememberMe     *int    `json:"ssoSessionMaxLifespanRememberMe,omitzero"`
	OfflineSessionIdleTimeout           *int    `json:"offlineSessionIdleTimeout,omitzero"`
	OfflineSessionMaxLifespanEnabled    *bool   `json:"offlineSessionMaxLifespanEnabled,omitzero"`
	OfflineSessionMaxLifespan           *int    `json:"offlineSessionMaxLifespan,omitzero"`
	ClientSessionIdleTimeout            *int    `json:"clientSessionIdleTimeout,omitzero"`
	ClientSessionMaxLifespan            *int    `json:"clientSessionMaxLifespan,omitzero"`
	ClientOfflineSessionIdleTimeout     *int    `json:"clientOfflineSessionIdleTimeout,omitzero"`
	ClientOfflineSessionMaxLifespan     *int    `json:"clientOfflineSessionMaxLifespan,omitzero"`
	AccessCodeLifespan                  *int    `json:"accessCodeLifespan,omitzero"`
	AccessCodeLifespanUserAction        *int    `json:"accessCodeLifespanUserAction,omitzero"`
	AccessCodeLifespanLogin             *int    `json:"accessCodeLifespanLogin,omitzero"`
	ActionTokenGeneratedByAdminLifespan *int    `json:"actionTokenGeneratedByAdminLifespan,omitzero"`
	ActionTokenGeneratedByUserLifespan  *int    `json:"actionTokenGeneratedByUserLifespan,omitzero"`

	RegistrationAllowed         *bool   `json:"registrationAllowed,omitzero"`
	RegistrationEmailAsUsername *bool   `json:"registrationEmailAsUsername,omitzero"`
	RememberMe                  *bool   `json:"rememberMe,omitzero"`
	VerifyEmail                 *bool   `json:"verifyEmail,omitzero"`
	LoginWithEmailAllowed       *bool   `json:"loginWithEmailAllowed,omitzero"`
	DuplicateEmailsAllowed      *bool   `json:"duplicateEmailsAllowed,omitzero"`
	ResetPasswordAllowed        *bool   `json:"resetPasswordAllowed,omitzero"`
	EditUsernameAllowed         *bool   `json:"editUsernameAllowed,omitzero"`
	PasswordPolicy              *string `json:"passwordPolicy,omitzero"`

	OTPPolicyType            *string  `json:"otpPolicyType,omitzero"`      // totp, hotp
	OTPPolicyAlgorithm       *string  `json:"otpPolicyAlgorithm,omitzero"` // HmacSHA1, HmacSHA256, HmacSHA512
	OTPPolicyInitialCounter  *int     `json:"otpPolicyInitialCounter,omitzero"`
	OTPPolicyDigits          *int     `json:"otpPolicyDigits,omitzero"` // 6, 8
	OTPPolicyLookAheadWindow *int     `json:"otpPolicyLookAheadWindow,omitzero"`
	OTPPolicyPeriod          *int     `json:"otpPolicyPeriod,omitzero"` // seconds
	OTPPolicyCodeReusable    *bool    `json:"otpPolicyCodeReusable,omitzero"`
	OTPSupportedApplications []string `json:"otpSupportedApplications,omitzero"`

	BruteForceProtected          *bool   `json:"bruteForceProtected,omitzero"`
	PermanentLockout             *bool   `json:"permanentLockout,omitzero"`
	MaxTemporaryLockouts         *int    `json:"maxTemporaryLockouts,omitzero"`
	BruteForceStrategy           *string `json:"bruteForceStrategy,omitzero"` // MULTIPLE, LINEAR
	MaxFailureWaitSeconds        *int    `json:"maxFailureWaitSeconds,omitzero"`
	MinimumQuickLoginWaitSeconds *int    `json:"minimumQuickLoginWaitSeconds,omitzero"`
	WaitIncrementSeconds         *int    `json:"waitIncrementSeconds,omitzero"`
	QuickLoginCheckMilliSeconds  *int64  `json:"quickLoginCheckMilliSeconds,omitzero"`
	MaxDeltaTimeSeconds          *int    `json:"maxDeltaTimeSeconds,omitzero"`
	FailureFactor                *int    `json:"failureFactor,omitzero"`

	InternationalizationEnabled *bool    `json:"internationalizationEnabled,omitzero"`
	SupportedLocales            []string `json:"supportedLocales,omitzero"`
	DefaultLocale               *string  `json:"defaultLocale,omitzero"`

	EventsEnabled             *bool    `json:"eventsEnabled,omitzero"`
	EventsExpiration          *int64   `json:"eventsExpiration,omitzero"` // seconds
	EnabledEventTypes         []string `json:"enabledEventTypes,omitzero"`
	AdminEventsEnabled        *bool    `json:"adminEventsEnabled,omitzero"`
	AdminEventsDetailsEnabled *bool    `json:"adminEventsDetailsEnabled,omitzero"`

	// The aliases of the flows that the realm is bound to.
	BrowserFlow              *string `json:"browserFlow,omitzero"`
	RegistrationFlow         *string `json:"registrationFlow,omitzero"`
	DirectGrantFlow          *string `json:"directGrantFlow,omitzero"`
	ResetCredentialsFlow     *string `json:"resetCredentialsFlow,omitzero"`
	ClientAuthenticationFlow *string `json:"clientAuthenticationFlow,omitzero"`
	DockerAuthenticationFlow *string `json:"dockerAuthenticationFlow,omitzero"`
	FirstBrokerLoginFlow     *string `json:"firstBrokerLoginFlow,omitzero"`

	DefaultRole  *Role             `json:"defaultRole,omitzero"`
	DefaultRoles []string          `json:"defaultRoles,omitzero"` // of old exports
	SMTPServer   map[string]string `json:"smtpServer,omitzero"`
	Attributes   map[string]string `json:"attributes,omitzero" null:"absent"`

	// What only exports hold.
	Roles                       *Roles                    `json:"roles,omitzero"`
	Users                       []User                    `json:"users,omitzero"`
	ScopeMappings               []ScopeMapping            `json:"scopeMappings,omitzero"`
	ClientScopeMappings         map[string][]ScopeMapping `json:"clientScopeMappings,omitzero"`
	Clients                     []Client                  `json:"clients,omitzero"`
	ClientScopes                []ClientScope             `json:"clientScopes,omitzero"`
	DefaultDefaultClientScopes  []string                  `json:"defaultDefaultClientScopes,omitzero"`
	DefaultOptionalClientScopes []string                  `json:"defaultOptionalClientScopes,omitzero"`
	AuthenticationFlows         []Flow                    `json:"authenticationFlows,omitzero"`
	AuthenticatorConfig         []AuthenticatorConfig     `json:"authenticatorConfig,omitzero"`
	RequiredActions             []RequiredAction          `json:"requiredActions,omitzero"`
	IdentityProviders           []IdentityProvider        `json:"identityProviders,omitzero"`
	IdentityProviderMappers     []IdentityProviderMapper  `json:"identityProviderMappers,omitzero"`
	Groups                      []Group                   `json:"groups,omitzero"`
	DefaultGroups               []string                  `json:"defaultGroups,omitzero"` // paths
	Components                  map[string][]Component    `json:"components,omitzero"`
	KeycloakVersion             *string                   `json:"keycloakVersion,omitzero"`

	// Kept holds the settings of Keycloak that Latchkey has no switch for, too:
	// clients that read them find them.
	LocalizationTexts map[string]map[string]string `json:"localizationTexts,omitzero"` // by language and key; exports and imports only

	Kept latchkey.Kept `json:"-"`
}

//go:embed fixed.json
var fixedJSON []byte

// fixed holds, of the realm settings without a switch, what is shown, what an
// import takes as the default although it is not shown, and the names of those
// that are shown where they are given and have no default.
var fixed = func() (f struct {
	Shown map[string]any `json:"shown"`
	Quiet map[string]any `json:"quiet"`
	Kept  []string       `json:"kept"`
}) {
	if err := json.Unmarshal(fixedJSON, &f); err != nil {
		panic("representation: fixed.json: " + err.Error()) // embedded, read by every test
	}
	return f
}()

// IsFixed says whether value is what a realm without the setting amounts to,
// so that leaving the setting out of an import changes nothing.
func IsFixed(setting string, value any) bool {
	want, ok := fixed.Shown[setting]
	if !ok {
		if want, ok = fixed.Quiet[setting]; !ok {
			return false
		}
	}
	a, errA := json.Marshal(want)
	b, errB := json.Marshal(value)
	return errA == nil && errB == nil && string(a) == string(b)
}

// MarshalJSON writes the realm with what it keeps.
func (r Realm) MarshalJSON() ([]byte, error) {
	type plain Realm
	return withKept(plain(r), r.Kept)
}

// RealmOf shows a realm's settings, as GET /admin/realms/{realm} does. The
// secrets of its mail configuration are [Masked].
func RealmOf(s *latchkey.Snapshot) *Realm {
	r := &Realm{
		ID: new(s.Realm.ID), Realm: new(s.Realm.Name), Enabled: new(s.Realm.Enabled),
		NotBefore:         new(s.Realm.NotBefore),
		EnabledEventTypes: list(s.Realm.EnabledEventTypes),
		SMTPServer:        smtpOf(&s.Realm.SMTP),
		Attributes:        attributesOf(s.Realm),
		Kept:              settingsOf(s.Realm.Kept),
	}
	noun := *s.Realm
	noun.OTPPolicy, noun.BruteForce = noun.OTPPolicy.OrDefaults(), noun.BruteForce.OrDefaults()
	r.read(&noun)
	r.OTPSupportedApplications = list(noun.OTPPolicy.SupportedApplications)
	r.QuickLoginCheckMilliSeconds = new(noun.BruteForce.QuickLoginCheck)
	if len(s.Realm.SupportedLocales) > 0 {
		r.SupportedLocales = s.Realm.SupportedLocales
	}
	if s.Realm.EventsExpiration > 0 {
		r.EventsExpiration = new(s.Realm.EventsExpiration)
	}
	if role := s.Role(s.Realm.DefaultRoleID); role != nil {
		r.DefaultRole = new(RoleOf(s, role))
		r.DefaultRole.Attributes = nil
	}
	return r
}

// Apply changes a realm by the settings that are given; those that are not
// stay. Flows are looked up in the snapshot in, by alias. The id, the name,
// and what only exports hold, are not touched here.
func (r *Realm) Apply(to *latchkey.Realm, in *latchkey.Snapshot) error {
	next, errs := *to, []error{r.check(in), r.checkLengths()}
	next.OTPPolicy, next.BruteForce = next.OTPPolicy.OrDefaults(), next.BruteForce.OrDefaults()
	if r.SMTPServer != nil {
		errs = append(errs, applySMTP(r.SMTPServer, &next.SMTP))
	}
	if r.Attributes != nil {
		errs = append(errs, applyAttributes(r.Attributes, &next))
	}
	if err := Join(errs...); err != nil {
		return err
	}
	*to = next
	set(&to.Enabled, r.Enabled)
	set(&to.NotBefore, r.NotBefore)
	set(&to.EventsExpiration, r.EventsExpiration)
	if r.EnabledEventTypes != nil {
		to.EnabledEventTypes = r.EnabledEventTypes
	}
	if r.OTPSupportedApplications != nil {
		to.OTPPolicy.SupportedApplications = r.OTPSupportedApplications
	}
	set(&to.BruteForce.QuickLoginCheck, r.QuickLoginCheckMilliSeconds)
	if r.SupportedLocales != nil {
		to.SupportedLocales = r.SupportedLocales
	}
	if r.LocalizationTexts != nil {
		to.Localization = r.LocalizationTexts
	}
	r.write(to)
	to.Kept = merge(to.Kept, r.Kept, realmFixed)
	return nil
}

// realmFixed are the settings that every realm shows.
var realmFixed = func() latchkey.Kept {
	out := latchkey.Kept{}
	for name, value := range fixed.Shown {
		text, err := json.Marshal(value)
		if err != nil {
			panic("representation: fixed.json: " + err.Error()) // it was just read
		}
		out[name] = text
	}
	return out
}()

// settingsOf gives the settings that every realm shows, as the realm keeps
// them. Whatever else a file said is shown by exports alone.
func settingsOf(kept latchkey.Kept) latchkey.Kept {
	out := maps.Clone(realmFixed)
	for name, value := range kept {
		if IsSetting(name) {
			out[name] = value
		}
	}
	return out
}

// IsSetting says whether the name is that of a realm setting of Keycloak that
// Latchkey has no switch for.
func IsSetting(name string) bool {
	_, shown := fixed.Shown[name]
	_, quiet := fixed.Quiet[name]
	return shown || quiet || slices.Contains(fixed.Kept, name)
}
