package oidc

import (
	"slices"
	"strconv"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/token"
)

// clientMetadata is a client in the words of RFC 7591 2 and OpenID Connect
// Dynamic Client Registration 2. Members that are not here are passed over, and
// are not in the answer: so an application sees what it was registered with.
type clientMetadata struct {
	ClientID            *string  `json:"client_id,omitzero"`
	ClientSecret        *string  `json:"client_secret,omitzero"`
	ClientName          *string  `json:"client_name,omitzero"`
	RedirectURIs        []string `json:"redirect_uris,omitzero"`
	PostLogout          []string `json:"post_logout_redirect_uris,omitzero"`
	GrantTypes          []string `json:"grant_types,omitzero"`
	ResponseTypes       []string `json:"response_types,omitzero"`
	AuthMethod          *string  `json:"token_endpoint_auth_method,omitzero"`
	AuthAlgorithm       *string  `json:"token_endpoint_auth_signing_alg,omitzero"`
	Scope               *string  `json:"scope,omitzero"`
	ClientURI           *string  `json:"client_uri,omitzero"`
	LogoURI             *string  `json:"logo_uri,omitzero"`
	PolicyURI           *string  `json:"policy_uri,omitzero"`
	TOSURI              *string  `json:"tos_uri,omitzero"`
	JWKSURI             *string  `json:"jwks_uri,omitzero"`
	JWKS                any      `json:"jwks,omitzero"`
	SubjectType         *string  `json:"subject_type,omitzero"`
	SectorIdentifierURI *string  `json:"sector_identifier_uri,omitzero"`
	IDTokenAlgorithm    *string  `json:"id_token_signed_response_alg,omitzero"`
	UserinfoAlgorithm   *string  `json:"userinfo_signed_response_alg,omitzero"`
	InitiateLoginURI    *string  `json:"initiate_login_uri,omitzero"`
	BackchannelURI      *string  `json:"backchannel_logout_uri,omitzero"`
	BackchannelSession  *bool    `json:"backchannel_logout_session_required,omitzero"`
}

// member is a text that is one attribute of a client.
type member struct {
	name, attribute string
	value           **string
	check           func(snap *latchkey.Snapshot, value string) string // what is wrong with it; empty: nothing
}

func (m *clientMetadata) members() []member {
	return []member{
		{"logo_uri", "logoUri", &m.LogoURI, checkLink},
		{"policy_uri", "policyUri", &m.PolicyURI, checkLink},
		{"tos_uri", "tosUri", &m.TOSURI, checkLink},
		{"jwks_uri", attributeKeysURL, &m.JWKSURI, checkCalled},
		{"backchannel_logout_uri", latchkey.AttributeBackchannelURL, &m.BackchannelURI, checkCalled},
		{"initiate_login_uri", "initiate.login.uri", &m.InitiateLoginURI, checkSecure},
		{"token_endpoint_auth_signing_alg", "token.endpoint.auth.signing.alg", &m.AuthAlgorithm, checkAssertionAlgorithm},
		{"id_token_signed_response_alg", "id.token.signed.response.alg", &m.IDTokenAlgorithm, checkSigningAlgorithm},
		{"userinfo_signed_response_alg", "user.info.response.signature.alg", &m.UserinfoAlgorithm, checkSigningAlgorithm},
	}
}

// The attributes of a client that its metadata are kept in beside those of one
// text each, in Keycloak's words but for the last.
const (
	attributeKeysURL     = "jwks.url"
	attributeUseKeysURL  = "use.jwks.url"
	attributeKeys        = "jwks.string"
	attributeUseKeys     = "use.jwks.string"
	attributePostLogout  = "post.logout.redirect.uris"
	attributeUseRefresh  = "use.refresh.tokens"
	attributeMethodAsked = "latchkey.token.endpoint.auth.method" // client_secret_post, where that was asked for: both ways of a secret are taken
)

// The ways of client authentication, as they are registered (RFC 7591 2).
const (
	methodBasic = "client_secret_basic"
	methodPost  = "client_secret_post"
)

// authMethods says which client authenticator stands for a way.
var authMethods = map[string]string{methodBasic: authSecret, methodPost: authSecret,
	"private_key_jwt": authJWT, "client_secret_jwt": authSecretJWT, "none": ""}

// wish is what a client is to be.
type wish struct {
	client *representation.Client
	isNew  bool
	scopes []string // that were asked for, beside openid
	// sector is a sector identifier that says which redirect URIs are one
	// sector; empty: none is named.
	sector    string
	redirects []string
}

