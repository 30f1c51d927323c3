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
	w.refused(at+"/advanced", "attributes/access.token.lifespan", "99999999999", "whole number")
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
