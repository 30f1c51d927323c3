package admin_test

import (
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// What a client's addresses and numbers cannot be is refused, in Keycloak's
// words where it has some.
func TestClientValuesAreLookedAt(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	const at = "/demo/clients"
	client := at + "/" + w.rp.Client.ID
	for _, test := range []struct {
		body m
		want string // empty: it is taken
	}{
		{m{"rootUrl": "notaurl"}, `"Root URL is not a valid URL"`},
		{m{"rootUrl": "/below"}, ""},
		{m{"rootUrl": "https://a.test/#x"}, `"Root URL must not contain an URL fragment"`},
		{m{"rootUrl": "${authBaseUrl}", "baseUrl": "/realms/demo/account/"}, ""},
		{m{"rootUrl": "https://a.test", "adminUrl": "https://a.test/admin"}, ""},
		{m{"baseUrl": "notaurl"}, `"Base URL is not a valid URL"`},
		{m{"baseUrl": "com.example.app:/start"}, ""},
		{m{"adminUrl": "notaurl"}, `"Admin URL is not a valid URL"`},
		{m{"adminUrl": "${rootUrl}/admin"}, ""},
		{m{"attributes": m{"logoUri": "notaurl"}}, `"Logo URL is not a valid URL"`},
		{m{"attributes": m{"backchannel.logout.url": "notaurl"}}, `"Backchannel logout URL is not a valid URL"`},
		{m{"attributes": m{"access.token.lifespan": "abc"}}, `attributes.access.token.lifespan: Expected a whole number.`},
		{m{"attributes": m{"client.session.idle.timeout": "1.5"}}, `attributes.client.session.idle.timeout`},
		{m{"attributes": m{"client.offline.session.max.lifespan": "-5"}}, `attributes.client.offline.session.max.lifespan`},
		{m{"attributes": m{"access.token.lifespan": 300, "client.session.max.lifespan": ""}}, ""},
		{m{"redirectUris": []string{"https://a.test/cb", "99 99"}}, `"A redirect URI is not a valid URI","field":"redirectUris"`},
		{m{"redirectUris": []string{"abc<b>"}}, `"redirectUris"`},
		{m{"redirectUris": []string{"https://a.test/%zz"}}, `A redirect URI is not a valid URI`},
		{m{"redirectUris": []string{"VBScript:x"}}, `A redirect URI uses an illegal scheme`},
		{m{"redirectUris": []string{"*", "/*", "https://a.test/*", "http://localhost:*", "${authBaseUrl}/x", "com.example.app:/cb", "urn:ietf:wg:oauth:2.0:oob"}}, ""},
		{m{"webOrigins": []string{"foo bar"}}, `webOrigins: A web origin is not a valid URI`},
		{m{"webOrigins": []string{"data:text/html,x"}}, `A web origin uses an illegal scheme`},
		{m{"webOrigins": []string{"+", "*", "/*", "https://a.test", "http://localhost:8080/"}}, ""},
		{m{"attributes": m{"post.logout.redirect.uris": "https://a.test/##javascript:alert(1)"}}, `A post logout redirect URI uses an illegal scheme`},
		{m{"attributes": m{"post.logout.redirect.uris": "data:text/html,x"}}, `attributes.post.logout.redirect.uris`},
		{m{"attributes": m{"post.logout.redirect.uris": "https://a.test/#x"}}, `A post logout redirect URI must not contain an URL fragment`},
		{m{"attributes": m{"post.logout.redirect.uris": "+##https://a.test/*"}}, ""},
		{m{"attributes": m{"post.logout.redirect.uris": "-"}}, ""},
		{m{"attributes": m{"default.acr.values": "gold"}}, `Default ACR values need to contain values specified in the ACR-To-Loa mapping`},
		{m{"attributes": m{"default.acr.values": "1##gold", "acr.loa.map": `{"silver":1}`}}, `attributes.default.acr.values`},
		{m{"attributes": m{"minimum.acr.value": "gold"}}, `Minimum ACR value needs to be a value specified in the ACR-To-Loa mapping`},
		{m{"attributes": m{"default.acr.values": "1##gold", "minimum.acr.value": "gold", "acr.loa.map": `{"gold":2}`}}, ""},
	} {
		made := m{"clientId": "new"}
		for k, v := range test.body {
			made[k] = v
		}
		if test.want == "" {
			w.must(204, admin, "PUT", client, test.body)
			id := w.must(201, admin, "POST", at, made).id()
			w.must(204, admin, "DELETE", at+"/"+id, nil)
			continue
		}
		for _, a := range []answer{w.must(400, admin, "PUT", client, test.body), w.must(400, admin, "POST", at, made)} {
			if !strings.HasPrefix(a.Text, `{"error":"invalid_input"`) || !strings.Contains(a.Text, test.want) {
				t.Errorf("%v: %s", test.body, a.Text)
			}
		}
	}
	// What an import brought may be given back as it is.
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		changed := *snap.ClientByID(w.rp.Client.ID)
		changed.RootURL, changed.RedirectURIs, changed.WebOrigins = "notaurl", []string{"abc<b>"}, []string{"foo bar"}
		changed.Attributes = map[string]string{"access.token.lifespan": "abc", "post.logout.redirect.uris": "foo bar", "default.acr.values": "gold", "minimum.acr.value": "gold"}
		return tx.UpdateClient(&changed)
	})
	var whole m
	w.must(200, admin, "GET", client, nil).into(&whole)
	w.must(204, admin, "PUT", client, whole)
}

// A kind of mapper that there is none of is refused, whichever way it comes.
func TestUnknownMappersAreRefused(t *testing.T) {
	w := newWorld(t)
	admin := w.admin()
	nope := []m{{"name": "x", "protocol": "openid-connect", "protocolMapper": "nope", "config": m{}}}
	client, scope := "/demo/clients/"+w.rp.Client.ID, w.must(201, admin, "POST", "/demo/client-scopes", m{"name": "mine"}).id()
	const sentence = `{"error":"ProtocolMapper provider not found"}`
	for _, a := range []answer{
		w.must(404, admin, "POST", client+"/protocol-mappers/models", nope[0]),
		w.must(404, admin, "PUT", client, m{"protocolMappers": nope}),
		w.must(404, admin, "POST", "/demo/clients", m{"clientId": "new", "protocolMappers": nope}),
		w.must(404, admin, "POST", "/demo/client-scopes", m{"name": "other", "protocolMappers": nope}),
		w.must(404, admin, "PUT", "/demo/client-scopes/"+scope, m{"name": "mine", "protocolMappers": nope}),
	} {
		if a.Text != sentence {
			t.Error(a.Text)
		}
	}
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		changed := *snap.ClientByID(w.rp.Client.ID)
		changed.ProtocolMappers = []latchkey.ProtocolMapper{{ID: "kept", Name: "x", Protocol: "openid-connect", ProtocolMapper: "nope"}}
		return tx.UpdateClient(&changed)
	})
	var whole representation.Client
	w.must(200, admin, "GET", client, nil).into(&whole)
	w.must(204, admin, "PUT", client, whole)
}
