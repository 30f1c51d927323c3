package admin_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

type madeLink struct {
	UserID string `json:"user_id"`
	Link   string `json:"link"`
	Sent   bool   `json:"sent"`
}

// post calls the API and gives status and body.
func (w *world) post(realmName, token, body string) (int, string) {
	w.t.Helper()
	headers := []string{"Content-Type: application/json", "Accept: application/json"}
	if token != "" {
		headers = append(headers, "Authorization: Bearer "+token)
	}
	return w.s.Send(http.MethodPost, "/realms/"+realmName+"/magic-link", body, headers...)
}

// made calls the API and expects a link.
func (w *world) made(change map[string]any) madeLink {
	w.t.Helper()
	status, body := w.post("demo", w.manager, w.body(change))
	var a madeLink
	if err := json.Unmarshal([]byte(body), &a); status != http.StatusOK || err != nil {
		w.t.Fatalf("%d %s", status, body)
	}
	return a
}

func (w *world) body(change map[string]any) string {
	m := map[string]any{"email": "ada@example.test", "client_id": w.rp.Client.ClientID, "redirect_uri": w.rp.OAuth.RedirectURL}
	for k, v := range change {
		if v == nil {
			delete(m, k)
		} else {
			m[k] = v
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// TestAnswers compares with the recorded answers of the extension, and with
// where Latchkey departs from them (docs/keycloak.md).
func TestAnswers(t *testing.T) {
	w := newWorld(t)
	w.s.AddUser("demo", "ada@example.test", "", func(u *latchkey.User) { u.Username = "ada" })
	w.s.AddUser("demo", "off@example.test", "", func(u *latchkey.User) { u.Enabled = false })
	type m = map[string]any
	for name, c := range map[string]struct {
		token, body string
		status      int
		want        string // the body, or a part of it
	}{
		"no token":                   {"", w.body(nil), 401, `{"error":"HTTP 401 Unauthorized"}`},
		"a token that is none":       {"nope", w.body(nil), 401, `{"error":"HTTP 401 Unauthorized"}`},
		"without manage-users":       {w.nobody, w.body(nil), 403, `{"error":"magic link requires manage-users"}`},
		"no client":                  {w.manager, w.body(m{"client_id": nil}), 404, `{"error":"Client with ID null not found."}`},
		"unknown client":             {w.manager, w.body(m{"client_id": "nope"}), 404, `{"error":"Client with ID nope not found."}`},
		"empty":                      {w.manager, `{}`, 404, `{"error":"Client with ID null not found."}`},
		"no user":                    {w.manager, w.body(m{"email": nil}), 404, `{"error":"User with email/username null not found, and forceCreate is off."}`},
		"unknown user":               {w.manager, w.body(m{"email": "unknown@example.test"}), 404, `{"error":"User with email/username unknown@example.test not found, and forceCreate is off."}`},
		"unknown username":           {w.manager, w.body(m{"email": nil, "username": "bob", "force_create": true}), 404, `{"error":"User with email/username bob not found, and forceCreate is off."}`},
		"redirect not registered":    {w.manager, w.body(m{"redirect_uri": "http://evil.test/"}), 400, `{"error":"redirectUri http://evil.test/ disallowed by client."}`},
		"no redirect":                {w.manager, w.body(m{"redirect_uri": nil}), 400, `redirect_uri is missing`},
		"not JSON":                   {w.manager, `{`, 400, `{"error":"invalid_request","error_description":"Cannot parse the JSON (line 1, after character 1): it is incomplete or malformed."}`},
		"negative lifetime":          {w.manager, w.body(m{"expiration_seconds": -1}), 400, `expiration_seconds`},
		"no lifetime":                {w.manager, w.body(m{"expiration_seconds": 0}), 400, `expiration_seconds`},
		"more than 30 days":          {w.manager, w.body(m{"expiration_seconds": 30*86400 + 1}), 400, `expiration_seconds`},
		"PKCE plain":                 {w.manager, w.body(m{"code_challenge": strings.Repeat("a", 43), "code_challenge_method": "plain"}), 400, `code_challenge_method`},
		"a challenge that is none":   {w.manager, w.body(m{"code_challenge": "short"}), 400, `code_challenge`},
		"response mode":              {w.manager, w.body(m{"response_mode": "web_message"}), 400, `response_mode`},
		"a number as text":           {w.manager, w.body(m{"expiration_seconds": "600", "force_create": "true"}), 200, `"sent":false`},
		"no number":                  {w.manager, w.body(m{"expiration_seconds": "soon"}), 400, `"field":"expiration_seconds"`},
		"no switch":                  {w.manager, w.body(m{"force_create": "maybe"}), 400, `"field":"force_create"`},
		"a list for a text":          {w.manager, w.body(m{"scope": []string{"openid"}}), 400, `"field":"scope"`},
		"disabled user":              {w.manager, w.body(m{"email": "off@example.test"}), 400, `disabled`},
		"an address that is none":    {w.manager, w.body(m{"email": "a@b@c", "force_create": true}), 400, `email`},
		"unknown fields are ignored": {w.manager, w.body(m{"nope": 1}), 200, `"sent":false`},
		"by username":                {w.manager, w.body(m{"email": nil, "username": "ada"}), 200, `"link":"` + w.s.Base + `/realms/demo/login-actions/action-token?key=`},
		"username in email":          {w.manager, w.body(m{"email": "ada"}), 200, `"sent":false`},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := w.post("demo", c.token, c.body)
			body = strings.TrimSpace(body)
			if status != c.status || !strings.Contains(body, c.want) || (strings.HasPrefix(c.want, "{") && body != c.want) {
				t.Errorf("%d %s, want %d %s", status, body, c.status, c.want)
			}
		})
	}
	if status, body := w.post("nope", w.manager, w.body(nil)); status != 404 {
		t.Errorf("unknown realm: %d %s", status, body)
	}
	if status, _ := w.s.Get("/realms/demo/magic-link", "Authorization: Bearer "+w.manager, "Accept: application/json"); status != 405 {
		t.Errorf("GET: %d", status)
	}
}

// TestLinkSignsIn: the page names application and account and has a button;
// nothing submits itself, a GET changes nothing, and the application gets its
// state.
func TestLinkSignsIn(t *testing.T) {
	w := newWorld(t)
	u := w.s.AddUser("demo", "ada@example.test", "", nil)
	a := w.made(map[string]any{"state": "the-state", "nonce": "the-nonce", "scope": "openid email"})
	if a.UserID != u.ID || a.Sent {
		t.Errorf("answer %+v", a)
	}
	scanner := w.s.Browser()
	scanner.Do(http.MethodHead, a.Link, nil)
	if p := scanner.Get(a.Link); strings.Contains(p.Body, "<script") {
		t.Error("the page of a bearer link has a script: it could submit itself (R-002)")
	}
	b := w.s.Browser()
	p := b.Get(a.Link)
	if !p.Has("ada@example.test") || !p.Has("Test application") || b.Jar.Get("session-demo") != "" {
		t.Fatalf("the page: %s", p.Text())
	}
	p = p.Form(0).Submit()
	got := w.rp.Answer(p)
	if got.Get("state") != "the-state" || got.Get("code") == "" || got.Get("iss") != w.s.Site().Issuer("demo") {
		t.Errorf("the application got %v", got)
	}
	// A link that was handed out proves no mailbox.
	w.s.View(func(tx *store.Tx) error {
		u, err := tx.User(u.RealmID, u.ID)
		if err == nil && u.EmailVerified {
			t.Error("a link that was handed out proved the address")
		}
		return err
	})
	if p := w.s.Browser().Get(a.Link); !strings.Contains(p.Title(), "no longer works") {
		t.Errorf("used once, then: %q", p.Title())
	}
	if n := len(w.rp.Calls()); n != 1 {
		t.Errorf("answered %d times", n)
	}
}

// TestLinkAsksForConsent: a link is nobody's yes to what an application asks
// for.
func TestLinkAsksForConsent(t *testing.T) {
	w := newWorld(t)
	w.s.AddUser("demo", "ada@example.test", "", nil)
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		c := *snap.ClientByClientID(w.rp.Client.ClientID)
		c.ConsentRequired = true
		return tx.UpdateClient(&c)
	})
	p := w.s.Browser().Get(w.made(map[string]any{"scope": "openid email"}).Link).Form(0).Submit()
	if !strings.Contains(p.URL.Path, "/login-actions/consent") || !p.Has("Your email address") {
		t.Fatalf("at %s: %s", p.URL, p.Text())
	}
	if got := w.rp.Answer(p.Press("Yes, allow")); got.Get("code") == "" {
		t.Errorf("the application got %v", got)
	}
}

