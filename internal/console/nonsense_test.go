package console_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/store"
)

// refused types a value at a place of a page's form: the error stands at the
// field and says the words, and what was typed is kept.
func (w *world) refused(path, place, value, words string, also ...string) {
	w.t.Helper()
	f := w.open(path).FormWith(place)
	for i := 0; i+1 < len(also); i += 2 {
		f.Set(also[i], also[i+1])
	}
	p := f.Set(place, value).Submit()
	if len(value) > 60 {
		value = value[:60]
	}
	if p.Status != http.StatusBadRequest || !strings.Contains(p.Body, `id="`+place+`-error"`) || !p.Has(words) {
		w.t.Errorf("%s takes %s=%q, or says not %q at the field: %d", path, place, value, words, p.Status)
		return
	}
	if kept := p.FormWith(place).Values.Get(place); !strings.HasPrefix(strings.ReplaceAll(kept, "\r", ""), strings.ReplaceAll(value, "\r", "")) {
		w.t.Errorf("%s loses %s", path, place)
	}
}

// What means nothing is refused at its field on the pages of a client, and what
// means something is taken there.
func TestClientNonsense(t *testing.T) {
	w := newWorld(t)
	w.made("web", "clientId", "shop", "redirectUris", "https://shop.example.test/cb")
	at := "clients/" + w.client("shop").ID
	const logout = "attributes/post.logout.redirect.uris"
	for _, c := range [][3]string{
		{"redirectUris", "99 99", "“99 99” is no address"},
		{"redirectUris", "https://shop.example.test/cb\r\nabc<b>", "“abc<b>” is no address"},
		{"redirectUris", "https://a.test/a b", "not a valid URI"},
		{"redirectUris", "https://a.test/#x", "must not contain an URL fragment"},
		{logout, "javascript:alert(1)", "illegal scheme"},
		{logout, "data:text/html,x", "illegal scheme"},
		{logout, "vbscript:x", "illegal scheme"},
		{logout, "+\r\nelsewhere", "“elsewhere” is no address"},
		{"webOrigins", "foo bar", "“foo bar” is no origin"},
		{"webOrigins", "https://a.test/x", "no origin"},
		{"webOrigins", "javascript:x", "no origin"},
		{"rootUrl", "notaurl", "Root URL is not a valid URL"},
		{"baseUrl", "javascript:x", "Base URL uses an illegal scheme"},
	} {
		w.refused(at+"/settings", c[0], c[1], c[2])
	}
	w.refused(at+"/keys", "attributes/jwks.string", "{bad", "no key set")
	w.refused(at+"/keys", "attributes/jwks.string", `{"keys":[]}`, "no key set", "attributes/use.jwks.string", "on")
	w.refused(at+"/keys", "attributes/jwks.url", "http://a.test/keys", "plain http")
	w.refused(at+"/keys", "attributes/jwks.url", "nonsense", "not a whole address", "attributes/use.jwks.url", "on")
	w.refused(at+"/advanced", "attributes/default.acr.values", "1\r\nplatinum", "“platinum” names no level")
	w.refused(at+"/advanced", "attributes/minimum.acr.value", "gold", "“gold” names no level")
	w.refused(at+"/advanced", "attributes/access.token.lifespan", "99999999999", "at most")
	w.refused(at+"/advanced", "attributes/access.token.lifespan", "-1", "at least")

	f := w.open(at+"/settings").FormWith("redirectUris").Set("redirectUris", "https://shop.example.test/*\r\n/below\r\ncom.example.app:/cb\r\nhttp://127.0.0.1/cb").
		Set(logout, "+\r\nhttps://shop.example.test/bye").Set("webOrigins", "+\r\nhttps://shop.example.test\r\nhttp://localhost:5173/")
	has(t, f.Submit(), "Saved.")
	has(t, w.open(at+"/keys").FormWith("attributes/jwks.url").Set("attributes/jwks.url", "http://localhost:9999/keys").Set("attributes/use.jwks.string", "on").
		Set("attributes/jwks.string", `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`).Submit(), "Saved.")
	has(t, w.open(at+"/advanced").FormWith("attributes/acr.loa.map").Set("attributes/acr.loa.map", "gold=2").Set("attributes/default.acr.values", "1\r\ngold").
		Set("attributes/minimum.acr.value", "gold").Submit(), "Saved.")
	w.refused(at+"/advanced", "attributes/default.acr.values", "1\r\ngold", "names no level", "attributes/acr.loa.map", "")
}

// What an import brought is kept by who changes something else.
func TestClientKeepsWhatIsThere(t *testing.T) {
	w := newWorld(t)
	w.made("web", "clientId", "shop", "redirectUris", "https://shop.example.test/cb")
	c := w.client("shop")
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		changed := *snap.ClientByID(c.ID)
		changed.RedirectURIs, changed.WebOrigins = []string{"abc<b>"}, []string{"foo bar"}
		return tx.UpdateClient(&changed)
	})
	has(t, w.open("clients/"+c.ID+"/settings").FormWith("name").Set("name", "The shop").Submit(), "Saved.")
	if c = w.client("shop"); c.Name != "The shop" || c.RedirectURIs[0] != "abc<b>" || c.WebOrigins[0] != "foo bar" {
		t.Errorf("%+v", c)
	}
}

