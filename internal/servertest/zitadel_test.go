package servertest_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/client/rs"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"

	"latchkey/internal/servertest"
)

// zitadel/oidc's relying party and resource server, which know of us only what
// discovery says: sign-in, userinfo, refresh, introspection, revocation and
// sign-out.
func TestZitadelClient(t *testing.T) {
	s := servertest.Start(t)
	s.Clock.Advance(time.Since(s.Clock.Now())) // the library goes by the machine's
	app := service(s, "demo")
	ctx, issuer := t.Context(), s.Site().Issuer("demo")
	client, key := app.Client.ClientID, app.Client.Secret.Reveal()
	party, err := rp.NewRelyingPartyOIDC(ctx, issuer, client, key, app.OAuth.RedirectURL, []string{oidc.ScopeOpenID, oidc.ScopeEmail, oidc.ScopeProfile},
		rp.WithVerifierOpts(rp.WithIssuedAtOffset(5*time.Second)))
	if err != nil {
		t.Fatal(err)
	}
	verifier := oauth2.GenerateVerifier()
	b := s.Browser()
	b.Get(rp.AuthURL("state-1", party, rp.WithCodeChallenge(oidc.NewSHACodeChallenge(verifier)))).
		FormWith("username").Set("username", "ada@example.test").Submit()
	answer := app.Answer(b.Get(s.Mail.Wait("ada@example.test").Link).Form(0).Submit())
	tokens, err := rp.CodeExchange[*oidc.IDTokenClaims](ctx, answer.Get("code"), party, rp.WithCodeVerifier(verifier))
	if err != nil {
		t.Fatal(err)
	}
	sub := tokens.IDTokenClaims.Subject
	info, err := rp.Userinfo[*oidc.UserInfo](ctx, tokens.AccessToken, tokens.TokenType, sub, party)
	if err != nil || info.Email != "ada@example.test" || !bool(info.EmailVerified) {
		t.Errorf("userinfo %+v, %v", info, err)
	}
	fresh, err := rp.RefreshTokens[*oidc.IDTokenClaims](ctx, party, tokens.RefreshToken, "", "")
	if err != nil || fresh.IDTokenClaims.Subject != sub {
		t.Fatalf("refresh: %v", err)
	}

	server, err := rs.NewResourceServerClientCredentials(ctx, issuer, client, key)
	if err != nil {
		t.Fatal(err)
	}
	active := func(token string) *oidc.IntrospectionResponse {
		t.Helper()
		got, err := rs.Introspect[*oidc.IntrospectionResponse](ctx, server, token)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := active(fresh.AccessToken); !got.Active || got.Subject != sub || got.ClientID != client || got.Username == "" {
		t.Errorf("introspection %+v", got)
	}
	if got := active("nope"); got.Active {
		t.Error("an unknown token is active")
	}
	robot, err := rp.ClientCredentials(ctx, party, url.Values{})
	if err != nil || !active(robot.AccessToken).Active {
		t.Errorf("client credentials: %v", err)
	}
	if err := rp.RevokeToken(ctx, party, fresh.RefreshToken, "refresh_token"); err != nil {
		t.Errorf("revocation: %v", err)
	}
	if active(fresh.AccessToken).Active {
		t.Error("an access token outlives the refresh token that was revoked")
	}
	if _, err := rp.RefreshTokens[*oidc.IDTokenClaims](ctx, party, fresh.RefreshToken, "", ""); err == nil {
		t.Error("a revoked refresh token still works")
	}
	end, err := rp.EndSession(ctx, party, fresh.IDToken, app.Client.BaseURL, "bye", "", nil)
	if err != nil || end == nil || end.Query().Get("state") != "bye" {
		t.Errorf("end session: %v, %v", end, err)
	}
	if status, _ := s.Get("/realms/demo"); status != http.StatusOK {
		t.Errorf("the realm answers %d", status)
	}
}
