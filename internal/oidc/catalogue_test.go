package oidc_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// What was seen to go wrong in other servers. Each row is a request that must
// not succeed, and what must be true afterwards.

// A code is good for the client, the redirect URI and the verifier that it was
// made for, for a minute, once.
func TestCodeIsBound(t *testing.T) {
	for name, c := range map[string]struct {
		client      string // that asked
		by          string // that redeems; the same when empty
		ask, redeem []string
		before      func(w *world)
		status      int
		code, text  string
	}{
		"another client": {client: "bench-app", by: "bench-public",
			status: 400, code: "invalid_grant", text: "Auth error: Found different client_id in clientSession"},
		"another confidential client": {client: "bench-public", by: "bench-app",
			status: 400, code: "invalid_grant", text: "Auth error: Found different client_id in clientSession"},
		"another redirect URI": {client: "bench-app", redeem: []string{"redirect_uri", "http://127.0.0.1:9999/other"},
			status: 400, code: "invalid_grant", text: "Incorrect redirect_uri"},
		"no redirect URI": {client: "bench-app", redeem: []string{"redirect_uri", ""},
			status: 400, code: "invalid_grant", text: "Incorrect redirect_uri"},
		"redirect URI with another fragment": {client: "bench-app", redeem: []string{"redirect_uri", redirectURI + "#x"},
			status: 400, code: "invalid_grant", text: "Incorrect redirect_uri"},
		"no verifier": {client: "bench-app", redeem: []string{"code_verifier", ""},
			status: 400, code: "invalid_grant", text: "PKCE code verifier not specified"},
		"no verifier of a public client": {client: "bench-public", redeem: []string{"code_verifier", ""},
			status: 400, code: "invalid_grant", text: "PKCE code verifier not specified"},
		"wrong verifier": {client: "bench-app", redeem: []string{"code_verifier", strings.Repeat("x", 50)},
			status: 400, code: "invalid_grant", text: "PKCE verification failed: Code mismatch"},
		"the challenge as verifier": {client: "bench-app", redeem: []string{"code_verifier", challenge()},
			status: 400, code: "invalid_grant", text: "PKCE verification failed: Code mismatch"},
		"a verifier that is none": {client: "bench-app", redeem: []string{"code_verifier", "short"},
			status: 400, code: "invalid_grant", text: "PKCE invalid code verifier"},
		"a verifier without a challenge": {client: "bench-app", ask: []string{"code_challenge", "", "code_challenge_method", ""},
			status: 400, code: "invalid_grant", text: "PKCE code verifier specified but challenge not present in the authorization request"},
		"a client that became public since": {client: "bench-app", ask: []string{"code_challenge", "", "code_challenge_method", ""}, redeem: []string{"code_verifier", ""},
			before: func(w *world) {
				w.changeClient("bench-app", func(c *latchkey.Client) { c.Attributes["pkce.code.challenge.method"] = "S256" })
			},
			status: 400, code: "invalid_grant", text: "PKCE code challenge not present in the authorization request"},
		"after a minute": {client: "bench-app", before: func(w *world) { w.clock.Advance(60 * time.Second) },
			status: 400, code: "invalid_grant", text: "Code not valid"},
		"after the session ended": {client: "bench-app", before: func(w *world) {
			u := w.user("golden@example.test")
			w.update(func(tx *store.Tx) error {
				_, err := tx.EndUserSessions(u.RealmID, u.ID, "")
				return err
			})
		}, status: 400, code: "invalid_grant", text: "Code not valid"},
		"after the user was disabled": {client: "bench-app", before: func(w *world) {
			u := w.user("golden@example.test")
			u.Enabled = false
			w.update(func(tx *store.Tx) error { return tx.UpdateUser(u) })
		}, status: 400, code: "invalid_grant", text: "Session not active"},
		"after the flow was switched off": {client: "bench-app", before: func(w *world) {
			w.changeClient("bench-app", func(c *latchkey.Client) { c.StandardFlowEnabled = false })
		}, status: 400, code: "unauthorized_client", text: "Client not allowed to exchange code"},
	} {
		t.Run(name, func(t *testing.T) {
			w := sqliteWorld(t)
			code := w.code(c.client, c.ask...)
			if c.before != nil {
				c.before(w)
			}
			by := c.by
			if by == "" {
				by = c.client
			}
			wantError(t, w.redeem(by, code, c.redeem...), c.status, c.code, c.text)
			// Whoever presented it wrongly has spent it, also for the right one.
			if a := w.redeem(c.client, code); a.status == http.StatusOK {
				t.Error("the code could be redeemed after it was presented wrongly")
			}
			if got := w.events(); !strings.HasPrefix(got[len(got)-1], "CODE_TO_TOKEN_ERROR:") {
				t.Errorf("events %v", got)
			}
		})
	}
}

