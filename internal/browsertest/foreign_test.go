package browsertest_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"latchkey/internal/browsertest"
	"latchkey/internal/representation"
	"latchkey/internal/servertest"
)

// keycloak-js, unchanged: it signs in, reads its tokens, refreshes them, asks
// for userinfo and signs out.
func TestKeycloakJS(t *testing.T) {
	s := servertest.Start(t)
	mux := http.NewServeMux()
	app := httptest.NewServer(mux)
	t.Cleanup(app.Close)
	rp := s.RP("demo", func(c *representation.Client) {
		c.RedirectURIs, c.WebOrigins = []string{app.URL + "/spa"}, []string{app.URL}
		c.Attributes["post.logout.redirect.uris"] = app.URL + "/spa"
	})
	library := browsertest.Module(t, "keycloak-js/lib/keycloak.js")
	mux.HandleFunc("GET /keycloak.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(library)
	})
	mux.HandleFunc("GET /spa", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Application</title><h1>Application</h1><p id="who">...</p>
<script type="module">
import Keycloak from "/keycloak.js";
window.keycloak = new Keycloak({ url: %q, realm: "demo", clientId: %q });
const signedIn = await keycloak.init({ onLoad: "check-sso", pkceMethod: "S256", checkLoginIframe: false, silentCheckSsoFallback: false });
document.querySelector("#who").textContent = signedIn ? "signed in as " + keycloak.idTokenParsed.email : "signed out";
</script></html>`, s.Base, rp.Client.ClientID)
	})

	b := browsertest.New(t)
	p := b.Open(app.URL + "/spa")
	p.See("signed out") // prompt=none came back with login_required
	p.Lead(`keycloak.login()`)
	p.Type("input[name=username]", ada)
	p.Enter("input[name=username]")
	p.Goto(s.Mail.Wait(ada).Link)
	p.See("signed in as " + ada)
	if !browsertest.Eval[bool](p, `keycloak.updateToken(-1)`) {
		t.Error("the tokens were not refreshed")
	}
	if got := browsertest.Eval[string](p, `keycloak.loadUserInfo().then(i => i.email)`); got != ada {
		t.Errorf("userinfo says %q", got)
	}
	if got := browsertest.Eval[string](p, `[keycloak.tokenParsed.typ, keycloak.hasRealmRole("nothing"), keycloak.realmAccess?.roles.length > 0].join(" ")`); got != "Bearer false true" {
		t.Errorf("the access token is %s", got)
	}
	p.Lead(`keycloak.logout()`)
	p.At(app.URL + "/spa")
	p.See("signed out")
}

// openid-client on a server: discovery, PKCE, code, userinfo, refresh, and what
// it says of a code that is used twice.
func TestOpenIDClient(t *testing.T) {
	s := servertest.Start(t)
	rp := s.RP("demo", func(c *representation.Client) { c.PublicClient = new(false) })
	cmd := browsertest.Node(t, "openid-client.mjs", s.Site().Issuer("demo"), rp.Client.ClientID, rp.Client.Secret.Reveal(),
		rp.OAuth.RedirectURL, strconv.FormatInt(s.Clock.Now().Unix(), 10))
	var complaints strings.Builder
	cmd.Stderr = &complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	said := func(v any) {
		t.Helper()
		if !lines.Scan() {
			_ = cmd.Wait()
			t.Fatalf("openid-client: %s", &complaints)
		}
		if err := json.Unmarshal(lines.Bytes(), v); err != nil {
			t.Fatalf("openid-client said %q", lines.Text())
		}
	}
	var request struct{ URL string }
	said(&request)
	b := s.Browser()
	b.Get(request.URL).FormWith("username").Set("username", ada).Submit()
	page := b.Get(s.Mail.Wait(ada).Link).Form(0).Submit()
	fmt.Fprintln(in, page.URL)
	var got struct {
		Email, Userinfo, Reused, Logout string
		Refreshed                       bool
	}
	said(&got)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("openid-client: %v: %s", err, &complaints)
	}
	if got.Email != ada || got.Userinfo != ada || !got.Refreshed || got.Reused != "invalid_grant" {
		t.Errorf("openid-client got %+v", got)
	}
	if out := b.Get(got.Logout); out.Status != http.StatusOK {
		t.Errorf("logout: %d at %s", out.Status, out.URL)
	}
}
