package representation

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey"
)

func snapshot() *latchkey.Snapshot {
	return (&latchkey.Snapshot{
		Realm: &latchkey.Realm{ID: "r", Name: "shop", Enabled: true, SSLRequired: "external", AccessTokenLifespan: 300,
			OTPPolicy: latchkey.OTPPolicy{}.OrDefaults(), BruteForce: latchkey.BruteForce{}.OrDefaults(),
			BrowserFlow: "browser", DefaultRoleID: "role-default", Attributes: map[string]string{"a": "1"},
			SMTP: latchkey.SMTP{From: "login@shop.example", AllowUTF8: true, Relays: []latchkey.Relay{
				{Host: "one.example", Port: 587, StartTLS: true, Auth: true, User: "u", Password: "first", Timeout: 5000},
				{Host: "two.example", AuthType: "token", AuthTokenURL: "https://idp.example/token", AuthTokenClientSecret: "second"}}},
			Profile: latchkey.DefaultUserProfile()},
		Roles: []*latchkey.Role{
			{ID: "role-default", Name: "default-roles-shop", Composites: []string{"role-reader", "role-buyer", "gone"}},
			{ID: "role-reader", Name: "reader", Attributes: map[string][]string{"k": {"v"}}},
			{ID: "role-buyer", ClientID: "c", Name: "buyer"}},
		Scopes: []*latchkey.ClientScope{{ID: "s1", Name: "profile"}, {ID: "s2", Name: "email"}},
		Clients: []*latchkey.Client{{ID: "c", ClientID: "app", Enabled: true, Secret: "hush", Protocol: "openid-connect",
			DefaultClientScopes: []string{"s1", "gone"}, Attributes: map[string]string{"x": "1", "y": "2"}}},
		Flows: []*latchkey.Flow{
			{ID: "f1", Alias: "browser", ProviderID: "basic-flow", TopLevel: true, BuiltIn: true, Executions: []latchkey.Execution{
				{ID: "e1", Authenticator: "auth-cookie", Requirement: latchkey.Alternative, Priority: 10, ConfigID: "k1"},
				{ID: "e2", FlowID: "f2", Requirement: latchkey.Alternative, Priority: 20}}},
			{ID: "f2", Alias: "forms", ProviderID: "basic-flow"}},
		Configs: []*latchkey.AuthenticatorConfig{{ID: "k1", Alias: "cookie config", Config: map[string]string{"a": "b"}}},
	}).Index()
}

func object(t *testing.T, v any) map[string]any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return m
}

// noNulls says that nothing is written as null: the console of Keycloak dies
// of a null where it expects a list (trap 1 of the surface).
func noNulls(t *testing.T, path string, v any) {
	t.Helper()
	switch v := v.(type) {
	case nil:
		t.Errorf("%s is null", path)
	case []any:
		for _, item := range v {
			noNulls(t, path+"[]", item)
		}
	case map[string]any:
		for key, item := range v {
			noNulls(t, path+"."+key, item)
		}
	}
}

func TestOutputHasNoNulls(t *testing.T) {
	empty := (&latchkey.Snapshot{Realm: &latchkey.Realm{}}).Index()
	for _, s := range []*latchkey.Snapshot{snapshot(), empty} {
		noNulls(t, "realm", object(t, RealmOf(s)))
	}
	noNulls(t, "client", object(t, ClientOf(empty, &latchkey.Client{})))
	noNulls(t, "scope", object(t, ClientScopeOf(&latchkey.ClientScope{})))
	noNulls(t, "role", object(t, RoleOf(empty, &latchkey.Role{})))
	noNulls(t, "user", object(t, UserOf(&latchkey.User{}, false)))
	noNulls(t, "flow", object(t, FlowOf(empty, &latchkey.Flow{Executions: []latchkey.Execution{{}}})))
	noNulls(t, "config", object(t, ConfigOf(&latchkey.AuthenticatorConfig{})))
	noNulls(t, "action", object(t, RequiredActionOf(&latchkey.RequiredAction{})))
	noNulls(t, "event", object(t, EventOf(&latchkey.Event{})))
	noNulls(t, "admin event", object(t, AdminEventOf(&latchkey.AdminEvent{}, true)))
	noNulls(t, "profile", object(t, ProfileOf(&latchkey.UserProfile{})))
	noNulls(t, "metadata", object(t, ProfileMetadataOf(new(latchkey.DefaultUserProfile()), nil)))
	noNulls(t, "credential", object(t, CredentialOf(&latchkey.Credential{})))
}

