package oidc

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/token"
)

// registeredMetadata is a client as its application is told of it (RFC 7591
// 3.2.1).
type registeredMetadata struct {
	clientMetadata
	// SecretExpiresAt is unix seconds, 0: never; only with a secret.
	SecretExpiresAt    *int64 `json:"client_secret_expires_at,omitzero"`
	RegistrationURI    string `json:"registration_client_uri"`
	RegistrationAccess string `json:"registration_access_token,omitempty"`
}

// showMetadata writes a client in the words of RFC 7591.
func (d *Door) showMetadata(snap *latchkey.Snapshot, c *latchkey.Client, access string) (any, error) {
	out := registeredMetadata{RegistrationAccess: access, RegistrationURI: d.url(snap, pathRegistration+"/"+c.ClientID)}
	m := &out.clientMetadata
	m.ClientID, m.RedirectURIs = &c.ClientID, orEmpty(c.RedirectURIs)
	m.ClientName, m.ClientURI = given(c.Name), given(c.BaseURL)
	for _, one := range m.members() {
		*one.value = given(c.Attribute(one.attribute))
	}
	method := methodOf(c)
	m.AuthMethod = &method
	if c.Secret != "" && (authMethods[method] == authSecret || authMethods[method] == authSecretJWT) {
		m.ClientSecret = new(c.Secret.Reveal())
		ends, _ := strconv.ParseInt(c.Attribute(latchkey.AttributeSecretExpires), 10, 64) // none: never
		out.SecretExpiresAt = &ends
	}
	m.GrantTypes, m.ResponseTypes = []string{}, []string{}
	if c.StandardFlowEnabled {
		m.GrantTypes, m.ResponseTypes = append(m.GrantTypes, grantCode), append(m.ResponseTypes, "code")
		if c.Attribute(attributeUseRefresh) != "false" {
			m.GrantTypes = append(m.GrantTypes, grantRefresh)
		}
	}
	if c.ServiceAccountsEnabled {
		m.GrantTypes = append(m.GrantTypes, grantCredentials)
	}
	if c.DirectAccessGrantsEnabled {
		m.GrantTypes = append(m.GrantTypes, grantPassword)
	}
	if uris := c.Attribute(attributePostLogout); uris != "" && uris != "+" && uris != "-" {
		m.PostLogout = strings.Split(uris, "##")
	}
	if c.Attribute(attributeUseKeys) == "true" && json.Unmarshal([]byte(c.Attribute(attributeKeys)), &m.JWKS) != nil {
		m.JWKS = nil
	}
	if c.Attribute(latchkey.AttributeBackchannelURL) != "" {
		m.BackchannelSession = new(c.Attribute(latchkey.AttributeBackchannelSession) != "false")
	}
	m.Scope = new(strings.Join(tellable(snap, c), " "))
	m.SubjectType = new("public")
	for _, mapper := range c.ProtocolMappers {
		if mapper.ProtocolMapper == token.PairwiseMapper {
			m.SubjectType, m.SectorIdentifierURI = new("pairwise"), given(mapper.Config["sectorIdentifierUri"])
		}
	}
	return out, nil
}

// methodOf is how a client proves itself, in the words of RFC 7591 2.
func methodOf(c *latchkey.Client) string {
	switch {
	case c.PublicClient:
		return "none"
	case c.ClientAuthenticatorType == authJWT:
		return "private_key_jwt"
	case c.ClientAuthenticatorType == authSecretJWT:
		return "client_secret_jwt"
	case c.Attribute(attributeMethodAsked) == methodPost:
		return methodPost
	}
	return methodBasic
}

// tellable are the scopes that the client may ask for and that tokens tell.
func tellable(snap *latchkey.Snapshot, c *latchkey.Client) []string {
	names := []string{token.ScopeOpenID}
	for _, id := range slices.Concat(c.DefaultClientScopes, c.OptionalClientScopes) {
		if s := snap.Scope(id); s != nil && s.Attributes["include.in.token.scope"] != "false" {
			names = append(names, s.Name)
		}
	}
	return names
}

func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// showRepresentation writes a client in Keycloak's words.
func (d *Door) showRepresentation(snap *latchkey.Snapshot, c *latchkey.Client, access string) (any, error) {
	shown := realm.ShowClient(snap, c)
	if access != "" {
		shown.Kept = maps.Clone(shown.Kept)
		if shown.Kept == nil {
			shown.Kept = latchkey.Kept{}
		}
		shown.Kept["registrationAccessToken"] = json.RawMessage(jsonText(access)) // a member that clients have in this answer alone
	}
	return shown, nil
}

// registrable are the members of Keycloak's representation that are taken from
// an application; what else it sends is passed over. Full scope, consent, the
// mappers and the default scopes are an administrator's to say.
func registrable(sent *representation.Client) *representation.Client {
	return &representation.Client{Name: sent.Name, Description: sent.Description, RootURL: sent.RootURL, BaseURL: sent.BaseURL,
		RedirectURIs: sent.RedirectURIs, PublicClient: sent.PublicClient, ClientAuthenticatorType: sent.ClientAuthenticatorType,
		StandardFlowEnabled: sent.StandardFlowEnabled, ServiceAccountsEnabled: sent.ServiceAccountsEnabled,
		OptionalClientScopes: sent.OptionalClientScopes, Attributes: map[string]string{}}
}

