package realm_test

import (
	"errors"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// What cannot be a realm is refused with the path of what is wrong; nothing is
// guessed, and nothing of it is written.
func TestImportRefuses(t *testing.T) {
	const flow = `{"alias":"f","topLevel":true,"authenticationExecutions":[%]}`
	flows := func(execution string, more ...string) string {
		list := append([]string{strings.Replace(flow, "%", execution, 1)}, more...)
		return `"authenticationFlows":[` + strings.Join(list, ",") + `]`
	}
	for _, row := range []struct{ name, members, field string }{
		{"no name", `"realm":""`, "realm"},
		{"bad name", `"realm":"a/b"`, "realm"},
		{"name of a path", `"realm":".."`, "realm"},
		{"wrong type", `"enabled":"perhaps"`, "enabled"},
		{"number expected", `"accessTokenLifespan":"soon"`, "accessTokenLifespan"},
		{"fraction", `"accessTokenLifespan":1.5`, "accessTokenLifespan"},
		{"negative lifetime", `"ssoSessionMaxLifespan":-1`, "ssoSessionMaxLifespan"},
		{"negative expiration", `"eventsExpiration":-5`, "eventsExpiration"},
		{"bad sslRequired", `"sslRequired":"sometimes"`, "sslRequired"},
		{"list expected", `"clients":{"clientId":"a"}`, "clients"},
		{"object expected", `"clients":["a"]`, "clients[0]"},
		{"text expected", `"displayName":{"en":"x"}`, "displayName"},
		{"unknown flow", `"browserFlow":"nope"`, "browserFlow"},
		{"sub-flow bound", `"browserFlow":"forms"`, "browserFlow"},
		{"unknown algorithm", `"defaultSignatureAlgorithm":"none"`, "defaultSignatureAlgorithm"},
		{"bad port", `"smtpServer":{"port":70000}`, "smtpServer.port"},
		{"port in words", `"smtpServer":{"port":"smtp"}`, "smtpServer.port"},
		{"bad switch", `"smtpServer":{"starttls":"sure"}`, "smtpServer.starttls"},
		{"line break in a header (R-170)", `"smtpServer":{"from":"a@b.example\r\nBcc: c@d.example"}`, "smtpServer.from"},
		{"bad auth type", `"smtpServer":{"authType":"ntlm"}`, "smtpServer.authType"},
		{"fallbacks not JSON", `"attributes":{"latchkey.smtp.fallbacks":"relay2"}`, `attributes["latchkey.smtp.fallbacks"]`},
		{"fallback without host", `"attributes":{"latchkey.smtp.fallbacks":"[{\"port\":25}]"}`, `attributes["latchkey.smtp.fallbacks"]`},

		{"client without clientId", `"clients":[{"name":"x"}]`, "clients[0]"},
		{"client twice", `"clients":[{"clientId":"a"},{"clientId":"a"}]`, `clients["a"]`},
		{"client id twice", `"clients":[{"id":"1","clientId":"a"},{"id":"1","clientId":"b"}]`, `clients["b"].id`},
		{"id with a line break", `"clients":[{"id":"1\n2","clientId":"a"}]`, `clients["a"].id`},
		{"binding unknown", `"clients":[{"clientId":"a","authenticationFlowBindingOverrides":{"browser":"nope"}}]`, `clients["a"].authenticationFlowBindingOverrides.browser`},
		{"redirect URI with script", `"clients":[{"clientId":"a","redirectUris":["javascript:alert(1)"]}]`, `clients["a"].redirectUris`},
		{"redirect URI with fragment (R-110)", `"clients":[{"clientId":"a","redirectUris":["https://a.example/#x"]}]`, `clients["a"].redirectUris`},
		{"deep type error", `"clients":[{"clientId":"a","redirectUris":[{"x":1}]}]`, `clients["a"].redirectUris[0]`},
		{"scope without name", `"clientScopes":[{"protocol":"openid-connect"}]`, "clientScopes[0]"},
		{"scope twice", `"clientScopes":[{"name":"a"},{"name":"a"}]`, `clientScopes["a"]`},
		{"mapping to nobody", `"scopeMappings":[{"client":"nope","roles":["offline_access"]}]`, "scopeMappings"},
		{"mapping of no role", `"scopeMappings":[{"clientScope":"email","roles":["nope"]}]`, "scopeMappings"},

		{"role without name", `"roles":{"realm":[{}]}`, "roles.realm[0]"},
		{"role twice", `"roles":{"realm":[{"name":"a"},{"name":"a"}]}`, `roles.realm["a"]`},
		{"role id twice", `"roles":{"realm":[{"id":"1","name":"a"},{"id":"1","name":"b"}]}`, `roles.realm["b"].id`},
		{"role of no client", `"roles":{"client":{"nope":[{"name":"a"}]}}`, `roles.client["nope"]`},
		{"composite of no role", `"roles":{"realm":[{"name":"a","composites":{"realm":["nope"]}}]}`, `roles.realm["a"].composites.realm`},

		{"flow without alias", `"authenticationFlows":[{"topLevel":true}]`, "authenticationFlows[0]"},
		{"flow twice", flows(`{"authenticator":"auth-cookie","requirement":"REQUIRED"}`, `{"alias":"f"}`), `authenticationFlows["f"]`},
		{"flow id twice", `"authenticationFlows":[{"id":"1","alias":"a"},{"id":"1","alias":"b"}]`, `authenticationFlows["b"].id`},
		{"unknown kind of flow", `"authenticationFlows":[{"alias":"a","providerId":"river"}]`, `authenticationFlows["a"].providerId`},
		{"unknown requirement", flows(`{"authenticator":"auth-cookie","requirement":"OPTIONAL"}`), `authenticationFlows["f"].authenticationExecutions[0].requirement`},
		{"no requirement", flows(`{"authenticator":"auth-cookie"}`), `authenticationFlows["f"].authenticationExecutions[0].requirement`},
		{"neither step nor flow", flows(`{"requirement":"REQUIRED"}`), `authenticationFlows["f"].authenticationExecutions[0].authenticator`},
		{"sub-flow unknown", flows(`{"requirement":"REQUIRED","flowAlias":"nope"}`), `authenticationFlows["f"].authenticationExecutions[0].flowAlias`},
		{"configuration unknown", flows(`{"requirement":"REQUIRED","authenticator":"ext-magic-form","authenticatorConfig":"nope"}`), `authenticationFlows["f"].authenticationExecutions[0].authenticatorConfig`},
		{"flow in two places", flows(`{"requirement":"REQUIRED","flowAlias":"s"},{"requirement":"REQUIRED","flowAlias":"s"}`, `{"alias":"s"}`), `authenticationFlows["s"]`},
		{"flow in itself", `"authenticationFlows":[{"alias":"s","authenticationExecutions":[{"requirement":"REQUIRED","flowAlias":"s"}]}]`, `authenticationFlows["s"]`},
		{"ring of flows", `"authenticationFlows":[{"alias":"s","authenticationExecutions":[{"requirement":"REQUIRED","flowAlias":"t"}]},{"alias":"t","authenticationExecutions":[{"requirement":"REQUIRED","flowAlias":"s"}]}]`, `authenticationFlows["s"]`},
		{"top level below", flows(`{"requirement":"REQUIRED","flowAlias":"magic link"}`), `authenticationFlows["magic link"]`},
		{"alias of a built-in part", `"authenticationFlows":[{"alias":"forms"}]`, `authenticationFlows["forms"]`},
		{"configuration without alias", `"authenticatorConfig":[{"config":{}}]`, "authenticatorConfig[0]"},
		{"required action without alias", `"requiredActions":[{"name":"x"}]`, "requiredActions[0]"},
		{"required action twice", `"requiredActions":[{"alias":"x"},{"alias":"x"}]`, `requiredActions["x"]`},

		{"user without username", `"users":[{"email":"a@b.example"}]`, "users[0]"},
		{"user twice, other case", `"users":[{"username":"a"},{"username":"A"}]`, `users["a"]`},
		{"user id twice", `"users":[{"id":"1","username":"a"},{"id":"1","username":"b"}]`, `users["b"].id`},
		{"address twice, other case (R-032)", `"users":[{"username":"a","email":"x@b.example"},{"username":"b","email":"X@B.example"}]`, `users["b"].email`},
		{"user of no role", `"users":[{"username":"a","realmRoles":["nope"]}]`, `users["a"].realmRoles`},
		{"user of no client role", `"users":[{"username":"a","clientRoles":{"nope":["x"]}}]`, `users["a"].clientRoles["nope"]`},
		{"service account of nobody", `"users":[{"username":"a","serviceAccountClientId":"nope"}]`, `users["a"].serviceAccountClientId`},
		{"service account twice", `"clients":[{"clientId":"c","serviceAccountsEnabled":true}],"users":[{"username":"a","serviceAccountClientId":"c"},{"username":"b","serviceAccountClientId":"c"}]`, `users["b"].serviceAccountClientId`},
		{"line break in a name", `"users":[{"username":"a","firstName":"x\ny"}]`, `users["a"].firstName`},
		{"password too long", `"users":[{"username":"a","credentials":[{"type":"password","value":"` + strings.Repeat("x", 1025) + `"}]}]`, `users["a"].credentials[0].value`},
		{"hash that is none", `"users":[{"username":"a","credentials":[{"type":"password","secretData":"x"}]}]`, `users["a"].credentials[0].secretData`},
		{"hash without its parameters", `"users":[{"username":"a","credentials":[{"type":"password","secretData":"{\"value\":\"eA==\"}"}]}]`, `users["a"].credentials[0].credentialData`},
		{"profile that is none", `"components":{"org.keycloak.userprofile.UserProfileProvider":[{"providerId":"declarative-user-profile","config":{"kc.user.profile.config":["{"]}}]}`, "components.org.keycloak.userprofile.UserProfileProvider.kc.user.profile.config"},
	} {
		t.Run(row.name, func(t *testing.T) {
			text := `{"realm":"r",` + row.members + `}`
			if strings.HasPrefix(row.members, `"realm"`) {
				text = `{` + row.members + `}`
			}
			err := prepared([]byte(text))
			var e *latchkey.Error
			if !errors.As(err, &e) || e.Code != latchkey.CodeInvalid || e.Field != row.field || e.Message == "" {
				t.Errorf("error %v, want one of %s", err, row.field)
			}
		})
	}
}

func prepared(data []byte) error {
	sources, err := realm.Parse(data)
	for _, s := range sources {
		if _, planErr := s.Prepare(options()); err == nil {
			err = planErr
		}
	}
	return err
}

// What is no JSON, is too deep or too large, is refused with the line.
func TestImportRefusesText(t *testing.T) {
	for _, row := range []struct{ name, text, says string }{
		{"empty", "", "line 1"},
		{"cut off", "{\"realm\":\"r\",\n\"clients\":[{", "line 2"},
		{"something behind", `{"realm":"r"} {}`, "after the end"},
		{"member twice", `{"realm":"r","realm":"s"}`, "given twice"},
		{"too deep", `{"realm":"r","x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`, "nested too deeply"},
		{"no realm", `[]`, "no realm"},
		{"no object", `7`, "Expected an object"},
		{"realm twice", `[{"realm":"r"},{"realm":"r"}]`, "given twice"},
		{"too large", `{"realm":"r"}` + strings.Repeat(" ", representation.MaxSettings), "more than 32 MiB beside its users"},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := prepared([]byte(row.text))
			if latchkey.ErrorCode(err) != latchkey.CodeInvalid || !strings.Contains(err.Error(), row.says) {
				t.Errorf("error %v, want one that says %q", err, row.says)
			}
		})
	}
}