// A realm shows the members that Keycloak's does, its mail secrets masked.
func TestRealmOf(t *testing.T) {
	m := object(t, RealmOf(snapshot()))
	for key, want := range map[string]any{
		"id": "r", "realm": "shop", "enabled": true, "notBefore": 0.0, "sslRequired": "external", "accessTokenLifespan": 300.0,
		"rememberMe": false, "browserFlow": "browser", "bruteForceProtected": false, "otpPolicyDigits": 6.0, "requiredCredentials": []any{"password"},
		"enabledEventTypes": []any{}, "clientPolicies": map[string]any{"policies": []any{}},
		"defaultRole": map[string]any{"id": "role-default", "name": "default-roles-shop", "composite": true, "clientRole": false, "containerId": "r"},
		"smtpServer": map[string]any{"from": "login@shop.example", "allowutf8": "true", "host": "one.example", "port": "587", "starttls": "true",
			"auth": "true", "user": "u", "password": Masked, "timeout": "5000"},
		"attributes": map[string]any{"a": "1", AttributeSMTPFallbacks: `[{"authTokenClientSecret":"**********","authTokenUrl":"https://idp.example/token","authType":"token","host":"two.example"}]`},
	} {
		if !reflect.DeepEqual(m[key], want) {
			t.Errorf("%s: %v, want %v", key, m[key], want)
		}
	}
	for _, absent := range []string{"displayName", "supportedLocales", "users", "clients", "passwordPolicy", "eventsExpiration"} {
		if v, ok := m[absent]; ok {
			t.Errorf("%s: %v, want none", absent, v)
		}
	}
	if text := mustJSON(t, RealmOf(snapshot())); strings.Contains(text, "first") || strings.Contains(text, "second") {
		t.Error("a secret is shown (R-190)")
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What a client reads and sends back whole changes nothing (trap 12).
func TestEchoChangesNothing(t *testing.T) {
	s, before := snapshot(), snapshot()
	var realm Realm
	unknown, err := Decode([]byte(mustJSON(t, RealmOf(s))), &realm)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range unknown {
		if !IsFixed(u.Path, u.Value) {
			t.Errorf("unknown %s: %v", u.Path, u.Value)
		}
	}
	if err := realm.Apply(s.Realm, s); err != nil {
		t.Fatal(err)
	}
	s.Realm.EnabledEventTypes = nil // [] instead of nil
	if !reflect.DeepEqual(s.Realm, before.Realm) {
		t.Errorf("realm %+v, was %+v", s.Realm, before.Realm)
	}

	var client Client
	c := *s.Clients[0]
	if _, err := Decode([]byte(mustJSON(t, ClientOf(s, &c))), &client); err != nil {
		t.Fatal(err)
	}
	if err := client.Apply(&c, s); err != nil {
		t.Fatal(err)
	}
	if a, b := mustJSON(t, ClientOf(s, &c)), mustJSON(t, ClientOf(s, s.Clients[0])); a != b {
		t.Errorf("client %s, was %s", a, b)
	}

	u := latchkey.User{ID: "u", Username: "anna", Email: "Anna@shop.example", Enabled: true, CreatedAt: time.UnixMilli(5).UTC(),
		Attributes: map[string][]string{"k": {"v"}}, RequiredActions: []string{"UPDATE_PROFILE"}}
	after := u
	var user User
	if _, err := Decode([]byte(mustJSON(t, UserOf(&u, false))), &user); err != nil {
		t.Fatal(err)
	}
	if err := user.Apply(&after); err != nil || !reflect.DeepEqual(u, after) {
		t.Errorf("user %+v, was %+v, %v", after, u, err)
	}
}

// A change touches what is given and nothing else.
func TestRealmApply(t *testing.T) {
	s := snapshot()
	rep := Realm{DisplayName: new(""), RememberMe: new(true), SSLRequired: new("ALL"), Attributes: map[string]string{"b": "2"}, SupportedLocales: []string{"de"}}
	if err := rep.Apply(s.Realm, s); err != nil {
		t.Fatal(err)
	}
	r := s.Realm
	if !r.RememberMe || r.SSLRequired != "all" || r.AccessTokenLifespan != 300 || !maps.Equal(r.Attributes, map[string]string{"b": "2"}) {
		t.Errorf("realm %+v", r)
	}
	if len(r.SMTP.Relays) != 1 || r.SMTP.Relays[0].Password != "first" {
		t.Errorf("attributes without fallbacks: relays %+v", r.SMTP.Relays)
	}
	for field, rep := range map[string]Realm{
		"browserFlow":         {BrowserFlow: new("forms")},
		"registrationFlow":    {RegistrationFlow: new("nope")},
		"sslRequired":         {SSLRequired: new("nope")},
		"accessTokenLifespan": {AccessTokenLifespan: new(-1)},
		"notBefore":           {NotBefore: new(int64(-1))},
	} {
		before := *s.Realm
		rep.DisplayName = new("changed")
		var e *latchkey.Error
		if err := rep.Apply(s.Realm, s); !errors.As(err, &e) || e.Field != field || s.Realm.DisplayName != before.DisplayName {
			t.Errorf("%s: %v, display name %q", field, err, s.Realm.DisplayName)
		}
	}
}

// smtpServer is replaced as a whole; a masked secret means the one that is
// kept, as long as it goes to the same server.
func TestSMTP(t *testing.T) {
	for _, row := range []struct {
		name   string
		in     map[string]string
		want   latchkey.Relay
		from   string
		fails  string
		relays int
	}{
		{name: "masked, same host", in: map[string]string{"host": "ONE.example", "from": "x@y.example", "password": Masked, "port": ""},
			want: latchkey.Relay{Host: "ONE.example", Password: "first"}, from: "x@y.example", relays: 2},
		{name: "masked, other host", in: map[string]string{"host": "evil.example", "password": Masked}, fails: "smtpServer.password"},
		{name: "other password", in: map[string]string{"host": "evil.example", "password": "new"}, want: latchkey.Relay{Host: "evil.example", Password: "new"}, relays: 2},
		{name: "typed as the console does", in: map[string]string{"host": " one.example ", "port": "2525", "ssl": "TRUE", "starttls": "", "auth": "false", "debug": "true"},
			want: latchkey.Relay{Host: "one.example", Port: 2525, SSL: true}, relays: 2},
		{name: "emptied", in: map[string]string{}, relays: 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := snapshot()
			err := (&Realm{SMTPServer: row.in}).Apply(s.Realm, s)
			var e *latchkey.Error
			if row.fails != "" {
				if !errors.As(err, &e) || e.Field != row.fails {
					t.Errorf("error %v", err)
				}
				return
			}
			got := s.Realm.SMTP
			if err != nil || len(got.Relays) != row.relays || got.Relays[0] != row.want || got.From != row.from || got.Relays[1].AuthTokenClientSecret != "second" {
				t.Errorf("smtp %+v, error %v", got, err)
			}
		})
	}
	t.Run("masked token secret, other endpoint", func(t *testing.T) {
		s := snapshot()
		shown := RealmOf(s).Attributes[AttributeSMTPFallbacks]
		rep := Realm{Attributes: map[string]string{AttributeSMTPFallbacks: strings.ReplaceAll(shown, "idp.example", "evil.example")}}
		if err := rep.Apply(s.Realm, s); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
			t.Errorf("error %v", err)
		}
	})
}