// readRepresentation reads a client in Keycloak's words: what is not given
// stays.
func (d *Door) readRepresentation(snap *latchkey.Snapshot, body []byte, before *latchkey.Client) (*wish, error) {
	var sent representation.Client
	if _, err := representation.Decode(body, &sent); err != nil {
		return nil, err
	}
	rep := registrable(&sent)
	wanted := &wish{client: rep, isNew: before == nil, scopes: sent.OptionalClientScopes}
	if before != nil {
		has := scopeNamesOf(snap, before.OptionalClientScopes) // an administrator may have given it others
		wanted.scopes = slices.DeleteFunc(slices.Clone(wanted.scopes), func(name string) bool { return slices.Contains(has, name) })
	}
	if err := checkChosen(&sent, before); err != nil {
		return nil, err
	}
	if before == nil {
		rep.ClientID = given(representation.Value(sent.ClientID))
	}
	if kind := representation.Value(sent.ClientAuthenticatorType); kind != "" && !AuthenticatesBy(kind) {
		return nil, badMetadata("clientAuthenticatorType", "This way of client authentication is not built.")
	}
	for field, text := range map[string]string{"name": representation.Value(sent.Name), "description": representation.Value(sent.Description)} {
		if why := checkName(text); why != "" {
			return nil, badMetadata(field, why)
		}
	}
	for field, text := range map[string]string{"rootUrl": representation.Value(sent.RootURL), "baseUrl": representation.Value(sent.BaseURL)} {
		if why := checkLink(snap, text); text != "" && why != "" {
			return nil, badMetadata(field, why)
		}
	}
	if len(sent.OptionalClientScopes) > maxListed {
		return nil, badMetadata("optionalClientScopes", tooMany)
	}
	if sent.RedirectURIs != nil && (before == nil || !slices.Equal(sent.RedirectURIs, before.RedirectURIs)) {
		if err := checkRedirects("redirectUris", sent.RedirectURIs); err != nil {
			return nil, err
		}
	}
	return wanted, wanted.takeAttributes(snap, sent.Attributes, before)
}

// checkChosen looks at what a client may not choose.
func checkChosen(sent *representation.Client, before *latchkey.Client) error {
	id := representation.Value(sent.ClientID)
	ordinary := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.'
	}
	switch {
	case before != nil && id != "" && id != before.ClientID:
		return badMetadata("clientId", "Client Identifier modified")
	case before == nil && (len(id) > maxChosenID || strings.ContainsFunc(id, func(r rune) bool { return !ordinary(r) }) || strings.Trim(id, ".") != id):
		return badMetadata("clientId", "Letters, digits, - _ and . alone, 100 at most.")
	case before == nil && strings.HasSuffix(id, "-realm"):
		return badMetadata("clientId", "Names that end in -realm are the server's own.")
	case representation.Value(sent.DirectAccessGrantsEnabled) && (before == nil || !before.DirectAccessGrantsEnabled):
		return badMetadata("directAccessGrantsEnabled", "An administrator gives this grant.")
	case sent.Protocol != nil && *sent.Protocol != "" && *sent.Protocol != representation.OpenIDConnect:
		return badMetadata("protocol", "Only openid-connect is spoken here.")
	}
	if secret := representation.Value(sent.Secret); secret != "" && !representation.IsMasked(secret) &&
		(before == nil || !secretMatches([]latchkey.Secret{before.Secret}, []string{secret})) {
		return badMetadata("secret", "It is made by the server: leave it out, or send the one of now.")
	}
	return nil
}

// takeAttributes takes the attributes that stand for metadata, under the same
// rules. Others are passed over.
func (w *wish) takeAttributes(snap *latchkey.Snapshot, sent map[string]string, before *latchkey.Client) error {
	take := func(name, value string) { w.client.Attributes[name] = value }
	unchanged := func(name, value string) bool { return before != nil && before.Attribute(name) == value }
	for _, one := range (&clientMetadata{}).members() {
		value, ok := sent[one.attribute]
		if !ok || unchanged(one.attribute, value) {
			continue
		}
		if why := one.check(snap, value); value != "" && why != "" {
			return badMetadata("attributes."+one.attribute, why)
		}
		take(one.attribute, value)
	}
	for _, name := range []string{attributeUseKeysURL, attributeUseKeys, attributeUseRefresh, latchkey.AttributeBackchannelSession} {
		value, ok := sent[name]
		if ok && value != "" && value != "true" && value != "false" {
			return badMetadata("attributes."+name, "Expected true or false.")
		}
		if ok {
			take(name, value)
		}
	}
	if value, ok := sent[attributeKeys]; ok && !unchanged(attributeKeys, value) {
		set, why := "", ""
		if value != "" {
			set, why = checkKeys(value)
		}
		if why != "" {
			return badMetadata("attributes."+attributeKeys, why)
		}
		take(attributeKeys, set)
	}
	if value, ok := sent[attributePostLogout]; ok && !unchanged(attributePostLogout, value) {
		if value != "" && value != "+" && value != "-" {
			if err := checkRedirects("attributes."+attributePostLogout, strings.Split(value, "##")); err != nil {
				return err
			}
		}
		take(attributePostLogout, value)
	}
	return nil
}