// TestMailedLinkAsksForTheAddress: a machine that reads the mailbox's links
// and presses everything gets nowhere, and spoils nothing.
func TestMailedLinkAsksForTheAddress(t *testing.T) {
	w := newWorld(t)
	u := w.s.AddUser("demo", "ada@example.test", "", nil)
	a := w.made(map[string]any{"send_email": true})
	if !a.Sent {
		t.Fatalf("not sent: %+v", a)
	}
	link := w.s.Mail.Wait("ada@example.test").Link
	if link == a.Link {
		t.Error("the caller holds the link that proves the mailbox")
	}
	scanner := w.s.Browser()
	for range 10 {
		p := scanner.Get(link)
		if p.Has("ada@example.test") {
			t.Fatalf("the page tells the address: %s", p.Text())
		}
		p.FormWith("address").Submit()
		p.FormWith("address").Set("address", "eve@example.test").Submit()
	}
	if scanner.Jar.Get("session-demo") != "" {
		t.Fatal("a scanner got a session")
	}
	b := w.s.Browser()
	p := b.Get(link).FormWith("address").Set("address", "Ada@example.test").Submit()
	if w.rp.Answer(p).Get("code") == "" {
		t.Fatalf("at %s: %s", p.URL, p.Text())
	}
	w.s.View(func(tx *store.Tx) error {
		u, err := tx.User(u.RealmID, u.ID)
		if err == nil && !u.EmailVerified {
			t.Error("a link that Latchkey mailed did not prove the address")
		}
		return err
	})
}