// A client's change: attributes key by key, an empty one removed; a masked or
// empty secret stays; scopes by name, flows by id or alias.
func TestClientApply(t *testing.T) {
	s := snapshot()
	c := *s.Clients[0]
	rep := Client{Secret: new(Masked), RedirectURIs: []string{"", " https://app.example/cb "}, Attributes: map[string]string{"x": "", "z": "3"},
		OptionalClientScopes: []string{"email"}, FlowBindings: map[string]string{"browser": "browser", "direct_grant": ""}, BaseURL: new("/home"),
		ProtocolMappers: []ProtocolMapper{{Name: "m", ProtocolMapper: "oidc-sub-mapper", Config: map[string]string{"a": "", "b": "1"}}}}
	if err := rep.Apply(&c, s); err != nil {
		t.Fatal(err)
	}
	if c.Secret != "hush" || !slices.Equal(c.RedirectURIs, []string{"https://app.example/cb"}) || !maps.Equal(c.Attributes, map[string]string{"y": "2", "z": "3"}) ||
		!slices.Equal(c.OptionalClientScopes, []string{"s2"}) || !slices.Equal(c.DefaultClientScopes, []string{"s1", "gone"}) ||
		!maps.Equal(c.FlowBindings, map[string]string{"browser": "f1"}) || c.BaseURL != "/home" || !c.Enabled {
		t.Errorf("client %+v", c)
	}
	if m := c.ProtocolMappers[0]; m.ID == "" || m.Protocol != OpenIDConnect || !maps.Equal(m.Config, map[string]string{"b": "1"}) {
		t.Errorf("mapper %+v", m)
	}
	if !maps.Equal(s.Clients[0].Attributes, map[string]string{"x": "1", "y": "2"}) {
		t.Error("the snapshot was changed through the copy")
	}
	shown := ClientOf(s, &c)
	if *shown.Secret != "hush" || !slices.Equal(shown.DefaultClientScopes, []string{"profile"}) || string(shown.Kept["implicitFlowEnabled"]) != "false" {
		t.Errorf("shown %+v", shown)
	}
	for _, uri := range []string{"https://a.example/*", "http://localhost:*", "*", "/realms/x/*", "com.app:/cb", "http://127.0.0.1/cb", "urn:ietf:wg:oauth:2.0:oob"} {
		if err := (&Client{RedirectURIs: []string{uri}}).Apply(&c, s); err != nil {
			t.Errorf("redirect URI %q: %v", uri, err)
		}
	}
	for _, uri := range []string{"javascript:alert(1)", "JavaScript:alert(1)", " data:text/html,x", "https://a.example/#", "https://a.example\\@evil.example", "https://a.example/\nx", "https://a b:x/"} {
		if err := (&Client{RedirectURIs: []string{uri}}).Apply(&c, s); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
			t.Errorf("redirect URI %q: %v", uri, err)
		}
	}
}

