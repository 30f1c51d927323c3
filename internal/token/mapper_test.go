package token

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey"
)

// Every kind of mapper, by what it puts into an access token.
func TestMappers(t *testing.T) {
	user := &latchkey.User{ID: "user-id", Username: "alice", Email: "alice@example.test", FirstName: "Alicia", LastName: "A", Enabled: true,
		CreatedAt: start, Attributes: map[string][]string{"phone": {"+43 1", "+43 2"}, "age": {"41"}, "flags": {"true", "x"}, "json": {`{"a":[1]}`},
			"street": {"Gasse 1"}, "country": {"AT"}, "empty": {}}}
	for name, c := range map[string]struct {
		mapper latchkey.ProtocolMapper
		want   map[string]any
	}{
		"attribute":             {mapperOf("oidc-usermodel-attribute-mapper", everywhere("user.attribute", "firstName", "claim.name", "given_name")...), map[string]any{"given_name": "Alicia"}},
		"attribute, first":      {mapperOf("oidc-usermodel-attribute-mapper", everywhere("user.attribute", "phone", "claim.name", "p")...), map[string]any{"p": "+43 1"}},
		"attribute, all":        {mapperOf("oidc-usermodel-attribute-mapper", everywhere("user.attribute", "phone", "claim.name", "p", "multivalued", "true")...), map[string]any{"p": []any{"+43 1", "+43 2"}}},
		"attribute, none":       {mapperOf("oidc-usermodel-attribute-mapper", everywhere("user.attribute", "nope", "claim.name", "p")...), nil},
		"attribute, empty":      {mapperOf("oidc-usermodel-attribute-mapper", everywhere("user.attribute", "empty", "claim.name", "p")...), nil},
		"attribute, long":       {mapperOf("oidc-usermodel-attribute-mapper", everywhere("user.attribute", "age", "claim.name", "a.ge", "jsonType.label", "long")...), map[string]any{"a": map[string]any{"ge": 41.0}}},
		"attribute, no long":    {mapperOf("oidc-usermodel-attribute-mapper", everywhere("user.attribute", "phone", "claim.name", "p", "jsonType.label", "long")...), nil},
		"attribute, booleans":   {mapperOf("oidc-usermodel-attribute-mapper", everywhere("user.attribute", "flags", "claim.name", "f", "jsonType.label", "boolean", "multivalued", "true")...), map[string]any{"f": []any{true}}},
		"attribute, JSON":       {mapperOf("oidc-usermodel-attribute-mapper", everywhere("user.attribute", "json", "claim.name", "j", "jsonType.label", "JSON")...), map[string]any{"j": map[string]any{"a": []any{1.0}}}},
		"attribute, no JSON":    {mapperOf("oidc-usermodel-attribute-mapper", everywhere("user.attribute", "phone", "claim.name", "j", "jsonType.label", "JSON")...), nil},
		"attribute, dotted":     {mapperOf("oidc-usermodel-attribute-mapper", everywhere("user.attribute", "age", "claim.name", `https://example\.test/age`)...), map[string]any{"https://example.test/age": "41"}},
		"attribute, no name":    {mapperOf("oidc-usermodel-attribute-mapper", everywhere("user.attribute", "age")...), nil},
		"attribute, over sub":   {mapperOf("oidc-usermodel-attribute-mapper", everywhere("user.attribute", "age", "claim.name", "sub")...), nil},
		"attribute, over acr":   {mapperOf("oidc-usermodel-attribute-mapper", everywhere("user.attribute", "age", "claim.name", "acr")...), nil},
		"attribute, off":        {mapperOf("oidc-usermodel-attribute-mapper", "access.token.claim", "false", "user.attribute", "age", "claim.name", "a"), nil},
		"attribute, not said":   {mapperOf("oidc-usermodel-attribute-mapper", "user.attribute", "age", "claim.name", "a"), nil},
		"property":              {mapperOf("oidc-usermodel-property-mapper", everywhere("user.attribute", "emailVerified", "claim.name", "v", "jsonType.label", "boolean")...), map[string]any{"v": false}},
		"property id":           {mapperOf("oidc-usermodel-property-mapper", everywhere("user.attribute", "id", "claim.name", "v")...), map[string]any{"v": "user-id"}},
		"property email":        {mapperOf("oidc-usermodel-property-mapper", everywhere("user.attribute", "email", "claim.name", "v")...), map[string]any{"v": "alice@example.test"}},
		"full name":             {mapperOf("oidc-full-name-mapper", everywhere()...), map[string]any{"name": "Alicia A"}},
		"address":               {mapperOf("oidc-address-mapper", everywhere()...), map[string]any{"address": map[string]any{"street_address": "Gasse 1", "country": "AT"}}},
		"sub":                   {mapperOf("oidc-sub-mapper"), map[string]any{"sub": "user-id"}},
		"acr":                   {mapperOf("oidc-acr-mapper", everywhere()...), map[string]any{"acr": "1"}},
		"amr":                   {mapperOf("oidc-amr-mapper", everywhere()...), map[string]any{"amr": []any{"email"}}},
		"session state":         {mapperOf("oidc-session-state-mapper", everywhere()...), map[string]any{"session_state": "sid-1"}},
		"nonce":                 {mapperOf("oidc-nonce-backwards-compatible-mapper"), map[string]any{"nonce": "nonce-1"}},
		"note":                  {mapperOf("oidc-usersessionmodel-note-mapper", everywhere("user.session.note", "AUTH_TIME", "claim.name", "auth_time", "jsonType.label", "long")...), map[string]any{"auth_time": float64(start.Unix())}},
		"note of the session":   {mapperOf("oidc-usersessionmodel-note-mapper", everywhere("user.session.note", "n", "claim.name", "x")...), map[string]any{"x": "noted"}},
		"hardcoded claim":       {mapperOf("oidc-hardcoded-claim-mapper", everywhere("claim.name", "x", "claim.value", "7", "jsonType.label", "int")...), map[string]any{"x": 7.0}},
		"realm roles":           {mapperOf("oidc-usermodel-realm-role-mapper", everywhere("claim.name", "groups", "usermodel.realmRoleMapping.rolePrefix", "r-")...), map[string]any{"groups": []any{"r-default-roles-bench", "r-uma_authorization"}}},
		"client roles":          {mapperOf("oidc-usermodel-client-role-mapper", everywhere("claim.name", "resource_access.${client_id}.roles")...), map[string]any{"resource_access": map[string]any{"account": map[string]any{"roles": []any{"view-profile"}}, "dot.ted": map[string]any{"roles": []any{"dot-role"}}}}},
		"roles of one client":   {mapperOf("oidc-usermodel-client-role-mapper", everywhere("claim.name", "mine", "usermodel.clientRoleMapping.clientId", "dot.ted")...), map[string]any{"mine": []any{"dot-role"}}},
		"roles of all clients":  {mapperOf("oidc-usermodel-client-role-mapper", everywhere("claim.name", "all")...), map[string]any{"all": []any{"view-profile", "dot-role"}}},
		"audience":              {mapperOf("oidc-audience-mapper", everywhere("included.client.audience", "bench-app")...), map[string]any{"aud": "bench-app"}},
		"custom audience":       {mapperOf("oidc-audience-mapper", everywhere("included.custom.audience", "https://api.example.test")...), map[string]any{"aud": "https://api.example.test"}},
		"audience of nobody":    {mapperOf("oidc-audience-mapper", everywhere("included.client.audience", "nope")...), nil},
		"audience resolve":      {mapperOf("oidc-audience-resolve-mapper"), map[string]any{"aud": []any{"account", "dot.ted"}}},
		"origins":               {mapperOf("oidc-allowed-origins-mapper"), map[string]any{"allowed-origins": []any{"http://127.0.0.1:9999"}}},
		"one that is not built": {mapperOf("oidc-script-based-protocol-mapper", everywhere("claim.name", "groups")...), nil},
	} {
		t.Run(name, func(t *testing.T) {
			g := mapperGrant(user, c.mapper)
			claims, _ := g.plan().access(g, start, "id")
			for _, own := range []string{"exp", "iat", "jti", "iss", "typ", "azp", "scope", "sid"} {
				delete(claims, own)
			}
			got := map[string]any{}
			text, _ := json.Marshal(claims)
			_ = json.Unmarshal(text, &got)
			want := c.want
			if want == nil {
				want = map[string]any{}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// mapperGrant is a grant of a client with no scopes and the mappers.
func mapperGrant(user *latchkey.User, mappers ...latchkey.ProtocolMapper) *Grant {
	g := grantOf(bench(), "")
	g.User, g.Scope, g.Holdings = user, Scope{}, &latchkey.Holdings{Roles: []string{"default", "dot"}}
	g.Session.Notes = map[string]string{"n": "noted"}
	g.Client.ProtocolMappers = mappers
	return g
}

// Mappers that change roles run before those that show them, wherever they
// stand.
func TestRoleMappersComeFirst(t *testing.T) {
	g := mapperGrant(&latchkey.User{ID: "user-id"},
		mapperOf("oidc-usermodel-realm-role-mapper", everywhere("claim.name", "realm")...),
		mapperOf("oidc-usermodel-client-role-mapper", everywhere("claim.name", "c.${client_id}")...),
		mapperOf("oidc-audience-resolve-mapper"),
		mapperOf("oidc-hardcoded-role-mapper", "role", "dot.ted.extra"),
		mapperOf("oidc-hardcoded-role-mapper", "role", "everyone"),
		mapperOf("oidc-role-name-mapper", "role", "uma_authorization", "new.role.name", "account.renamed"),
		mapperOf("oidc-role-name-mapper", "role", "nope", "new.role.name", "x"))
	claims, _ := g.plan().access(g, start, "id")
	got, _ := json.Marshal(map[string]any{"realm": claims["realm"], "c": claims["c"], "aud": claims["aud"]})
	const want = `{"aud":["account","dot.ted"],"c":{"account":["view-profile","renamed"],"dot.ted":["dot-role","extra"]},"realm":["default-roles-bench","everyone"]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Each target has the mappers that are switched on for it.
func TestTargets(t *testing.T) {
	m := NewMinter((&clock{start}).now)
	g := mapperGrant(&latchkey.User{ID: "user-id"},
		mapperOf("oidc-hardcoded-claim-mapper", "claim.name", "a", "claim.value", "1", "access.token.claim", "true"),
		mapperOf("oidc-hardcoded-claim-mapper", "claim.name", "i", "claim.value", "1", "id.token.claim", "true"),
		mapperOf("oidc-hardcoded-claim-mapper", "claim.name", "u", "claim.value", "1", "userinfo.token.claim", "true"))
	access, expires := g.plan().access(g, start, "id")
	id := g.plan().id(g, start, expires, "hash")
	info := m.Userinfo(g)
	for name, c := range map[string]struct {
		claims map[string]any
		with   string
	}{"access": {access, "a"}, "id": {id, "i"}, "userinfo": {info, "u"}} {
		for _, claim := range []string{"a", "i", "u"} {
			if _, has := c.claims[claim]; has != (claim == c.with) {
				t.Errorf("%s has %s: %v", name, claim, has)
			}
		}
	}
	if diff := cmp.Diff(map[string]any{"sub": "user-id", "u": "1"}, info); diff != "" {
		t.Error(diff)
	}
}

// Without full scope a token has the client's own roles and those it is mapped
// to.
func TestRolesWithoutFullScope(t *testing.T) {
	s := bench()
	client := s.ClientByClientID("bench-app")
	client.FullScopeAllowed = false
	held := []string{"default", "own", "dot"}
	if diff := cmp.Diff(Roles{Client: map[string][]string{"bench-app": {"own-role"}}}, ResolveRoles(s, client, Scope{}, held)); diff != "" {
		t.Error(diff)
	}
	client.ScopeMappings = []string{"default"}
	if diff := cmp.Diff(Roles{Realm: []string{"default-roles-bench", "uma_authorization"}, Client: map[string][]string{"bench-app": {"own-role"}, "account": {"view-profile"}}},
		ResolveRoles(s, client, Scope{}, held)); diff != "" {
		t.Error(diff)
	}
	client.ScopeMappings = nil
	scope := Scope{Scopes: []*latchkey.ClientScope{{ScopeMappings: []string{"dot"}}}}
	if got := ResolveRoles(s, client, scope, held); len(got.Client["dot.ted"]) != 1 {
		t.Errorf("roles of a scope: %v", got)
	}
}

// A scope parameter asks for optional scopes; what the client does not have is
// refused, what the user may not have is left out.
func TestScopes(t *testing.T) {
	s := bench()
	client := s.ClientByClientID("bench-app")
	for requested, want := range map[string]struct {
		shown   string
		unknown []string
	}{
		"":                               {"profile", nil},
		"openid":                         {"openid profile", nil},
		"openid address":                 {"openid profile address", nil},
		"address openid":                 {"openid profile address", nil},
		"openid profile basic":           {"openid profile", nil},
		"openid nope":                    {"openid profile", []string{"nope"}},
		"openid offline_access":          {"openid profile", nil}, // the user has not that role
		" openid  profile openid ":       {"openid profile", nil},
		"openid phone address x":         {"openid profile address", []string{"phone", "x"}},
		"OPENID":                         {"profile", []string{"OPENID"}},
		"address openid address profile": {"openid profile address", nil},
	} {
		got, unknown := ResolveScope(s, client, requested)
		if shown := got.For(s, []string{"default"}).Shown(); shown != want.shown || !cmp.Equal(unknown, want.unknown) {
			t.Errorf("%q gives %q and %v, want %q and %v", requested, shown, unknown, want.shown, want.unknown)
		}
	}
	granted := GrantedScope(s, client, "openid basic profile address")
	if got := granted.All(); got != "openid basic profile address" {
		t.Errorf("granted: %q", got)
	}
	for requested, want := range map[string]struct {
		all   string
		wider []string
	}{
		"":                       {"openid basic profile address", nil},
		"openid":                 {"openid basic profile", nil},
		"address":                {"basic profile address", nil},
		"openid offline_access":  {"openid basic profile", []string{"offline_access"}},
		"openid roles":           {"openid basic profile", []string{"roles"}},
		"openid address profile": {"openid basic profile address", nil},
	} {
		got, wider := granted.Narrow(client, requested)
		if got.All() != want.all || !cmp.Equal(wider, want.wider) {
			t.Errorf("%q narrows to %q and %v, want %q and %v", requested, got.All(), wider, want.all, want.wider)
		}
	}
	if _, wider := GrantedScope(s, client, "basic profile").Narrow(client, "openid"); len(wider) != 1 {
		t.Error("openid came in by a refresh")
	}
}

// Lifespans: the client's own comes before the realm's, none outlives the
// session, and an ID token ends after ten minutes at most.
func TestLifespans(t *testing.T) {
	c := &clock{start}
	m := NewMinter(c.now)
	g := grantOf(bench(), "openid")
	g.Realm.Realm.AccessTokenLifespan = 3600
	tokens := mint(t, m, g)
	_, access := parts(t, tokens.Access)
	_, id := parts(t, tokens.ID)
	if tokens.ExpiresIn != 3600 || access["exp"] != float64(start.Unix()+3600) || id["exp"] != float64(start.Unix()+600) {
		t.Errorf("%v %v %v", tokens.ExpiresIn, access["exp"], id["exp"])
	}
	g.Client.Attributes["access.token.lifespan"] = "60"
	if tokens := mint(t, m, g); tokens.ExpiresIn != 60 {
		t.Errorf("the client's own: %d", tokens.ExpiresIn)
	}
	g.Client.Attributes["access.token.lifespan"] = "-1"
	if tokens := mint(t, m, g); tokens.ExpiresIn != 3600 {
		t.Errorf("a negative one: %d", tokens.ExpiresIn)
	}
	c.at = start.Add(36000*1e9 - 30*1e9)
	if tokens := mint(t, m, g); tokens.ExpiresIn != 30 || tokens.RefreshExpiresIn != 30 {
		t.Errorf("past the session's end: %d %d", tokens.ExpiresIn, tokens.RefreshExpiresIn)
	}
	g.Client.Attributes["access.token.header.type.rfc9068"] = "true"
	tokens = mint(t, m, g)
	header, _ := parts(t, tokens.Access)
	if header["typ"] != "at+jwt" {
		t.Errorf("RFC 9068: %v", header)
	}
	if _, err := m.VerifyAccess(g.Realm, issuer, tokens.Access); err != nil {
		t.Error(err)
	}
}

// Where a client's pages are.
func TestWebOrigins(t *testing.T) {
	client := &latchkey.Client{RootURL: "https://app.example.test/root", RedirectURIs: []string{"https://app.example.test/cb", "/rel/*", "http://localhost:8080/*", "com.example:/cb", "*"},
		WebOrigins: []string{"+", "https://b.example.test/", "https://b.example.test"}}
	want := []string{"https://app.example.test", "http://localhost:8080", "https://b.example.test"}
	if diff := cmp.Diff(want, WebOrigins(client, "https://id.example.test")); diff != "" {
		t.Error(diff)
	}
}
