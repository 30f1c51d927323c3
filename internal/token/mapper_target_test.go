package token

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey"
)

// answers makes every token and answer of a grant, by the switch of its target.
func answers(t *testing.T, g *Grant) map[string]map[string]any {
	t.Helper()
	p := g.plan()
	out := map[string]map[string]any{}
	for to := range targets {
		m := p.mapping(g, to)
		m.run()
		m.putAudience()
		text, err := appendJSON(nil, m.claims)
		if err != nil {
			t.Fatal(err)
		}
		claims := map[string]any{}
		if err := json.Unmarshal(text, &claims); err != nil {
			t.Fatal(err)
		}
		out[switches[to]] = claims
	}
	return out
}

// groups are a group "staff" below "company", and "choir" beside it.
func groups() []*latchkey.Membership {
	company := &latchkey.Group{ID: "g1", Name: "company", Attributes: map[string][]string{"floor": {"1"}, "site": {"Graz"}}, Roles: []string{"own"}}
	return []*latchkey.Membership{
		{Group: &latchkey.Group{ID: "g2", ParentID: "g1", Name: "staff", Attributes: map[string][]string{"floor": {"2", "3"}}}, Above: []*latchkey.Group{company}},
		{Group: &latchkey.Group{ID: "g3", Name: "choir", Attributes: map[string][]string{"voice": {"alto"}, "floor": {"3", "4"}}}},
	}
}

const (
	access        = "access.token.claim"
	lightweight   = "lightweight.claim"
	idToken       = "id.token.claim"
	userinfo      = "userinfo.token.claim"
	introspection = "introspection.token.claim"
	response      = "access.tokenResponse.claim"
)