// readMetadata reads a client's metadata. What is not given has its default,
// also for a client that had it (RFC 7592 2.2).
func (d *Door) readMetadata(snap *latchkey.Snapshot, body []byte, before *latchkey.Client) (*wish, error) {
	var m clientMetadata
	if _, err := representation.Decode(body, &m); err != nil {
		return nil, err
	}
	if err := m.checkOwn(before); err != nil {
		return nil, err
	}
	rep := &representation.Client{Attributes: map[string]string{}, Name: new(""), BaseURL: new(""),
		RedirectURIs: orEmpty(m.RedirectURIs)}
	wanted := &wish{client: rep, isNew: before == nil, redirects: m.RedirectURIs}
	for _, step := range []func(*latchkey.Snapshot, *wish, *latchkey.Client) error{m.texts, m.method, m.keys, m.grants, m.addresses, m.scope, m.subject} {
		if err := step(snap, wanted, before); err != nil {
			return nil, err
		}
	}
	return wanted, nil
}

// checkOwn looks at what the server alone decides.
func (m *clientMetadata) checkOwn(before *latchkey.Client) error {
	id := representation.Value(m.ClientID)
	switch {
	case before == nil && id != "":
		return badMetadata("client_id", "Client Identifier included")
	case before != nil && id != "" && id != before.ClientID:
		return badMetadata("client_id", "Client Identifier modified")
	case before != nil && m.ClientSecret != nil && !secretMatches([]latchkey.Secret{before.Secret}, []string{*m.ClientSecret}):
		return badMetadata("client_secret", "It is made by the server: leave it out, or send the one of now.") // RFC 7592 2.2
	}
	return nil
}

func (m *clientMetadata) texts(snap *latchkey.Snapshot, wanted *wish, _ *latchkey.Client) error {
	if m.ClientName != nil {
		if why := checkName(*m.ClientName); why != "" {
			return badMetadata("client_name", why)
		}
		wanted.client.Name = m.ClientName
	}
	if m.ClientURI != nil {
		if why := checkLink(snap, *m.ClientURI); why != "" {
			return badMetadata("client_uri", why)
		}
		wanted.client.BaseURL = m.ClientURI
	}
	for _, one := range m.members() {
		value := representation.Value(*one.value)
		if value != "" {
			if why := one.check(snap, value); why != "" {
				return badMetadata(one.name, why)
			}
		}
		wanted.client.Attributes[one.attribute] = value
	}
	wanted.client.Attributes[latchkey.AttributeBackchannelSession] = ""
	if m.BackchannelSession != nil {
		wanted.client.Attributes[latchkey.AttributeBackchannelSession] = strconv.FormatBool(*m.BackchannelSession)
	}
	return nil
}

func (m *clientMetadata) method(_ *latchkey.Snapshot, wanted *wish, _ *latchkey.Client) error {
	method := representation.Value(m.AuthMethod)
	if method == "" {
		method = methodBasic // RFC 7591 2
	}
	kind, known := authMethods[method]
	if !known {
		return badMetadata("token_endpoint_auth_method", "This way of client authentication is not built.")
	}
	wanted.client.PublicClient = new(method == "none")
	wanted.client.ClientAuthenticatorType = new(authSecret)
	if kind != "" {
		wanted.client.ClientAuthenticatorType = new(kind)
	}
	wanted.client.Attributes[attributeMethodAsked] = ""
	if method == methodPost {
		wanted.client.Attributes[attributeMethodAsked] = methodPost
	}
	return nil
}

func (m *clientMetadata) keys(_ *latchkey.Snapshot, wanted *wish, _ *latchkey.Client) error {
	attributes := wanted.client.Attributes
	attributes[attributeUseKeysURL], attributes[attributeUseKeys], attributes[attributeKeys] = "", "", ""
	switch {
	case m.JWKS != nil && representation.Value(m.JWKSURI) != "":
		return badMetadata("jwks", "Either jwks or jwks_uri, not both.") // RFC 7591 2
	case m.JWKS != nil:
		set, why := checkKeys(jsonText(m.JWKS))
		if why != "" {
			return badMetadata("jwks", why)
		}
		attributes[attributeUseKeys], attributes[attributeKeys] = "true", set
	case representation.Value(m.JWKSURI) != "":
		attributes[attributeUseKeysURL] = "true"
	case *wanted.client.ClientAuthenticatorType == authJWT:
		return badMetadata("jwks", "private_key_jwt needs jwks or jwks_uri.")
	}
	return nil
}

