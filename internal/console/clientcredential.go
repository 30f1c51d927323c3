package console

import (
	"context"
	"io"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"latchkey/internal/page"
	"latchkey/internal/relyingparty"
)

func clientCredentialRows() []row {
	ask := renewRegistration
	return slices.Concat(clientCredentials().rows(), renewSecret.rows(), endRotatedSecret.rows(), []row{
		{method: http.MethodGet, path: ask.path, handle: func(v *visit) error { return ask.question(v, http.StatusOK, nil) }},
		{method: http.MethodPost, path: ask.path, handle: renewRegistrationToken},
	})
}

// clientCredentials is how a client proves itself, with its secrets beneath.
func clientCredentials() form {
	f := clientForm("credentials", func(v *visit, _ map[string]any) []section {
		return []section{{Settings: []setting{
			{At: "clientAuthenticatorType", Kind: kindChoice, Fallback: "client-secret", Options: authenticators(v)},
			{At: "attributes/token.endpoint.auth.signing.alg", Kind: kindChoice, Options: append([]option{{"", "console.client.algorithm.any"}},
				plainChoices("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512")...)},
		}}}
	})
	f.beneath = secretsOfClient
	return f
}

// authenticators are the ways in which a client can prove itself.
func authenticators(v *visit) (list []option) {
	var known []struct {
		ID   string `json:"id"`
		Name string `json:"displayName"`
	}
	if v.api(http.MethodGet, "/authentication/client-authenticator-providers", nil, &known) != nil {
		known = nil // what the client has is shown all the same
	}
	for _, a := range known {
		list = append(list, option{a.ID, v.Told(a.Name)})
	}
	return list
}

// secrets are those of a client. Nothing is shown of what the API does not say.
type secrets struct {
	Facts    []pasted
	RenewURL string
	EndURL   string // empty: there is no former secret
	TokenURL string
}

func secretsOfClient(v *visit, _ map[string]any) (templ.Component, error) {
	if !v.may(manageClients...) {
		return nil, nil
	}
	id := v.R.PathValue("id")
	s := secrets{RenewURL: v.path("clients", id, "renew-secret"), TokenURL: v.path("clients", id, "registration-access-token")}
	var now, former struct {
		Value string `json:"value"`
	}
	err := v.api(http.MethodGet, clientAPI("/client-secret")(v), nil, &now)
	if relyingparty.Status(err) == http.StatusForbidden {
		return nil, nil // who has the secret has the account's power, which is more than the person has
	}
	if err != nil {
		return nil, err
	}
	s.Facts = append(s.Facts, pasted{Name: "console.connect.secret", Value: now.Value, Secret: true})
	err = v.api(http.MethodGet, clientAPI("/client-secret/rotated")(v), nil, &former)
	switch {
	case err == nil:
		s.Facts = append(s.Facts, pasted{Name: "console.client.rotated", Value: former.Value, Secret: true})
		s.EndURL = v.path("clients", id, "end-rotated-secret")
	case relyingparty.Status(err) != http.StatusNotFound:
		return nil, err
	}
	return secretsView(s), nil
}

func toCredentials(v *visit) (address, notice string) {
	return v.path("clients", v.R.PathValue("id"), "credentials"), "saved"
}

var (
	renewSecret = clientAct("renew-secret", [3]string{"console.client.renew.heading", "console.client.renew.text", "console.client.renew"},
		func(v *visit, at string) error { return v.api(http.MethodPost, at+"/client-secret", nil, nil) }, toCredentials)
	endRotatedSecret = clientAct("end-rotated-secret", [3]string{"console.client.end-rotated.heading", "console.client.end-rotated.text", "console.client.end-rotated"},
		func(v *visit, at string) error {
			return v.api(http.MethodDelete, at+"/client-secret/rotated", nil, nil)
		}, toCredentials)
	// renewRegistration is the question; what is done answers with the token.
	renewRegistration = clientAct("registration-access-token", [3]string{"console.client.registration.heading", "console.client.registration.ends",
		"console.client.registration.renew"}, nil, toCredentials)
)

// oncePage shows what is never shown again.
type oncePage struct {
	Frame
	Top   top
	Text  string // a key: what it is for
	Facts []pasted
	OnURL string
}

// Title names the page.
func (p oncePage) Title(t *page.Texts) string { return titleOf(t, p.Top) }

// Render writes the page's main part.
func (p oncePage) Render(ctx context.Context, w io.Writer) error { return onceView(p).Render(ctx, w) }

func renewRegistrationToken(v *visit) error {
	var said struct {
		Token string `json:"registrationAccessToken"`
	}
	if err := v.api(http.MethodPost, clientAPI("/registration-access-token")(v), nil, &said); err != nil {
		return err
	}
	address, _ := toCredentials(v)
	return v.write(http.StatusOK, oncePage{Frame: v.frame("clients"), Text: "console.client.registration.once", OnURL: address,
		Top:   top{Title: "console.client.registration", Crumbs: []link{{Text: "console.clients", URL: v.path("clients")}, {Text: "console.client.tab.credentials", URL: address}}},
		Facts: []pasted{{Name: "console.client.registration", Value: said.Token}}})
}