// TestForceCreate: the account is there, and proves nothing.
func TestForceCreate(t *testing.T) {
	w := newWorld(t)
	a := w.made(map[string]any{"email": "new@example.test", "force_create": true, "update_profile": true, "expiration_seconds": 60})
	w.s.View(func(tx *store.Tx) error {
		u, err := tx.UserByEmail(w.rp.Client.RealmID, "new@example.test")
		if err != nil {
			return err
		}
		if u.ID != a.UserID || u.EmailVerified || !u.HasRequiredAction(latchkey.ActionUpdateProfile) || u.Username != "new@example.test" {
			t.Errorf("made %+v", u)
		}
		return nil
	})
	b := w.s.Browser()
	p := b.Get(a.Link).Form(0).Submit()
	if !strings.Contains(p.Title(), "profile") || b.Jar.Get("session-demo") != "" {
		t.Errorf("required actions come before the session: %q", p.Title())
	}
	w.s.Clock.Advance(time.Minute)
	if a := w.made(map[string]any{"email": "new@example.test", "expiration_seconds": 60}); a.Link == "" {
		t.Error("no second link")
	} else {
		w.s.Clock.Advance(time.Minute)
		if p := w.s.Browser().Get(a.Link); !strings.Contains(p.Title(), "no longer works") {
			t.Errorf("an expired link: %q", p.Title())
		}
	}
}

// TestReusable: only when it is asked for.
func TestReusable(t *testing.T) {
	w := newWorld(t)
	w.s.AddUser("demo", "ada@example.test", "", nil)
	a := w.made(map[string]any{"reusable": true})
	for i := range 2 {
		p := w.s.Browser().Get(a.Link).Form(0).Submit()
		if w.rp.Answer(p).Get("code") == "" {
			t.Fatalf("time %d: %s", i+1, p.Text())
		}
	}
}

// TestNoPowerByLink: a link for somebody with more power than the caller is
// refused; realm master's administrators may.
func TestNoPowerByLink(t *testing.T) {
	w := newWorld(t)
	boss := w.s.AddUser("demo", "boss@example.test", "", nil)
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		c := snap.ClientByClientID(latchkey.ClientRealmManagement)
		return tx.AddUserRole(boss.RealmID, boss.ID, snap.RoleNamed(c.ID, "realm-admin").ID)
	})
	body := w.body(map[string]any{"email": "boss@example.test"})
	if status, text := w.post("demo", w.manager, body); status != 403 || !strings.Contains(text, "administrative role") {
		t.Errorf("manage-users alone: %d %s", status, text)
	}
	if status, text := w.post("demo", w.service("demo", "realm-admin"), body); status != 200 {
		t.Errorf("the realm's own administrator: %d %s", status, text)
	}
	if status, text := w.post("demo", w.service("master", latchkey.RoleAdmin), body); status != 200 {
		t.Errorf("master's administrator: %d %s", status, text)
	}
}

