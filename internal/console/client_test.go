package console_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/servertest"
)

// client finds a client of realm demo.
func (w *world) client(clientID string) *latchkey.Client {
	w.t.Helper()
	c := w.s.Snapshot("demo").ClientByClientID(clientID)
	if c == nil {
		w.t.Fatalf("there is no client %s", clientID)
	}
	return c
}

// made makes a client of a kind, and gives the page that follows.
func (w *world) made(kind string, fields ...string) *servertest.Page {
	w.t.Helper()
	f := w.open("clients/create/" + kind).FormWith("clientId")
	for i := 0; i+1 < len(fields); i += 2 {
		f.Set(fields[i], fields[i+1])
	}
	return f.Submit()
}

// each of the usual kinds asks for what it needs, is made strict,
// and the page that follows says what to paste.
func TestCreateClient(t *testing.T) {
	w := newWorld(t)
	has(t, w.open("clients").Click("Create client"), "Web application with a server", "Single-page application", "Mobile or desktop app", "Machine-to-machine service")
	for _, c := range []struct {
		kind                     string
		fields                   []string
		public, flow, account    bool
		pkce, rotation, redirect string
		says                     []string
	}{
		{"web", []string{"redirectUris", "https://web.example.test/callback", "baseUrl", "https://web.example.test/"}, false, true, false, "S256", "",
			"https://web.example.test/callback", []string{"Client secret", "openid-client", "Spring Boot"}},
		{"spa", []string{"redirectUris", "http://localhost:5173/"}, true, true, false, "S256", "true", "http://localhost:5173/", []string{"keycloak-js"}},
		{"native", []string{"redirectUris", "com.example.app:/callback\r\nhttp://127.0.0.1/callback"}, true, true, false, "S256", "true",
			"com.example.app:/callback", []string{"AppAuth"}},
		{"service", nil, false, false, true, "", "", "", []string{"grant_type=client_credentials", "Client secret"}},
	} {
		p := w.made(c.kind, append([]string{"clientId", "my-" + c.kind, "name", "My " + c.kind}, c.fields...)...)
		if !strings.HasSuffix(p.URL.Path, "/connect") {
			t.Fatalf("%s: %d %s\n%s", c.kind, p.Status, p.URL, p.Text())
		}
		has(t, p, append(c.says, "Created.", w.s.Base+"/realms/demo", "/.well-known/openid-configuration", "my-"+c.kind)...)
		got := w.client("my-" + c.kind)
		if got.PublicClient != c.public || got.StandardFlowEnabled != c.flow || got.ServiceAccountsEnabled != c.account || got.DirectAccessGrantsEnabled ||
			got.Attribute("pkce.code.challenge.method") != c.pkce || got.Attribute("latchkey.refresh.rotation") != c.rotation ||
			c.redirect != "" && got.RedirectURIs[0] != c.redirect || !got.Enabled || (got.Secret == "") != c.public {
			t.Errorf("%s: %+v", c.kind, got)
		}
		if got.Secret != "" {
			has(t, p, got.Secret.Reveal())
		}
	}
	if got := w.client("my-web"); got.Attribute("post.logout.redirect.uris") != "https://web.example.test/" || len(got.WebOrigins) != 0 {
		t.Errorf("%+v", got)
	}
	if got := w.client("my-spa"); len(got.WebOrigins) != 1 || got.WebOrigins[0] != "+" {
		t.Errorf("%+v", got.WebOrigins)
	}
}

// What is not strict is said at its field, and what was typed stays.
func TestCreateClientStrict(t *testing.T) {
	w := newWorld(t)
	for _, c := range [][]string{
		{"web", "https://x.example.test/*", "has a *"},
		{"web", "http://x.example.test/cb", "plain http"},
		{"web", "shop/callback", "no whole address"},
		{"spa", "https://x.example.test/#a", "not a whole address"},
		{"native", "myapp:/cb", "any app could claim"},
		{"web", "", "This is needed"},
	} {
		p := w.made(c[0], "clientId", "typed-before", "redirectUris", c[1])
		want := strings.Replace(c[2], "no whole", "not a whole", 1)
		if p.Status != http.StatusBadRequest || p.FormWith("clientId").Values.Get("clientId") != "typed-before" || p.FormWith("clientId").Values.Get("redirectUris") != c[1] {
			t.Errorf("%v: %d %v", c, p.Status, p.FormWith("clientId").Values)
		}
		has(t, p, want)
	}
	has(t, w.made("service", "clientId", "account"), "already exists")
}