// The error of a file with several realms has the faults of them all, and
// nothing is made after the first that fails.
func TestImportNamesFaultsOfAllRealms(t *testing.T) {
	db, _ := storetest.SQLite(t)
	data := []byte(`[{"realm":"bad","users":[{}]},{"realm":"good"},{"realm":"worse","users":[{},{}]}]`)
	results, err := take(ctx, db, data)
	if err == nil || len(results) != 0 {
		t.Fatalf("results %+v, error %v", results, err)
	}
	for _, path := range []string{`realms["bad"].users[0]:`, `realms["worse"].users[0]:`, `realms["worse"].users[1]:`} {
		if !strings.Contains(err.Error(), path) {
			t.Errorf("%q does not name %s", err, path)
		}
	}
}

// A realm that fails leaves nothing behind, and does not undo the realms of
// the file before it.
func TestImportWholeOrNot(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		data := []byte(`[{"realm":"good","users":[{"username":"a"}]},{"realm":"bad","users":[{"username":"a","realmRoles":["nope"]}]}]`)
		results, err := take(ctx, db, data)
		var e *latchkey.Error
		if !errors.As(err, &e) || e.Field != `realms["bad"].users["a"].realmRoles` {
			t.Errorf("error %v", err)
		}
		if len(results) != 1 || !results[0].Created {
			t.Errorf("results %+v", results)
		}
		err = db.View(ctx, func(tx *store.Tx) error {
			realms, err := tx.Realms()
			if len(realms) != 1 || realms[0].Name != "good" {
				t.Errorf("%d realms", len(realms))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
