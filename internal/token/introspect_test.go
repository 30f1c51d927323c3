package token

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey"
)

// Introspection tells of a token what it says, and what mappers have for
// introspection: of a lightweight one more than it holds (RFC 7662 2.2).
func TestIntrospection(t *testing.T) {
	m := NewMinter((&clock{start}).now)
	for _, light := range []bool{false, true} {
		g := grantOf(bench(), "openid")
		g.Client.ProtocolMappers = []latchkey.ProtocolMapper{
			mapperOf("oidc-hardcoded-claim-mapper", "claim.name", "both", "claim.value", "1", access, "true"),
			mapperOf("oidc-hardcoded-claim-mapper", "claim.name", "hidden", "claim.value", "1", access, "true", introspection, "false"),
			mapperOf("oidc-hardcoded-claim-mapper", "claim.name", "told", "claim.value", "1", introspection, "true"),
			mapperOf("oidc-hardcoded-claim-mapper", "claim.name", "light", "claim.value", "1", lightweight, "true"),
		}
		if light {
			g.Client.Attributes[attributeLightweight] = "true"
		}
		tokens := mint(t, m, g)
		_, held := parts(t, tokens.Access)
		if _, has := held["light"]; has != light {
			t.Errorf("lightweight %v: %v", light, held)
		}
		if _, has := held["realm_access"]; has == light {
			t.Errorf("lightweight %v: %v", light, held)
		}
		c, err := m.VerifyAccess(g.Realm, issuer, tokens.Access)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := json.Marshal(m.Introspection(g, c))
		got := map[string]any{}
		_ = json.Unmarshal(text, &got)
		want := map[string]any{
			"active": true, "client_id": "bench-app", "username": "golden@example.test", "token_type": "Bearer",
			"exp": float64(start.Unix() + 300), "iat": float64(start.Unix()), "auth_time": float64(start.Unix()), "jti": tokens.AccessID,
			"iss": issuer, "aud": "account", "sub": "user-id", "typ": "Bearer", "azp": "bench-app", "sid": "sid-1", "acr": "1",
			"allowed-origins": []any{"http://127.0.0.1:9999"}, "realm_access": map[string]any{"roles": []any{"default-roles-bench", "uma_authorization"}},
			"resource_access": map[string]any{"account": map[string]any{"roles": []any{"view-profile"}}}, "scope": "openid profile",
			"email_verified": true, "preferred_username": "golden@example.test", "both": "1", "told": "1",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lightweight %v: %s", light, diff)
		}
		roles := g.EffectiveRoles(c)
		if len(roles.Realm) != 2 || len(roles.Client["account"]) != 1 {
			t.Errorf("lightweight %v: %v", light, roles)
		}
		// Who has lost a role has lost it, whatever the token says.
		g.Holdings = &latchkey.Holdings{}
		if roles := g.EffectiveRoles(c); len(roles.Realm)+len(roles.Client) != 0 {
			t.Errorf("lightweight %v: lost, and has %v", light, roles)
		}
	}
}

// Who was given a role after a token was made has it with the next token.
func TestEffectiveRolesAreNoMoreThanTheTokens(t *testing.T) {
	m := NewMinter((&clock{start}).now)
	g := grantOf(bench(), "openid")
	c, err := m.VerifyAccess(g.Realm, issuer, mint(t, m, g).Access)
	if err != nil {
		t.Fatal(err)
	}
	g.Holdings = &latchkey.Holdings{Roles: []string{"default", "own", "dot", "offline"}}
	if diff := cmp.Diff(Roles{Realm: []string{"default-roles-bench", "uma_authorization"}, Client: map[string][]string{"account": {"view-profile"}}}, g.EffectiveRoles(c)); diff != "" {
		t.Error(diff)
	}
}

// An access token of RFC 9068 has all claims of its section 2.2, whatever the
// client's scopes are.
func TestRFC9068(t *testing.T) {
	m := NewMinter((&clock{start}).now)
	g := grantOf(bench(), "")
	g.Scope, g.Refresh = Scope{}, ""
	g.Client.Attributes["access.token.header.type.rfc9068"] = "true"
	header, claims := parts(t, mint(t, m, g).Access)
	for _, name := range []string{"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} {
		if claims[name] == nil || claims[name] == "" {
			t.Errorf("no %s: %v", name, claims)
		}
	}
	if header["typ"] != "at+jwt" || claims["aud"] != issuer {
		t.Errorf("%v %v", header, claims)
	}
}