func TestUserApply(t *testing.T) {
	u := latchkey.User{Username: "a", Email: "a@b.example", EmailVerified: true, RequiredActions: []string{"X"}, Attributes: map[string][]string{"k": {"v"}}}
	rep := User{Username: new(" Anna "), Attributes: map[string][]string{"n": {"1"}, "none": {}}, RequiredActions: []string{""}}
	if err := rep.Apply(&u); err != nil {
		t.Fatal(err)
	}
	if u.Username != "anna" || u.Email != "a@b.example" || !u.EmailVerified || len(u.RequiredActions) != 0 || len(u.Attributes) != 1 {
		t.Errorf("user %+v", u)
	}
	for field, rep := range map[string]User{"username": {Username: new(" ")}, "email": {Email: new("a@b.example\nBcc:x")}, "lastName": {LastName: new("x\x00")}} {
		var e *latchkey.Error
		if err := rep.Apply(&u); !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// Both spellings of an execution's sub-flow switch are written and read.
func TestFlowOf(t *testing.T) {
	s := snapshot()
	m := object(t, FlowOf(s, s.Flows[0]))
	want := map[string]any{"id": "f1", "alias": "browser", "providerId": "basic-flow", "topLevel": true, "builtIn": true,
		"authenticationExecutions": []any{
			map[string]any{"authenticator": "auth-cookie", "authenticatorConfig": "cookie config", "authenticatorFlow": false, "autheticatorFlow": false,
				"requirement": "ALTERNATIVE", "priority": 10.0, "userSetupAllowed": false},
			map[string]any{"flowAlias": "forms", "authenticatorFlow": true, "autheticatorFlow": true, "requirement": "ALTERNATIVE", "priority": 20.0, "userSetupAllowed": false},
		}}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("flow %v, want %v", m, want)
	}
	for in, flow := range map[string]bool{`{"authenticatorFlow":true}`: true, `{"autheticatorFlow":"true"}`: true, `{"flowAlias":"x"}`: true, `{"authenticator":"x","authenticatorFlow":false}`: false} {
		var e Execution
		if _, err := Decode([]byte(in), &e); err != nil || e.IsFlow() != flow {
			t.Errorf("%s: %v, %v", in, e.IsFlow(), err)
		}
	}
	for _, bad := range []string{"", "OPTIONAL", "required"} {
		if _, err := Requirement(bad); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
			t.Errorf("requirement %q: %v", bad, err)
		}
	}
}

