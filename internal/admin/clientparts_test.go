package admin_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// Of two secrets of a client that is rotated by a policy the older one is good
// until its end.
func TestRotatedSecret(t *testing.T) { onBoth(t, testRotatedSecret) }

func testRotatedSecret(t *testing.T, w *world) {
	admin := w.admin()
	w.must(204, admin, "PUT", "/demo/client-policies/profiles", `{"profiles":[{"name":"rotated","executors":[{"executor":"secret-rotation",
		"configuration":{"expiration-period":"864000","rotated-expiration-period":3600,"remaining-rotation-period":60}}]}]}`)
	w.must(204, admin, "PUT", "/demo/client-policies/policies", `{"policies":[{"name":"p","enabled":true,"profiles":["rotated"],
		"conditions":[{"condition":"client-access-type","configuration":{"type":["confidential"]}}]}]}`)
	id := w.must(201, admin, "POST", "/demo/clients", `{"clientId":"shop","secret":"first-secret","serviceAccountsEnabled":true}`).id()
	at := "/demo/clients/" + id + "/client-secret"
	var fresh, rotated struct{ Value string }
	w.must(200, admin, "POST", at, nil).into(&fresh)
	w.must(200, admin, "GET", at+"/rotated", nil).into(&rotated)
	if rotated.Value != "first-secret" || !w.clientTokens("shop", "first-secret") || !w.clientTokens("shop", fresh.Value) {
		t.Errorf("%+v %+v", fresh, rotated)
	}
	w.must(204, admin, "DELETE", at+"/rotated", nil)
	w.must(404, admin, "DELETE", at+"/rotated", nil)
	if w.clientTokens("shop", "first-secret") {
		t.Error("a rotated secret that was ended is good")
	}
	second := fresh.Value
	w.must(200, admin, "POST", at, nil).into(&fresh)
	w.s.Clock.Advance(2 * time.Hour)
	if w.clientTokens("shop", second) || !w.clientTokens("shop", fresh.Value) {
		t.Error("a rotated secret is good after its end")
	}
	w.s.Clock.Advance(10 * 24 * time.Hour)
	if w.clientTokens("shop", fresh.Value) {
		t.Error("a secret is good after its end")
	}
}

func TestScopeLists(t *testing.T) { onBoth(t, testScopeLists) }

func testScopeLists(t *testing.T, w *world) {
	admin := w.service("demo", "manage-clients", "view-events", "manage-realm")
	w.recording(admin, "demo")
	client := w.must(201, admin, "POST", "/demo/clients", `{"clientId":"shop"}`).id()
	scope := w.must(201, admin, "POST", "/demo/client-scopes", `{"name":"team","attributes":{"a":"b"}}`).id()
	if a := w.must(409, admin, "POST", "/demo/client-scopes", `{"name":"team"}`); a.Text != `{"errorMessage":"Client Scope team already exists"}` {
		t.Error(a.Text)
	}
	w.must(204, admin, "PUT", "/demo/client-scopes/"+scope, `{"description":"d"}`)
	var s representation.ClientScope
	w.must(200, admin, "GET", "/demo/client-scopes/"+scope, nil).into(&s)
	if *s.Description != "d" || s.Attributes["a"] != "b" || *s.Protocol != "openid-connect" {
		t.Errorf("%+v", s)
	}
	lists := []string{"/demo/clients/" + client + "/default-client-scopes", "/demo/clients/" + client + "/optional-client-scopes",
		"/demo/default-default-client-scopes", "/demo/default-optional-client-scopes"}
	for i, path := range lists {
		has := func(path string) bool { return slices.Contains(strings.Fields(w.names(admin, path)), "team") }
		w.must(204, admin, "PUT", path+"/"+scope, nil)
		w.must(204, admin, "PUT", path+"/"+scope, nil)
		other := lists[i^1]
		if !has(path) || has(other) {
			t.Errorf("%s: %s", path, w.names(admin, path))
		}
		w.must(204, admin, "PUT", other+"/"+scope, nil)
		if has(path) || !has(other) {
			t.Errorf("%s is in two lists", path)
		}
		w.must(204, admin, "DELETE", other+"/"+scope, nil)
		if has(other) {
			t.Errorf("%s: %s", other, w.names(admin, other))
		}
		w.must(404, admin, "PUT", path+"/nope", nil)
		w.must(204, admin, "PUT", path+"/"+scope, nil)
	}
	w.must(404, admin, "GET", "/demo/clients/nope/default-client-scopes", nil)
	for body, want := range map[string]string{`{}`: "name", `{"name":"a b"}`: "name", `{"name":"x","protocol":"saml"}`: "protocol"} {
		if a := w.must(400, admin, "POST", "/demo/client-scopes", body); !strings.Contains(a.Text, want) {
			t.Error(body, a.Text)
		}
	}
	w.must(204, admin, "DELETE", "/demo/client-scopes/"+scope, nil)
	if a := w.must(404, admin, "GET", "/demo/client-scopes/"+scope, nil); a.Text != `{"error":"Could not find client scope"}` {
		t.Error(a.Text)
	}
	for _, path := range lists {
		if names := w.names(admin, path); strings.Contains(names, "team") {
			t.Errorf("%s: %s", path, names)
		}
	}
	lines := strings.Join(w.recorded(admin, "demo"), "\n")
	for _, want := range []string{"CREATE CLIENT_SCOPE client-scopes/" + scope, "CREATE CLIENT_SCOPE_CLIENT_MAPPING clients/" + client + "/default-client-scopes/" + scope,
		"DELETE CLIENT_SCOPE default-optional-client-scopes/" + scope, "DELETE CLIENT_SCOPE client-scopes/" + scope} {
		if !strings.Contains(lines, want) {
			t.Errorf("%q is not among\n%s", want, lines)
		}
	}
}

