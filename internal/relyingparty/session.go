package relyingparty

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"latchkey/internal/secret"
)

// The cookies of a party besides the one of who is signed in here, by purpose;
// web adds prefix and realm.
func (p *Party) loginCookie() string  { return p.Cookie + "-sign-in" } // sign-ins under way
func (p *Party) noticeCookie() string { return p.Cookie + "-notice" }  // what the next page says

// Held is what the browser keeps for us, sealed.
type Held struct {
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
func (p *Party) seal(purpose, realm string, v any) (string, bool) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", false
	}
	value := base64.RawURLEncoding.EncodeToString(p.Keyring.Seal(purpose, realm, plain))
	return value, len(value) <= maxCookie
}

// open reads a cookie that this server sealed; what anybody else wrote is none.
func (p *Party) open(r *http.Request, purpose, realm string, v any) bool {
	value, ok := p.Site.Cookie(r, purpose, realm)
	if !ok || len(value) > maxCookie {
		return false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return false
	}
	plain, err := p.Keyring.Open(purpose, realm, sealed)
	return err == nil && json.Unmarshal(plain, v) == nil
}

// read finds who is signed in.
func (v *Visit) read() bool {
	return v.open(v.R, v.Cookie, v.Snap.Realm.Name, &v.Held) && v.Held.Refresh != "" && v.Held.Code != ""
}

// Keep gives the browser what it keeps for us. It says no when that is more
// than browsers keep.
func (v *Visit) Keep() bool {
	value, ok := v.seal(v.Cookie, v.Snap.Realm.Name, v.Held)
	if !ok && v.Held.From != "" {
		v.Held.From, v.Held.FromAt = "", ""
		value, ok = v.seal(v.Cookie, v.Snap.Realm.Name, v.Held)
	}
	if ok {
		v.Site.SetCookie(v.W, v.Cookie, v.Snap.Realm.Name, value, 0)
	}
	return ok
}

// forget ends the console's own session in this browser.
func (v *Visit) forget() {
	v.remembered.drop(v.Held.Refresh)
	v.Site.ClearCookie(v.W, v.Cookie, v.Snap.Realm.Name)
}

// Say has the next page say it: a name of the notices.
func (v *Visit) Say(notice string) {
	v.Site.SetCookie(v.W, v.noticeCookie(), v.Snap.Realm.Name, notice, time.Minute)
}

// Said takes what this page is to say: a key, and the kind of note.
func (v *Visit) Said() (key, kind string) {
	name, ok := v.Site.Cookie(v.R, v.noticeCookie(), v.Snap.Realm.Name)
	if !ok {
		return "", ""
	}
	v.Site.ClearCookie(v.W, v.noticeCookie(), v.Snap.Realm.Name)
	kind = "good"
	if name == "failed" || name == "cancelled" {
		kind = "warn"
	}
	return v.Notices[name], kind
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
