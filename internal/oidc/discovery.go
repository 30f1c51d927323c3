package oidc

import (
	"crypto/x509"
	"encoding/base64"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/token"
)

// metadata is the discovery document (OpenID Connect Discovery 3, RFC 8414 2).
// It says what is built and nothing else.
type metadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	UserinfoEndpoint      string   `json:"userinfo_endpoint"`
	EndSessionEndpoint    string   `json:"end_session_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	IntrospectionEndpoint string   `json:"introspection_endpoint"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	CheckSessionIframe    string   `json:"check_session_iframe"`
	RegistrationEndpoint  string   `json:"registration_endpoint,omitempty"`
	GrantTypes            []string `json:"grant_types_supported"`
	ACRValues             []string `json:"acr_values_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	SubjectTypes          []string `json:"subject_types_supported"`
	PromptValues          []string `json:"prompt_values_supported"`
	IDTokenAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
	TokenAuthMethods      []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthAlgorithms   []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	IntrospectAuthMethods []string `json:"introspection_endpoint_auth_methods_supported"`
	IntrospectAlgorithms  []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	RevokeAuthMethods     []string `json:"revocation_endpoint_auth_methods_supported"`
	RevokeAlgorithms      []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	UserinfoAlgorithms    []string `json:"userinfo_signing_alg_values_supported"`
	ClaimTypes            []string `json:"claim_types_supported"`
	Claims                []string `json:"claims_supported"`
	Scopes                []string `json:"scopes_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	UILocales             []string `json:"ui_locales_supported,omitempty"`

	ClaimsParameter     bool `json:"claims_parameter_supported"`
	RequestParameter    bool `json:"request_parameter_supported"`
	RequestURIParameter bool `json:"request_uri_parameter_supported"`
	IssParameter        bool `json:"authorization_response_iss_parameter_supported"`
	BackchannelLogout   bool `json:"backchannel_logout_supported"`
	BackchannelSession  bool `json:"backchannel_logout_session_supported"`
	FrontchannelLogout  bool `json:"frontchannel_logout_supported"`
}

func (d *Door) discovery(snap *latchkey.Snapshot) (any, error) {
	name := snap.Realm.Name
	endpoint := func(path string) string { return d.Site.RealmURL(name, protocol+path) }
	// What a client may prove itself by, without those that are public.
	confidential := slices.Clip([]string{"client_secret_basic", "client_secret_post", "private_key_jwt", "client_secret_jwt"})
	var assertions []string
	for _, kind := range []string{authJWT, authSecretJWT} {
		for _, a := range assertionAlgorithms[kind] {
			assertions = append(assertions, string(a))
		}
	}
	m := metadata{
		Issuer:                d.Site.Issuer(name),
		AuthorizationEndpoint: endpoint("auth"),
		TokenEndpoint:         endpoint("token"),
		UserinfoEndpoint:      endpoint("userinfo"),
		EndSessionEndpoint:    endpoint("logout"),
		JWKSURI:               endpoint("certs"),
		IntrospectionEndpoint: endpoint("token/introspect"),
		RevocationEndpoint:    endpoint("revoke"),
		CheckSessionIframe:    endpoint(frameStatus),
		GrantTypes:            []string{grantCode, grantRefresh, grantCredentials, grantPassword},
		ACRValues:             acrValues(snap),
		ResponseTypes:         []string{"code"},
		ResponseModes:         []string{modeQuery, modeFragment, modeFormPost},
		SubjectTypes:          []string{"public", "pairwise"},
		PromptValues:          promptValues(snap),
		IDTokenAlgorithms:     token.SigningAlgorithms(snap),
		TokenAuthMethods:      append(confidential, "none"),
		TokenAuthAlgorithms:   assertions,
		IntrospectAuthMethods: confidential,
		IntrospectAlgorithms:  assertions,
		RevokeAuthMethods:     append(confidential, "none"),
		RevokeAlgorithms:      assertions,
		UserinfoAlgorithms:    token.SigningAlgorithms(snap),
		ClaimTypes:            []string{"normal"},
		Claims: []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "name", "given_name", "family_name",
			"preferred_username", "email", "email_verified", "address", "phone_number", "acr", "amr", "azp", "nonce", "sid"},
		Scopes:           scopes(snap),
		ChallengeMethods: []string{challengeS256},
		IssParameter:     true,
		ClaimsParameter:  true,
		// Every logout is told to the applications that want to know.
		BackchannelLogout:  true,
		BackchannelSession: true,
	}
	if snap.Realm.RegistersClients() {
		m.RegistrationEndpoint = d.Site.RealmURL(name, pathRegistration)
	}
	if snap.Realm.InternationalizationEnabled {
		m.UILocales = realm.LocalesOf(snap.Realm.SupportedLocales)
	}
	return m, nil
}

// scopes lists openid and the realm's client scopes, but not those all of
// whose mappers are of kinds that are not built.
func scopes(snap *latchkey.Snapshot) []string {
	out := []string{token.ScopeOpenID}
	for _, s := range snap.Scopes {
		if s.Protocol != "" && s.Protocol != "openid-connect" {
			continue
		}
		built := slices.ContainsFunc(s.ProtocolMappers, func(m latchkey.ProtocolMapper) bool { return token.MapperBuilt(m.ProtocolMapper) })
		if built || len(s.ProtocolMappers) == 0 {
			out = append(out, s.Name)
		}
	}
	return out
}

func (d *Door) certs(snap *latchkey.Snapshot) (any, error) { return d.Minter.KeySet(snap) }

// realmRoot is Keycloak's public page of a realm.
type realmRoot struct {
	Realm           string `json:"realm"`
	PublicKey       string `json:"public_key,omitempty"` // of RS256, as base64 of its DER
	TokenService    string `json:"token-service"`
	AccountService  string `json:"account-service"`
	TokensNotBefore int64  `json:"tokens-not-before"`
}

func (d *Door) realmRoot(snap *latchkey.Snapshot) (any, error) {
	name := snap.Realm.Name
	root := realmRoot{
		Realm:           name,
		TokenService:    d.Site.RealmURL(name, "protocol/openid-connect"),
		AccountService:  d.Site.RealmURL(name, "account"),
		TokensNotBefore: snap.Realm.NotBefore,
	}
	if k := snap.ActiveKey(string(jose.RS256), d.Now()); k != nil {
		public, err := token.PublicKey(k)
		if err != nil {
			return nil, err
		}
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return nil, err
		}
		root.PublicKey = base64.StdEncoding.EncodeToString(der)
	}
	return root, nil
}

// promptCreate asks for the registration (Initiating User Registration via
// OpenID Connect 1.0). Where the realm has none it is passed over like any
// value that is not known.
const promptCreate = "create"

func promptValues(snap *latchkey.Snapshot) []string {
	values := []string{"none", "login", "consent", "select_account"}
	if snap.Realm.RegistrationAllowed {
		values = append(values, promptCreate)
	}
	return values
}