// A minute is exclusive: the last instant before still counts.
func TestCodeLivesAMinute(t *testing.T) {
	w := sqliteWorld(t)
	code := w.code("bench-app")
	w.clock.Advance(60*time.Second - time.Millisecond)
	if a := w.redeem("bench-app", code); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A code that is presented again takes back everything that came of it
// (R-113, RFC 6749 4.1.2).
func TestCodeReuseRevokes(t *testing.T) {
	w := sqliteWorld(t)
	b := w.browser()
	code := b.signIn("golden@example.test", params("bench-app")).Get("code")
	first := w.redeem("bench-app", code)
	if first.status != http.StatusOK {
		t.Fatalf("%d %s", first.status, first.body)
	}
	if a := w.userinfo("bench", first.text("access_token")); a.status != http.StatusOK {
		t.Fatalf("userinfo before: %d", a.status)
	}
	wantError(t, w.redeem("bench-app", code), 400, "invalid_grant", "Code not valid")
	wantError(t, w.refresh("bench-app", first.text("refresh_token")), 400, "invalid_grant", "Session doesn't have required client")
	if a := w.userinfo("bench", first.text("access_token")); a.status != http.StatusUnauthorized {
		t.Errorf("userinfo after: %d", a.status)
	}
	// A client session that is made anew in the same session does not bring it
	// back to life.
	w.clock.Advance(time.Second)
	again := w.redeem("bench-app", b.signInAs(person{fromCookie: true}, params("bench-app")).Get("code"))
	if a := w.refresh("bench-app", again.text("refresh_token")); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	wantError(t, w.refresh("bench-app", first.text("refresh_token")), 400, "invalid_grant", "Session doesn't have required client")
}

// No token is taken for another: every kind at every place.
func TestTokensAreNotInterchangeable(t *testing.T) {
	w := sqliteWorld(t)
	a := w.tokens("bench-app")
	other := w.browser().signInAs(person{realm: "other", user: "golden@example.test"}, params("bench-app"))
	form := url.Values{"grant_type": {"authorization_code"}, "code": {other.Get("code")}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}}
	foreign := w.browser().post(w.endpoint("other", "token"), form, as("bench-app")...)
	if foreign.status != http.StatusOK {
		t.Fatalf("%d %s", foreign.status, foreign.body)
	}
	for name, raw := range map[string]string{
		"ID token": a.text("id_token"), "refresh token": a.text("refresh_token"),
		"access token of another realm": foreign.text("access_token"), "ID token of another realm": foreign.text("id_token"),
		"refresh token of another realm": foreign.text("refresh_token"), "a code": other.Get("code"), "nothing much": "nope",
	} {
		if got := w.userinfo("bench", raw); got.status != http.StatusUnauthorized || !strings.Contains(got.header.Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("userinfo took %s: %d %v", name, got.status, got.header)
		}
	}
	for name, raw := range map[string]string{
		"access token": a.text("access_token"), "ID token": a.text("id_token"),
		"refresh token of another realm": foreign.text("refresh_token"), "nothing much": "nope",
	} {
		wantError(t, w.refresh("bench-app", raw), 400, "invalid_grant", "Invalid refresh token")
		form := url.Values{"refresh_token": {raw}}
		if got := w.browser().post(w.endpoint("bench", "logout"), form, as("bench-app")...); got.status != 400 || got.text("error") != "invalid_grant" {
			t.Errorf("logout took %s: %d %s", name, got.status, got.body)
		}
	}
	for name, raw := range map[string]string{
		"access token": a.text("access_token"), "refresh token": a.text("refresh_token"),
		"ID token of another realm": foreign.text("id_token"), "nothing much": "nope",
	} {
		got := w.browser().get(w.authURL("bench", params("bench-app", "id_token_hint", raw)))
		if q := got.location(t).Query(); q.Get("error") != "invalid_request" || q.Get("error_description") != "Invalid parameter: id_token_hint" {
			t.Errorf("auth took %s as a hint: %v", name, q)
		}
		if got := w.browser().get(w.endpoint("bench", "logout") + "?id_token_hint=" + url.QueryEscape(raw)); got.status != 400 || got.page.Page != "error" {
			t.Errorf("logout took %s as a hint: %d %s", name, got.status, got.body)
		}
	}
	// A code of one realm is nothing in another.
	v := w.code("bench-app")
	form = url.Values{"grant_type": {"authorization_code"}, "code": {v}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}}
	wantError(t, w.browser().post(w.endpoint("other", "token"), form, as("bench-app")...), 400, "invalid_grant", "Code not valid")
	if got := w.redeem("bench-app", v); got.status != http.StatusOK {
		t.Errorf("a try in another realm spent the code: %d %s", got.status, got.body)
	}
}

