package servertest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/Nerzal/gocloak/v14"
	"github.com/coreos/go-oidc/v3/oidc"
)

// initialAccess has the administrator make one in the demo realm, and gives its
// token.
func initialAccess(o *operator, body string) string {
	o.Helper()
	status, text := o.s.Send("POST", "/admin/realms/demo/clients-initial-access", body, "Authorization: Bearer "+o.token, "Content-Type: application/json")
	var made struct{ Token string }
	if err := json.Unmarshal([]byte(text), &made); err != nil || status != http.StatusCreated {
		o.Fatalf("%d %s", status, text)
	}
	return made.Token
}

// an administrator makes an initial access, an application
// registers itself by it at the endpoint that discovery names, and a person
// signs in to it: the page asks and warns, and the tokens hold no role of the
// person's. Who has used the token up, or has none, registers nothing.
func TestRegisteredApplication(t *testing.T) {
	o := newOperator(t)
	s := o.s
	passwords(s)
	rp := s.RP("demo")
	token := initialAccess(o, `{"count":1,"expiration":60}`)
	var found struct {
		Endpoint string `json:"registration_endpoint"`
	}
	if err := rp.Provider.Claims(&found); err != nil || !strings.HasPrefix(found.Endpoint, s.Base) {
		t.Fatalf("discovery: %q %v", found.Endpoint, err)
	}
	path := strings.TrimPrefix(found.Endpoint, s.Base)
	about := `{"client_name":"Prize draw","redirect_uris":["` + rp.OAuth.RedirectURL + `"],"token_endpoint_auth_method":"none"}`
	status, body := s.Send("POST", path, about, "Authorization: Bearer "+token, "Content-Type: application/json")
	var made struct {
		ID     string `json:"client_id"`
		Access string `json:"registration_access_token"`
		URI    string `json:"registration_client_uri"`
	}
	if err := json.Unmarshal([]byte(body), &made); err != nil || status != http.StatusCreated {
		t.Fatalf("%d %s", status, body)
	}
	if status, body := s.Send("POST", path, about, "Authorization: Bearer "+token); status != http.StatusUnauthorized {
		t.Errorf("a second time: %d %s", status, body)
	}
	if status, body := s.Send("POST", path, about); status != http.StatusForbidden {
		t.Errorf("without a token: %d %s", status, body)
	}

	rp.OAuth.ClientID, rp.OAuth.ClientSecret = made.ID, ""
	rp.Verifier = rp.Provider.Verifier(&oidc.Config{ClientID: made.ID, Now: s.Clock.Now})
	b := s.Browser()
	p := signIn(rp.Start(b))
	if !p.Has("Prize draw") || !p.Has("Say yes only when you know this application") {
		t.Fatalf("no warning:\n%s", p.Text())
	}
	tokens := rp.Finish(p.Press("Yes, allow"))
	if status, body := s.Get("/realms/demo/protocol/openid-connect/userinfo", "Authorization: Bearer "+tokens.AccessToken); status != 200 || strings.Contains(body, "roles") {
		t.Errorf("%d %s", status, body)
	}

	// It looks after itself, and once it is gone nobody signs in by it.
	own := strings.TrimPrefix(made.URI, s.Base)
	if status, body := s.Send("DELETE", own, "", "Authorization: Bearer "+made.Access); status != http.StatusNoContent {
		t.Fatalf("%d %s", status, body)
	}
	if _, err := rp.Refresh(tokens.RefreshToken); err == nil {
		t.Error("a refresh token outlived its client")
	}
	var seen []string
	for _, e := range s.Events("demo") {
		if strings.HasPrefix(string(e.Type), "CLIENT_") {
			seen = append(seen, string(e.Type)+" "+e.Error)
		}
	}
	if got := strings.Join(seen, ","); got != "CLIENT_REGISTER ,CLIENT_REGISTER_ERROR invalid_token,CLIENT_REGISTER_ERROR not_allowed,CLIENT_DELETE " {
		t.Errorf("events: %s", got)
	}
}

// Registration as gocloak speaks it: with Keycloak's representation.
func TestGocloakRegistration(t *testing.T) {
	o := newOperator(t)
	const realm = "demo"
	token := initialAccess(o, `{"count":1}`)
	made := ok[*gocloak.Client](o)(o.CreateClientRepresentation(o.ctx, token, realm, gocloak.Client{ClientID: gocloak.StringP("shop"),
		Name: gocloak.StringP("Shop"), BaseURL: gocloak.StringP("http://example.com"), RedirectURIs: []string{"https://shop.example.test/cb"}}))
	_, err := o.CreateClientRepresentation(o.ctx, token, realm, gocloak.Client{})
	o.refused(err, http.StatusUnauthorized)
	access := gocloak.PString(made.RegistrationAccessToken)
	file := ok[*gocloak.AdapterConfiguration](o)(o.GetAdapterConfiguration(o.ctx, access, realm, "shop"))
	if gocloak.PString(file.Resource) != "shop" {
		t.Errorf("%+v", file)
	}
	made = ok[*gocloak.Client](o)(o.GetClientRepresentation(o.ctx, access, realm, "shop"))
	made.Name = gocloak.StringP("The shop")
	made = ok[*gocloak.Client](o)(o.UpdateClientRepresentation(o.ctx, gocloak.PString(made.RegistrationAccessToken), realm, *made))
	if gocloak.PString(made.Name) != "The shop" {
		t.Errorf("%+v", made)
	}
	o.no(o.DeleteClientRepresentation(o.ctx, gocloak.PString(made.RegistrationAccessToken), realm, "shop"))
	if o.s.Snapshot(realm).ClientByClientID("shop") != nil {
		t.Error("it is still there")
	}
	_, err = o.CreateClientRepresentation(o.ctx, o.token, realm, gocloak.Client{}) // of another realm, as in Keycloak
	o.refused(err, http.StatusUnauthorized)
}
