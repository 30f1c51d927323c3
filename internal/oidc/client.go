package oidc

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/ratelimit"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

const wrongClient = "Invalid client or Invalid client credentials"

// credentials are what a request says of its client.
type credentials struct {
	id        string
	secrets   []string // what the secret may be; none when none was sent
	basic     bool
	assertion string // empty when none was sent
}

// readCredentials takes client_id and secret, or an assertion, from the
// Authorization header or from the form: from one place, never from both, and
// never from the URL (RFC 6749 2.3).
func readCredentials(r *http.Request, form url.Values) (credentials, *oauthError) {
	headers := r.Header.Values("Authorization")
	if len(headers) > 1 {
		return credentials{}, refuse("invalid_request", "More than one Authorization header", "invalid_request")
	}
	posted, asserted := form.Get("client_secret"), form.Has("client_assertion") || form.Has("client_assertion_type")
	if asserted && (posted != "" || len(headers) > 0) || posted != "" && len(headers) > 0 && basicSent(r) {
		return credentials{}, refuse("invalid_request", "More than one way of client authentication", "invalid_client_credentials")
	}
	switch {
	case asserted:
		return readAssertion(form)
	case len(headers) == 0:
		c := credentials{id: form.Get("client_id")}
		if posted != "" {
			c.secrets = []string{posted}
		}
		return c, nil
	}
	id, password, ok := r.BasicAuth()
	if !ok {
		return credentials{}, badClient("invalid_client", "invalid_client_credentials")
	}
	c := credentials{id: formDecoded(id), secrets: []string{password}, basic: true}
	// RFC 6749 2.3.1 has both parts form-encoded; many programs send them as
	// they are. Where that makes a difference, either is the secret.
	if d := formDecoded(password); d != password {
		c.secrets = append(c.secrets, d)
	}
	if other := form.Get("client_id"); other != "" && other != c.id {
		if other != id {
			return credentials{}, refuse("invalid_request", "client_id is not the one of the Authorization header", "invalid_client_credentials")
		}
		c.id = id
	}
	return c, nil
}

func basicSent(r *http.Request) bool {
	_, _, ok := r.BasicAuth()
	return ok
}

// readAssertion takes an assertion from the form (RFC 7523 2.2). client_id may
// be left out: the assertion says it.
func readAssertion(form url.Values) (credentials, *oauthError) {
	raw := form.Get("client_assertion")
	if form.Get("client_assertion_type") != assertionType || raw == "" {
		return credentials{}, refuse("invalid_request", "client_assertion needs the client_assertion_type "+assertionType, "invalid_client_credentials")
	}
	c := credentials{id: form.Get("client_id"), assertion: raw}
	if c.id == "" {
		c.id = assertedClient(raw)
	}
	return c, nil
}

// badClient is the one answer to a client that is not who it says.
func badClient(code, event string) *oauthError {
	return &oauthError{status: http.StatusUnauthorized, code: code, description: wrongClient, event: event}
}

func formDecoded(s string) string {
	if d, err := url.QueryUnescape(s); err == nil {
		return d
	}
	return s
}

// authenticate finds and authenticates the client of a request. kind
// is the type of the event of a failure. Failures are counted for each client
// and network; when there are too many, that network waits.
func (d *Door) authenticate(w http.ResponseWriter, r *http.Request, x *exchange, kind latchkey.EventType) *oauthError {
	c, refused := readCredentials(r, x.form)
	if refused != nil {
		return d.failedClient(r.Context(), x, kind, refused)
	}
	unauthorized := func(code, event string) *oauthError {
		e := badClient(code, event)
		if c.basic {
			e.basic = x.snap.Realm.Name
		}
		return e
	}
	x.event.ClientID = bounded(c.id)
	client := x.snap.ClientByClientID(c.id)
	if client == nil || (client.Protocol != "" && client.Protocol != "openid-connect") {
		return d.failedClient(r.Context(), x, kind, unauthorized("invalid_client", "client_not_found"))
	}
	d.allowOrigin(w, r, x.snap, client)
	network, _ := ratelimit.Network(x.event.IPAddress)
	if wait := d.guesses.wait(x.snap.Realm.ID, client.ID, network, d.Now()); wait > 0 {
		return slowDown(wait)
	}
	if !client.Enabled {
		return d.failedClient(r.Context(), x, kind, unauthorized("invalid_client", "client_disabled"))
	}
	if code := d.proves(r.Context(), x, client, c); code != "" {
		x.failedAs = client
		return d.failedClient(r.Context(), x, kind, unauthorized(code, "invalid_client_credentials"))
	}
	x.client = client
	return nil
}