// Protocol mappers of clients and of client scopes are made, changed and taken
// away by the same calls; what they are reaches tokens.
func TestProtocolMappers(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	client := w.must(201, admin, "POST", "/demo/clients", `{"clientId":"shop"}`).id()
	scope := w.must(201, admin, "POST", "/demo/client-scopes", `{"name":"team"}`).id()
	const team = `{"name":"team","protocol":"openid-connect","protocolMapper":"oidc-usermodel-attribute-mapper",
		"config":{"user.attribute":"team","claim.name":"team","jsonType.label":"String","id.token.claim":"true","access.token.claim":"true"}}`
	for _, at := range []string{"/demo/clients/" + client, "/demo/client-scopes/" + scope} {
		at += "/protocol-mappers"
		id := w.must(201, admin, "POST", at+"/models", team).id()
		var m representation.ProtocolMapper
		w.must(200, admin, "GET", at+"/models/"+id, nil).into(&m)
		if m.Name != "team" || m.Config["introspection.token.claim"] != "true" || m.Config["userinfo.token.claim"] != "true" || len(m.Config) != 7 {
			t.Errorf("%+v", m)
		}
		if a := w.must(409, admin, "POST", at+"/models", team); a.Text != `{"errorMessage":"Protocol mapper exists with same name"}` {
			t.Error(a.Text)
		}
		if a := w.must(404, admin, "POST", at+"/models", `{"name":"b","protocolMapper":"nope"}`); a.Text != `{"error":"ProtocolMapper provider not found"}` {
			t.Error(a.Text)
		}
		w.must(400, admin, "POST", at+"/models", `{"protocolMapper":"oidc-sub-mapper"}`)
		w.must(400, admin, "POST", at+"/models", `{"name":"s","protocol":"saml","protocolMapper":"saml-role-list-mapper"}`)
		w.must(204, admin, "POST", at+"/add-models", `[{"name":"two","protocolMapper":"oidc-sub-mapper"},{"name":"three","protocolMapper":"oidc-acr-mapper","config":{}}]`)
		w.must(409, admin, "POST", at+"/add-models", `[{"name":"four","protocolMapper":"oidc-sub-mapper"},{"name":"four","protocolMapper":"oidc-sub-mapper"}]`)
		if names := w.names(admin, at+"/protocol/openid-connect"); names != "team two three" {
			t.Error(names)
		}
		if names := w.names(admin, at+"/protocol/saml"); names != "" {
			t.Error(names)
		}
		w.must(409, admin, "PUT", at+"/models/"+id, `{"name":"two"}`)
		w.must(204, admin, "PUT", at+"/models/"+id, `{"name":"crew","config":{"claim.name":"crew"}}`)
		m = representation.ProtocolMapper{}
		w.must(200, admin, "GET", at+"/models/"+id, nil).into(&m)
		if m.Name != "crew" || m.ProtocolMapper != "oidc-usermodel-attribute-mapper" || m.Config["claim.name"] != "crew" || m.Config["user.attribute"] != "" {
			t.Errorf("%+v", m)
		}
		w.must(204, admin, "DELETE", at+"/models/"+id, nil)
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			if a := w.must(404, admin, method, at+"/models/"+id, `{}`); a.Text != `{"error":"Could not find model"}` {
				t.Error(method, a.Text)
			}
		}
	}
}

