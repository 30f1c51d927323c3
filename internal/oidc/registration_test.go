package oidc_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// initialAccess makes an initial access of the realm that is good for so many
// clients, and gives its token.
func (w *world) initialAccess(realm string, count int, life time.Duration) (id, token string) {
	w.t.Helper()
	snap := w.snap(realm)
	a := &latchkey.InitialAccess{RealmID: snap.Realm.ID, CreatedAt: w.clock.Now(), Count: count, Remaining: count}
	if life > 0 {
		a.ExpiresAt = w.clock.Now().Add(life)
	}
	w.update(func(tx *store.Tx) error { return tx.CreateInitialAccess(a) })
	token, err := w.minter.MintInitialAccess(ctx, snap, w.site.Issuer(realm), a)
	if err != nil {
		w.t.Fatal(err)
	}
	return a.ID, token
}

// registers calls an address below clients-registrations of realm bench, with
// the token where there is one.
func (w *world) registers(method, path, token, body string) *answer {
	w.t.Helper()
	r, err := http.NewRequest(method, w.base+"/realms/bench/clients-registrations/"+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", "application/json")
	return w.browser().do(r)
}

const minimal = `{"redirect_uris":["https://app.example.test/cb"]}`

// an application registers itself with an initial access token, looks
// after itself with a token that is another after each use, and is gone when it
// says so.
func TestRegistration(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		_, token := w.initialAccess("bench", 1, time.Hour)
		a := w.registers("POST", "openid-connect", token, `{"redirect_uris":["https://app.example.test/cb"],"client_name":"App",
			"token_endpoint_auth_method":"client_secret_post","scope":"openid email address","contacts":["x@example.test"],"unheard_of":{"of":1},
			"post_logout_redirect_uris":["https://app.example.test/out"],"subject_type":"pairwise","logo_uri":"https://app.example.test/logo.png"}`)
		if a.status != http.StatusCreated {
			t.Fatalf("%d %s", a.status, a.body)
		}
		id, access := a.text("client_id"), a.text("registration_access_token")
		own := w.base + "/realms/bench/clients-registrations/openid-connect/" + id
		if a.header.Get("Location") != own || a.text("registration_client_uri") != own || len(a.text("client_secret")) < 40 || a.json["client_secret_expires_at"] != float64(0) ||
			a.text("client_name") != "App" || a.text("token_endpoint_auth_method") != "client_secret_post" || a.text("subject_type") != "pairwise" ||
			a.json["unheard_of"] != nil || !strings.Contains(a.text("scope"), "address") || strings.Contains(a.text("scope"), "phone") {
			t.Errorf("%s", a.body)
		}
		c := w.snap("bench").ClientByClientID(id)
		if c.FullScopeAllowed || !c.ConsentRequired || !c.Unapproved() || c.ServiceAccountsEnabled || c.DirectAccessGrantsEnabled || !c.StandardFlowEnabled {
			t.Errorf("%+v", c)
		}
		// The initial access was good for one.
		wantError(t, w.registers("POST", "openid-connect", token, minimal), 401, "invalid_token", "The initial access token is used up, has expired or was taken back")

		read := w.registers("GET", "openid-connect/"+id, access, "")
		if read.status != http.StatusOK || read.text("client_name") != "App" || read.text("registration_access_token") == access || read.text("client_secret") != a.text("client_secret") {
			t.Fatalf("%d %s", read.status, read.body)
		}
		const notYours = "Not authenticated to view or update the client"
		wantError(t, w.registers("GET", "openid-connect/"+id, access, ""), 401, "invalid_token", notYours) // only the last works
		access = read.text("registration_access_token")
		wantError(t, w.registers("GET", "openid-connect/bench-app", access, ""), 401, "invalid_token", notYours)

		// What is left out has its default again (RFC 7592 2.2); what the server gave is sent back as it is.
		changed := w.registers("PUT", "openid-connect/"+id, access, `{"client_id":"`+id+`","client_secret":"`+a.text("client_secret")+`","redirect_uris":["https://app.example.test/other"]}`)
		if changed.status != http.StatusOK || changed.text("client_name") != "" || changed.text("token_endpoint_auth_method") != "client_secret_basic" ||
			changed.text("subject_type") != "public" || changed.text("client_secret") != a.text("client_secret") {
			t.Fatalf("%d %s", changed.status, changed.body)
		}
		if c = w.snap("bench").ClientByClientID(id); !slices.Equal(c.RedirectURIs, []string{"https://app.example.test/other"}) || !c.ConsentRequired || !c.Unapproved() || c.FullScopeAllowed {
			t.Errorf("%+v", c)
		}
		access = changed.text("registration_access_token")
		if a := w.registers("DELETE", "openid-connect/"+id, access, ""); a.status != http.StatusNoContent {
			t.Fatalf("%d %s", a.status, a.body)
		}
		wantError(t, w.registers("GET", "openid-connect/"+id, access, ""), 401, "invalid_token", notYours)
		want := []string{"CLIENT_REGISTER", "CLIENT_REGISTER_ERROR:invalid_token", "CLIENT_INFO", "CLIENT_INFO_ERROR:invalid_token", "CLIENT_INFO_ERROR:invalid_token",
			"CLIENT_UPDATE", "CLIENT_DELETE", "CLIENT_INFO_ERROR:invalid_token"}
		if got := w.events(); !slices.Equal(got, want) {
			t.Errorf("events %v", got)
		}
	})
}

