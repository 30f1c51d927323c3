package outbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"latchkey"
)

const (
	maxTokenAnswer = 64 << 10
	maxTokenBytes  = 16 << 10
	tokenLeeway    = 30 * time.Second // a token is not used when less of its life is left
	tokenDefault   = time.Minute      // when the answer does not say how long it lives
)

// tokens fetches and keeps the access tokens of relays that are signed in to
// with XOAUTH2: client credentials (RFC 6749 4.4), as Keycloak's authToken
// settings have them.
type tokens struct {
	now    func() time.Time
	client *http.Client

	mu    sync.Mutex
	byKey map[string]*token
}

type token struct {
	turn    chan struct{} // held while a token is fetched: one fetch at a time
	value   latchkey.Secret
	expires time.Time

	last latchkey.Secret // that was given out; under tokens.mu
}

func newTokens(now func() time.Time, roots *x509.CertPool) *tokens {
	return &tokens{now: now, byKey: map[string]*token{}, client: &http.Client{
		Transport: &http.Transport{
			Proxy:                  nil, // never from the environment
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			MaxResponseHeaderBytes: 16 << 10,
			IdleConnTimeout:        time.Minute,
			MaxIdleConnsPerHost:    1,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (t *tokens) entry(e endpoint) *token {
	t.mu.Lock()
	defer t.mu.Unlock()
	tok := t.byKey[e.key]
	if tok == nil {
		tok = &token{turn: make(chan struct{}, 1)}
		t.byKey[e.key] = tok
	}
	return tok
}

// get gives a token that is good for a while.
func (t *tokens) get(ctx context.Context, e endpoint) (latchkey.Secret, error) {
	ctx, cancel := context.WithTimeout(ctx, e.connect)
	defer cancel()
	tok := t.entry(e)
	select {
	case tok.turn <- struct{}{}:
	case <-ctx.Done():
		return "", errTimeout
	}
	defer func() { <-tok.turn }()
	if tok.value != "" && t.now().Add(tokenLeeway).Before(tok.expires) {
		return tok.value, nil
	}
	value, lives, err := t.fetch(ctx, e)
	if err != nil {
		return "", err
	}
	tok.value, tok.expires = value, t.now().Add(lives)
	t.mu.Lock()
	defer t.mu.Unlock()
	tok.last = value
	return value, nil
}

// last is the token that the relay was shown last: its words may repeat it.
func (t *tokens) last(e endpoint) latchkey.Secret {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tok := t.byKey[e.key]; tok != nil {
		return tok.last
	}
	return ""
}

// drop forgets a token that the relay did not accept.
func (t *tokens) drop(e endpoint) {
	tok := t.entry(e)
	select {
	case tok.turn <- struct{}{}:
		tok.value = ""
		<-tok.turn
	default: // a new one is being fetched
	}
}

// forget drops the token of a relay that is not used any more.
func (t *tokens) forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byKey, key)
}

func (t *tokens) fetch(ctx context.Context, e endpoint) (latchkey.Secret, time.Duration, error) {
	if err := checkTokenURL(e.AuthTokenURL); err != nil {
		return "", 0, err
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {e.AuthTokenClientID}, "client_secret": {e.AuthTokenClientSecret.Reveal()}}
	if e.AuthTokenScope != "" {
		form.Set("scope", e.AuthTokenScope)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.AuthTokenURL, strings.NewReader(form.Encode()))
	if err != nil {
		return "", 0, errors.New("the token endpoint's URL is wrong")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Latchkey")
	res, err := t.client.Do(req)
	if err != nil {
		if isTimeout(err) {
			return "", 0, errTimeout
		}
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // without the URL, which the operator knows
		}
		return "", 0, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxTokenAnswer))
	if err != nil {
		return "", 0, err
	}
	var answer struct {
		AccessToken string  `json:"access_token"`
		ExpiresIn   float64 `json:"expires_in"`
		Error       string  `json:"error"`
	}
	bad := json.Unmarshal(body, &answer)
	if res.StatusCode != http.StatusOK {
		return "", 0, fmt.Errorf("the token endpoint answered %d %s", res.StatusCode, answer.Error)
	}
	if bad != nil || answer.AccessToken == "" || len(answer.AccessToken) > maxTokenBytes {
		return "", 0, errors.New("the token endpoint's answer has no access token")
	}
	lives := tokenDefault
	if answer.ExpiresIn > 0 {
		lives = time.Duration(min(answer.ExpiresIn, 86400)) * time.Second
	}
	return latchkey.Secret(answer.AccessToken), lives, nil
}

// checkTokenURL allows https, and http on loopback: the client secret goes
// there.
func checkTokenURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		return errors.New("the token endpoint's URL is wrong")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("the token endpoint's URL must start with https://")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
