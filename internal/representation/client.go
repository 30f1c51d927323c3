package representation

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"latchkey"
)

// Client is an application.
type Client struct {
	ID                        *string           `json:"id,omitzero"`
	ClientID                  *string           `json:"clientId,omitzero"`
	Name                      *string           `json:"name,omitzero"`
	Description               *string           `json:"description,omitzero"`
	RootURL                   *string           `json:"rootUrl,omitzero"`
	AdminURL                  *string           `json:"adminUrl,omitzero"`
	BaseURL                   *string           `json:"baseUrl,omitzero"`
	SurrogateAuthRequired     *bool             `json:"surrogateAuthRequired,omitzero"`
	Enabled                   *bool             `json:"enabled,omitzero"`
	AlwaysDisplayInConsole    *bool             `json:"alwaysDisplayInConsole,omitzero"`
	ClientAuthenticatorType   *string           `json:"clientAuthenticatorType,omitzero"`
	Secret                    *string           `json:"secret,omitzero"`
	RedirectURIs              []string          `json:"redirectUris,omitzero"`
	WebOrigins                []string          `json:"webOrigins,omitzero"`
	NotBefore                 *int64            `json:"notBefore,omitzero"` // unix seconds
	BearerOnly                *bool             `json:"bearerOnly,omitzero"`
	ConsentRequired           *bool             `json:"consentRequired,omitzero"`
	StandardFlowEnabled       *bool             `json:"standardFlowEnabled,omitzero"`
	DirectAccessGrantsEnabled *bool             `json:"directAccessGrantsEnabled,omitzero"`
	ServiceAccountsEnabled    *bool             `json:"serviceAccountsEnabled,omitzero"`
	PublicClient              *bool             `json:"publicClient,omitzero"`
	FrontchannelLogout        *bool             `json:"frontchannelLogout,omitzero"`
	Protocol                  *string           `json:"protocol,omitzero"`
	Attributes                map[string]string `json:"attributes,omitzero"`
	FlowBindings              map[string]string `json:"authenticationFlowBindingOverrides,omitzero"` // to ids of flows
	FullScopeAllowed          *bool             `json:"fullScopeAllowed,omitzero"`
	ProtocolMappers           []ProtocolMapper  `json:"protocolMappers,omitzero"`
	DefaultClientScopes       []string          `json:"defaultClientScopes,omitzero"`  // names
	OptionalClientScopes      []string          `json:"optionalClientScopes,omitzero"` // names
	DefaultRoles              []string          `json:"defaultRoles,omitzero"`         // of old exports
	RegisteredNodes           map[string]int64  `json:"registeredNodes,omitzero"`      // to unix seconds
	Access                    map[string]bool   `json:"access,omitzero"`

	Kept latchkey.Kept `json:"-"`
}

// clientFixed are members that every client shows and that are not acted on:
// there is no implicit flow, and Keycloak's adapters are not spoken to.
var clientFixed = latchkey.Kept{"implicitFlowEnabled": []byte("false"), "nodeReRegistrationTimeout": []byte("-1")}

// OpenIDConnect is the protocol of the clients and scopes that are acted on.
const OpenIDConnect = "openid-connect"

func (r *Client) texts(c *latchkey.Client) []binding[string] {
	return []binding[string]{
		{"name", &r.Name, &c.Name},
		{"description", &r.Description, &c.Description},
		{"rootUrl", &r.RootURL, &c.RootURL},
		{"adminUrl", &r.AdminURL, &c.AdminURL},
		{"baseUrl", &r.BaseURL, &c.BaseURL},
		{"clientAuthenticatorType", &r.ClientAuthenticatorType, &c.ClientAuthenticatorType},
		{"protocol", &r.Protocol, &c.Protocol},
	}
}