// What a mapper refers to has to be there.
func TestMapperNonsense(t *testing.T) {
	w := newWorld(t)
	w.made("web", "clientId", "shop", "redirectUris", "https://shop.example.test/cb")
	add := "clients/" + w.client("shop").ID + "/client-scopes/dedicated/add/"
	w.refused(add+"oidc-hardcoded-role-mapper", "config/role", "nosuch", "There is no role “nosuch”", "name", "x")
	w.refused(add+"oidc-audience-mapper", "config/included.client.audience", "nosuch", "There is no client “nosuch”", "name", "x")
	w.refused(add+"oidc-role-name-mapper", "config/role", "nosuch", "There is no role “nosuch”", "name", "x", "config/new.role.name", "y")
	has(t, w.open(add+"oidc-audience-mapper").FormWith("name").Set("name", "x").Set("config/included.client.audience", "account").Submit(), "x")
}

// What a provider cannot be reached by is refused at its field, and what it
// needs is asked for.
func TestProviderNonsense(t *testing.T) {
	w := newWorld(t)
	good := []string{"config/authorizationUrl", "https://idp.example.test/a", "config/tokenUrl", "https://idp.example.test/t", "config/clientId", "c", "config/clientSecret", "s"}
	for _, name := range []string{"authorizationUrl", "tokenUrl", "logoutUrl", "userInfoUrl", "jwksUrl"} {
		w.refused("identity-providers/oidc/add", "config/"+name, "nonsense", "is malformed", good...)
		w.refused("identity-providers/oidc/add", "config/"+name, "http://idp.example.test/x", "requires secure connections", good...)
	}
	for _, name := range []string{"authorizationUrl", "tokenUrl", "clientId", "clientSecret"} {
		w.refused("identity-providers/oidc/add", "config/"+name, "", "This is needed", good...)
	}
	w.refused("identity-providers/github/add", "config/clientSecret", "", "This is needed", "config/clientId", "c")
	w.refused("identity-providers/oidc/discover", "config/clientSecret", "", "This is needed", "fromUrl", "https://idp.example.test/", "config/clientId", "c")
	f := w.open("identity-providers/oidc/add").FormWith("alias")
	for i := 0; i < len(good)-2; i += 2 {
		f.Set(good[i], good[i+1])
	}
	has(t, f.Set("config/clientAuthMethod", "private_key_jwt").Submit(), "Created.") // it needs no secret
	w.refused("identity-providers/oidc/oidc/settings", "config/jwksUrl", "nonsense", "is malformed")
	has(t, w.open("identity-providers/oidc/oidc/settings").FormWith("config/jwksUrl").Submit(), "Saved.")
}

// Texts that are longer than Keycloak's columns are refused at their field,
// wherever something is named; what is nearly too long is one line of a list.
func TestTooLong(t *testing.T) {
	w := newWorld(t)
	w.made("web", "clientId", "shop", "redirectUris", "https://shop.example.test/cb")
	client, long := "clients/"+w.client("shop").ID, strings.Repeat("x", 5000)
	const more = " characters" // that it may have
	for _, c := range [][]string{
		{"clients/create/web", "clientId", "redirectUris", "https://a.test/cb"},
		{"clients/create/web", "name", "redirectUris", "https://a.test/cb", "clientId", "n"},
		{client + "/settings", "clientId"}, {client + "/settings", "name"}, {client + "/settings", "description"},
		{client + "/client-scopes/dedicated/add/oidc-full-name-mapper", "name"},
		{client + "/roles/new", "name"}, {client + "/roles/new", "description", "name", "n"},
		{"client-scopes/create", "name"}, {"client-scopes/create", "description", "name", "n"},
		{"roles/new", "name"}, {"roles/new", "description", "name", "n"}, {"groups/new", "name"},
		{"realm-settings/user-profile/attributes-group/new", "name"},
		{"realm-settings/user-profile/attributes/add-attribute", "name"},
		{"authentication/create-flow", "alias"}, {"authentication/create-flow", "description", "alias", "n"},
		{"identity-providers/github/add", "alias", "config/clientId", "c", "config/clientSecret", "s"},
		{"identity-providers/github/add", "displayName", "config/clientId", "c", "config/clientSecret", "s"},
		{"realm-settings/general", "displayName"},
	} {
		w.refused(c[0], c[1], long, more, c[2:]...)
		w.refused(c[0], c[1], long[:300], more, c[2:]...)
	}
	name := strings.Repeat("y", 250)
	if p := w.made("web", "clientId", name, "redirectUris", "https://a.test/cb"); p.Status != 200 {
		t.Fatal(p.Text())
	}
	if p := w.open("clients"); !strings.Contains(p.Body, `title="`+name+`"`) {
		t.Error("a long name in a list has no title")
	}
}
