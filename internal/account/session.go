package account

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"latchkey/internal/secret"
	"latchkey/internal/web"
)

// The cookies of the console, by purpose; web adds prefix and realm.
const (
	cookieSession = "account"         // who is signed in here
	cookieLogin   = "account-sign-in" // sign-ins under way
	cookieNotice  = "account-notice"  // what the next page says
)

// held is what the browser keeps for us, sealed.
type held struct {
	Refresh string `json:"r"`
	Who     string `json:"w,omitempty"` // address or name, for the page's head
	Code    string `json:"c"`           // of every form
	Locale  string `json:"l,omitempty"` // the person's language; empty when they chose none
	// The application that the person came from, and where it is; empty when
	// it is not known.
	From   string `json:"f,omitempty"`
	FromAt string `json:"u,omitempty"`
}

// maxCookie bounds a sealed cookie: browsers keep 4096 bytes with its name.
const maxCookie = 3800

// seal makes the value of a cookie of the realm.
func (c *Console) seal(purpose, realm string, v any) (string, bool) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", false
	}
	value := base64.RawURLEncoding.EncodeToString(c.Keyring.Seal(purpose, realm, plain))
	return value, len(value) <= maxCookie
}

// open reads a cookie that this server sealed; what anybody else wrote is none.
func (c *Console) open(r *http.Request, purpose, realm string, v any) bool {
	value, ok := c.Site.Cookie(r, purpose, realm)
	if !ok || len(value) > maxCookie {
		return false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return false
	}
	plain, err := c.Keyring.Open(purpose, realm, sealed)
	return err == nil && json.Unmarshal(plain, v) == nil
}

// read finds who is signed in.
func (v *visit) read() bool {
	return v.open(v.r, cookieSession, v.snap.Realm.Name, &v.held) && v.held.Refresh != "" && v.held.Code != ""
}

// keep gives the browser what it keeps for us. It says no when that is more
// than browsers keep.
func (v *visit) keep() bool {
	value, ok := v.seal(cookieSession, v.snap.Realm.Name, v.held)
	if !ok && v.held.From != "" {
		v.held.From, v.held.FromAt = "", ""
		value, ok = v.seal(cookieSession, v.snap.Realm.Name, v.held)
	}
	if ok {
		v.Site.SetCookie(v.w, cookieSession, v.snap.Realm.Name, value, 0)
	}
	return ok
}

// forget ends the console's own session in this browser.
func (v *visit) forget() {
	v.remembered.drop(v.held.Refresh)
	v.Site.ClearCookie(v.w, cookieSession, v.snap.Realm.Name)
}

// from takes in where the person comes from, when the address says so: an
// application of the realm, and one of its redirect URIs or its own start.
func (v *visit) from() error {
	query, err := web.Query(v.r)
	if err != nil || v.r.Method != http.MethodGet || !query.Has("referrer") {
		return err
	}
	client := v.snap.ClientByClientID(query.Get("referrer"))
	if client == nil || !client.Enabled || client.ClientID == ClientID {
		return nil
	}
	base := v.Site.URL()
	to := query.Get("referrer_uri")
	if to == "" && client.BaseURL != "" {
		to = client.ResolveURI(base, client.BaseURL)
	} else if !client.AllowsRedirect(to, base) {
		return nil
	}
	if !strings.HasPrefix(to, "https://") && !strings.HasPrefix(to, "http://") {
		return nil // a link of ours opens web pages only
	}
	v.held.From, v.held.FromAt = client.ClientID, to
	v.keep()
	return nil
}

// notices are what a page may say of what was just done, with the key of the
// catalogue.
var notices = map[string]string{
	"saved": "account.saved", "named": "account.named", "ended": "account.session.ended", "others": "account.sessions.ended",
	"revoked": "account.consent.revoked", "done": "account.action.done", "cancelled": "account.action.cancelled", "failed": "account.action.failed",
}

// say has the next page say it.
func (v *visit) say(notice string) {
	v.Site.SetCookie(v.w, cookieNotice, v.snap.Realm.Name, notice, time.Minute)
}

// said takes what this page is to say.
func (v *visit) said() (key, kind string) {
	name, ok := v.Site.Cookie(v.r, cookieNotice, v.snap.Realm.Name)
	if !ok {
		return "", ""
	}
	v.Site.ClearCookie(v.w, cookieNotice, v.snap.Realm.Name)
	kind = "good"
	if name == "failed" || name == "cancelled" {
		kind = "warn"
	}
	return notices[name], kind
}

// tokens remembers access tokens, by their refresh tokens' hashes. Losing all
// of it costs a refresh each.
type tokens struct {
	mu   sync.Mutex
	good map[string]access
}

type access struct {
	token string
	until time.Time
}

// maxTokens bounds how many are remembered.
const maxTokens = 2000

func (t *tokens) find(refresh string, now time.Time) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if a := t.good[key(refresh)]; now.Before(a.until) {
		return a.token
	}
	return ""
}

func (t *tokens) put(refresh, token string, now, until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.good) >= maxTokens {
		for k, a := range t.good {
			if !now.Before(a.until) {
				delete(t.good, k)
			}
		}
	}
	if t.good == nil || len(t.good) >= maxTokens {
		t.good = map[string]access{}
	}
	t.good[key(refresh)] = access{token, until}
}

func (t *tokens) drop(refresh string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.good, key(refresh))
}

func key(refresh string) string { return string(secret.Hash(refresh)) }
