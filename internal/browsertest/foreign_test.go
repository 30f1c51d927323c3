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

// spa serves an application that uses keycloak-js, unchanged, at the address;
// it checks silently, in a frame, and asks the status frame every second.
func spa(t *testing.T, s *servertest.Server, host string) (start string) {
	t.Helper()
	mux := http.NewServeMux()
	app := httptest.NewServer(mux)
	t.Cleanup(app.Close)
	base := strings.Replace(app.URL, "127.0.0.1", host, 1)
	rp := s.RP("demo", func(c *representation.Client) {
		c.RedirectURIs, c.WebOrigins = []string{base + "/spa", base + "/silent"}, []string{base}
		c.Attributes["post.logout.redirect.uris"] = base + "/spa"
	})
	library := browsertest.Module(t, "keycloak-js/lib/keycloak.js")
	mux.HandleFunc("GET /keycloak.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(library)
	})
	mux.HandleFunc("GET /silent", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!doctype html><title>x</title><script>parent.postMessage(location.href, location.origin)</script>`))
	})
	mux.HandleFunc("GET /spa", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Application</title><h1>Application</h1><p id="who">...</p>
<script type="module">
import Keycloak from "/keycloak.js";
window.keycloak = new Keycloak({ url: %q, realm: "demo", clientId: %q });
const say = text => document.querySelector("#who").textContent = text;
keycloak.onAuthLogout = () => say("signed out elsewhere");
const signedIn = await keycloak.init({ onLoad: "check-sso", pkceMethod: "S256", checkLoginIframe: true, checkLoginIframeInterval: 1,
  silentCheckSsoRedirectUri: location.origin + "/silent", silentCheckSsoFallback: true });
say(signedIn ? "signed in as " + keycloak.idTokenParsed.email : "signed out");
</script></html>`, s.Base, rp.Client.ClientID)
	})
	return base + "/spa"
}

// keycloak-js signs in, reads its tokens, refreshes them, asks for userinfo and
// signs out, in a site of its own: the cookies do not come into its frames, and
// it is told so.
func TestKeycloakJS(t *testing.T) {
	s := servertest.Start(t)
	start := spa(t, s, "127.0.0.1")
	b := browsertest.New(t)
	p := b.Open(start)
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
	if browsertest.Eval[bool](p, `document.querySelector("iframe[src*=login-status]") !== null`) {
		t.Error("the status frame is asked although cookies do not come there")
	}
	p.Lead(`keycloak.logout()`)
	p.At(start)
	p.See("signed out")
}

// In the server's own site keycloak-js learns silently, in frames, that
// somebody is signed in, and that they signed out in another tab.
func TestKeycloakJSFrames(t *testing.T) {
	s := servertest.Start(t)
	start := spa(t, s, "localhost")
	b := browsertest.New(t)
	p := b.Open(start)
	p.See("signed out")
	p.Lead(`keycloak.login()`)
	p.Type("input[name=username]", ada)
	p.Enter("input[name=username]")
	p.Goto(s.Mail.Wait(ada).Link)
	p.See("signed in as " + ada)
	if !browsertest.Eval[bool](p, `document.querySelector("iframe[src*=login-status]") !== null`) {
		t.Fatal("the status frame is not asked")
	}

	other := b.Open(start)
	other.See("signed in as " + ada) // silently
	if got := browsertest.Eval[string](other, `location.search + location.hash`); got != "" {
		t.Errorf("it went somewhere: %q", got)
	}
	other.Lead(`keycloak.logout()`)
	other.At(start)
	other.See("signed out")
	p.See("signed out elsewhere")
	for _, f := range b.Findings() {
		// Chromium's opinion on the sandbox that keycloak-js gives its own frame.
		if f.Kind != browsertest.Console || !strings.Contains(f.Text, "allow-same-origin") {
			t.Errorf("browser: %s", f)
		}
	}
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