func (r *Client) switches(c *latchkey.Client) []binding[bool] {
	return []binding[bool]{
		{"surrogateAuthRequired", &r.SurrogateAuthRequired, &c.SurrogateAuthRequired},
		{"enabled", &r.Enabled, &c.Enabled},
		{"alwaysDisplayInConsole", &r.AlwaysDisplayInConsole, &c.AlwaysDisplayInConsole},
		{"bearerOnly", &r.BearerOnly, &c.BearerOnly},
		{"consentRequired", &r.ConsentRequired, &c.ConsentRequired},
		{"standardFlowEnabled", &r.StandardFlowEnabled, &c.StandardFlowEnabled},
		{"directAccessGrantsEnabled", &r.DirectAccessGrantsEnabled, &c.DirectAccessGrantsEnabled},
		{"serviceAccountsEnabled", &r.ServiceAccountsEnabled, &c.ServiceAccountsEnabled},
		{"publicClient", &r.PublicClient, &c.PublicClient},
		{"frontchannelLogout", &r.FrontchannelLogout, &c.FrontchannelLogout},
		{"fullScopeAllowed", &r.FullScopeAllowed, &c.FullScopeAllowed},
	}
}

// ClientOf shows a client with its secret: GET clients/{id} does, exports
// mask it.
func ClientOf(s *latchkey.Snapshot, c *latchkey.Client) Client {
	r := Client{
		ID: new(c.ID), ClientID: new(c.ClientID), NotBefore: new(c.NotBefore),
		RedirectURIs: list(c.RedirectURIs), WebOrigins: list(c.WebOrigins),
		Attributes: copied(c.Attributes), FlowBindings: copied(c.FlowBindings),
		DefaultClientScopes:  scopeNames(s, c.DefaultClientScopes),
		OptionalClientScopes: scopeNames(s, c.OptionalClientScopes),
		Kept:                 shownOf(clientFixed, c.Kept),
	}
	for _, b := range r.texts(c) {
		*b.rep = optional(*b.noun)
	}
	for _, b := range r.switches(c) {
		*b.rep = new(*b.noun)
	}
	if !c.PublicClient && !c.BearerOnly && c.Secret != "" {
		r.Secret = new(c.Secret.Reveal())
	}
	if len(c.ProtocolMappers) > 0 {
		r.ProtocolMappers = mappersOf(c.ProtocolMappers)
	}
	if len(c.RegisteredNodes) > 0 {
		r.RegisteredNodes = maps.Clone(c.RegisteredNodes)
	}
	return r
}

// WithoutSecrets masks the client's secrets, for those who may see the client
// and not change it.
func (r Client) WithoutSecrets() Client {
	if r.Secret != nil {
		r.Secret = new(Masked)
	}
	r.Attributes = MaskTexts(r.Attributes)
	return r
}

// Apply changes a client by what is given. Client scopes are looked up by
// name, flows by id or alias, in the snapshot in. An attribute with an empty
// value is removed; attributes that are not given stay, as in Keycloak.
func (r *Client) Apply(c *latchkey.Client, in *latchkey.Snapshot) error {
	if r.ClientID != nil {
		if strings.TrimSpace(*r.ClientID) == "" {
			return latchkey.Invalid("clientId", "A client needs a clientId.")
		}
	}
	bindings, err := r.flowBindings(in)
	if err := Join(checkRedirectURIs(r.RedirectURIs), r.checkURLs(), r.checkLengths(), err); err != nil {
		return err
	}
	set(&c.ClientID, r.ClientID)
	for _, b := range r.texts(c) {
		set(b.noun, *b.rep)
	}
	for _, b := range r.switches(c) {
		set(b.noun, *b.rep)
	}
	set(&c.NotBefore, r.NotBefore)
	if r.Secret != nil && *r.Secret != "" && !IsMasked(*r.Secret) {
		c.Secret = latchkey.Secret(*r.Secret)
	}
	if r.RedirectURIs != nil {
		c.RedirectURIs = withoutEmpty(r.RedirectURIs) // the console sends [""] for none
	}
	if r.WebOrigins != nil {
		c.WebOrigins = withoutEmpty(r.WebOrigins)
	}
	for key, value := range r.Attributes {
		switch {
		case key == latchkey.AttributeRotatedSecret && IsMasked(value): // unchanged
		case key == latchkey.AttributeRotatedSecret:
			c.RotatedSecret = latchkey.Secret(value)
		default:
			c.Attributes = change(c.Attributes, key, value)
		}
	}
	if r.RegisteredNodes != nil {
		c.RegisteredNodes = maps.Clone(r.RegisteredNodes)
	}
	if r.FlowBindings != nil {
		c.FlowBindings = bindings
	}
	if r.ProtocolMappers != nil {
		c.ProtocolMappers = mappersFrom(r.ProtocolMappers)
	}
	c.Kept = merge(c.Kept, r.Kept, clientFixed)
	return r.applyScopes(c, in)
}

