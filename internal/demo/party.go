package demo

import (
	"context"
	"errors"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"latchkey"
)

// party is the relying party: what discovery said, asked for when it is first
// needed and again until it answers.
type party struct {
	app      *App
	mu       sync.Mutex
	provider *oidc.Provider
	logout   string // end_session_endpoint
}

// known is the relying party once discovery has answered.
type known struct {
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	logout   string
}

// discover asks the issuer where its endpoints are, unless it knows. The error
// is for the person: Latchkey does not answer.
func (p *party) discover(ctx context.Context) (*known, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.app.opts
	if p.provider == nil {
		// The provider keeps this context for fetching keys later.
		lasting := oidc.ClientContext(context.WithoutCancel(ctx), o.Client)
		provider, err := oidc.NewProvider(lasting, o.Issuer)
		if err != nil {
			return nil, &latchkey.Error{Code: latchkey.CodeUnavailable, Err: err,
				Message: "Latchkey does not answer at " + o.Issuer + ". Start it, then try again."}
		}
		var more struct {
			Logout string `json:"end_session_endpoint"`
		}
		if err := provider.Claims(&more); err != nil {
			return nil, err
		}
		p.provider, p.logout = provider, more.Logout
	}
	return &known{
		oauth: oauth2.Config{
			ClientID: o.ClientID, ClientSecret: o.Secret.Reveal(), Endpoint: p.provider.Endpoint(),
			RedirectURL: p.app.site.URL("callback"), Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
		},
		verifier: p.provider.Verifier(&oidc.Config{ClientID: o.ClientID, Now: o.Now}),
		logout:   p.logout,
	}, nil
}

// context gives the requests to the issuer the application's client.
func (p *party) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.app.opts.Client)
}

// exchange turns a code into a session; the ID token is verified, with its nonce.
func (p *party) exchange(ctx context.Context, code string, at attempt) (*session, error) {
	k, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	token, err := k.oauth.Exchange(p.context(ctx), code, oauth2.VerifierOption(at.verifier))
	if err != nil {
		return nil, refused(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := k.verifier.Verify(p.context(ctx), raw)
	if err != nil {
		return nil, &latchkey.Error{Code: latchkey.CodeInvalid, Message: "The answer holds no ID token that can be trusted.", Err: err}
	}
	if id.Nonce != at.nonce {
		return nil, latchkey.Errorf(latchkey.CodeInvalid, "The answer belongs to another sign-in.")
	}
	var claims struct {
		Name              string `json:"name"`
		Email             string `json:"email"`
		PreferredUsername string `json:"preferred_username"`
	}
	if err := id.Claims(&claims); err != nil {
		return nil, &latchkey.Error{Code: latchkey.CodeInvalid, Message: "The ID token cannot be read.", Err: err}
	}
	return &session{token: token, idToken: raw, name: firstOf(claims.Name, claims.Email, claims.PreferredUsername, id.Subject)}, nil
}

// refresh asks for new tokens with the refresh token.
func (p *party) refresh(ctx context.Context, old *oauth2.Token) (token *oauth2.Token, idToken string, err error) {
	k, err := p.discover(ctx)
	if err != nil {
		return nil, "", err
	}
	spent := *old
	spent.Expiry = p.app.opts.Now().Add(-1) // oauth2 asks only for what is over
	spent.AccessToken = ""
	token, err = k.oauth.TokenSource(p.context(ctx), &spent).Token()
	if err != nil {
		return nil, "", refused(err)
	}
	idToken, _ = token.Extra("id_token").(string)
	if idToken != "" {
		if _, err := k.verifier.Verify(p.context(ctx), idToken); err != nil {
			return nil, "", &latchkey.Error{Code: latchkey.CodeInvalid, Message: "The new ID token cannot be trusted.", Err: err}
		}
	}
	return token, idToken, nil
}

// refused tells an error of the protocol from one of the network.
func refused(err error) error {
	var answer *oauth2.RetrieveError
	if errors.As(err, &answer) && answer.ErrorCode != "" {
		return &oauthError{code: answer.ErrorCode, description: answer.ErrorDescription}
	}
	return &latchkey.Error{Code: latchkey.CodeUnavailable, Message: "Latchkey did not answer. Try again.", Err: err}
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}
