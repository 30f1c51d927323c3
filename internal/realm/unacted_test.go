package realm_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
)

// imported gives the lines of the report on a realm of these members.
func imported(t *testing.T, members string) []string {
	t.Helper()
	sources, err := realm.Parse([]byte(`{"realm":"r"` + members + `}`))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := sources[0].Prepare(options())
	if err != nil {
		t.Fatal(err)
	}
	return plan.Report().Lines()
}

// What a realm holds and Latchkey does not act on is named, what says nothing
// else than every realm is not.
func TestImportNamesUnacted(t *testing.T) {
	const (
		smtp     = `,"smtpServer":{"host":"relay.example","from":"a@b.example"}`
		noScope  = "there is no client scope of this name: left out"
		noFlow   = "this flow is not run yet"
		noLocale = "there is no catalogue for this language"
		noMapper = "this kind of protocol mapper is not built: it puts nothing into tokens"
		noMail   = "without a relay and a sender address (host, from) no mail goes out"
	)
	magic := func(config string) string {
		return smtp + `,"authenticationFlows":[{"alias":"f","topLevel":true,"authenticationExecutions":[{"authenticator":"ext-magic-form","requirement":"REQUIRED","authenticatorConfig":"c"}]}],` +
			`"authenticatorConfig":[{"alias":"c","config":{` + config + `}}]`
	}
	client := func(members string) string {
		return `,"clients":[{"clientId":"a","publicClient":true,` + members + `}]`
	}
	attribute := func(key, value string) string {
		return client(`"attributes":{"` + key + `":"` + value + `"}`)
	}
	for _, row := range []struct {
		name, members string
		lines         []string
	}{
		{"nothing", "", nil},
		{"switches that are off", `,"registrationAllowed":false,"resetPasswordAllowed":false,"sslRequired":"external","directGrantFlow":"direct grant","passwordPolicy":"length(8) and notUsername","accessCodeLifespanUserAction":300`, nil},
		{"what Keycloak writes into every realm", `,"attributes":{"cibaBackchannelTokenDeliveryMode":"poll","cibaExpiresIn":"120","cibaAuthRequestedUserHint":"login_hint","oauth2DeviceCodeLifespan":"600","oauth2DevicePollingInterval":"5","parRequestUriLifespan":"60","cibaInterval":"5","realmReusableOtpCode":"false","frontendUrl":"","acr.loa.map":"{}","acme.tier":"3","latchkey.accent":"#123456"}`, nil},
		{"what Keycloak writes into every client", client(`"consentRequired":false,"directAccessGrantsEnabled":false,"frontchannelLogout":true,"attributes":{"backchannel.logout.session.required":"true","oauth2.device.authorization.grant.enabled":"false","oidc.ciba.grant.enabled":"false","display.on.consent.screen":"false","acr.loa.map":"{}","request.object.required":"not required","tls.client.certificate.bound.access.tokens":"false","use.jwks.url":"false","saml.encrypt":"true","pkce.code.challenge.method":"S256","realm_client":"false","acme.team":"x"}`), nil},
		{"a built-in client as it is", `,"clients":[{"clientId":"admin-cli","publicClient":true,"directAccessGrantsEnabled":true,"attributes":{"client.use.lightweight.access.token.enabled":"true"}}]`, nil},

		{"URIs that are none", client(`"redirectUris":["https://a.test/*","abc<b>"],"webOrigins":["+","foo bar"],"attributes":{"post.logout.redirect.uris":"+##javascript:x"}`), []string{
			"clients.attributes.post.logout.redirect.uris: 1 kept (a: javascript:x): it uses an illegal scheme: nothing matches it",
			"clients.redirectUris: 1 kept (a: abc<b>): it is not a valid URI: nothing matches it",
			"clients.webOrigins: 1 kept (a: foo bar): it is not a valid URI: nothing matches it"}},
		{"registrationAllowed", `,"registrationAllowed":true` + smtp, nil},
		{"a password policy with a typo", `,"passwordPolicy":"length(abc) and ours(3)"`, []string{
			`passwordPolicy: 1 kept (ours): this rule is not known: no password is held against it`,
			`passwordPolicy: 1 kept (length): this is no number: 8 counts`}},
		{"a flow that cannot sign in", `,"browserFlow":"clients"`, []string{`browserFlow: kept (clients): "clients" is a client-flow: nobody can sign in by it.`}},
		{"configurations of one alias", `,"authenticatorConfig":[{"alias":"a","config":{"x":"1"}},{"alias":"a","config":{"x":"2"}}]`, []string{
			`authenticatorConfig: 1 not taken (a): this alias is given before: steps name a configuration by it, and have the first`,
			`authenticatorConfig: 1 kept (a): no step uses it`}},
		{"resetPasswordAllowed", `,"resetPasswordAllowed":true` + smtp, nil},
		{"registration without a relay (R-050)", `,"registrationAllowed":true`, []string{"smtpServer: missing: who makes an account proves the mailbox first: " + noMail}},
		{"registration at once", `,"registrationAllowed":true,"attributes":{"latchkey.registration.immediate":"true"}`, nil},
		{"reset without a relay", `,"resetPasswordAllowed":true`, []string{"smtpServer: missing: passwords are reset by a mailed link: " + noMail}},
		{"bruteForceProtected", `,"bruteForceProtected":true,"otpPolicyDigits":8`, nil},
		{"sslRequired", `,"sslRequired":"none"`, []string{"sslRequired: kept (none): acted on as external: https everywhere but on this machine"}},
		{"displayNameHtml", `,"displayNameHtml":"<b>x</b>"`, []string{"displayNameHtml: kept: pages show displayName"}},
		{"adminEventsDetailsEnabled", `,"adminEventsDetailsEnabled":true`, []string{"adminEventsDetailsEnabled: kept (true): administrative events have no details yet"}},
		{"lifespans", `,"accessCodeLifespanUserAction":7,"actionTokenGeneratedByAdminLifespan":8`, []string{
			"accessCodeLifespanUserAction: kept (7): an action may take as long as the sign-in (accessCodeLifespanLogin)"}},
		{"password policy", `,"passwordPolicy":"length(8) and madeUp(3) and passwordHistory(2) and passwordBlacklist(x) and regexPattern(a+) and hashIterations(5)"`, []string{
			"passwordPolicy: 2 kept (madeUp, passwordBlacklist): this rule is not known: no password is held against it",
			"passwordPolicy: 1 kept (hashIterations): new passwords are hashed with Argon2id, whatever it says"}},
		{"locales", `,"internationalizationEnabled":true,"supportedLocales":["en","de-AT","fr","xx"],"defaultLocale":"fr"`, []string{
			"defaultLocale: kept (fr): " + noLocale, "supportedLocales: 2 kept (fr, xx): " + noLocale}},
		{"bound flows", `,"authenticationFlows":[{"alias":"f","topLevel":true}],"directGrantFlow":"f","registrationFlow":"f","dockerAuthenticationFlow":"f"`, []string{
			"dockerAuthenticationFlow: kept (f): " + noFlow}},
		{"realm attributes", `,"attributes":{"frontendUrl":"https://id.example","acr.loa.map":"{\"gold\":2}","actionTokenGeneratedByUserLifespan.verify-email":"60","actionTokenGeneratedByUserLifespan.execute-actions":"60","cibaExpiresIn":"9"}`, []string{
			"attributes.actionTokenGeneratedByUserLifespan.execute-actions: kept (60): no such mail is sent yet",
			"attributes.cibaExpiresIn: kept (9): backchannel sign-in (CIBA) is not built",
			"attributes.frontendUrl: kept (https://id.example): the issuer is the --hostname of the server: applications that expect this one refuse its tokens"}},

		{"directAccessGrantsEnabled", client(`"directAccessGrantsEnabled":true`), nil},
		{"surrogateAuthRequired", client(`"surrogateAuthRequired":true`), []string{"clients.surrogateAuthRequired: 1 kept (a): not acted on"}},
		{"adminUrl", client(`"adminUrl":"https://a.example"`), []string{"clients.adminUrl: 1 kept (a): nothing is sent to applications"}},
		{"binding of the password grant", client(`"authenticationFlowBindingOverrides":{"direct_grant":"direct grant"}`), nil},
		{"binding of nothing", client(`"authenticationFlowBindingOverrides":{"docker":"direct grant"}`), []string{"clients.authenticationFlowBindingOverrides: 1 kept (a: docker): only bindings of browser and direct_grant are acted on"}},
		{"a built-in client of another protocol", `,"clients":[{"clientId":"account","protocol":"saml"}]`, []string{"clients: 1 kept (account): only OpenID Connect is spoken here: nothing answers to it"}},
		{"unknown scopes", client(`"defaultClientScopes":["email","nope"],"optionalClientScopes":["none"]`), []string{
			"clients.defaultClientScopes: 1 not taken (a: nope): " + noScope, "clients.optionalClientScopes: 1 not taken (a: none): " + noScope}},
		{"unknown scopes of the realm", `,"defaultDefaultClientScopes":["email","nope"],"defaultOptionalClientScopes":["none"]`, []string{
			"defaultDefaultClientScopes: 1 not taken (nope): " + noScope, "defaultOptionalClientScopes: 1 not taken (none): " + noScope}},
		{"mappers", client(`"protocolMappers":[{"name":"s","protocolMapper":"oidc-script-based-protocol-mapper"},{"name":"t","protocolMapper":"oidc-sub-mapper"}]`), []string{
			"clients.protocolMappers: 1 kept (a: s (oidc-script-based-protocol-mapper)): " + noMapper}},
		{"mappers of a scope", `,"clientScopes":[{"name":"basic"},{"name":"acr"},{"name":"x","protocolMappers":[{"name":"s","protocolMapper":"script-x.js"}]},` +
			`{"name":"organization","protocolMappers":[{"name":"organization","protocolMapper":"oidc-organization-membership-mapper"}]}]`, []string{
			"clientScopes.protocolMappers: 1 kept (x: s (script-x.js)): " + noMapper}},
		{"frontchannel logout", attribute("frontchannel.logout.url", "https://a.example"), []string{"clients.attributes.frontchannel.logout.url: 1 kept (a): applications are told of a logout by the back channel alone"}},
		{"bound to a certificate", attribute("tls.client.certificate.bound.access.tokens", "true"), []string{"clients.attributes.tls.client.certificate.bound.access.tokens: 1 kept (a): tokens are not bound: whoever holds one can use it"}},
		{"bound by DPoP", attribute("dpop.bound.access.tokens", "true"), []string{"clients.attributes.dpop.bound.access.tokens: 1 kept (a): tokens are not bound: whoever holds one can use it"}},
		{"keys of a client", attribute("use.jwks.url", "true"), nil},
		{"pushed requests", attribute("require.pushed.authorization.requests", "true"), []string{"clients.attributes.require.pushed.authorization.requests: 1 kept (a): requests cannot be pushed: plain ones are accepted"}},
		{"lightweight", attribute("client.use.lightweight.access.token.enabled", "true"), nil},
		{"device grant", attribute("oauth2.device.authorization.grant.enabled", "true"), []string{"clients.attributes.oauth2.device.authorization.grant.enabled: 1 kept (a): the device grant is not built"}},
		{"PKCE plain", attribute("pkce.code.challenge.method", "plain"), []string{"clients.attributes.pkce.code.challenge.method: 1 kept (a): acted on as S256"}},

		{"config of no step", `,"authenticatorConfig":[{"alias":"lost","config":{"x":"1"}}]`, []string{"authenticatorConfig: 1 kept (lost): no step uses it"}},
		{"unknown key of a config", magic(`"ext-magic-create-nonexistent-user":"true","made-up":"1","empty":""`), []string{"authenticatorConfig.made-up: 1 kept (c): this kind of step (ext-magic-form) knows no such setting"}},
		{"values of a config", magic(`"latchkey-other-browser":"carrier","ext-magic-token-life-span":"soon"`), []string{
			"authenticatorConfig.ext-magic-token-life-span: 1 kept (c): this is no number of seconds: the default counts",
			"authenticatorConfig.latchkey-other-browser: 1 kept (c): expected number, code or refuse: acted on as number"}},
		{"life of links (R-007)", magic(`"ext-magic-token-life-span":"86400"`), []string{"authenticatorConfig.ext-magic-token-life-span: 1 kept (c): acted on as 3600 seconds, the most that a mailed link lives"}},
		{"required actions", `,"requiredActions":[{"alias":"webauthn-register","enabled":true},{"alias":"CONFIGURE_TOTP","enabled":false},{"alias":"UPDATE_PROFILE","enabled":true}]`, []string{
			"requiredActions: 1 kept (webauthn-register): this required action is not built yet: a sign-in that comes to it fails"}},
		{"links without a relay", `,"browserFlow":"magic link"`, []string{"smtpServer: missing: the browser flow mails links: " + noMail}},
		{"links without a sender", `,"browserFlow":"magic link","smtpServer":{"host":"relay.example"}`, []string{"smtpServer: missing: the browser flow mails links: " + noMail}},
		{"links with a relay", `,"browserFlow":"magic link"` + smtp, nil},
		{"links of one client", client(`"authenticationFlowBindingOverrides":{"browser":"magic link"}`), []string{"smtpServer: missing: the browser flow mails links: " + noMail}},
		{"verifyEmail without a relay", `,"verifyEmail":true`, []string{"smtpServer: missing: addresses are verified by mail: " + noMail}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := imported(t, row.members); !slices.Equal(got, row.lines) {
				t.Errorf("report\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(row.lines, "\n"))
			}
		})
	}
}