// a token that is used up, expired, taken back, of another realm or of
// another kind registers nothing, and neither does none.
// Where the realm has it off there is no registration, and discovery names none;
// who is refused too often waits, a good token or not.
func TestRegistrationIsLimited(t *testing.T) {
	w := sqliteWorld(t)
	_, good := w.initialAccess("bench", 2, 0)
	off := func(value string) {
		w.update(func(tx *store.Tx) error {
			snap, err := tx.Snapshot(w.snapID("bench"))
			if err != nil {
				return err
			}
			changed := *snap.Realm
			changed.Attributes = map[string]string{latchkey.AttributeClientRegistration: value}
			return tx.UpdateRealm(&changed)
		})
	}
	off("false")
	if a := w.registers("POST", "openid-connect", good, minimal); a.status != 404 {
		t.Errorf("switched off: %d %s", a.status, a.body)
	}
	off("true")
	if a := w.registers("POST", "openid-connect", good, minimal); a.status != 201 {
		t.Errorf("switched on: %d %s", a.status, a.body)
	}
	for i := range 100 {
		if a := w.registers("POST", "openid-connect", "", minimal); a.status != 403 {
			t.Fatalf("%d: %d %s", i, a.status, a.body)
		}
	}
	if a := w.registers("POST", "openid-connect", good, minimal); a.status != 429 || a.header.Get("Retry-After") == "" {
		t.Errorf("after a hundred: %d %s", a.status, a.body)
	}
}