// The parser of the token endpoint (RFC 6749 2.3, 3.2; R-128).
func TestTokenRequestIsStrict(t *testing.T) {
	w := sqliteWorld(t)
	endpoint := w.endpoint("bench", "token")
	b := w.browser()
	basic := as("bench-app")
	for name, c := range map[string]struct {
		url, body  string
		header     []string
		status     int
		code, text string
	}{
		"a parameter twice": {body: "grant_type=client_credentials&grant_type=client_credentials", header: basic,
			status: 400, code: "invalid_request", text: "duplicated parameter"},
		"another parameter twice": {body: "grant_type=client_credentials&scope=openid&scope=email", header: basic,
			status: 400, code: "invalid_request", text: "duplicated parameter"},
		"no grant": {body: "code=x", header: basic,
			status: 400, code: "invalid_request", text: "Missing form parameter: grant_type"},
		"JSON": {body: `{"grant_type":"client_credentials"}`, header: append([]string{"Content-Type", "application/json"}, basic...),
			status: 400, code: "invalid_request", text: "Missing form parameter: grant_type"},
		"an unknown grant": {body: "grant_type=foo", header: basic,
			status: 400, code: "unsupported_grant_type", text: "Unsupported grant_type"},
		"the implicit grant": {body: "grant_type=implicit", header: basic,
			status: 400, code: "unsupported_grant_type", text: "Unsupported grant_type"},
		"the password grant where it is off": {body: "grant_type=password&username=a&password=b", header: basic,
			status: 400, code: "unauthorized_client", text: "Client not allowed for direct access grants"},
		"the device grant where it is off": {body: "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=x", header: basic,
			status: 400, code: "invalid_grant", text: "Client not allowed OAuth 2.0 Device Authorization Grant"},
		"token exchange where it is off": {body: "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=x", header: basic,
			status: 400, code: "invalid_request", text: "Standard token exchange is not enabled for the requested client"},
		"no code": {body: "grant_type=authorization_code&redirect_uri=x", header: basic,
			status: 400, code: "invalid_request", text: "Missing parameter: code"},
		"a code that never was": {body: "grant_type=authorization_code&code=nope&redirect_uri=x", header: basic,
			status: 400, code: "invalid_grant", text: "Code not valid"},
		"a well-formed code that never was": {body: "grant_type=authorization_code&code=a.b.c&redirect_uri=x", header: basic,
			status: 400, code: "invalid_grant", text: "Code not valid"},
		"no refresh token": {body: "grant_type=refresh_token", header: basic,
			status: 400, code: "invalid_request", text: "No refresh token"},
		"no client": {body: "grant_type=client_credentials",
			status: 401, code: "invalid_client", text: "Invalid client or Invalid client credentials"},
		"an unknown client": {body: "grant_type=authorization_code&client_id=nope&client_secret=x&code=x",
			status: 401, code: "invalid_client", text: "Invalid client or Invalid client credentials"},
		"a disabled client": {body: "grant_type=client_credentials&client_id=bench-off&client_secret=off-secret",
			status: 401, code: "invalid_client", text: "Invalid client or Invalid client credentials"},
		"a bearer-only client": {body: "grant_type=client_credentials&client_id=bench-bearer&client_secret=bearer-secret",
			status: 401, code: "invalid_client", text: "Invalid client or Invalid client credentials"},
		"a wrong secret": {body: "grant_type=client_credentials&client_id=bench-app&client_secret=wrong",
			status: 401, code: "unauthorized_client", text: "Invalid client or Invalid client credentials"},
		"no secret": {body: "grant_type=client_credentials&client_id=bench-app",
			status: 401, code: "unauthorized_client", text: "Invalid client or Invalid client credentials"},
		"two ways of authentication": {body: "grant_type=client_credentials&client_secret=bench-secret", header: basic,
			status: 400, code: "invalid_request", text: "More than one way of client authentication"},
		"an assertion beside Basic": {body: "grant_type=client_credentials&client_assertion=x", header: basic,
			status: 400, code: "invalid_request", text: "More than one way of client authentication"},
		"two clients": {body: "grant_type=client_credentials&client_id=bench-public", header: basic,
			status: 400, code: "invalid_request", text: "client_id is not the one of the Authorization header"},
		"another scheme": {body: "grant_type=client_credentials", header: []string{"Authorization", "Bearer x"},
			status: 401, code: "invalid_client", text: "Invalid client or Invalid client credentials"},
		"the secret in the URL": {url: "?client_secret=bench-secret&client_id=bench-app", body: "grant_type=client_credentials",
			status: 400, code: "invalid_request", text: "Parameters belong into the body of the request"},
		"the code in the URL": {url: "?code=x", body: "grant_type=authorization_code", header: basic,
			status: 400, code: "invalid_request", text: "Parameters belong into the body of the request"},
		"an unknown scope": {body: "grant_type=client_credentials&scope=nope", header: basic,
			status: 400, code: "invalid_scope", text: "Invalid scopes: nope"},
		"a public client's service account": {body: "grant_type=client_credentials&client_id=bench-public",
			status: 401, code: "unauthorized_client", text: "Public client not allowed to retrieve service account"},
		"a client without a service account": {body: "grant_type=client_credentials", header: as("bench-pkce"),
			status: 401, code: "unauthorized_client", text: "Client not enabled to retrieve service account"},
		"a NUL": {body: "grant_type=client_credentials&scope=%00", header: basic,
			status: 400, code: "invalid_request", text: "duplicated parameter"},
	} {
		t.Run(name, func(t *testing.T) {
			a := b.postBody(endpoint+c.url, c.body, c.header...)
			wantError(t, a, c.status, c.code, c.text)
			if strings.Contains(string(a.body), "secret\":") || a.header.Get("Pragma") != "no-cache" {
				t.Errorf("%v %s", a.header, a.body)
			}
		})
	}
	if a := b.get(endpoint + "?grant_type=client_credentials"); a.status != http.StatusMethodNotAllowed || a.text("error") != "HTTP 405 Method Not Allowed" || a.header.Get("Allow") == "" {
		t.Errorf("GET: %d %v %s", a.status, a.header.Get("Allow"), a.body)
	}
	if a := b.postBody(endpoint, "grant_type=client_credentials&x="+strings.Repeat("x", 70<<10), basic...); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large body: %d %s", a.status, a.body)
	}
	for _, realm := range []string{"nope", "closed"} {
		a := b.postBody(w.endpoint(realm, "token"), "grant_type=client_credentials", basic...)
		if (realm == "nope" && (a.status != 404 || a.text("error") != "Realm does not exist")) || (realm == "closed" && a.status != 403) {
			t.Errorf("realm %s: %d %s", realm, a.status, a.body)
		}
	}
}

