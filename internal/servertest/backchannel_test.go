package servertest_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/outbound"
	"latchkey/internal/representation"
	"latchkey/internal/server"
	"latchkey/internal/servertest"
	"latchkey/internal/session"
	"latchkey/internal/store"
)

// listener is an application's endpoint for logout tokens. Each call is
// answered by the next of its statuses, then by 200.
type listener struct {
	*httptest.Server
	mu       sync.Mutex
	statuses []int
	tokens   []string
	hang     chan struct{} // when set, calls wait for it
}

func listen(t *testing.T, statuses ...int) *listener {
	l := &listener{statuses: statuses}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.hang != nil {
			select {
			case <-l.hang:
			case <-r.Context().Done():
			}
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.tokens = append(l.tokens, r.PostFormValue("logout_token"))
		status := http.StatusOK
		if len(l.statuses) > 0 {
			status, l.statuses = l.statuses[0], l.statuses[1:]
		}
		if status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) got() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.tokens)
}

// told makes an application that is told of logouts at the address.
func told(s *servertest.Server, address string, attributes ...string) *servertest.RP {
	return s.RP("demo", func(c *representation.Client) {
		c.Attributes[latchkey.AttributeBackchannelURL] = address
		for i := 0; i+1 < len(attributes); i += 2 {
			c.Attributes[attributes[i]] = attributes[i+1]
		}
	})
}