func TestRegistrationNeedsAGoodToken(t *testing.T) {
	w := sqliteWorld(t)
	before := len(w.snap("bench").Clients)
	id, taken := w.initialAccess("bench", 1, 0)
	w.update(func(tx *store.Tx) error { _, err := tx.DeleteInitialAccess(w.snapID("bench"), id); return err })
	_, foreign := w.initialAccess("other", 1, 0)
	_, short := w.initialAccess("bench", 5, time.Minute)
	_, none := w.initialAccess("bench", 0, 0)
	_, good := w.initialAccess("bench", 1, 0)
	if a := w.registers("POST", "openid-connect", "", minimal); a.status != 403 || a.text("error") != "insufficient_scope" {
		t.Errorf("anonymous: %d %s", a.status, a.body)
	}
	tokens := w.tokens("bench-app")
	for name, token := range map[string]string{"taken back": taken, "of another realm": foreign, "used up": none, "no token": "x.y.z",
		"an ID token": tokens.text("id_token"), "a refresh token": tokens.text("refresh_token")} {
		a := w.registers("POST", "openid-connect", token, minimal)
		if a.status != 401 || a.text("error") != "invalid_token" || !strings.Contains(a.header.Get("WWW-Authenticate"), "invalid_token") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := w.registers("POST", "openid-connect", tokens.text("access_token"), minimal); a.status != 403 || a.text("error") != "insufficient_scope" {
		t.Errorf("an ordinary access token: %d %s", a.status, a.body)
	}
	// What is refused takes nothing from the initial access.
	if a := w.registers("POST", "openid-connect", good, `{"redirect_uris":["https://app.example.test/*"]}`); a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := w.registers("GET", "openid-connect/bench-app", good, ""); a.status != 401 {
		t.Errorf("an initial access reads: %d %s", a.status, a.body)
	}
	made := w.registers("POST", "openid-connect", good, minimal)
	if made.status != 201 {
		t.Fatalf("%d %s", made.status, made.body)
	}
	if a := w.registers("POST", "openid-connect", made.text("registration_access_token"), minimal); a.status != 401 {
		t.Errorf("a registration access token registers: %d %s", a.status, a.body)
	}
	w.clock.Advance(time.Minute)
	if a := w.registers("POST", "openid-connect", short, minimal); a.status != 401 {
		t.Errorf("expired: %d %s", a.status, a.body)
	}
	if now := len(w.snap("bench").Clients); now != before+1 {
		t.Errorf("%d clients, then %d", before, now)
	}
	// A client that is switched off has no say any more.
	w.changeClient(made.text("client_id"), func(c *latchkey.Client) { c.Enabled = false })
	if a := w.registers("GET", "openid-connect/"+made.text("client_id"), made.text("registration_access_token"), ""); a.status != 401 {
		t.Errorf("switched off: %d %s", a.status, a.body)
	}
}

// however many come at once, an initial access for one makes one
// client, and one registration access token is used once.
func TestParallelRegistration(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		before := len(w.snap("bench").Clients)
		_, token := w.initialAccess("bench", 1, 0)
		var made *answer
		for _, a := range atOnce(20, func(int) *answer { return w.registers("POST", "openid-connect", token, minimal) }) {
			switch {
			case a.status == 201 && made == nil:
				made = a
			case a.status != 401:
				t.Errorf("%d %s", a.status, a.body)
			}
		}
		if now := len(w.snap("bench").Clients); made == nil || now != before+1 {
			t.Fatalf("%d clients, then %d", before, now)
		}
		used := 0
		for _, a := range atOnce(20, func(int) *answer {
			return w.registers("GET", "openid-connect/"+made.text("client_id"), made.text("registration_access_token"), "")
		}) {
			switch a.status {
			case 200:
				used++
			case 401:
			default:
				t.Errorf("%d %s", a.status, a.body)
			}
		}
		if used != 1 {
			t.Errorf("a registration access token was used %d times", used)
		}
	})
}