// The languages that a realm may have are those that pages speak.
func TestLocales(t *testing.T) {
	files, err := os.ReadDir("../page/catalogue")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if code, ok := strings.CutSuffix(f.Name(), ".json"); ok && !strings.Contains(code, ".") && realm.Locale(code) != code {
			t.Errorf("%s is spoken and not known", code)
		}
	}
	for given, want := range map[string]string{"de-AT": "de", "de_CH": "de", "ar": "ar", "en-GB": "en", "fr": "", "xx": "", "": "", "no such thing": ""} {
		if got := realm.Locale(given); got != want {
			t.Errorf("Locale(%q) = %q, want %q", given, got, want)
		}
	}
	if n := len(realm.LocalesOf([]string{"fr", "de", "de-AT", "en"})); n != 2 {
		t.Errorf("%d languages", n)
	}
}

// Several faults are named together, each with its path, none that only
// follows from another.
func TestImportNamesAllFaults(t *testing.T) {
	for _, row := range []struct {
		name, members string
		fields        []string
	}{
		{"shape", `"enabled":"perhaps","accessTokenLifespan":"soon","clients":[{"clientId":"a","redirectUris":[{}]},7]`,
			[]string{"accessTokenLifespan", `clients["a"].redirectUris[0]`, "clients[1]", "enabled"}},
		{"settings", `"directGrantFlow":"nope","browserFlow":"nope","smtpServer":{"port":70000},"accessTokenLifespan":-1,"attributes":{"latchkey.smtp.fallbacks":"x"}`,
			[]string{"accessTokenLifespan", "browserFlow", "directGrantFlow", "smtpServer.port", `attributes["latchkey.smtp.fallbacks"]`}},
		{"everywhere", `"directGrantFlow":"nope","defaultSignatureAlgorithm":"none",
			"authenticatorConfig":[{"alias":"c","config":{"x":"1"}},{"alias":"c","config":{"x":"2"}},{}],
			"authenticationFlows":[{},{"alias":"f","topLevel":true,"authenticationExecutions":[{"authenticator":"auth-cookie"},{"requirement":"REQUIRED","flowAlias":"g"}]}],
			"requiredActions":[{},{"alias":"x"},{"alias":"x"}],
			"clientScopes":[{},{"name":"s"},{"name":"s"}],
			"clients":[{},{"clientId":"a"},{"clientId":"a"},{"clientId":"b","redirectUris":["javascript:1"],"authenticationFlowBindingOverrides":{"browser":"h"}}],
			"roles":{"realm":[{},{"name":"r"},{"name":"r"}],"client":{"b":[{"name":"x"}],"nope":[{"name":"y"},{"name":"z"}]}},
			"scopeMappings":[{"client":"nobody","roles":["r"]}],
			"users":[{},{"username":"u","email":"x@b.example","realmRoles":["no1","no2"],"clientRoles":{"b":["x"],"nope":["y"]}},{"username":"U"},{"username":"v","email":"X@b.example"}]`,
			[]string{"authenticatorConfig[2]", "authenticationFlows[0]",
				`authenticationFlows["f"].authenticationExecutions[0].requirement`, `authenticationFlows["f"].authenticationExecutions[1].flowAlias`,
				"requiredActions[0]", `requiredActions["x"]`, "clientScopes[0]", `clientScopes["s"]`, "defaultSignatureAlgorithm", "directGrantFlow",
				"clients[0]", `clients["a"]`, `clients["b"].redirectUris`, `clients["b"].authenticationFlowBindingOverrides.browser`,
				"roles.realm[0]", `roles.realm["r"]`, `roles.client["nope"]`, "scopeMappings",
				"users[0]", `users["u"].realmRoles`, `users["u"].realmRoles`, `users["u"]`, `users["v"].email`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := prepared([]byte(`{"realm":"q",` + row.members + `}`))
			var faults representation.Faults
			if !errors.As(err, &faults) || latchkey.ErrorCode(err) != latchkey.CodeInvalid {
				t.Fatalf("error %v", err)
			}
			var fields []string
			for _, fault := range faults {
				var e *latchkey.Error
				if !errors.As(fault, &e) {
					t.Fatalf("fault %v", fault)
				}
				fields = append(fields, e.Field)
				if !strings.Contains(err.Error(), e.Field) && len(fields) <= 20 {
					t.Errorf("%s is not in %q", e.Field, err)
				}
			}
			if !slices.Equal(fields, row.fields) {
				t.Errorf("faults\n%s\nwant\n%s", strings.Join(fields, "\n"), strings.Join(row.fields, "\n"))
			}
		})
	}
}
