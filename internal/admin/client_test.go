package admin_test

import (
	"strings"
	"testing"

	"golang.org/x/oauth2/clientcredentials"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// clientTokens asks the token endpoint by client_credentials, and says whether
// it gave a token.
func (w *world) clientTokens(id, clientSecret string) bool {
	w.t.Helper()
	cfg := clientcredentials.Config{ClientID: id, ClientSecret: clientSecret, TokenURL: w.rp.Provider.Endpoint().TokenURL}
	_, err := cfg.Token(w.t.Context())
	return err == nil
}

// An administrator makes a client, finds it, changes it in parts and deletes
// it; what was out for it is good for nothing from then on.
func TestClients(t *testing.T) { onBoth(t, testClients) }

func testClients(t *testing.T, w *world) {
	admin := w.service("demo", "manage-clients", "view-events", "manage-events", "manage-realm", "view-users")
	w.recording(admin, "demo")
	made := w.must(201, admin, "POST", "/demo/clients", `{"clientId":"my.shop","redirectUris":["https://shop.example/*",""],"attributes":{"team":"red"},"serviceAccountsEnabled":true}`)
	id := made.id()
	var c representation.Client
	w.must(200, admin, "GET", "/demo/clients/"+id, nil).into(&c)
	if !*c.Enabled || !*c.StandardFlowEnabled || *c.DirectAccessGrantsEnabled || !*c.FullScopeAllowed || *c.PublicClient || len(*c.Secret) < 43 {
		t.Errorf("%+v", c)
	}
	if strings.Join(c.WebOrigins, " ") != "https://shop.example" || strings.Join(c.RedirectURIs, " ") != "https://shop.example/*" {
		t.Error(c.WebOrigins, c.RedirectURIs)
	}
	if !c.Access["manage"] || c.Attributes["client.secret.creation.time"] == "" || !strings.Contains(strings.Join(c.DefaultClientScopes, " "), "service_account") {
		t.Errorf("%v %v %v", c.Access, c.Attributes, c.DefaultClientScopes)
	}
	// The caller lacks roles that the account could be given, and still is told
	// the secret of one that has none.
	secret := struct{ Type, Value string }{}
	w.must(200, admin, "GET", "/demo/clients/"+id+"/client-secret", nil).into(&secret)
	if secret.Type != "secret" || !w.clientTokens("my.shop", secret.Value) {
		t.Errorf("%+v", secret)
	}
	for query, want := range map[string]string{"?clientId=my.shop": "my.shop", "?clientId=y.sho": "", "?clientId=Y.SHO&search=true": "my.shop", "?q=team:red": "my.shop", "?q=team:blue": ""} {
		var list []representation.Client
		w.must(200, admin, "GET", "/demo/clients"+query, nil).into(&list)
		if got := clientIDs(list); got != want {
			t.Errorf("%s: %q, expected %q", query, got, want)
		}
	}
	var some []representation.Client
	w.must(200, admin, "GET", "/demo/clients?first=1&max=2", nil).into(&some)
	if clientIDs(some) != "account-console admin-cli" {
		t.Error(clientIDs(some))
	}

	w.must(204, admin, "PUT", "/demo/clients/"+id, `{"description":"d","attributes":{"team":"","lane":"left"}}`)
	c = representation.Client{}
	w.must(200, admin, "GET", "/demo/clients/"+id, nil).into(&c)
	if *c.Description != "d" || c.Attributes["team"] != "" || c.Attributes["lane"] != "left" || len(c.RedirectURIs) != 1 || !*c.ServiceAccountsEnabled {
		t.Errorf("%+v", c)
	}
	w.must(204, admin, "PUT", "/demo/clients/"+id, `{"redirectUris":[],"clientId":"store"}`)
	if !w.clientTokens("store", secret.Value) || w.clientTokens("my.shop", secret.Value) {
		t.Error("a client is found by its clientId")
	}
	var account representation.User
	w.must(200, admin, "GET", "/demo/clients/"+id+"/service-account-user", nil).into(&account)
	if *account.Username != "service-account-store" {
		t.Error(*account.Username)
	}
	w.must(204, admin, "PUT", "/demo/clients/"+id, `{"enabled":false}`)
	if w.clientTokens("store", secret.Value) {
		t.Error("a disabled client was given a token")
	}
	w.must(204, admin, "DELETE", "/demo/clients/"+id, nil)
	if got := w.must(404, admin, "GET", "/demo/clients/"+id, nil); got.Text != `{"error":"Could not find client"}` {
		t.Error(got.Text)
	}
	if lines := strings.Join(w.recorded(admin, "demo"), "\n"); !strings.Contains(lines, "DELETE CLIENT clients/"+id) || !strings.Contains(lines, "CREATE CLIENT clients/"+id) {
		t.Error(lines)
	}
}

func clientIDs(list []representation.Client) string {
	var ids []string
	for _, c := range list {
		ids = append(ids, *c.ClientID)
	}
	return strings.Join(ids, " ")
}

func TestClientRefusals(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	id := w.must(201, admin, "POST", "/demo/clients", `{"clientId":"one"}`).id()
	management := w.clientID(admin, "realm-management")
	for _, tt := range []struct {
		method, path, body, want string
		status                   int
	}{
		{"POST", "/clients", `{"clientId":"one"}`, `{"errorMessage":"Client one already exists"}`, 409},
		{"POST", "/clients", `{"clientId":"x","redirectUris":["javascript:alert(1)#x"]}`,
			`{"error":"invalid_input","error_description":"A redirect URI must not contain an URL fragment; A redirect URI uses an illegal scheme","field":"redirectUris"}`, 400},
		{"POST", "/clients", `{"clientId":"x","baseUrl":"javascript:alert(1)"}`, "Base URL uses an illegal scheme", 400},
		{"PUT", "/clients/" + id, `{"rootUrl":"data:text/html,x"}`, "Root URL uses an illegal scheme", 400},
		{"POST", "/clients", `{"clientId":"x","protocol":"saml"}`, "protocol", 400},
		{"PUT", "/clients/" + id, `{"protocol":"docker-v2"}`, "protocol", 400},
		{"PUT", "/clients/" + id, `{"clientAuthenticatorType":"client-x509"}`, "clientAuthenticatorType", 400},
		{"POST", "/clients", `{"clientId":"x","authorizationServicesEnabled":true}`, "authorizationServicesEnabled", 400},
		{"PUT", "/clients/" + id, `{"clientId":"account"}`, `{"errorMessage":"Client account already exists"}`, 409},
		{"PUT", "/clients/" + id, `{"clientId":" "}`, "clientId", 400},
		{"PUT", "/clients/" + id, `{`, `{"error":"invalid_request","error_description":"Cannot parse the JSON (line 1, after character 1): it is incomplete or malformed."}`, 400},
		{"PUT", "/clients/nope", `{}`, `{"error":"Could not find client"}`, 404},
		{"DELETE", "/clients/nope", "", `{"error":"Could not find client"}`, 404},
		{"GET", "/clients/nope/client-secret", "", `{"error":"Could not find client"}`, 404},
		{"GET", "/clients/" + id + "/client-secret/rotated", "", `{"error":"Client does not have a rotated secret"}`, 404},
		{"DELETE", "/clients/" + management, "", "administrative roles", 400},
		{"PUT", "/clients/" + management, `{"clientId":"other"}`, "administrative roles", 400},
		{"GET", "/clients/" + id + "/service-account-user", "", `{"error":"Service account not enabled for the client 'one'"}`, 400},
	} {
		if a := w.rest(admin, tt.method, "/demo"+tt.path, tt.body); a.Status != tt.status || !strings.Contains(a.Text, tt.want) {
			t.Errorf("%s %s %s: %d %s", tt.method, tt.path, tt.body, a.Status, a.Text)
		}
	}
}

// clientID is the internal id of a client of realm demo.
func (w *world) clientID(token, clientID string) string {
	w.t.Helper()
	var list []representation.Client
	w.must(200, token, "GET", "/demo/clients?clientId="+clientID, nil).into(&list)
	if len(list) != 1 {
		w.t.Fatalf("%d clients %s", len(list), clientID)
	}
	return *list[0].ID
}

// Secrets of clients are for those who may change them, and who have whatever
// the client's account has: nobody gets more power than they have.
func TestClientSecretsAreForManagers(t *testing.T) {
	w := newWorld(t)
	viewer, lister, manager := w.service("demo", "view-clients"), w.service("demo", "query-clients"), w.service("demo", "manage-clients")
	strong := w.s.RP("demo", func(c *representation.Client) { c.PublicClient, c.ServiceAccountsEnabled = new(false), new(true) }).Client
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		u, err := tx.ServiceAccountUser(strong.RealmID, strong.ID)
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
			return tx.CreateUser(&latchkey.User{RealmID: strong.RealmID, ID: "acc", Username: "service-account-strong", Enabled: true, ServiceAccountClientID: strong.ID})
		}
		_ = u
		return err
	})
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		u, err := tx.ServiceAccountUser(strong.RealmID, strong.ID)
		if err != nil {
			return err
		}
		return tx.AddUserRole(u.RealmID, u.ID, snap.RoleNamed(snap.ClientByClientID(latchkey.ClientRealmManagement).ID, "manage-users").ID)
	})
	plain := w.must(201, manager, "POST", "/demo/clients", `{"clientId":"plain","secret":"s3cr3t-of-plain"}`).id()
	for token, want := range map[string]string{viewer: "**********", manager: "s3cr3t-of-plain"} {
		var c representation.Client
		w.must(200, token, "GET", "/demo/clients/"+plain, nil).into(&c)
		if *c.Secret != want {
			t.Errorf("%s, expected %s", *c.Secret, want)
		}
	}
	w.must(403, viewer, "GET", "/demo/clients/"+plain+"/client-secret", nil)
	w.must(403, viewer, "PUT", "/demo/clients/"+plain, `{}`)
	w.must(403, lister, "GET", "/demo/clients/"+plain, nil)
	if a := w.must(200, lister, "GET", "/demo/clients?clientId=plain", nil); a.Text != `[{"id":"`+plain+`","clientId":"plain","description":""}]` {
		t.Error(a.Text)
	}
	if a := w.must(200, lister, "GET", "/demo/clients?viewableOnly=true", nil); a.Text != "[]" {
		t.Error(a.Text)
	}
	if a := w.must(200, manager, "GET", "/demo/clients/"+strong.ID, nil); strings.Contains(a.Text, strong.Secret.Reveal()) {
		t.Error("the secret of a client with more power is told")
	}
	w.must(403, manager, "GET", "/demo/clients/"+strong.ID+"/client-secret", nil)
	w.must(403, manager, "POST", "/demo/clients/"+strong.ID+"/client-secret", nil)
	w.must(403, manager, "PUT", "/demo/clients/"+strong.ID, `{"secret":"mine"}`)
	mapper := `{"name":"m","protocolMapper":"oidc-hardcoded-role-mapper","config":{"role":"realm-management.realm-admin"}}`
	w.must(403, manager, "POST", "/demo/clients/"+plain+"/protocol-mappers/models", mapper)
	w.must(403, manager, "PUT", "/demo/clients/"+plain, `{"protocolMappers":[`+mapper+`]}`)
	w.must(403, manager, "POST", "/demo/clients", `{"protocolMappers":[`+mapper+`]}`)
	w.must(403, manager, "POST", "/demo/client-scopes", `{"name":"s","protocolMappers":[`+mapper+`]}`)
	w.must(201, w.admin(), "POST", "/demo/clients/"+plain+"/protocol-mappers/models", mapper)
}

func TestClientSecret(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	id := w.must(201, admin, "POST", "/demo/clients", `{"clientId":"shop","secret":"first-secret","serviceAccountsEnabled":true}`).id()
	var fresh struct{ Type, Value string }
	w.must(200, admin, "POST", "/demo/clients/"+id+"/client-secret", nil).into(&fresh)
	if w.clientTokens("shop", "first-secret") || !w.clientTokens("shop", fresh.Value) {
		t.Error("a new secret takes the place of the old one")
	}
	public := w.must(201, admin, "POST", "/demo/clients", `{"clientId":"public","publicClient":true}`).id()
	if a := w.must(200, admin, "GET", "/demo/clients/"+public+"/client-secret", nil); a.Text != `{"type":"secret"}` {
		t.Error(a.Text)
	}
	w.must(400, admin, "POST", "/demo/clients/"+public+"/client-secret", nil)
}
