package oidc

import (
	"testing"

	"latchkey"
)

// Whatever an application says of itself, reading it ends, and what is taken is
// bounded.
func FuzzRegistration(f *testing.F) {
	for _, seed := range []string{``, `{}`, `[]`, `null`, `{"redirect_uris":["https://a.test/cb"]}`,
		`{"redirect_uris":["https://a.test/*"]}`, `{"redirect_uris":["http://[::1]:0/"],"grant_types":[null]}`,
		`{"redirect_uris":"https://a.test/cb","jwks":{"keys":[{"kty":"RSA"}]},"jwks_uri":"https://a.test"}`,
		`{"redirect_uris":["https://a.test/cb"],"scope":"openid email","subject_type":"pairwise","client_name":"\u202ex"}`,
		`{"grant_types":["client_credentials"],"jwks":7,"token_endpoint_auth_method":"private_key_jwt"}`,
		`{"redirectUris":["https://a.test/cb"],"clientId":"../x","attributes":{"jwks.string":"{}","post.logout.redirect.uris":"+##x"}}`,
	} {
		f.Add([]byte(seed))
	}
	snap := (&latchkey.Snapshot{Realm: &latchkey.Realm{Name: "bench"}}).Index()
	before := &latchkey.Client{ClientID: "app", Secret: "secret", Protocol: "openid-connect"}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, in := range dialects {
			for _, c := range []*latchkey.Client{nil, before} {
				wanted, err := in.read(nil, snap, body, c)
				if err != nil {
					if registrationError(err) == nil {
						t.Fatalf("%q: an error that is no answer: %v", body, err)
					}
					continue
				}
				if len(wanted.client.RedirectURIs) > maxListed || len(wanted.client.ProtocolMappers) > 1 ||
					wanted.client.FullScopeAllowed != nil || wanted.client.Secret != nil || wanted.client.DefaultClientScopes != nil {
					t.Fatalf("%q: %+v", body, wanted.client)
				}
				for _, uri := range wanted.client.RedirectURIs {
					if !latchkey.RegistrableRedirect(uri) {
						t.Fatalf("%q: redirect URI %q", body, uri)
					}
				}
			}
		}
	})
}
