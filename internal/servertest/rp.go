package servertest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// RP is an application that signs people in: a client of a realm, and a real
// listener that its redirect URI points to.
type RP struct {
	Client *latchkey.Client
	OAuth  oauth2.Config
	// Provider and Verifier are a foreign library's.
	Provider *oidc.Provider
	Verifier *oidc.IDTokenVerifier

	s    *Server
	http *http.Client

	mu    sync.Mutex
	calls []url.Values // what came to the redirect URI
	open  map[string]request
}

// request is a sign-in under way, by its state.
type request struct{ nonce, verifier string }

// Tokens are what a sign-in gave the application, verified.
type Tokens struct {
	*oauth2.Token
	IDToken string
	ID      *oidc.IDToken
	Claims  map[string]any // of the ID token
}

// RP makes a public client of the realm with PKCE, and its application. Changes
// are made to the client before it is kept; a client that is no longer public
// gets a secret.
func (s *Server) RP(realmName string, change ...func(*representation.Client)) *RP {
	s.t.Helper()
	rp := &RP{s: s, http: s.client(), open: map[string]request{}}
	app := httptest.NewServer(http.HandlerFunc(rp.called))
	s.t.Cleanup(app.Close)
	rep := &representation.Client{ClientID: new("app-" + secret.TabID()), Name: new("Test application"), PublicClient: new(true),
		RootURL: new(app.URL), BaseURL: new(app.URL + "/"), RedirectURIs: []string{app.URL + "/callback"}, WebOrigins: []string{app.URL},
		Attributes: map[string]string{"pkce.code.challenge.method": "S256", "initiate.login.uri": app.URL + "/login",
			"post.logout.redirect.uris": app.URL + "/"}}
	for _, c := range change {
		c(rep)
	}
	s.Update(func(tx *store.Tx) error {
		r, err := tx.RealmByName(realmName)
		if err != nil {
			return err
		}
		snap, err := tx.Snapshot(r.ID)
		if err != nil {
			return err
		}
		if rp.Client, err = realm.NewClient(snap, rep, tx.Now()); err != nil {
			return err
		}
		return tx.CreateClient(rp.Client)
	})
	s.know(realmName)
	var err error
	rp.Provider, err = oidc.NewProvider(rp.Context(), s.Site().Issuer(realmName))
	if err != nil {
		s.t.Fatalf("discovery: %v", err)
	}
	rp.Verifier = rp.Provider.Verifier(&oidc.Config{ClientID: rp.Client.ClientID, Now: s.Clock.Now})
	rp.OAuth = oauth2.Config{ClientID: rp.Client.ClientID, ClientSecret: rp.Client.Secret.Reveal(), Endpoint: rp.Provider.Endpoint(),
		RedirectURL: app.URL + "/callback", Scopes: []string{oidc.ScopeOpenID, "profile", "email"}}
	return rp
}

// called is the application's own server: it answers every path, and keeps
// what came to the redirect URI.
func (rp *RP) called(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/callback" && r.ParseForm() == nil {
		rp.mu.Lock()
		rp.calls = append(rp.calls, r.Form)
		rp.mu.Unlock()
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte("<!doctype html><title>" + r.URL.Path[1:] + " of the application</title><h1>Application</h1>"))
}

// Calls gives what came to the redirect URI, in order.
func (rp *RP) Calls() []url.Values {
	rp.mu.Lock()
	defer rp.mu.Unlock()
	return append([]url.Values(nil), rp.calls...)
}

// Context makes libraries talk to this server.
func (rp *RP) Context() context.Context {
	return oidc.ClientContext(context.WithoutCancel(rp.s.t.Context()), rp.http)
}

// URL begins a sign-in and gives the authorization request, with further
// parameters.
func (rp *RP) URL(params ...string) string {
	q := request{nonce: secret.Token(), verifier: oauth2.GenerateVerifier()}
	state := secret.Token()
	rp.mu.Lock()
	rp.open[state] = q
	rp.mu.Unlock()
	opts := []oauth2.AuthCodeOption{oidc.Nonce(q.nonce), oauth2.S256ChallengeOption(q.verifier)}
	for i := 0; i+1 < len(params); i += 2 {
		opts = append(opts, oauth2.SetAuthURLParam(params[i], params[i+1]))
	}
	return rp.OAuth.AuthCodeURL(state, opts...)
}

// Start begins a sign-in in the browser, with further parameters of the
// authorization request, by name and value.
func (rp *RP) Start(b *Browser, params ...string) *Page {
	b.t.Helper()
	b.at, _ = url.Parse(rp.OAuth.RedirectURL) // the person comes from the application
	return b.Do(http.MethodGet, rp.URL(params...), nil)
}

// Finish takes the answer that the page came to and turns its code into
// tokens. The test fails when the page is not the redirect URI's, or when
// anything about the tokens is not as it must be.
func (rp *RP) Finish(p *Page) *Tokens {
	t := rp.s.t
	t.Helper()
	q := rp.Answer(p)
	if q.Get("error") != "" {
		t.Fatalf("the application was answered with an error: %v", q)
	}
	tokens, err := rp.Exchange(q)
	if err != nil {
		t.Fatalf("code to tokens: %v", err)
	}
	return tokens
}

// Answer gives the parameters of the answer that the page came to.
func (rp *RP) Answer(p *Page) url.Values {
	t := rp.s.t
	t.Helper()
	at := *p.URL
	at.RawQuery, at.Fragment = "", ""
	if at.String() != rp.OAuth.RedirectURL {
		t.Fatalf("the browser is not back at the application but at %s: %q\n%s", at.String(), p.Title(), p.Text())
	}
	q := p.URL.Query()
	if iss := q.Get("iss"); iss != rp.issuer() {
		t.Fatalf("iss is %q (RFC 9207)", iss)
	}
	return q
}

func (rp *RP) issuer() string {
	var claims struct {
		Issuer string `json:"issuer"`
	}
	_ = rp.Provider.Claims(&claims) // it was parsed before
	return claims.Issuer
}

// Exchange turns the answer's code into tokens, and verifies them.
func (rp *RP) Exchange(answer url.Values) (*Tokens, error) {
	rp.mu.Lock()
	q := rp.open[answer.Get("state")]
	rp.mu.Unlock()
	token, err := rp.OAuth.Exchange(rp.Context(), answer.Get("code"), oauth2.VerifierOption(q.verifier))
	if err != nil {
		return nil, err
	}
	return rp.verify(token, q.nonce)
}

// Refresh asks for new tokens with a refresh token.
func (rp *RP) Refresh(refreshToken string) (*Tokens, error) {
	token, err := rp.OAuth.TokenSource(rp.Context(), &oauth2.Token{RefreshToken: refreshToken}).Token()
	if err != nil {
		return nil, err
	}
	return rp.verify(token, "")
}

func (rp *RP) verify(token *oauth2.Token, nonce string) (*Tokens, error) {
	t := &Tokens{Token: token, Claims: map[string]any{}}
	t.IDToken, _ = token.Extra("id_token").(string)
	var err error
	if t.ID, err = rp.Verifier.Verify(rp.Context(), t.IDToken); err != nil {
		return nil, err
	}
	if nonce != "" && t.ID.Nonce != nonce {
		return nil, latchkey.Invalid("nonce", "the ID token's nonce is %q", t.ID.Nonce)
	}
	if err := t.ID.VerifyAccessToken(token.AccessToken); err != nil && t.ID.AccessTokenHash != "" {
		return nil, err
	}
	return t, t.ID.Claims(&t.Claims)
}