// A client that is deleted while people are signed in to it: no token of it is
// good for anything from then on, and people stay signed in elsewhere.
func TestClientIsDeletedWithLiveSessions(t *testing.T) {
	onBoth(t, testClientIsDeletedWithLiveSessions)
}

func testClientIsDeletedWithLiveSessions(t *testing.T, w *world) {
	admin := w.admin()
	tokens := w.signedIn(w.s.AddUser("demo", "ann@example.test", "", nil))
	visitor := w.s.Browser()
	waiting := w.rp.Start(visitor).FormWith("username").Set("username", "bob@example.test").Submit()
	link := w.s.Mail.Wait("bob@example.test").Link
	at := "/demo/clients/" + w.rp.Client.ID
	var count struct{ Count int }
	w.must(200, admin, "GET", at+"/session-count", nil).into(&count)
	var sessions []representation.Session
	w.must(200, admin, "GET", at+"/user-sessions?first=0&max=2", nil).into(&sessions)
	if count.Count != 1 || len(sessions) != 1 || sessions[0].Clients[w.rp.Client.ID] != w.rp.Client.ClientID || sessions[0].Type != "" {
		t.Errorf("%d %+v", count.Count, sessions)
	}
	w.must(200, admin, "GET", at+"/offline-session-count", nil).into(&count)
	w.must(200, admin, "GET", at+"/offline-sessions", nil).into(&sessions)
	if count.Count != 1 || len(sessions) != 1 {
		t.Errorf("%d %+v", count.Count, sessions)
	}
	sessions = nil
	w.must(200, admin, "GET", "/demo/ui-ext/sessions/client?type=REGULAR&clientId="+w.rp.Client.ID+"&search=ann", nil).into(&sessions)
	if len(sessions) != 1 || sessions[0].Type != "REGULAR" {
		t.Errorf("%+v", sessions)
	}
	w.must(404, admin, "GET", "/demo/ui-ext/sessions/client?clientId=nope", nil)
	userinfo := func() int {
		status, _ := w.s.Get("/realms/demo/protocol/openid-connect/userinfo", "Authorization: Bearer "+tokens.AccessToken)
		return status
	}
	if got := userinfo(); got != 200 {
		t.Fatal(got)
	}
	w.must(204, admin, "DELETE", at, nil)
	if got := userinfo(); got != 401 {
		t.Errorf("an access token of a client that is gone: %d", got)
	}
	if _, err := w.rp.Refresh(tokens.RefreshToken); err == nil {
		t.Error("a refresh token of a client that is gone was taken")
	}
	for _, page := range []int{waiting.Reload().Status, visitor.Get(link).Status} {
		if page >= 500 {
			t.Errorf("a sign-in to a client that is gone: %d", page)
		}
	}
}

func TestInitialAccess(t *testing.T) { onBoth(t, testInitialAccess) }

