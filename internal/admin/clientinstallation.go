package admin

import (
	"encoding/json"
	"net/http"

	"latchkey/internal/representation"
)

func (d *Door) clientInstallationRoutes() []route {
	return []route{
		{method: "GET", path: "/clients/{id}/installation/providers/{provider}", may: mayViewClients, act: d.installation, gives: installation{},
			summary: "Read the file that an application is set up with: keycloak-oidc-keycloak-json"},
	}
}

// installation is Keycloak's keycloak.json.
type installation struct {
	Realm         string            `json:"realm"`
	AuthServerURL string            `json:"auth-server-url"`
	SSLRequired   string            `json:"ssl-required"`
	Resource      string            `json:"resource"` // clientId
	BearerOnly    bool              `json:"bearer-only,omitempty"`
	PublicClient  bool              `json:"public-client,omitempty"`
	Credentials   map[string]string `json:"credentials,omitzero"`
	ByRole        bool              `json:"use-resource-role-mappings,omitempty"`
	Port          int               `json:"confidential-port"`
}

func (d *Door) installation(c *call) error {
	client := c.snap.ClientByID(c.path("id"))
	if client == nil {
		return answerError(http.StatusNotFound, "Could not find client")
	}
	if c.path("provider") != "keycloak-oidc-keycloak-json" {
		return answerError(http.StatusNotFound, "Unknown Provider")
	}
	file := installation{Realm: c.snap.Realm.Name, AuthServerURL: d.Site.URL() + "/", SSLRequired: "external", Resource: client.ClientID,
		BearerOnly: client.BearerOnly, PublicClient: client.PublicClient, ByRole: len(rolesOf(c.snap, client.ID)) > 0}
	if !client.PublicClient && !client.BearerOnly && client.Secret != "" {
		file.Credentials = map[string]string{"secret": representation.Masked}
		if c.may(mayManageClients...) {
			file.Credentials["secret"] = client.Secret.Reveal()
		}
	}
	text, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "text/plain; charset=UTF-8") // Keycloak's
	_, _ = c.w.Write(text)                                        // nobody is there to hear of a failure
	return nil
}