// TestEveryLinkIsAnAdminEvent, and the event holds no link.
func TestEveryLinkIsAnAdminEvent(t *testing.T) {
	w := newWorld(t)
	w.s.AddUser("demo", "ada@example.test", "", nil)
	a := w.made(nil)
	key, err := url.Parse(a.Link)
	if err != nil {
		t.Fatal(err)
	}
	w.s.View(func(tx *store.Tx) error {
		list, err := tx.AdminEvents(w.rp.Client.RealmID, store.AdminEventFilter{})
		if err != nil {
			return err
		}
		if len(list) != 1 || list[0].ResourcePath != "users/"+a.UserID+"/magic-link" || list[0].AuthClientID == "" {
			t.Errorf("admin events %+v", list)
		}
		for _, e := range list {
			_, secret, _ := strings.Cut(key.Query().Get("key"), ".")
			if strings.Contains(e.Representation, secret) {
				t.Error("the event holds the link")
			}
		}
		return nil
	})
}

// TestNoPowerByParts: who holds what an administrative role is made of holds
// not the role.
func TestNoPowerByParts(t *testing.T) {
	w := newWorld(t)
	viewer := w.s.AddUser("demo", "viewer@example.test", "", nil)
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		c := snap.ClientByClientID(latchkey.ClientRealmManagement)
		return tx.AddUserRole(viewer.RealmID, viewer.ID, snap.RoleNamed(c.ID, "view-users").ID)
	})
	body := w.body(map[string]any{"email": "viewer@example.test"})
	if status, text := w.post("demo", w.service("demo", "manage-users", "query-users", "query-groups"), body); status != 403 || !strings.Contains(text, "view-users") {
		t.Errorf("the parts of view-users: %d %s", status, text)
	}
	if status, text := w.post("demo", w.service("demo", "manage-users", "view-users"), body); status != 200 {
		t.Errorf("view-users: %d %s", status, text)
	}
}

// TestLinkOnlyWhereOneMaySignIn: a link begins no sign-in that the
// authorization endpoint would refuse to begin.
func TestLinkOnlyWhereOneMaySignIn(t *testing.T) {
	for name, change := range map[string]func(c *representation.Client){
		"the standard flow is off": func(c *representation.Client) { c.StandardFlowEnabled = new(false) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.s.AddUser("demo", "ada@example.test", "", nil)
			w.rp = w.s.RP("demo", change)
			if status, text := w.post("demo", w.manager, w.body(nil)); status != 400 {
				t.Errorf("%d %s", status, text)
			}
		})
	}
}

// TestLinkOfAnApplicationThatIsGone: the page says that the link no longer
// works, and nobody is signed in.
func TestLinkOfAnApplicationThatIsGone(t *testing.T) {
	w := newWorld(t)
	w.s.AddUser("demo", "ada@example.test", "", nil)
	a := w.made(nil)
	b := w.s.Browser()
	form := b.Get(a.Link).Form(0)
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		return tx.DeleteClient(w.rp.Client.RealmID, w.rp.Client.ID)
	})
	if p := form.Submit(); p.Status != http.StatusGone || b.Jar.Get("session-demo") != "" {
		t.Errorf("%d %q", p.Status, p.Title())
	}
}

// TestATokenOfNobody: an access token is worth nothing from the moment on that
// its account is switched off, or its client is.
func TestATokenOfNobody(t *testing.T) {
	w := newWorld(t)
	w.s.AddUser("demo", "ada@example.test", "", nil)
	for name, change := range map[string]func(tx *store.Tx, c *latchkey.Client, u *latchkey.User) error{
		"its account is switched off": func(tx *store.Tx, _ *latchkey.Client, u *latchkey.User) error {
			u.Enabled = false
			return tx.UpdateUser(u)
		},
		"its account's tokens are void": func(tx *store.Tx, _ *latchkey.Client, u *latchkey.User) error {
			u.NotBefore = tx.Now().Unix() + 1
			return tx.UpdateUser(u)
		},
		"its client is switched off": func(tx *store.Tx, c *latchkey.Client, _ *latchkey.User) error {
			c.Enabled = false
			return tx.UpdateClient(c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			token := w.service("demo", "manage-users")
			if status, body := w.post("demo", token, w.body(nil)); status != 200 {
				t.Fatalf("%d %s", status, body)
			}
			w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
				data, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
				if err != nil {
					return err
				}
				var says struct{ Azp, Sub string }
				if err := json.Unmarshal(data, &says); err != nil {
					return err
				}
				u, err := tx.User(snap.Realm.ID, says.Sub)
				if err != nil {
					return err
				}
				c := *snap.ClientByClientID(says.Azp)
				return change(tx, &c, u)
			})
			if status, body := w.post("demo", token, w.body(nil)); status != 401 {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}