func testInitialAccess(t *testing.T, w *world) {
	admin := w.admin()
	a := w.must(201, admin, "POST", "/demo/clients-initial-access", `{"expiration":3600,"count":2}`)
	var made struct {
		ID, Token             string
		Timestamp, Expiration int64
		Count, RemainingCount int
	}
	a.into(&made)
	if a.id() != made.ID || made.Count != 2 || made.RemainingCount != 2 || made.Expiration != 3600 || made.Timestamp != w.s.Clock.Now().Unix() {
		t.Errorf("%+v", made)
	}
	claims := map[string]any{}
	body, _ := base64.RawURLEncoding.DecodeString(strings.Split(made.Token, ".")[1])
	if err := json.Unmarshal(body, &claims); err != nil || claims["typ"] != "InitialAccessToken" || claims["jti"] != made.ID {
		t.Error(claims, err)
	}
	w.must(401, made.Token, "GET", "/demo", nil)
	list := w.must(200, admin, "GET", "/demo/clients-initial-access", nil)
	if strings.Contains(list.Text, "token") || !strings.Contains(list.Text, made.ID) {
		t.Error(list.Text)
	}
	w.s.Clock.Advance(2 * time.Hour)
	admin = w.admin()
	if list = w.must(200, admin, "GET", "/demo/clients-initial-access", nil); list.Text != "[]" {
		t.Error(list.Text)
	}
	id := w.must(201, admin, "POST", "/demo/clients-initial-access", `{}`).id()
	w.must(204, admin, "DELETE", "/demo/clients-initial-access/"+id, nil)
	w.must(204, admin, "DELETE", "/demo/clients-initial-access/"+id, nil)
	w.must(400, admin, "POST", "/demo/clients-initial-access", `{"expiration":-1}`)
	w.must(400, admin, "POST", "/demo/clients-initial-access", `{"count":-1}`)
}

func TestClientOddities(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	id := w.must(201, admin, "POST", "/demo/clients", `{"clientId":"shop","secret":"s3cr3t-of-shop","attributes":{"saml.signing.private.key":"abc"}}`).id()
	at := "/demo/clients/" + id
	var given struct{ Secret, RegistrationAccessToken string }
	w.must(200, admin, "POST", at+"/registration-access-token", nil).into(&given)
	if given.RegistrationAccessToken == "" || given.Secret != "**********" {
		t.Errorf("%+v", given)
	}
	w.must(401, given.RegistrationAccessToken, "GET", "/demo", nil)
	var c representation.Client
	// Secrets among the attributes are sealed, shown, and stay when they come
	// back masked.
	w.must(204, admin, "PUT", at, `{"attributes":{"saml.signing.private.key":"**********"},"secret":"**********"}`)
	c = representation.Client{}
	w.must(200, admin, "GET", at, nil).into(&c)
	if c.Attributes["saml.signing.private.key"] != "abc" || *c.Secret != "s3cr3t-of-shop" {
		t.Errorf("%+v", c)
	}
	if stored := w.s.Snapshot("demo").ClientByID(id); stored.Attributes["saml.signing.private.key"] != "" {
		t.Error("a secret is kept in the clear")
	}
	accounts := func() string {
		return w.must(200, admin, "GET", "/demo/users?username=service-account-shop&exact=true", nil).Text
	}
	w.must(204, admin, "PUT", at, `{"serviceAccountsEnabled":true}`)
	if accounts() == "[]" || !w.clientTokens("shop", "s3cr3t-of-shop") {
		t.Error("a client that may sign in as itself has no account")
	}
	w.must(204, admin, "PUT", at, `{"serviceAccountsEnabled":false}`)
	if accounts() != "[]" || w.clientTokens("shop", "s3cr3t-of-shop") {
		t.Error("a client that may not sign in as itself has an account")
	}
	w.must(204, admin, "POST", at+"/nodes", `{"node":"10.0.0.1"}`)
	c = representation.Client{}
	w.must(200, admin, "GET", at, nil).into(&c)
	if c.RegisteredNodes["10.0.0.1"] != w.s.Clock.Now().Unix() {
		t.Error(c.RegisteredNodes)
	}
	w.must(400, admin, "POST", at+"/nodes", `{"node":" "}`)
	w.must(204, admin, "DELETE", at+"/nodes/10.0.0.1", nil)
	w.must(404, admin, "DELETE", at+"/nodes/10.0.0.1", nil)
	for _, path := range []string{"/push-revocation", "/test-nodes-available"} {
		method := map[string]string{"/push-revocation": "POST"}[path]
		if a := w.must(200, admin, max(method, "GET"), at+path, nil); a.Text != "{}" {
			t.Error(path, a.Text)
		}
	}
	w.must(501, admin, "GET", at+"/management/permissions", nil)
}