func parts(t *testing.T, raw string) (head, claims map[string]any) {
	t.Helper()
	p := strings.Split(raw, ".")
	if len(p) != 3 {
		t.Fatalf("no token: %q", raw)
	}
	for i, into := range []*map[string]any{&head, &claims} {
		b, err := base64.RawURLEncoding.DecodeString(p[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, into); err != nil {
			t.Fatal(err)
		}
	}
	return head, claims
}

// oidcc-backchannel-rp-initiated-logout: the application that signs the person
// out, and every other one of the session, gets a logout token of the right
// form.
func TestBackchannelLogout(t *testing.T) {
	s, _ := byPassword(t)
	one, two := listen(t), listen(t)
	first, second := told(s, one.URL+"/logout"), told(s, two.URL+"/logout", latchkey.AttributeBackchannelSession, "false", latchkey.AttributeBackchannelOffline, "true")
	b := s.Browser()
	tokens := first.Finish(signIn(first.Start(b)))
	second.Finish(second.Start(b))
	p := b.Get(s.Site().RealmURL("demo", "protocol/openid-connect/logout") + "?" + url.Values{"id_token_hint": {tokens.IDToken}}.Encode())
	if p.Status != http.StatusOK {
		t.Fatalf("logout: %d %s", p.Status, p.Text())
	}
	s.Eventually("both to be told", func() bool { return len(one.got()) == 1 && len(two.got()) == 1 })
	head, claims := parts(t, one.got()[0])
	if head["typ"] != "logout+jwt" || head["alg"] != "RS256" || head["kid"] == "" {
		t.Errorf("head %v", head)
	}
	now := s.Clock.Now().Unix()
	if claims["iss"] != s.Site().Issuer("demo") || claims["aud"] != first.Client.ClientID || claims["sub"] != tokens.ID.Subject ||
		claims["sid"] != tokens.Claims["sid"] || claims["nonce"] != nil || claims["jti"] == "" ||
		claims["iat"] != float64(now) || claims["exp"].(float64) > float64(now+120) {
		t.Errorf("claims %v", claims)
	}
	if e := claims["events"].(map[string]any); len(e) != 1 || e["http://schemas.openid.net/event/backchannel-logout"] == nil {
		t.Errorf("events %v", e)
	}
	// It is no other token: a foreign library refuses it as an ID token only
	// when it looks at typ, so it must not pass for one of ours anywhere.
	if status, _ := s.Get(strings.TrimPrefix(s.Site().RealmURL("demo", "protocol/openid-connect/userinfo"), s.Site().URL()), "Authorization: Bearer "+one.got()[0]); status != http.StatusUnauthorized {
		t.Errorf("userinfo takes it: %d", status)
	}
	_, claims = parts(t, two.got()[0])
	if _, has := claims["sid"]; has || claims["events"].(map[string]any)["revoke_offline_access"] != true {
		t.Errorf("claims of the second: %v", claims)
	}
	s.Eventually("the events", func() bool {
		n := 0
		for _, e := range s.EventTypes("demo") {
			if e == string(latchkey.EventBackchannelLogout) {
				n++
			}
		}
		return n == 2
	})
}

// only 2xx counts; a redirect is not followed; what failed is tried
// again, and given up after a few minutes.
func TestBackchannelRetries(t *testing.T) {
	s, _ := byPassword(t)
	l, dead := listen(t, http.StatusInternalServerError, http.StatusFound), listen(t)
	dead.Close()
	rp, gone := told(s, l.URL+"/logout"), told(s, dead.URL+"/logout")
	b := s.Browser()
	user := rp.Finish(signIn(rp.Start(b))).ID.Subject
	gone.Finish(gone.Start(b))
	endAll(s, user)
	notices := func() (list []*latchkey.LogoutNotice) {
		s.View(func(tx *store.Tx) (err error) { list, err = tx.LogoutNotices(s.Snapshot("demo").Realm.ID); return err })
		return list
	}
	attempts := func(want int) func() bool {
		return func() bool {
			list := notices()
			return len(list) == 2 && list[0].Attempts >= want && list[1].Attempts >= want && list[0].ClaimedUntil.IsZero() && list[1].ClaimedUntil.IsZero()
		}
	}
	s.Eventually("a first try", attempts(1))
	s.Clock.Advance(time.Second)
	s.Eventually("a second try", attempts(2))
	s.Clock.Advance(2 * time.Second)
	s.Eventually("the third try to be taken", func() bool { return len(l.got()) == 3 && len(notices()) == 1 })
	if got := l.got(); len(got) != 3 || got[0] == got[2] {
		t.Errorf("%d calls, or one token twice", len(got))
	}
	s.Clock.Advance(6 * time.Minute)
	s.Eventually("the other to be given up", func() bool { return len(notices()) == 0 })
	if !slices.Contains(s.EventTypes("demo"), "BACKCHANNEL_LOGOUT_ERROR not_taken") {
		t.Errorf("events %v", s.EventTypes("demo"))
	}
}

// an application that hangs costs the person nothing.
func TestBackchannelHangs(t *testing.T) {
	s, _ := byPassword(t)
	l := listen(t)
	l.hang = make(chan struct{})
	t.Cleanup(func() { close(l.hang) })
	rp := told(s, l.URL+"/logout")
	b := s.Browser()
	tokens := rp.Finish(signIn(rp.Start(b)))
	p := b.Get(s.Site().RealmURL("demo", "protocol/openid-connect/logout") + "?" + url.Values{"id_token_hint": {tokens.IDToken},
		"post_logout_redirect_uri": {strings.TrimSuffix(rp.OAuth.RedirectURL, "callback")}}.Encode())
	if p.Status != http.StatusOK || !strings.HasPrefix(p.URL.String(), strings.TrimSuffix(rp.OAuth.RedirectURL, "callback")) {
		t.Fatalf("logout: %d %s", p.Status, p.URL)
	}
	if _, err := rp.Refresh(tokens.RefreshToken); err == nil {
		t.Error("the session lives on")
	}
}

// a claim survives the node that died with it, and however many nodes
// there are, an application is told once.
func TestBackchannelNodes(t *testing.T) {
	for name, options := range map[string][]servertest.Option{"sqlite": nil, "postgres": {servertest.OnPostgres(t)}} {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			allow, err := outbound.ParseAllowance(string(outbound.PurposeLogout) + "=" + l.URL)
			if err != nil {
				t.Fatal(err)
			}
			allowed := servertest.With(func(c *server.Config) { c.Outbound = append(c.Outbound, allow) })
			s := servertest.Start(t, append(options, allowed)...)
			rp := told(s, l.URL+"/logout")
			realm, at := s.Snapshot("demo").Realm.ID, s.Clock.Now()
			notice := func(id string, claimed time.Time) {
				s.Update(func(tx *store.Tx) error {
					return tx.CreateLogoutNotice(&latchkey.LogoutNotice{RealmID: realm, ID: id, ClientID: rp.Client.ID, UserID: "u", SessionID: id,
						ExpiresAt: at.Add(5 * time.Minute), ClaimedUntil: claimed, NextAttemptAt: at})
				})
			}
			notice("left", at.Add(30*time.Second))
			if name == "postgres" {
				s.Again(allowed)
				s.Again(allowed)
			}
			for i := range 20 {
				notice(strconv.Itoa(i), time.Time{})
			}
			waiting := func() (n int) {
				s.View(func(tx *store.Tx) error {
					list, err := tx.LogoutNotices(realm)
					n = len(list)
					return err
				})
				return n
			}
			looks := 0
			s.Eventually("all but the claimed one", func() bool {
				looks++
				if looks%100 == 0 && looks <= 1000 {
					s.Clock.Advance(time.Second) // what is more than an application is called at once waits for one
				}
				return waiting() == 1
			})
			if n := len(l.got()); n != 20 {
				t.Errorf("told %d times, of 20 sessions", n)
			}
			s.Clock.Advance(30 * time.Second)
			s.Eventually("the one that a dead node left", func() bool { return waiting() == 0 })
			if n := len(l.got()); n != 21 {
				t.Errorf("told %d times, of 21 sessions", n)
			}
		})
	}
}

func endAll(s *servertest.Server, userID string) {
	snap := s.Snapshot("demo")
	s.Update(func(tx *store.Tx) error { _, err := session.EndAll(tx, snap, userID, ""); return err })
}
