package token

import (
	"maps"
	"slices"

	"latchkey"
)

// target is what a mapper puts claims into.
type target int

// The targets.
const (
	toAccess target = iota
	toLightweight
	toID
	toUserinfo
	toIntrospection
	toResponse // the token endpoint's answer itself
	targets
)

// switches are the keys of a mapper's configuration that switch it on.
var switches = [targets]string{
	toAccess: "access.token.claim", toLightweight: "lightweight.claim", toID: "id.token.claim",
	toUserinfo: "userinfo.token.claim", toIntrospection: "introspection.token.claim", toResponse: "access.tokenResponse.claim",
}

// The targets that kinds of mappers can write to.
var (
	anyToken   = []target{toAccess, toLightweight, toID, toUserinfo, toIntrospection}
	anyAnswer  = []target{toAccess, toLightweight, toID, toUserinfo, toIntrospection, toResponse}
	noUserinfo = []target{toAccess, toLightweight, toID, toIntrospection}
	accessOnly = []target{toAccess, toLightweight, toIntrospection}
	idUserinfo = []target{toID, toUserinfo}
	unsaidSub  = []target{toAccess}
)

// apply is a mapper that has read its configuration.
type apply func(m *mapping)

// kind is one kind of protocol mapper.
type kind struct {
	// read reads a configuration once and gives what it does to a token.
	read func(p *plan, mapper latchkey.ProtocolMapper) apply
	// rank orders mappers: those that change roles come before those that
	// show them, and audiences by role behind (Keycloak: priority).
	rank int
	// to are the targets that the kind can write to; unsaid those of them that
	// it writes to when its configuration, as in older realm exports, does not
	// say. A kind that is always on has no switches.
	to, unsaid []target
	always     bool
}

const (
	rankRoleNames = 10
	rankRoles     = 20
	rankAudience  = 30
	rankClaims    = 40
	rankSubject   = 50
)

// kinds are the protocol mappers that are built, by Keycloak's provider id.
var kinds = map[string]kind{
	"oidc-role-name-mapper":      {read: readRoleName, rank: rankRoleNames, to: anyToken, always: true},
	"oidc-hardcoded-role-mapper": {read: readHardcodedRole, rank: rankRoles, to: anyToken, always: true},

	"oidc-audience-resolve-mapper": {read: readAudienceResolve, rank: rankAudience, to: accessOnly, unsaid: unsaidSub},
	"oidc-audience-mapper":         {read: readAudience, rank: rankAudience, to: noUserinfo},
	"oidc-allowed-origins-mapper":  {read: readAllowedOrigins, rank: rankClaims, to: accessOnly, unsaid: unsaidSub},

	"oidc-sub-mapper":                 {read: readSub, rank: rankClaims, to: accessOnly, unsaid: unsaidSub},
	"oidc-sha256-pairwise-sub-mapper": {read: readPairwise, rank: rankSubject, to: anyToken, always: true},

	"oidc-acr-mapper":                        {read: readACR, rank: rankClaims, to: noUserinfo},
	"oidc-amr-mapper":                        {read: readAMR, rank: rankClaims, to: noUserinfo},
	"oidc-session-state-mapper":              {read: readSessionState, rank: rankClaims, to: anyToken},
	"oidc-nonce-backwards-compatible-mapper": {read: readNonce, rank: rankClaims, to: accessOnly, always: true},
	"oidc-usersessionmodel-note-mapper":      {read: readNote, rank: rankClaims, to: anyAnswer},
	"oidc-claims-param-token-mapper":         {read: readClaimsParameter, rank: rankClaims, to: idUserinfo},
	"oidc-claims-param-value-idtoken-mapper": {read: readClaimsValue, rank: rankClaims, to: []target{toID}},

	"oidc-usermodel-attribute-mapper": {read: readAttribute, rank: rankClaims, to: anyToken},
	"oidc-usermodel-property-mapper":  {read: readProperty, rank: rankClaims, to: anyToken},
	"oidc-full-name-mapper":           {read: readFullName, rank: rankClaims, to: anyToken},
	"oidc-address-mapper":             {read: readAddress, rank: rankClaims, to: anyToken},
	"oidc-group-membership-mapper":    {read: readGroups, rank: rankClaims, to: anyToken},
	"oidc-hardcoded-claim-mapper":     {read: readHardcodedClaim, rank: rankClaims, to: anyAnswer},

	"oidc-usermodel-realm-role-mapper":  {read: readRealmRoles, rank: rankClaims, to: anyToken},
	"oidc-usermodel-client-role-mapper": {read: readClientRoles, rank: rankClaims, to: anyToken},
}

// Mappers are the provider ids of the protocol mappers that are built, sorted.
func Mappers() []string { return slices.Sorted(maps.Keys(kinds)) }

// MapperBuilt says whether protocol mappers of that provider id do anything.
func MapperBuilt(provider string) bool { _, ok := kinds[provider]; return ok }

// WholeConfig gives the options of a mapper that is being made, with what
// Keycloak says for whoever did not: what goes into ID tokens goes into
// userinfo, and what goes into access tokens is told by introspection.
func WholeConfig(provider string, config map[string]string) map[string]string {
	whole := maps.Clone(config)
	k := kinds[provider]
	if k.always || whole == nil {
		return whole
	}
	for to, as := range map[target]target{toUserinfo: toID, toIntrospection: toAccess} {
		value, said := config[switches[as]]
		if _, ok := config[switches[to]]; !ok && said && slices.Contains(k.to, to) {
			whole[switches[to]] = value
		}
	}
	return whole
}

// writes says whether a mapper of the kind writes to the target. Where
// introspection is not mentioned it shows what access tokens have.
func (k kind) writes(to target, config map[string]string) bool {
	if !slices.Contains(k.to, to) {
		return false
	}
	if k.always {
		return true
	}
	if v, ok := config[switches[to]]; ok {
		return v == "true"
	}
	if to == toIntrospection {
		return k.writes(toAccess, config)
	}
	return slices.Contains(k.unsaid, to)
}

// mapping is what mappers work on: one token, or one answer.
type mapping struct {
	grant    *Grant
	plan     *plan
	to       target
	roles    Roles // shared: never changed in place
	claims   map[string]any
	audience []string
}

// run applies the mappers of the client and of the granted scopes.
func (m *mapping) run() {
	for _, step := range m.plan.steps[m.to] {
		step(m)
	}
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