// Every kind of mapper: what it writes, and into which tokens and answers when
// everything is switched on, when nothing is said, and when everything is
// switched off. The targets are those for which Keycloak offers a switch.
func TestMapperTargets(t *testing.T) {
	user := &latchkey.User{ID: "user-id", Username: "alice", Email: "alice@example.test", FirstName: "Alicia", LastName: "A", Enabled: true,
		Attributes: map[string][]string{"street": {"Gasse 1"}}}
	five := []string{access, lightweight, idToken, userinfo, introspection}
	six := append(slices.Clone(five), response)
	four := []string{access, lightweight, idToken, introspection}
	three := []string{access, lightweight, introspection}
	unsaid := []string{access, introspection}
	for provider, c := range map[string]struct {
		config     []string
		claim      string
		want       any
		on, unsaid []string
		always     bool
	}{
		"oidc-usermodel-attribute-mapper":        {[]string{"user.attribute", "email", "claim.name", "x"}, "x", "alice@example.test", five, nil, false},
		"oidc-usermodel-property-mapper":         {[]string{"user.attribute", "username", "claim.name", "x"}, "x", "alice", five, nil, false},
		"oidc-full-name-mapper":                  {nil, "name", "Alicia A", five, nil, false},
		"oidc-address-mapper":                    {nil, "address", map[string]any{"street_address": "Gasse 1"}, five, nil, false},
		"oidc-group-membership-mapper":           {[]string{"claim.name", "x"}, "x", []any{"/company/staff", "/choir"}, five, nil, false},
		"oidc-hardcoded-claim-mapper":            {[]string{"claim.name", "x", "claim.value", "y"}, "x", "y", six, nil, false},
		"oidc-usersessionmodel-note-mapper":      {[]string{"user.session.note", "n", "claim.name", "x"}, "x", "noted", six, nil, false},
		"oidc-usermodel-realm-role-mapper":       {[]string{"claim.name", "x"}, "x", []any{"default-roles-bench", "uma_authorization"}, five, nil, false},
		"oidc-usermodel-client-role-mapper":      {[]string{"claim.name", "x", "usermodel.clientRoleMapping.clientId", "bench-app"}, "x", []any{"own-role"}, five, nil, false},
		"oidc-session-state-mapper":              {nil, "session_state", "sid-1", five, nil, false},
		"oidc-acr-mapper":                        {nil, "acr", "1", four, nil, false},
		"oidc-amr-mapper":                        {nil, "amr", []any{"email"}, four, nil, false},
		"oidc-audience-mapper":                   {[]string{"included.client.audience", "account"}, "aud", "account", four, nil, false},
		"oidc-audience-resolve-mapper":           {nil, "aud", "account", three, unsaid, false},
		"oidc-allowed-origins-mapper":            {nil, "allowed-origins", []any{"http://127.0.0.1:9999"}, three, unsaid, false},
		"oidc-sub-mapper":                        {nil, "sub", "user-id", three, unsaid, false},
		"oidc-nonce-backwards-compatible-mapper": {nil, "nonce", "nonce-1", three, three, true},
		"oidc-sha256-pairwise-sub-mapper":        {[]string{"pairwiseSubAlgorithmSalt", "salt", "sectorIdentifierUri", "https://example.test/s.json"}, "sub", pairwise("example.test", "user-id", "salt"), five, five, true},
		"oidc-claims-param-token-mapper":         {nil, "email", "alice@example.test", []string{idToken, userinfo}, nil, false},
		"oidc-claims-param-value-idtoken-mapper": {[]string{"claim.name", "intent"}, "intent", "i-1", []string{idToken}, nil, false},
		"oidc-hardcoded-role-mapper":             {[]string{"role", "everyone"}, "r", []any{"default-roles-bench", "everyone", "uma_authorization"}, five, five, true},
		"oidc-role-name-mapper":                  {[]string{"role", "uma_authorization", "new.role.name", "uma"}, "r", []any{"default-roles-bench", "uma"}, five, five, true},
	} {
		for _, state := range []string{"true", "", "false"} {
			config := slices.Clone(c.config)
			if state != "" {
				for _, name := range switches {
					config = append(config, name, state)
				}
			}
			mappers := []latchkey.ProtocolMapper{mapperOf(provider, config...)}
			if c.claim == "r" { // it changes roles that another shows
				mappers = append(mappers, mapperOf("oidc-usermodel-realm-role-mapper", access, "true", lightweight, "true", idToken, "true", userinfo, "true", "claim.name", "r"))
			}
			g := mapperGrant(user, mappers...)
			g.Holdings = &latchkey.Holdings{Roles: []string{"default"}, Memberships: groups()}
			g.Claims = `{"id_token":{"email":{"essential":true},"intent":{"essential":true,"value":"i-1"}},"userinfo":{"email":{"essential":true}}}`
			want := map[string][]string{"true": c.on, "": c.unsaid, "false": nil}[state]
			if c.always {
				want = c.on
			}
			for name, claims := range answers(t, g) {
				got, has := claims[c.claim]
				if list, ok := got.([]any); ok && c.claim == "r" {
					slices.SortFunc(list, func(a, b any) int { return cmpText(a, b) })
				}
				if (has && cmp.Equal(got, c.want)) != slices.Contains(want, name) {
					t.Errorf("%s, switched %q: %s has %s %v", provider, state, name, c.claim, got)
				}
			}
		}
	}
	if len(kinds) != 22 {
		t.Errorf("%d kinds of mappers, and this table has 22", len(kinds))
	}
}

