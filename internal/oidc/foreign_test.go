package oidc_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// Clients that others wrote, which know nothing of us but the issuer:
// discovery, code with PKCE, the ID token's checks, userinfo, refresh.
func TestForeignClients(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		b := w.browser()
		ctx := gooidc.ClientContext(context.Background(), &http.Client{Timeout: 30 * time.Second})
		provider, err := gooidc.NewProvider(ctx, w.site.Issuer("bench"))
		if err != nil {
			t.Fatal(err)
		}
		for client, style := range map[string]oauth2.AuthStyle{"bench-app": oauth2.AuthStyleInHeader, "bench-pkce": oauth2.AuthStyleInParams,
			"bench-public": oauth2.AuthStyleInParams, "bench-narrow": oauth2.AuthStyleAutoDetect} {
			t.Run(client, func(t *testing.T) {
				endpoint := provider.Endpoint()
				endpoint.AuthStyle = style
				config := oauth2.Config{ClientID: client, ClientSecret: clientSecrets[client], RedirectURL: redirectURI, Endpoint: endpoint,
					Scopes: []string{gooidc.ScopeOpenID, "email", "profile"}}
				verifier := oauth2.GenerateVerifier()
				a := b.get(config.AuthCodeURL("state-1", oauth2.S256ChallengeOption(verifier), gooidc.Nonce("nonce-1")))
				to := b.get(b.finish(a.location(t), person{user: "alice", amr: []string{"email"}})).location(t)
				if to.Query().Get("state") != "state-1" || to.Query().Get("iss") != w.site.Issuer("bench") {
					t.Fatalf("%s", to)
				}
				got, err := config.Exchange(ctx, to.Query().Get("code"), oauth2.VerifierOption(verifier))
				if err != nil {
					t.Fatal(err)
				}
				raw, _ := got.Extra("id_token").(string)
				id, err := provider.VerifierContext(ctx, &gooidc.Config{ClientID: client, Now: w.clock.Now}).Verify(ctx, raw)
				if err != nil {
					t.Fatal(err)
				}
				if err := id.VerifyAccessToken(got.AccessToken); err != nil {
					t.Error(err)
				}
				if id.Nonce != "nonce-1" || id.Subject == "" {
					t.Errorf("%+v", id)
				}
				// A hint of ours is understood when it comes back, by anyone's client.
				if a := b.get(w.logoutURL("id_token_hint", raw)); a.page.Page != "logged-out" {
					t.Errorf("logout: %d %s", a.status, a.body)
				}
			})
		}
		endpoint := provider.Endpoint()
		endpoint.AuthStyle = oauth2.AuthStyleInHeader
		config := oauth2.Config{ClientID: "bench-app", ClientSecret: "bench-secret", RedirectURL: redirectURI, Endpoint: endpoint, Scopes: []string{gooidc.ScopeOpenID}}
		token := &oauth2.Token{RefreshToken: w.tokens("bench-app").text("refresh_token"), Expiry: time.Unix(1, 0)}
		fresh, err := config.TokenSource(ctx, token).Token()
		if err != nil {
			t.Fatal(err)
		}
		info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(fresh))
		if err != nil || info.Email != "golden@example.test" || !info.EmailVerified {
			t.Errorf("%+v %v", info, err)
		}
		// What it makes of a refusal.
		_, err = config.Exchange(ctx, "nope")
		var refused *oauth2.RetrieveError
		if !errors.As(err, &refused) || refused.ErrorCode != "invalid_grant" {
			t.Errorf("%v", err)
		}
	})
}