func TestRoles(t *testing.T) {
	s := snapshot()
	got := CompositesOf(s, s.Role("role-default"))
	if got == nil || !slices.Equal(got.Realm, []string{"reader"}) || !slices.Equal(got.Client["app"], []string{"buyer"}) {
		t.Errorf("composites %+v", got)
	}
	if CompositesOf(s, s.Role("role-reader")) != nil {
		t.Error("reader is composite")
	}
	m := object(t, RoleMappingsOf(s, []string{"role-reader", "role-buyer", "gone"}))
	buyer := map[string]any{"id": "role-buyer", "name": "buyer", "composite": false, "clientRole": true, "containerId": "c"}
	reader := map[string]any{"id": "role-reader", "name": "reader", "composite": false, "clientRole": false, "containerId": "r"}
	want := map[string]any{"realmMappings": []any{reader}, "clientMappings": map[string]any{"app": map[string]any{"id": "c", "client": "app", "mappings": []any{buyer}}}}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("mappings %v, want %v", m, want)
	}
	if m := object(t, RoleMappingsOf(s, nil)); len(m) != 0 {
		t.Errorf("no mappings: %v", m)
	}
}

// Event details, times in milliseconds and the rest are Keycloak's.
func TestEvents(t *testing.T) {
	at := time.UnixMilli(1700000000123).UTC()
	m := object(t, EventOf(&latchkey.Event{ID: "1", RealmID: "r", Time: at, Type: latchkey.EventLogin, Details: map[string]string{"k": "v"}}))
	if !reflect.DeepEqual(m, map[string]any{"id": "1", "realmId": "r", "time": 1700000000123.0, "type": "LOGIN", "details": map[string]any{"k": "v"}}) {
		t.Errorf("event %v", m)
	}
	e := &latchkey.AdminEvent{ID: "1", RealmID: "r", Time: at, AuthRealmID: "m", OperationType: "UPDATE", ResourceType: "USER", ResourcePath: "users/x", Representation: "{}"}
	if AdminEventOf(e, false).Representation != "" || AdminEventOf(e, true).Representation != "{}" || AdminEventOf(e, true).AuthDetails.RealmID != "m" {
		t.Errorf("admin event %+v", AdminEventOf(e, true))
	}
}
