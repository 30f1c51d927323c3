package token

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"latchkey"
)

// target is what a mapper puts claims into.
type target string

// The targets, by the key of a mapper's configuration that switches it on.
const (
	toAccess   target = "access.token.claim"
	toID       target = "id.token.claim"
	toUserinfo target = "userinfo.token.claim"
	// Where its key is not set, introspection shows what access tokens have.
	toIntrospection target = "introspection.token.claim"
)

// mapping is what mappers work on: one token, or one userinfo answer.
type mapping struct {
	grant    *Grant
	to       target
	roles    Roles
	claims   map[string]any
	audience []string
}

// mapper is one kind of protocol mapper.
type mapper struct {
	apply func(m *mapping, config map[string]string)
	// rank orders mappers: those that change roles come before those that
	// show them, and audiences by role behind (Keycloak: priority).
	rank int
	// fixed are the targets that it writes to when its configuration, as in
	// older realm exports, does not say.
	fixed []target
}

const (
	rankRoleNames = 10
	rankRoles     = 20
	rankAudience  = 30
	rankClaims    = 40
)

// mappers are the protocol mappers that are built, by Keycloak's provider id.
var mappers = map[string]mapper{
	"oidc-role-name-mapper":                  {apply: mapRoleName, rank: rankRoleNames, fixed: []target{toAccess, toID, toUserinfo}},
	"oidc-hardcoded-role-mapper":             {apply: mapHardcodedRole, rank: rankRoles, fixed: []target{toAccess, toID, toUserinfo}},
	"oidc-audience-resolve-mapper":           {apply: mapAudienceResolve, rank: rankAudience, fixed: []target{toAccess}},
	"oidc-audience-mapper":                   {apply: mapAudience, rank: rankAudience},
	"oidc-allowed-origins-mapper":            {apply: mapAllowedOrigins, rank: rankClaims, fixed: []target{toAccess}},
	"oidc-sub-mapper":                        {apply: mapSub, rank: rankClaims, fixed: []target{toAccess}},
	"oidc-acr-mapper":                        {apply: mapACR, rank: rankClaims},
	"oidc-amr-mapper":                        {apply: mapAMR, rank: rankClaims},
	"oidc-session-state-mapper":              {apply: mapSessionState, rank: rankClaims},
	"oidc-nonce-backwards-compatible-mapper": {apply: mapNonce, rank: rankClaims, fixed: []target{toAccess}},
	"oidc-usersessionmodel-note-mapper":      {apply: mapNote, rank: rankClaims},
	"oidc-usermodel-attribute-mapper":        {apply: mapAttribute, rank: rankClaims},
	"oidc-usermodel-property-mapper":         {apply: mapProperty, rank: rankClaims},
	"oidc-usermodel-realm-role-mapper":       {apply: mapRealmRoles, rank: rankClaims},
	"oidc-usermodel-client-role-mapper":      {apply: mapClientRoles, rank: rankClaims},
	"oidc-full-name-mapper":                  {apply: mapFullName, rank: rankClaims},
	"oidc-address-mapper":                    {apply: mapAddress, rank: rankClaims},
	"oidc-hardcoded-claim-mapper":            {apply: mapHardcodedClaim, rank: rankClaims},
}

// MapperBuilt says whether protocol mappers of that provider id do anything.
func MapperBuilt(provider string) bool { _, ok := mappers[provider]; return ok }

// run applies the mappers of the client and of the granted scopes.
func (m *mapping) run() {
	type step struct {
		mapper mapper
		config map[string]string
	}
	var steps []step
	add := func(list []latchkey.ProtocolMapper) {
		for _, p := range list {
			k, ok := mappers[p.ProtocolMapper]
			if ok && k.writes(m.to, p.Config) {
				steps = append(steps, step{k, p.Config})
			}
		}
	}
	add(m.grant.Client.ProtocolMappers)
	for _, s := range m.grant.Scope.Scopes {
		add(s.ProtocolMappers)
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.mapper.rank - b.mapper.rank })
	for _, s := range steps {
		s.mapper.apply(m, s.config)
	}
}

func (k mapper) writes(to target, config map[string]string) bool {
	if _, ok := config[string(to)]; to == toIntrospection && !ok {
		return k.writes(toAccess, config)
	}
	if v, ok := config[string(to)]; ok && k.rank >= rankAudience {
		return v == "true"
	}
	return slices.Contains(k.fixed, to)
}

// putAudience writes the recipients as aud: one as a text, several as a list.
func (m *mapping) putAudience() {
	switch len(m.audience) {
	case 0:
	case 1:
		m.claims["aud"] = m.audience[0]
	default:
		m.claims["aud"] = m.audience
	}
}

// addAudience adds a recipient once.
func (m *mapping) addAudience(name string) {
	if name != "" && !slices.Contains(m.audience, name) {
		m.audience = append(m.audience, name)
	}
}

// set puts a value at the claim that the configuration names, in its type.
func (m *mapping) set(config map[string]string, values ...string) {
	m.setAt(config["claim.name"], config, values)
}

func (m *mapping) setAt(name string, config map[string]string, values []string) {
	if name == "" || len(values) == 0 {
		return
	}
	kind := config["jsonType.label"]
	if config["multivalued"] != "true" {
		if v, ok := typed(kind, values[0]); ok {
			m.put(name, v)
		}
		return
	}
	list := make([]any, 0, len(values))
	for _, text := range values {
		if v, ok := typed(kind, text); ok {
			list = append(list, v)
		}
	}
	m.put(name, list)
}

// put sets a claim by its path: "a.b" is b inside of a, "a\.b" one name.
// Where the path is taken by something that is no object, nothing is set, and
// two lists at one place become one.
func (m *mapping) put(path string, value any) {
	at := m.claims
	names := splitPath(path)
	for _, name := range names[:len(names)-1] {
		next, ok := at[name].(map[string]any)
		if !ok {
			if at[name] != nil {
				return
			}
			next = map[string]any{}
			at[name] = next
		}
		at = next
	}
	last := names[len(names)-1]
	if len(names) == 1 && reserved[last] {
		return
	}
	if list, ok := value.([]any); ok {
		if old, ok := at[last].([]any); ok {
			value = union(old, list)
		}
	}
	at[last] = value
}

// reserved are the claims that no mapper may write by configuration: what the
// verifiers go by, and what must be true of the sign-in.
var reserved = map[string]bool{
	"iss": true, "sub": true, "aud": true, "exp": true, "iat": true, "nbf": true, "jti": true, "typ": true,
	"azp": true, "sid": true, "scope": true, "nonce": true, "acr": true, "amr": true, "at_hash": true,
}

func union(a, b []any) []any {
	out := append([]any(nil), a...)
	for _, v := range b {
		if s, ok := v.(string); !ok || !slices.ContainsFunc(out, func(o any) bool { t, ok := o.(string); return ok && t == s }) {
			out = append(out, v)
		}
	}
	return out
}

func splitPath(path string) []string {
	var names []string
	var name strings.Builder
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '\\' && i+1 < len(path) && path[i+1] == '.':
			name.WriteByte('.')
			i++
		case path[i] == '.':
			names = append(names, name.String())
			name.Reset()
		default:
			name.WriteByte(path[i])
		}
	}
	return append(names, name.String())
}

// typed turns a text into the JSON type that a mapper is configured with; a
// text that is not of the type is left out.
func typed(kind, text string) (any, bool) {
	switch kind {
	case "long", "int":
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err == nil
	case "boolean":
		b, err := strconv.ParseBool(text)
		return b, err == nil
	case "JSON":
		return json.RawMessage(text), json.Valid([]byte(text))
	}
	return text, true
}
