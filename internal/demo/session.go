package demo

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"latchkey/internal/secret"
)

const (
	sessionCookie = "demo-session"
	loginCookie   = "demo-login"
	sessionTime   = 8 * time.Hour
	loginTime     = time.Hour
	maxKept       = 1000 // of each kind; the oldest goes first
)

// session is somebody who is signed in to the application.
type session struct {
	token   *oauth2.Token
	idToken string
	name    string
	expires time.Time
}

// attempt is a sign-in under way, kept by its state.
type attempt struct {
	browser  string // the secret of the browser that began it
	nonce    string
	verifier string
	expires  time.Time
}

// sessions is the application's memory, which a file may keep. Keys are hashes
// of what browsers hold.
type sessions struct {
	now      func() time.Time
	file     string // empty: none
	log      *slog.Logger
	mu       sync.Mutex
	people   map[string]*session
	attempts map[string]attempt
}

func newSessions(o Options) *sessions {
	s := &sessions{now: o.Now, file: o.File, log: o.Log, people: map[string]*session{}, attempts: map[string]attempt{}}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.load()
	return s
}

func key(value string) string { return base64.RawURLEncoding.EncodeToString(secret.Hash(value)) }

// begin keeps an attempt under a new state.
func (s *sessions) begin(a attempt) (state string) {
	state = secret.Token()
	a.expires = s.now().Add(loginTime)
	s.mu.Lock()
	defer s.mu.Unlock()
	makeRoom(s.attempts, s.now(), func(a attempt) time.Time { return a.expires })
	s.attempts[key(state)] = a
	s.save()
	return state
}

// take gives the attempt of the state once.
func (s *sessions) take(state string) (attempt, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.attempts[key(state)]
	if ok {
		delete(s.attempts, key(state))
		s.save()
	}
	return a, ok && s.now().Before(a.expires)
}

// start keeps a session and gives the cookie's value.
func (s *sessions) start(n session) (cookie string) {
	cookie = secret.Token()
	n.expires = s.now().Add(sessionTime)
	s.mu.Lock()
	defer s.mu.Unlock()
	makeRoom(s.people, s.now(), func(n *session) time.Time { return n.expires })
	s.people[key(cookie)] = &n
	s.save()
	return cookie
}

// renew takes new tokens in; no when the session ended meanwhile.
func (s *sessions) renew(cookie string, token *oauth2.Token, idToken string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.people[key(cookie)]
	if !ok {
		return false
	}
	fresh := *n
	fresh.token = token
	if idToken != "" {
		fresh.idToken = idToken
	}
	s.people[key(cookie)] = &fresh
	s.save()
	return true
}

func (s *sessions) end(cookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.people, key(cookie))
	s.save()
}

func (s *sessions) find(cookie string) (*session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.people[key(cookie)]
	return n, ok && s.now().Before(n.expires)
}

// makeRoom drops what is over, and the oldest when there is still too much.
func makeRoom[V any](m map[string]V, now time.Time, expires func(V) time.Time) {
	if len(m) < maxKept {
		return
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y string) int { return expires(m[x]).Compare(expires(m[y])) })
	for i, k := range keys {
		if i > 0 && expires(m[k]).After(now) {
			break
		}
		delete(m, k)
	}
}

// signedIn finds the session of the request's browser.
func (a *App) signedIn(r *http.Request) (cookie string, n *session, ok bool) {
	cookie, ok = a.site.Cookie(r, sessionCookie, "")
	if !ok {
		return "", nil, false
	}
	n, ok = a.sessions.find(cookie)
	return cookie, n, ok
}