// proves looks whether the credentials are the client's, in the one way that
// the client has. It gives the error's code when they are not.
func (d *Door) proves(ctx context.Context, x *exchange, client *latchkey.Client, c credentials) (code string) {
	method := client.ClientAuthenticatorType
	switch {
	case client.PublicClient:
		method = "none"
	case method == "":
		method = authSecret
	}
	x.event.Details["client_auth_method"] = method
	switch method {
	case "none":
		return ""
	case authSecret:
		if secretMatches(client.Secrets(d.Now()), c.secrets) {
			return ""
		}
		return "unauthorized_client" // Keycloak's
	}
	if c.assertion == "" {
		return "invalid_client"
	}
	var err error
	if x.assertion, err = d.checkAssertion(ctx, x, client, c.assertion); err != nil {
		if errors.Is(err, errKeys) {
			d.Log.Warn("the keys of a client could not be fetched", "realm", x.snap.Realm.Name, "client", client.ClientID, "error", err)
		}
		return "invalid_client"
	}
	return ""
}

// secretMatches compares in constant time; a client without a secret matches
// nothing.
func secretMatches(good []latchkey.Secret, got []string) bool {
	ok := false
	for _, want := range good {
		for _, s := range got {
			if secret.Equal(secret.Hash(want.Reveal()), secret.Hash(s)) && want != "" {
				ok = true
			}
		}
	}
	return ok
}

// The failures of a client's authentication that one network may have: a few
// for a deployment that was given a new secret, then one every six seconds.
const (
	limitClient    = "client-authentication"
	failuresAtOnce = 10
	failureEvery   = 6 * time.Second
)

// failedClient records and counts a failed authentication.
func (d *Door) failedClient(ctx context.Context, x *exchange, kind latchkey.EventType, refused *oauthError) *oauthError {
	var wait time.Duration
	network, _ := ratelimit.Network(x.event.IPAddress)
	err := d.DB.Update(ctx, func(tx *store.Tx) error {
		e := x.event
		e.Type, e.Error = kind, refused.event
		if err := event.Record(tx, x.snap.Realm, e); err != nil || x.failedAs == nil {
			return err
		}
		var err error
		_, wait, err = ratelimit.Take(tx, x.snap.Realm.ID, ratelimit.Limit{
			Name: limitClient, Key: tx.Keyring().MAC(limitClient, x.snap.Realm.ID, x.failedAs.ID, network),
			Interval: failureEvery, Burst: failuresAtOnce,
		})
		return err
	})
	if err != nil {
		d.Log.Error("a failed client authentication could not be counted", "realm", x.snap.Realm.Name, "error", err)
		return &oauthError{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", retry: time.Second}
	}
	if wait > 0 {
		d.guesses.hold(x.snap.Realm.ID, x.failedAs.ID, network, d.Now().Add(wait))
	}
	return refused
}

// guesses remembers on this node which networks have to wait before they may
// try a client's secret again. The counting itself is shared by all nodes; a
// node learns of it with the first failure that it sees itself.
type guesses struct {
	mu    sync.Mutex
	until map[string]time.Time
}

const maxGuesses = 10_000

func newGuesses() *guesses { return &guesses{until: map[string]time.Time{}} }

func guessKey(parts ...string) string { return strings.Join(parts, "\x00") }

func (g *guesses) wait(realmID, clientID, network string, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return max(g.until[guessKey(realmID, clientID, network)].Sub(now), 0)
}

func (g *guesses) hold(realmID, clientID, network string, until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.until) >= maxGuesses {
		for key, at := range g.until {
			if !at.After(until.Add(-failureEvery)) || len(g.until) >= maxGuesses {
				delete(g.until, key)
			}
		}
	}
	g.until[guessKey(realmID, clientID, network)] = until
}

// bounded cuts what a stranger sent to a length that may be kept.
func bounded(s string) string {
	const most = 255
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "")
	}
	return s
}