func cmpText(a, b any) int {
	x, y := a.(string), b.(string)
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// Groups: by path or by name; their attributes where the user has none, or
// gathered; their roles, and those of the groups above.
func TestGroupsInTokens(t *testing.T) {
	for name, c := range map[string]struct {
		mapper latchkey.ProtocolMapper
		own    map[string][]string
		want   any
	}{
		"by path":                  {mapperOf("oidc-group-membership-mapper", everywhere("claim.name", "x", "full.path", "true")...), nil, []any{"/company/staff", "/choir"}},
		"by name":                  {mapperOf("oidc-group-membership-mapper", everywhere("claim.name", "x", "full.path", "false")...), nil, []any{"staff", "choir"}},
		"the first group's":        {mapperOf("oidc-usermodel-attribute-mapper", everywhere("claim.name", "x", "user.attribute", "floor", "multivalued", "true")...), nil, []any{"2", "3"}},
		"the user's own first":     {mapperOf("oidc-usermodel-attribute-mapper", everywhere("claim.name", "x", "user.attribute", "floor")...), map[string][]string{"floor": {"9"}}, "9"},
		"of the group above":       {mapperOf("oidc-usermodel-attribute-mapper", everywhere("claim.name", "x", "user.attribute", "site")...), nil, "Graz"},
		"of another group":         {mapperOf("oidc-usermodel-attribute-mapper", everywhere("claim.name", "x", "user.attribute", "voice")...), nil, "alto"},
		"gathered":                 {mapperOf("oidc-usermodel-attribute-mapper", everywhere("claim.name", "x", "user.attribute", "floor", "multivalued", "true", "aggregate.attrs", "true", "jsonType.label", "int")...), map[string][]string{"floor": {"9"}}, []any{9.0, 2.0, 3.0, 4.0}},
		"gathered, no one has any": {mapperOf("oidc-usermodel-attribute-mapper", everywhere("claim.name", "x", "user.attribute", "nope", "multivalued", "true", "aggregate.attrs", "true")...), nil, nil},
		"a role by a group above":  {mapperOf("oidc-usermodel-client-role-mapper", everywhere("claim.name", "x", "usermodel.clientRoleMapping.clientId", "bench-app")...), nil, []any{"own-role"}},
	} {
		g := mapperGrant(&latchkey.User{ID: "user-id", Attributes: c.own}, c.mapper)
		g.Holdings = &latchkey.Holdings{Roles: []string{"default"}, Memberships: groups()}
		if diff := cmp.Diff(c.want, answers(t, g)[access]["x"]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	g := mapperGrant(&latchkey.User{ID: "user-id"}, mapperOf("oidc-group-membership-mapper", everywhere("claim.name", "x")...))
	if got, has := answers(t, g)[access]["x"]; has {
		t.Errorf("in no group: %v", got)
	}
}

// What the claims parameter asks for is read with care: an application writes
// it, and may write anything.
func TestClaimsParameter(t *testing.T) {
	user := &latchkey.User{ID: "user-id", Username: "alice", Email: "alice@example.test", FirstName: "Alicia", LastName: "A"}
	for text, want := range map[string]map[string]any{
		``:                  {},
		`nonsense`:          {},
		`[]`:                {},
		`{"id_token":null}`: {},
		`{"id_token":{"email":null,"name":{"essential":false},"given_name":{"essential":"yes"}}}`:                                                                                      {},
		`{"id_token":{"email":{"essential":true},"name":{"essential":true},"given_name":{"essential":true},"family_name":{"essential":true},"preferred_username":{"essential":true}}}`: {"email": "alice@example.test", "name": "Alicia A", "given_name": "Alicia", "family_name": "A", "preferred_username": "alice"},
		`{"userinfo":{"email":{"essential":true}}}`:                                                       {},
		`{"id_token":{"sub":{"essential":true,"value":"somebody"},"acr":{"essential":true,"value":"9"}}}`: {},
		`{"id_token":{"intent":{"value":"i"}}}`:                                                           {},
		`{"id_token":{"intent":{"essential":true,"value":["i"]}}}`:                                        {},
		`{"id_token":{"intent":{"essential":true,"value":"i"}}}`:                                          {"intent": "i"},
	} {
		g := mapperGrant(user, mapperOf("oidc-claims-param-token-mapper", everywhere()...),
			mapperOf("oidc-claims-param-value-idtoken-mapper", everywhere("claim.name", "intent")...),
			mapperOf("oidc-claims-param-value-idtoken-mapper", everywhere("claim.name", "acr")...))
		g.Claims = text
		if diff := cmp.Diff(want, answers(t, g)[idToken]); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}