// A client gets the key that it proves itself with: made here, or uploaded.
func TestClientCertificates(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	id := w.must(201, admin, "POST", "/demo/clients", `{"clientId":"shop","clientAuthenticatorType":"client-jwt"}`).id()
	at := "/demo/clients/" + id + "/certificates/jwt.credential"
	var made, got struct{ PrivateKey, PublicKey, Certificate, JWKS string }
	if a := w.must(200, admin, "GET", at, nil); a.Text != "{}" {
		t.Error(a.Text)
	}
	w.must(200, admin, "POST", at+"/generate", nil).into(&made)
	w.must(200, admin, "GET", at, nil).into(&got)
	if made.PrivateKey == "" || made.Certificate == "" || got.Certificate != made.Certificate || got.PrivateKey != "" {
		t.Errorf("%+v %+v", made, got)
	}
	pem := "-----BEGIN CERTIFICATE-----\n" + made.Certificate + "\n-----END CERTIFICATE-----\n"
	for _, tt := range []struct {
		format, file string
		status       int
	}{
		{"Certificate PEM", pem, 200}, {"Certificate PEM", "x", 400}, {"JKS", "x", 400}, {"Public Key PEM", "x", 400},
		{"JSON Web Key Set", `{"keys":[{"kty":"oct","k":"AAAA"}]}`, 400}, {"JSON Web Key Set", `{"keys":[{"kty":"EC"}]}`, 200},
	} {
		if a := w.upload(admin, at+"/upload-certificate", tt.format, tt.file); a.Status != tt.status {
			t.Errorf("%s: %d %s", tt.format, a.Status, a.Text)
		}
	}
	for _, format := range []string{"JKS", "PKCS12"} {
		if a := w.upload(admin, at+"/upload", format, "x"); a.Status != 400 || !strings.Contains(a.Text, "Key stores are not read here") {
			t.Errorf("%s: %d %s", format, a.Status, a.Text)
		}
	}
	got.Certificate = ""
	w.must(200, admin, "GET", at, nil).into(&got)
	if got.Certificate != "" || !strings.Contains(got.JWKS, "EC") {
		t.Errorf("%+v", got)
	}
	w.must(400, admin, "POST", strings.Replace(at, "jwt.credential", "saml.signing", 1)+"/generate", nil)
	w.must(400, admin, "POST", at+"/generate-and-download", `{}`)
}

func (w *world) upload(token, path, format, file string) answer {
	w.t.Helper()
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	for name, value := range map[string]string{"keystoreFormat": format, "file": file} {
		if err := parts.WriteField(name, value); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := parts.Close(); err != nil {
		w.t.Fatal(err)
	}
	status, header, text := w.s.Ask("POST", "/admin/realms"+path, form.String(), "Authorization: Bearer "+token, "Content-Type: "+parts.FormDataContentType())
	return answer{w.t, status, header, text}
}

// A thousand clients are listed and searched in parts.
func TestThousandClients(t *testing.T) { onBoth(t, testThousandClients) }

func testThousandClients(t *testing.T, w *world) {
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		for i := range 1000 {
			c := *w.rp.Client
			c.ID, c.ClientID = fmt.Sprintf("c%04d", i), fmt.Sprintf("app-%04d", i)
			if err := tx.CreateClient(&c); err != nil {
				return err
			}
		}
		return nil
	})
	admin := w.admin()
	for query, want := range map[string]int{"": 1000, "?search=true&clientId=app-09": 100, "?first=500&max=11": 11} {
		var list []representation.Client
		w.must(200, admin, "GET", "/demo/clients"+query, nil).into(&list)
		if len(list) < want {
			t.Errorf("%s: %d", query, len(list))
		}
	}
	// A client scope that all of them have goes at once.
	const has = "/demo/clients/c0999/default-client-scopes"
	before := w.names(admin, has)
	var scopes []struct{ ID, Name string }
	w.must(200, admin, "GET", has, nil).into(&scopes)
	began := time.Now()
	w.must(204, admin, "DELETE", "/demo/client-scopes/"+scopes[0].ID, nil)
	t.Log(time.Since(began))
	if after := w.names(admin, has); before != strings.TrimSpace(scopes[0].Name+" "+after) {
		t.Errorf("%q became %q", before, after)
	}
	if stored := w.s.Snapshot("demo").ClientByID("c0999"); slices.Contains(stored.DefaultClientScopes, scopes[0].ID) {
		t.Error("a client names a client scope that is gone")
	}
}
