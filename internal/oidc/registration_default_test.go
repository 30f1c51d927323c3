package oidc_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// in Keycloak's words the same rules hold: what is an administrator's
// to say is passed over, or refused with its name.
func TestRegistrationInKeycloaksWords(t *testing.T) {
	w := sqliteWorld(t)
	_, token := w.initialAccess("bench", 2, 0)
	a := w.registers("POST", "default", token, `{"clientId":"shop","name":"Shop","redirectUris":["https://shop.example.test/cb"],"fullScopeAllowed":true,"consentRequired":false,
		"enabled":false,"bearerOnly":true,"protocolMappers":[{"name":"x","protocol":"openid-connect","protocolMapper":"oidc-hardcoded-role-mapper","config":{"role":"admin"}}],
		"defaultClientScopes":[],"attributes":{"latchkey.unapproved":"","access.token.lifespan":"99999","logoUri":"https://shop.example.test/l.png"}}`)
	if a.status != http.StatusCreated || a.header.Get("Location") != w.base+"/realms/bench/clients-registrations/default/shop" || a.text("registrationAccessToken") == "" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	c := w.snap("bench").ClientByClientID("shop")
	if c.FullScopeAllowed || !c.ConsentRequired || !c.Enabled || c.BearerOnly || len(c.ProtocolMappers) != 0 || len(c.DefaultClientScopes) == 0 || !c.Unapproved() ||
		c.Attribute("access.token.lifespan") != "" || c.Attribute("logoUri") != "https://shop.example.test/l.png" {
		t.Errorf("%+v", c)
	}
	access := a.text("registrationAccessToken")
	update := func(status int, body string) *answer {
		t.Helper()
		a := w.registers("PUT", "default/shop", access, body)
		if a.status != status {
			t.Fatalf("%s: %d %s", body, a.status, a.body)
		}
		if status == http.StatusOK {
			access = a.text("registrationAccessToken")
		}
		return a
	}
	for body, field := range map[string]string{
		`{"clientId":"other"}`: "clientId", `{"secret":"mine"}`: "secret", `{"redirectUris":["*"]}`: "redirectUris", `{"protocol":"saml"}`: "protocol",
		`{"directAccessGrantsEnabled":true}`: "directAccessGrantsEnabled", `{"clientAuthenticatorType":"client-x509"}`: "clientAuthenticatorType",
		`{"optionalClientScopes":["nonsense"]}`: "scope", `{"attributes":{"jwks.url":"http://10.0.0.1/"}}`: "attributes.jwks.url",
		`{"attributes":{"post.logout.redirect.uris":"https://a.test/*"}}`: "attributes.post.logout.redirect.uris", `{"rootUrl":"javascript:x"}`: "rootUrl",
	} {
		if a := update(http.StatusBadRequest, body); !strings.HasPrefix(a.text("error_description"), field) {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	// What was read may be sent back, and a refusal uses no token up.
	read := w.registers("GET", "default/shop", access, "")
	access = read.text("registrationAccessToken")
	if a := update(http.StatusOK, string(read.body)); a.text("secret") != c.Secret.Reveal() || a.text("name") != "Shop" {
		t.Errorf("%s", a.body)
	}
	update(http.StatusOK, `{"name":"The shop"}`) // the rest stays
	if c = w.snap("bench").ClientByClientID("shop"); c.Name != "The shop" || !slices.Equal(c.RedirectURIs, []string{"https://shop.example.test/cb"}) {
		t.Errorf("%+v", c)
	}
	if a := w.registers("GET", "install/shop", access, ""); a.status != 200 || a.text("resource") != "shop" || !strings.Contains(string(a.body), c.Secret.Reveal()) {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, id := range []string{"shop", "acme-realm", "../x", "a b", strings.Repeat("x", 101)} {
		if a := w.registers("POST", "default", token, `{"clientId":"`+id+`","redirectUris":["https://shop.example.test/cb"]}`); a.status != 400 || a.text("error") != "invalid_client_metadata" ||
			!strings.HasPrefix(a.text("error_description"), "clientId") {
			t.Errorf("%q: %d %s", id, a.status, a.body)
		}
	}
}

// withRole gives bench-app's own account a role of realm-management, and gives
// an access token of it.
func (w *world) withRole(name string) string {
	w.t.Helper()
	snap := w.snap("bench")
	role := snap.RoleNamed(snap.ClientByClientID(latchkey.ClientRealmManagement).ID, name)
	w.update(func(tx *store.Tx) error {
		account, err := tx.ServiceAccountUser(snap.Realm.ID, snap.ClientByClientID("bench-app").ID)
		if err != nil {
			return err
		}
		return tx.AddUserRole(snap.Realm.ID, account.ID, role.ID)
	})
	return w.token("bench-app", "grant_type", "client_credentials").text("access_token")
}

// an administrator of the realm registers and looks after
// clients by what their roles say; those that have power over realms are out of
// reach here.
func TestRegistrationByAdministrators(t *testing.T) {
	w := sqliteWorld(t)
	creates := w.withRole("create-client")
	a := w.registers("POST", "openid-connect", creates, minimal)
	id := a.text("client_id")
	if a.status != 201 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if c := w.snap("bench").ClientByClientID(id); c.Unapproved() || c.ConsentRequired || c.FullScopeAllowed {
		t.Errorf("%+v", c)
	}
	if a := w.registers("GET", "openid-connect/"+id, creates, ""); a.status != 403 || a.text("error") != "insufficient_scope" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := w.registers("GET", "openid-connect/nobody", creates, ""); a.status != 403 {
		t.Errorf("who has no role learns which clients there are: %d", a.status)
	}
	views := w.withRole("view-clients")
	for _, path := range []string{"openid-connect/", "default/", "install/"} {
		got := w.registers("GET", path+id, views, "")
		if got.status != 200 || strings.Contains(string(got.body), a.text("client_secret")) || got.text("registration_access_token") != "" || got.text("registrationAccessToken") != "" {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if a := w.registers("DELETE", "openid-connect/"+id, views, ""); a.status != 403 {
		t.Errorf("%d %s", a.status, a.body)
	}
	manages := w.withRole("manage-clients")
	if got := w.registers("GET", "openid-connect/"+id, manages, ""); got.text("client_secret") != a.text("client_secret") {
		t.Errorf("%d %s", got.status, got.body)
	}
	for _, other := range []string{latchkey.ClientRealmManagement, "bench-app"} { // bench-app's account holds manage-clients
		for _, path := range []string{"openid-connect/", "default/", "install/"} {
			if a := w.registers("GET", path+other, manages, ""); a.status != 403 {
				t.Errorf("%s%s: %d %s", path, other, a.status, a.body)
			}
		}
		if a := w.registers("DELETE", "default/"+other, manages, ""); a.status != 403 || w.snap("bench").ClientByClientID(other) == nil {
			t.Errorf("%s: %d %s", other, a.status, a.body)
		}
	}
	if a := w.registers("GET", "openid-connect/nobody", manages, ""); a.status != 404 {
		t.Errorf("%d", a.status)
	}
	if a := w.registers("PUT", "openid-connect/"+id, manages, minimal); a.status != 200 || a.text("registration_access_token") != "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := w.registers("GET", "openid-connect/"+id, a.text("registration_access_token"), ""); a.status != 200 {
		t.Errorf("an administrator used an application's token up: %d %s", a.status, a.body)
	}
	if a := w.registers("DELETE", "openid-connect/"+id, manages, ""); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// the realm's policies for who comes with a token limit how many clients
// there are, and which scopes they have.
func TestRegistrationPolicies(t *testing.T) {
	w := sqliteWorld(t)
	realmID := w.snapID("bench")
	const kind = "org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy"
	put := func(provider, subType string, config map[string][]string) {
		w.update(func(tx *store.Tx) error {
			return tx.PutComponent(&latchkey.Component{RealmID: realmID, ID: provider + subType, ParentID: realmID, ProviderType: kind, ProviderID: provider, SubType: subType, Config: config})
		})
	}
	_, token := w.initialAccess("bench", 9, 0)
	put("max-clients", "anonymous", map[string][]string{"max-clients": {"1"}}) // nobody comes without a token
	put("allowed-client-templates", "authenticated", map[string][]string{"allow-default-scopes": {"false"}, "allowed-client-scopes": {"email"}})
	with := func(scope string) string { return strings.TrimSuffix(minimal, "}") + `,"scope":"` + scope + `"}` }
	if a := w.registers("POST", "openid-connect", token, with("openid email")); a.status != 201 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := w.registers("POST", "openid-connect", token, with("openid phone")); a.status != 400 || !strings.HasPrefix(a.text("error_description"), "scope") {
		t.Errorf("%d %s", a.status, a.body)
	}
	put("max-clients", "authenticated", map[string][]string{"max-clients": {"3"}})
	if a := w.registers("POST", "openid-connect", token, minimal); a.status != 403 || a.text("error") != "insufficient_scope" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// a script of another origin reads the answer when the initial access
// names the origin, and not otherwise.
func TestRegistrationOrigins(t *testing.T) {
	w := sqliteWorld(t)
	snap := w.snap("bench")
	a := &latchkey.InitialAccess{RealmID: snap.Realm.ID, Count: 9, Remaining: 9, WebOrigins: []string{"https://page.example.test"}}
	w.update(func(tx *store.Tx) error { return tx.CreateInitialAccess(a) })
	token, err := w.minter.MintInitialAccess(ctx, snap, w.site.Issuer("bench"), a)
	if err != nil {
		t.Fatal(err)
	}
	for origin, want := range map[string]string{"https://page.example.test": "https://page.example.test", "https://evil.example.test": ""} {
		got := w.browser().postBody(w.base+"/realms/bench/clients-registrations/openid-connect", minimal, "Content-Type", "application/json", "Origin", origin, "Authorization", "Bearer "+token)
		if got.status != 201 || got.header.Get("Access-Control-Allow-Origin") != want {
			t.Errorf("%s: %d %v", origin, got.status, got.header)
		}
	}
}

// The keys that an application registers are those that its assertions are
// verified by (RFC 7591 2), and come back as they are used.
func TestRegistrationWithKeys(t *testing.T) {
	w := sqliteWorld(t)
	_, token := w.initialAccess("bench", 1, 0)
	const set = `{"keys":[{"kty":"EC","crv":"P-256","kid":"one","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`
	a := w.registers("POST", "openid-connect", token, `{"grant_types":["client_credentials"],"response_types":[],"token_endpoint_auth_method":"private_key_jwt","jwks":`+set+`}`)
	if a.status != 201 || a.text("client_secret") != "" || !strings.Contains(string(a.body), `"kid":"one"`) || a.json["client_secret_expires_at"] != nil {
		t.Fatalf("%d %s", a.status, a.body)
	}
	c := w.snap("bench").ClientByClientID(a.text("client_id"))
	if c.StandardFlowEnabled || !c.ServiceAccountsEnabled || c.ClientAuthenticatorType != "client-jwt" || c.Attribute("use.jwks.string") != "true" || c.Protocol != representation.OpenIDConnect {
		t.Errorf("%+v", c)
	}
	access := a.text("registration_access_token")
	a = w.registers("PUT", "openid-connect/"+c.ClientID, access, minimal)
	if c = w.snap("bench").ClientByClientID(c.ClientID); a.status != 200 || c.Attribute("jwks.string") != "" || c.Attribute("use.jwks.string") != "" || c.ServiceAccountsEnabled {
		t.Errorf("%d %+v", a.status, c)
	}
}