func (r *Client) applyScopes(c *latchkey.Client, in *latchkey.Snapshot) error {
	for _, l := range []struct {
		field string
		names []string
		dst   *[]string
	}{
		{"defaultClientScopes", r.DefaultClientScopes, &c.DefaultClientScopes},
		{"optionalClientScopes", r.OptionalClientScopes, &c.OptionalClientScopes},
	} {
		if l.names == nil {
			continue
		}
		ids := []string{}
		for _, name := range l.names {
			scope := in.ScopeByName(name)
			if scope == nil {
				return latchkey.Invalid(l.field, "There is no client scope with the name %q.", clip(name))
			}
			ids = append(ids, scope.ID)
		}
		*l.dst = ids
	}
	return nil
}

func (r *Client) flowBindings(in *latchkey.Snapshot) (map[string]string, error) {
	m := map[string]string{}
	for key, value := range r.FlowBindings {
		if value == "" {
			continue
		}
		f := in.Flow(value)
		if f == nil {
			f = in.FlowByAlias(value)
		}
		if f == nil {
			return nil, latchkey.Invalid(join("authenticationFlowBindingOverrides", key), "There is no flow %q.", clip(value))
		}
		m[key] = f.ID
	}
	return m, nil
}

// checkRedirectURIs refuses what Keycloak refuses: fragments, and schemes that
// run script. The error says all that is wrong, each once.
func checkRedirectURIs(uris []string) error {
	var wrong []string
	for _, uri := range uris {
		for _, fault := range redirectFaults(strings.TrimSpace(uri)) {
			if !slices.Contains(wrong, fault) {
				wrong = append(wrong, fault)
			}
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return latchkey.Invalid("redirectUris", "%s", strings.Join(wrong, "; "))
}

func redirectFaults(uri string) (wrong []string) {
	if strings.Contains(uri, "#") {
		wrong = append(wrong, "A redirect URI must not contain an URL fragment")
	}
	scheme, _, found := strings.Cut(uri, ":")
	if found && RunsScript(scheme) {
		wrong = append(wrong, "A redirect URI uses an illegal scheme")
	}
	if _, err := url.Parse(strings.TrimSuffix(uri, "*")); err != nil || strings.ContainsAny(uri, "\r\n\t\x00\\") {
		wrong = append(wrong, "A redirect URI is not a valid URI")
	}
	return wrong
}

// RunsScript says whether addresses of the scheme are programs.
func RunsScript(scheme string) bool {
	switch strings.ToLower(scheme) {
	case "javascript", "data", "vbscript":
		return true
	}
	return false
}

func scopeNames(s *latchkey.Snapshot, ids []string) []string {
	names := []string{}
	for _, id := range ids {
		if scope := s.Scope(id); scope != nil {
			names = append(names, scope.Name)
		}
	}
	return names
}

func withoutEmpty(l []string) []string {
	out := []string{}
	for _, s := range l {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// change sets one key, or removes it when the value is empty.
func change(m map[string]string, key, value string) map[string]string {
	next := copied(m)
	if value == "" {
		delete(next, key)
	} else {
		next[key] = value
	}
	return next
}

func copied(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}
