package admin_test

import (
	"strings"
	"testing"

	"latchkey/internal/representation"
)

// The file that an application is set up with has the secret for those alone
// who may change it.
func TestInstallation(t *testing.T) {
	w := newWorld(t)
	viewer, manager := w.service("demo", "view-clients"), w.service("demo", "manage-clients")
	secret := w.s.RP("demo", func(c *representation.Client) { c.PublicClient = new(false) }).Client
	path := "/demo/clients/" + secret.ID + "/installation/providers/"
	var file struct {
		Realm, Resource string
		URL             string `json:"auth-server-url"`
		Credentials     map[string]string
	}
	a := w.must(200, manager, "GET", path+"keycloak-oidc-keycloak-json", nil)
	a.into(&file)
	if file.Realm != "demo" || file.Resource != secret.ClientID || !strings.HasSuffix(file.URL, "/") || file.Credentials["secret"] != secret.Secret.Reveal() ||
		!strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("%s", a.Text)
	}
	if a := w.must(200, viewer, "GET", path+"keycloak-oidc-keycloak-json", nil); strings.Contains(a.Text, secret.Secret.Reveal()) {
		t.Error("who may see a client sees its secret")
	}
	if a := w.must(404, viewer, "GET", path+"mod-auth-mellon", nil); !strings.Contains(a.Text, "Unknown Provider") {
		t.Error(a.Text)
	}
	w.must(404, viewer, "GET", "/demo/clients/none/installation/providers/keycloak-oidc-keycloak-json", nil)
}
