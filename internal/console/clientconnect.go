package console

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"

	"latchkey/internal/page"
)

// connectPage is what the developer of an application has to paste.
type connectPage struct {
	Frame
	Top      top
	Facts    []pasted
	Snippets []snippet
	Lacks    string // a key: what the client cannot do yet; empty for nothing
}

// pasted is a value with its name, which is a key.
type pasted struct {
	Name, Value string
	Secret      bool // it is shown when it is asked for
}

// snippet is a piece of configuration or code.
type snippet struct {
	Title string
	Text  string
}

// Title names the page.
func (p connectPage) Title(t *page.Texts) string { return titleOf(t, p.Top) }

// Render writes the page's main part.
func (p connectPage) Render(ctx context.Context, w io.Writer) error {
	return connectView(p).Render(ctx, w)
}

func clientConnectRows() []row {
	return []row{{method: http.MethodGet, path: "clients/{id}/connect", handle: connectClient}}
}

func connectClient(v *visit) error {
	rep, err := theClient(v)
	if err != nil {
		return err
	}
	issuer := v.Site.Issuer(v.of)
	app := application{issuer: issuer, base: v.Site.URL(), realm: v.of, clientID: text(rep["clientId"]), secret: text(rep["secret"])}
	if list := texts(rep["redirectUris"], ""); len(list) > 0 {
		app.redirect = list[0]
	}
	p := connectPage{Frame: v.frame("clients"), Top: clientTop(v, "connect"), Facts: []pasted{
		{Name: "console.connect.issuer", Value: issuer},
		{Name: "console.connect.discovery", Value: issuer + "/.well-known/openid-configuration"},
		{Name: "console.connect.clientId", Value: app.clientID},
	}}
	if app.secret != "" {
		p.Facts = append(p.Facts, pasted{Name: "console.connect.secret", Value: app.secret, Secret: true})
	}
	public := rep["publicClient"] == true
	switch {
	case rep["standardFlowEnabled"] == true && app.redirect == "":
		p.Lacks = "console.connect.no-redirect"
	case rep["enabled"] == false:
		p.Lacks = "console.connect.off"
	}
	switch {
	case rep["standardFlowEnabled"] != true && rep["serviceAccountsEnabled"] == true:
		p.Snippets = app.service()
	case public && webAddress(app.redirect):
		p.Snippets = app.browser()
	case public:
		p.Snippets = app.native()
	case rep["standardFlowEnabled"] == true:
		p.Snippets = app.server()
	}
	return v.write(http.StatusOK, p)
}

// webAddress says whether an address is of a page rather than of an app.
func webAddress(address string) bool {
	origin := originOf(address)
	return len(origin) > 4 && origin[:4] == "http" && origin != "http://127.0.0.1" && origin != "http://[::1]"
}

// application is what the snippets are made of.
type application struct{ issuer, base, realm, clientID, secret, redirect string }

func (a application) environment() snippet {
	text := "OIDC_ISSUER=" + bare(a.issuer) + "\nOIDC_CLIENT_ID=" + bare(a.clientID) + "\nOIDC_CLIENT_SECRET=…"
	if a.redirect != "" {
		text += "\nOIDC_REDIRECT_URI=" + bare(a.redirect)
	}
	return snippet{".env", text}
}

// bare is a value without quotation marks where that is safe: clients that
// registered themselves chose what they are called.
func bare(value string) string {
	if strings.ContainsFunc(value, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.:/~", r)
	}) {
		return quoted(value)
	}
	return value
}

// quoted is a value as a text of JavaScript, and of what writes texts alike.
func quoted(value string) string {
	return strings.ReplaceAll(strconv.Quote(value), "$", `\u0024`)
}

func (a application) server() []snippet {
	redirect := cmp.Or(a.redirect, "https://app.example.com/callback")
	return []snippet{a.environment(), {"Node.js: openid-client", `import * as client from "openid-client";

const config = await client.discovery(
  new URL(process.env.OIDC_ISSUER), process.env.OIDC_CLIENT_ID, process.env.OIDC_CLIENT_SECRET,
);

// where people sign in: keep the three in the visitor's session
const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const to = client.buildAuthorizationUrl(config, {
  redirect_uri: ` + quoted(redirect) + `,
  scope: "openid email profile",
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state, nonce,
});
response.redirect(to.href);

// where they come back
const tokens = await client.authorizationCodeGrant(config, new URL(request.url, ` + quoted(originOf(redirect)) + `), {
  pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
});
const { sub, email } = tokens.claims();`}, {"Spring Boot: application.yml", `spring:
  security:
    oauth2:
      client:
        provider:
          latchkey:
            issuer-uri: ` + bare(a.issuer) + `
            user-name-attribute: sub
        registration:
          latchkey:
            client-id: ` + bare(a.clientID) + `
            client-secret: ${OIDC_CLIENT_SECRET}
            scope: openid, email, profile`}}
}

func (a application) browser() []snippet {
	return []snippet{{"keycloak-js", `import Keycloak from "keycloak-js";

const keycloak = new Keycloak({ url: ` + quoted(a.base) + `, realm: ` + quoted(a.realm) + `, clientId: ` + quoted(a.clientID) + ` });
const signedIn = await keycloak.init({ pkceMethod: "S256" });
if (!signedIn) await keycloak.login({ redirectUri: ` + quoted(a.redirect) + ` });`}, {"oidc-client-ts", `import { UserManager } from "oidc-client-ts";

const manager = new UserManager({
  authority: ` + quoted(a.issuer) + `,
  client_id: ` + quoted(a.clientID) + `,
  redirect_uri: ` + quoted(a.redirect) + `,
  scope: "openid email profile",
});
await manager.signinRedirect();          // where people sign in
const user = await manager.signinRedirectCallback(); // where they come back`}}
}

func (a application) native() []snippet {
	return []snippet{{"Android: AppAuth", `AuthorizationServiceConfiguration.fetchFromIssuer(Uri.parse(` + quoted(a.issuer) + `)) { config, error ->
  val request = AuthorizationRequest.Builder(
    config!!, ` + quoted(a.clientID) + `, ResponseTypeValues.CODE, Uri.parse(` + quoted(a.redirect) + `)
  ).setScope("openid email profile").build() // PKCE is sent by itself
}`}, {"iOS: AppAuth", `OIDAuthorizationService.discoverConfiguration(forIssuer: URL(string: ` + quoted(a.issuer) + `)!) { config, error in
  let request = OIDAuthorizationRequest(configuration: config!, clientId: ` + quoted(a.clientID) + `,
    scopes: [OIDScopeOpenID, OIDScopeEmail], redirectURL: URL(string: ` + quoted(a.redirect) + `)!,
    responseType: OIDResponseTypeCode, additionalParameters: nil)
}`}}
}

func (a application) service() []snippet {
	return []snippet{a.environment(), {"curl", `curl -s "$OIDC_ISSUER/protocol/openid-connect/token" \
  -d grant_type=client_credentials \
  -d client_id="$OIDC_CLIENT_ID" -d client_secret="$OIDC_CLIENT_SECRET"`}}
}