// A client whose secret has characters that the two ways of writing it differ
// in is known by both (RFC 6749 2.3.1).
func TestSecretInEitherEncoding(t *testing.T) {
	w := sqliteWorld(t)
	b := w.browser()
	raw := clientSecrets["bench-pkce"]
	for name, text := range map[string]string{"encoded": url.QueryEscape(raw), "as it is": raw} {
		header := "Basic " + base64.StdEncoding.EncodeToString([]byte("bench-pkce:"+text))
		a := b.postBody(w.endpoint("bench", "token"), "grant_type=authorization_code&code=nope", "Authorization", header)
		wantError(t, a, 400, "invalid_grant", "Code not valid")
		_ = name
	}
}

// A client that is registered for another way to authenticate itself cannot
// use its secret.
func TestOtherAuthenticatorType(t *testing.T) {
	w := sqliteWorld(t)
	w.changeClient("bench-app", func(c *latchkey.Client) { c.ClientAuthenticatorType = "client-jwt" })
	wantError(t, w.token("bench-app", "grant_type", "client_credentials"), 401, "invalid_client", "Invalid client or Invalid client credentials")
}

// Guesses at a client's secret are counted for the client and the network, and
// then nothing is compared any more, not even the right one.
func TestGuessingSecretsSlowsDown(t *testing.T) {
	w := sqliteWorld(t)
	b := w.browser()
	try := func(client, password string) *answer {
		return b.post(w.endpoint("bench", "token"), url.Values{"grant_type": {"authorization_code"}, "code": {"nope"}, "client_id": {client}, "client_secret": {password}})
	}
	last := 0
	for range 12 {
		last = try("bench-app", "guess").status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the twelfth guess: %d", last)
	}
	a := try("bench-app", "bench-secret")
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("the right one while waiting: %d %s", a.status, a.body)
	}
	if a := try("bench-narrow", "narrow-secret"); a.status != http.StatusBadRequest || a.text("error") != "invalid_grant" {
		t.Errorf("another client waits too: %d %s", a.status, a.body)
	}
	w.clock.Advance(time.Hour)
	if a := try("bench-app", "bench-secret"); a.text("error") != "invalid_grant" {
		t.Errorf("an hour later: %d %s", a.status, a.body)
	}
}
