package admin_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

func TestIdentityProviders(t *testing.T) {
	w := newWorld(t)
	admin := w.service("demo", "manage-identity-providers")
	viewer := w.service("demo", "view-identity-providers")
	const at = "/demo/identity-provider/instances"
	w.must(204, w.admin(), "PUT", "/demo", m{"adminEventsEnabled": true, "adminEventsDetailsEnabled": true})
	a := w.must(201, admin, "POST", at, m{"alias": "acme", "providerId": "oidc", "displayName": "Acme", "trustEmail": "true",
		"firstBrokerLoginFlowAlias": "first broker login", "unheardOf": 1,
		"config": m{"clientId": "latchkey", "clientSecret": "hunter2-long", "authorizationUrl": "https://acme.test/auth", "tokenUrl": "https://acme.test/token", "useJwksUrl": true}})
	if a.id() != "acme" {
		t.Errorf("Location %s", a.Header.Get("Location"))
	}
	var p map[string]any
	a = w.must(200, viewer, "GET", at+"/acme", nil)
	a.into(&p)
	config := p["config"].(m)
	if p["enabled"] != true || p["trustEmail"] != true || p["linkOnly"] != false || p["updateProfileFirstLoginMode"] != "on" ||
		config["clientSecret"] != "**********" || config["useJwksUrl"] != "true" || p["firstBrokerLoginFlowAlias"] != "first broker login" {
		t.Errorf("%s", a.Text)
	}
	if byID := w.must(200, viewer, "GET", at+"/"+p["internalId"].(string), nil); byID.Text != a.Text {
		t.Error("another one by its id")
	}
	// Given back masked, the secret stays; what is not given stays.
	w.must(204, admin, "PUT", at+"/acme", m{"alias": "acme", "enabled": false, "config": config})
	kept := func() (one *latchkey.IdentityProvider) {
		w.s.View(func(tx *store.Tx) error {
			all, err := tx.IdentityProviders(w.s.Snapshot("demo").Realm.ID)
			one = all[0]
			return err
		})
		return one
	}
	if one := kept(); one.Config["clientSecret"] != "hunter2-long" || one.Enabled || one.DisplayName != "Acme" {
		t.Errorf("%+v", one)
	}
	for name, tc := range map[string]struct {
		method, path string
		body         any
		status       int
		want         string
	}{
		"taken":            {"POST", "", m{"alias": "acme", "providerId": "oidc"}, 409, "Identity Provider acme already exists"},
		"no alias":         {"POST", "", m{"providerId": "oidc"}, 400, "alias"},
		"a space":          {"POST", "", m{"alias": "a b", "providerId": "oidc"}, 400, "not allowed"},
		"a slash":          {"POST", "", m{"alias": "a/b", "providerId": "oidc"}, 400, "not allowed"},
		"no kind":          {"POST", "", m{"alias": "x"}, 400, "providerId"},
		"unknown kind":     {"POST", "", m{"alias": "x", "providerId": "nope"}, 400, "Invalid identity provider id [nope]"},
		"SAML":             {"POST", "", m{"alias": "x", "providerId": "saml"}, 400, "SAML"},
		"no flow":          {"POST", "", m{"alias": "x", "providerId": "oidc", "firstBrokerLoginFlowAlias": "nope"}, 400, "No available authentication flow with alias: nope"},
		"malformed":        {"POST", "", m{"alias": "x", "providerId": "oidc", "config": m{"tokenUrl": "nope"}}, 400, "The url [token_url] is malformed"},
		"script":           {"POST", "", m{"alias": "x", "providerId": "oidc", "config": m{"authorizationUrl": "javascript:alert(1)"}}, 400, "malformed"},
		"insecure":         {"POST", "", m{"alias": "x", "providerId": "oidc", "config": m{"tokenUrl": "http://acme.test/token"}}, 400, "requires secure connections"},
		"masked":           {"POST", "", m{"alias": "x", "providerId": "oidc", "config": m{"clientSecret": "**********"}}, 400, "config.clientSecret"},
		"no switch":        {"POST", "", m{"alias": "x", "providerId": "oidc", "storeToken": "often"}, 400, "storeToken"},
		"no sync mode":     {"PUT", "/acme", m{"config": m{"syncMode": "SOMETIMES"}}, 400, "syncMode"},
		"renamed":          {"PUT", "/acme", m{"alias": "other"}, 400, "Identity Provider alias cannot be changed"},
		"none to change":   {"PUT", "/nope", m{"alias": "nope"}, 404, "HTTP 404"},
		"none to read":     {"GET", "/nope", nil, 404, "HTTP 404"},
		"mappers of none":  {"GET", "/nope/mappers", nil, 404, "HTTP 404"},
		"no mapper":        {"GET", "/acme/mappers/nope", nil, 404, "Model not found"},
		"nameless mapper":  {"POST", "/acme/mappers", m{"identityProviderMapper": "hardcoded-attribute-idp-mapper"}, 400, "name"},
		"unknown mapper":   {"POST", "/acme/mappers", m{"name": "x", "identityProviderMapper": "github-user-attribute-mapper"}, 400, "identityProviderMapper"},
		"a viewer changes": {"DELETE", "/acme", "viewer", 403, ""},
	} {
		token := admin
		if tc.body == "viewer" {
			token, tc.body = viewer, nil
		}
		if a := w.rest(token, tc.method, at+tc.path, tc.body); a.Status != tc.status || !strings.Contains(a.Text, tc.want) {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	w.must(201, admin, "POST", at, m{"alias": "github", "providerId": "github"})
	for query, n := range map[string]int{"": 2, "?search=ac": 1, "?search=cm": 0, "?search=*cm*": 1, "?search=%22acme%22": 1, "?search=%22acm%22": 0,
		"?first=1&max=1": 1, "?first=2": 0, "?briefRepresentation=true&realmOnly=false": 2} {
		var list []representation.IdentityProvider
		if w.must(200, viewer, "GET", at+query, nil).into(&list); len(list) != n {
			t.Errorf("%q: %d", query, len(list))
		}
	}

	// No button before anybody can sign in by it.
	w.must(204, admin, "PUT", at+"/acme", m{"enabled": true})
	if page := w.rp.Start(w.s.Browser()); page.Has("Acme") || page.Has("GitHub") {
		t.Error("the sign-in page offers a provider that nothing is done with")
	}
	u := w.s.AddUser("demo", "ada@example.test", "", nil)
	manager := w.manager
	w.must(204, manager, "POST", "/demo/users/"+u.ID+"/federated-identity/acme", m{"userId": "1", "userName": "ada"})
	w.must(204, admin, "DELETE", at+"/acme", nil)
	if a := w.must(200, manager, "GET", "/demo/users/"+u.ID+"/federated-identity", nil); a.Text != "[]" {
		t.Errorf("a link with a deleted provider: %s", a.Text)
	}
	events := w.must(200, w.admin(), "GET", "/demo/admin-events?resourceTypes=IDENTITY_PROVIDER&resourcePath=identity-provider/instances/acme", nil)
	if n := strings.Count(events.Text, `"IDENTITY_PROVIDER"`); n != 4 || strings.Contains(events.Text, "hunter2") {
		t.Errorf("%d events: %s", n, events.Text)
	}
}

func TestIdentityProviderMappers(t *testing.T) {
	w := newWorld(t)
	admin := w.service("demo", "manage-identity-providers")
	const at = "/demo/identity-provider/instances/acme"
	w.must(201, admin, "POST", "/demo/identity-provider/instances", m{"alias": "acme", "providerId": "oidc"})
	var types map[string]struct {
		ID, Name, Category, HelpText string
		Properties                   []representation.ConfigProperty
	}
	w.must(200, admin, "GET", at+"/mapper-types", nil).into(&types)
	if len(types["oidc-user-attribute-idp-mapper"].Properties) != 3 || types["hardcoded-attribute-idp-mapper"].Name == "" || types["github-user-attribute-mapper"].ID != "" {
		t.Errorf("%+v", types)
	}
	body := m{"name": "mail", "identityProviderAlias": "acme", "identityProviderMapper": "oidc-user-attribute-idp-mapper", "config": m{"claim": "email", "user.attribute": "email", "syncMode": "INHERIT"}}
	id := w.must(201, admin, "POST", at+"/mappers", body).id()
	w.must(400, admin, "POST", at+"/mappers", body) // the name is taken
	w.must(204, admin, "PUT", at+"/mappers/"+id, m{"id": id, "name": "post", "config": m{"claim": "mail"}})
	var one representation.IdentityProviderMapper
	w.must(200, admin, "GET", at+"/mappers/"+id, nil).into(&one)
	if *one.Name != "post" || *one.IdentityProviderMapper != "oidc-user-attribute-idp-mapper" || one.Config["claim"] != "mail" || *one.IdentityProviderAlias != "acme" {
		t.Errorf("%+v", one)
	}
	w.must(204, admin, "DELETE", at+"/mappers/"+id, nil)
	if a := w.must(200, admin, "GET", at+"/mappers", nil); a.Text != "[]" {
		t.Error(a.Text)
	}
}

func TestImportOfProviderConfig(t *testing.T) {
	w := newWorld(t)
	admin := w.service("demo", "manage-identity-providers")
	const at = "/demo/identity-provider/import-config"
	_, text := w.s.Get("/realms/demo/.well-known/openid-configuration")
	other := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good":
			_, _ = rw.Write([]byte(text))
		case "/bad":
			_, _ = rw.Write([]byte(`{"issuer":"x"}`))
		case "/away":
			http.Redirect(rw, r, "/good", http.StatusFound)
		default:
			http.NotFound(rw, r)
		}
	}))
	defer other.Close()
	var config map[string]string
	w.must(200, admin, "POST", at, m{"providerId": "oidc", "fromUrl": other.URL + "/good"}).into(&config)
	if config["issuer"] != w.s.Site().Issuer("demo") || config["useJwksUrl"] != "true" || config["tokenUrl"] == "" || config["metadataDescriptorUrl"] != other.URL+"/good" {
		t.Errorf("%v", config)
	}
	for name, tc := range map[string]struct{ body, want any }{
		"no address":  {m{"providerId": "oidc"}, "fromUrl"},
		"no kind":     {m{"fromUrl": other.URL + "/good"}, "providerId"},
		"social":      {m{"providerId": "github", "fromUrl": other.URL + "/good"}, "providerId"},
		"nothing":     {m{"providerId": "oidc", "fromUrl": other.URL + "/none"}, "fromUrl"},
		"redirect":    {m{"providerId": "oidc", "fromUrl": other.URL + "/away"}, "fromUrl"},
		"incomplete":  {m{"providerId": "oidc", "fromUrl": other.URL + "/bad"}, "authorizationUrl"},
		"an own file": {m{"providerId": "oidc", "fromUrl": "file:///etc/passwd"}, "fromUrl"},
		"private":     {m{"providerId": "oidc", "fromUrl": "https://169.254.169.254/latest/meta-data"}, "fromUrl"},
	} {
		if a := w.rest(admin, "POST", at, tc.body); a.Status != 400 || !strings.Contains(a.Text, tc.want.(string)) {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	_ = parts.WriteField("providerId", "keycloak-oidc")
	file, _ := parts.CreateFormFile("file", "openid-configuration.json")
	_, _ = file.Write([]byte(text))
	_ = parts.Close()
	status, _, body := w.s.Ask("POST", "/admin/realms"+at, form.String(), "Authorization: Bearer "+admin, "Content-Type: "+parts.FormDataContentType())
	if status != 200 || !strings.Contains(body, `"issuer":`) {
		t.Errorf("a file: %d %s", status, body)
	}
}