// grants takes the grants (RFC 7591 2.1). Without a word of them it is the code
// with a refresh token.
func (m *clientMetadata) grants(_ *latchkey.Snapshot, wanted *wish, before *latchkey.Client) error {
	types := m.GrantTypes
	if types == nil {
		types = []string{grantCode, grantRefresh}
	}
	for _, one := range types {
		given := one == grantPassword && before != nil && before.DirectAccessGrantsEnabled // an administrator did
		if one != grantCode && one != grantRefresh && one != grantCredentials && !given {
			return badMetadata("grant_types", "Clients register authorization_code, refresh_token and client_credentials, and no other grants.")
		}
	}
	code := slices.Contains(types, grantCode)
	for _, one := range m.ResponseTypes {
		if one != "code" || !code {
			return badMetadata("response_types", "It is code, for the grant authorization_code, and no other.")
		}
	}
	if slices.Contains(types, grantCredentials) && *wanted.client.PublicClient {
		return badMetadata("grant_types", "client_credentials needs a client that proves itself.")
	}
	wanted.client.StandardFlowEnabled = new(code)
	wanted.client.DirectAccessGrantsEnabled = new(slices.Contains(types, grantPassword))
	wanted.client.ServiceAccountsEnabled = new(slices.Contains(types, grantCredentials))
	wanted.client.Attributes[attributeUseRefresh] = strconv.FormatBool(slices.Contains(types, grantRefresh))
	return nil
}

func (m *clientMetadata) addresses(_ *latchkey.Snapshot, wanted *wish, _ *latchkey.Client) error {
	if *wanted.client.StandardFlowEnabled && len(m.RedirectURIs) == 0 {
		return badRedirect("redirect_uris", "The grant authorization_code needs one.")
	}
	if err := checkRedirects("redirect_uris", m.RedirectURIs); err != nil {
		return err
	}
	if err := checkRedirects("post_logout_redirect_uris", m.PostLogout); err != nil {
		return err
	}
	wanted.client.Attributes[attributePostLogout] = strings.Join(m.PostLogout, "##")
	return nil
}

func (m *clientMetadata) scope(snap *latchkey.Snapshot, wanted *wish, _ *latchkey.Client) error {
	if m.Scope == nil {
		return nil
	}
	wanted.scopes = strings.Fields(*m.Scope)
	wanted.scopes = slices.DeleteFunc(wanted.scopes, func(name string) bool { return name == token.ScopeOpenID })
	if len(wanted.scopes) > maxListed {
		return badMetadata("scope", tooMany)
	}
	defaults := scopeNamesOf(snap, snap.Realm.DefaultDefaultClientScopes)
	optional := []string{}
	for _, name := range wanted.scopes {
		if !slices.Contains(defaults, name) && !slices.Contains(optional, name) {
			optional = append(optional, name)
		}
	}
	wanted.client.OptionalClientScopes = optional
	return nil
}

// subject gives the client pairwise subjects, or takes them away.
func (m *clientMetadata) subject(snap *latchkey.Snapshot, wanted *wish, before *latchkey.Client) error {
	kind, sector := representation.Value(m.SubjectType), representation.Value(m.SectorIdentifierURI)
	switch {
	case kind != "" && kind != "public" && kind != "pairwise":
		return badMetadata("subject_type", "It is public or pairwise.")
	case sector != "":
		if why := checkCalled(snap, sector); why != "" || !strings.HasPrefix(sector, "https://") {
			return badMetadata("sector_identifier_uri", "It is no https address.")
		}
		wanted.sector = sector
	}
	mappers := []representation.ProtocolMapper{}
	pairwise := representation.ProtocolMapper{Name: "pairwise subject identifier", Protocol: representation.OpenIDConnect, ProtocolMapper: token.PairwiseMapper}
	if before != nil {
		for _, one := range representation.ClientOf(snap, before).ProtocolMappers {
			if one.ProtocolMapper == token.PairwiseMapper {
				pairwise = one // with its id, by which subjects are made
			} else {
				mappers = append(mappers, one)
			}
		}
	}
	if kind == "pairwise" {
		config := map[string]string{}
		for k, v := range pairwise.Config {
			config[k] = v
		}
		delete(config, "sectorIdentifierUri")
		if sector != "" {
			config["sectorIdentifierUri"] = sector
		}
		pairwise.Config = config
		mappers = append(mappers, pairwise)
	}
	wanted.client.ProtocolMappers = mappers
	return nil
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