// what an application may not say of itself, with the field in
// the answer.
func TestRegistrationRefuses(t *testing.T) {
	w := sqliteWorld(t)
	_, token := w.initialAccess("bench", 1, 0)
	with := func(member string) string { return strings.TrimSuffix(minimal, "}") + "," + member + "}" }
	redirect := func(uri string) string { return `{"redirect_uris":["` + uri + `"]}` }
	long := strings.Repeat("x", 3000)
	many, _ := json.Marshal(slices.Repeat([]string{"https://a.example.test/"}, 51))
	for _, c := range []struct{ body, code, field string }{
		{``, "invalid_client_metadata", ""},
		{`[]`, "invalid_client_metadata", ""},
		{`{}`, "invalid_redirect_uri", "redirect_uris"},
		{redirect("https://app.example.test/*"), "invalid_redirect_uri", "redirect_uris"},
		{redirect("*"), "invalid_redirect_uri", "redirect_uris"},
		{redirect("/cb"), "invalid_redirect_uri", "redirect_uris"},
		{redirect("http://app.example.test/cb"), "invalid_redirect_uri", "redirect_uris"},
		{redirect("https://app.example.test/cb#x"), "invalid_redirect_uri", "redirect_uris"},
		{redirect("https://me@app.example.test/cb"), "invalid_redirect_uri", "redirect_uris"},
		{redirect("https://app.example.test/../cb"), "invalid_redirect_uri", "redirect_uris"},
		{redirect("https://app.example.test/cb?code=x"), "invalid_redirect_uri", "redirect_uris"},
		{redirect("javascript:alert(1)"), "invalid_redirect_uri", "redirect_uris"},
		{redirect("myapp:/cb"), "invalid_redirect_uri", "redirect_uris"},
		{redirect("${authBaseUrl}/cb"), "invalid_redirect_uri", "redirect_uris"},
		{redirect("https://app.example.test/" + long), "invalid_redirect_uri", "redirect_uris"},
		{`{"redirect_uris":` + string(many) + `}`, "invalid_redirect_uri", "redirect_uris"},
		{with(`"post_logout_redirect_uris":["+"]`), "invalid_redirect_uri", "post_logout_redirect_uris"},
		{with(`"client_id":"mine"`), "invalid_client_metadata", "client_id"},
		{with(`"grant_types":["password"]`), "invalid_client_metadata", "grant_types"},
		{with(`"grant_types":["implicit"]`), "invalid_client_metadata", "grant_types"},
		{with(`"grant_types":["client_credentials"],"token_endpoint_auth_method":"none"`), "invalid_client_metadata", "grant_types"},
		{with(`"response_types":["id_token"]`), "invalid_client_metadata", "response_types"},
		{with(`"token_endpoint_auth_method":"tls_client_auth"`), "invalid_client_metadata", "token_endpoint_auth_method"},
		{with(`"token_endpoint_auth_method":"private_key_jwt"`), "invalid_client_metadata", "jwks"},
		{with(`"jwks":{"keys":[]}`), "invalid_client_metadata", "jwks"},
		{with(`"jwks":{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`), "invalid_client_metadata", "jwks"},
		{with(`"jwks":{"keys":[]},"jwks_uri":"https://app.example.test/jwks"`), "invalid_client_metadata", "jwks"},
		{with(`"jwks_uri":"http://app.example.test/jwks"`), "invalid_client_metadata", "jwks_uri"},
		{with(`"jwks_uri":"https://${realm}.example.test/jwks"`), "invalid_client_metadata", "jwks_uri"},
		{with(`"backchannel_logout_uri":"ftp://app.example.test/"`), "invalid_client_metadata", "backchannel_logout_uri"},
		{with(`"initiate_login_uri":"http://app.example.test/"`), "invalid_client_metadata", "initiate_login_uri"},
		{with(`"logo_uri":"javascript:alert(1)"`), "invalid_client_metadata", "logo_uri"},
		{with(`"client_uri":"data:text/html,x"`), "invalid_client_metadata", "client_uri"},
		{with(`"client_name":"${client_account}"`), "invalid_client_metadata", "client_name"},
		{with(`"client_name":"` + long + `"`), "invalid_client_metadata", "client_name"},
		{with(`"scope":"openid nonsense"`), "invalid_client_metadata", "scope"},
		{with(`"subject_type":"secret"`), "invalid_client_metadata", "subject_type"},
		{with(`"sector_identifier_uri":"https://sector.invalid/list","subject_type":"pairwise"`), "invalid_client_metadata", "sector_identifier_uri"},
		{`{"redirect_uris":["https://a.example.test/","https://b.example.test/"],"subject_type":"pairwise"}`, "invalid_client_metadata", "sectorIdentifierUri"},
		{with(`"id_token_signed_response_alg":"none"`), "invalid_client_metadata", "id_token_signed_response_alg"},
		{with(`"token_endpoint_auth_signing_alg":"none"`), "invalid_client_metadata", "token_endpoint_auth_signing_alg"},
	} {
		a := w.registers("POST", "openid-connect", token, c.body)
		if a.status != 400 || a.text("error") != c.code || !strings.HasPrefix(a.text("error_description"), c.field) {
			t.Errorf("%.100s: %d %s", c.body, a.status, a.body)
		}
	}
	if a := w.registers("POST", "openid-connect", token, `{"client_name":"`+strings.Repeat("x", 70<<10)+`"}`); a.status != 413 {
		t.Errorf("too large: %d", a.status)
	}
	if a := w.registers("POST", "openid-connect", token, minimal); a.status != 201 { // all of it took nothing
		t.Errorf("%d %s", a.status, a.body)
	}
}
