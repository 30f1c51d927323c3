package admin

import (
	"encoding/json"
	"net/http"

	"latchkey/internal/representation"
)

func (d *Door) clientInstallationRoutes() []route {
	return []route{
		{method: "GET", path: "/clients/{id}/installation/providers/{provider}", may: mayViewClients, act: d.installation, gives: representation.Installation{},
			summary: "Read the file that an application is set up with: keycloak-oidc-keycloak-json"},
	}
}

func (d *Door) installation(c *call) error {
	client := c.snap.ClientByID(c.path("id"))
	if client == nil {
		return answerError(http.StatusNotFound, "Could not find client")
	}
	if c.path("provider") != "keycloak-oidc-keycloak-json" {
		return answerError(http.StatusNotFound, "Unknown Provider")
	}
	file := representation.InstallationOf(c.snap, client, d.Site.URL(), !c.may(mayManageClients...))
	text, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "text/plain; charset=UTF-8") // Keycloak's
	_, _ = c.w.Write(text)                                        // nobody is there to hear of a failure
	return nil
}