// clientTabs are the tabs of a client that has all of them.
var clientTabs = []string{"settings", "connect", "credentials", "keys", "roles", "client-scopes", "sessions", "service-account", "advanced"}

// Everything that is set on a client's pages is set in the client, and nothing
// else is.
func TestClientSettings(t *testing.T) {
	w := newWorld(t)
	w.made("service", "clientId", "robot")
	before := w.client("robot")
	for _, tab := range clientTabs {
		w.open("clients/" + before.ID + "/" + tab)
	}
	for _, tab := range []string{"settings", "credentials", "advanced"} {
		name := map[string]string{"settings": "clientId", "credentials": "clientAuthenticatorType", "advanced": "attributes/pkce.code.challenge.method"}[tab]
		has(t, w.open("clients/"+before.ID+"/"+tab).FormWith(name).Submit(), "Saved.")
	}
	after := w.client("robot")
	if after.Secret != before.Secret || after.PublicClient || !after.ServiceAccountsEnabled || after.StandardFlowEnabled || len(after.DefaultClientScopes) != len(before.DefaultClientScopes) {
		t.Errorf("saving what was shown changes\n%+v\nto\n%+v", before, after)
	}

	f := w.open("clients/" + before.ID + "/settings").FormWith("clientId")
	f.Set("redirectUris", "https://a.example.test/cb\r\n https://b.example.test/cb ").Set("standardFlowEnabled", "on").Set("consentRequired", "on").
		Set("attributes/post.logout.redirect.uris", "https://a.example.test/\r\nhttps://b.example.test/").Set("name", "Robot")
	has(t, f.Submit(), "Saved.")
	f = w.open("clients/" + before.ID + "/advanced").FormWith("attributes/access.token.lifespan")
	f.Set("attributes/access.token.lifespan", "3").Set("attributes/access.token.lifespan~unit", "60").Set("attributes/acr.loa.map", "gold=2\r\nsilver=1").
		Set("attributes/access.token.signed.response.alg", "ES256").Set("authenticationFlowBindingOverrides/browser", w.s.Snapshot("demo").FlowByAlias("browser").ID)
	has(t, f.Submit(), "Saved.")
	got := w.client("robot")
	if strings.Join(got.RedirectURIs, " ") != "https://a.example.test/cb https://b.example.test/cb" || got.Name != "Robot" || !got.ConsentRequired || !got.StandardFlowEnabled ||
		got.Attribute("post.logout.redirect.uris") != "https://a.example.test/##https://b.example.test/" || got.Attribute("access.token.lifespan") != "180" ||
		got.Attribute("acr.loa.map") != `{"gold":"2","silver":"1"}` || got.Attribute("access.token.signed.response.alg") != "ES256" || got.FlowBindings["browser"] == "" {
		t.Errorf("%+v", got)
	}

	// What is emptied is gone.
	f = w.open("clients/" + before.ID + "/advanced").FormWith("attributes/access.token.lifespan")
	f.Set("attributes/access.token.lifespan", "").Set("attributes/acr.loa.map", "").Set("authenticationFlowBindingOverrides/browser", "")
	has(t, f.Submit(), "Saved.")
	if got = w.client("robot"); got.Attribute("access.token.lifespan") != "" || got.Attribute("acr.loa.map") != "" || len(got.FlowBindings) != 0 {
		t.Errorf("%+v", got)
	}

	// What is wrong is said at its fielw.
	p := w.open("clients/"+before.ID+"/advanced").FormWith("attributes/acr.loa.map").Set("attributes/acr.loa.map", "gold=high").Submit()
	has(t, p, "Each level is a whole number")
	p = w.open("clients/"+before.ID+"/settings").FormWith("clientId").Set("redirectUris", "javascript:alert(1)").Set("name", "kept").Submit()
	has(t, p, "illegal scheme")
	if p.FormWith("clientId").Values.Get("name") != "kept" || !strings.Contains(p.Body, `id="redirectUris-error"`) {
		t.Errorf("%d %s", p.Status, p.Body)
	}
}
