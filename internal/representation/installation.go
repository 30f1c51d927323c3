package representation

import (
	"slices"

	"latchkey"
)

// Installation is Keycloak's keycloak.json, the file that an application is set
// up with.
type Installation struct {
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

// InstallationOf is the file of a client of the realm on the server at base,
// with its secret, or with a masked one.
func InstallationOf(snap *latchkey.Snapshot, client *latchkey.Client, base string, masked bool) Installation {
	file := Installation{Realm: snap.Realm.Name, AuthServerURL: base + "/", SSLRequired: "external", Resource: client.ClientID,
		BearerOnly: client.BearerOnly, PublicClient: client.PublicClient,
		ByRole: slices.ContainsFunc(snap.Roles, func(r *latchkey.Role) bool { return r.ClientID == client.ID })}
	if !client.PublicClient && !client.BearerOnly && client.Secret != "" {
		secret := client.Secret.Reveal()
		if masked {
			secret = Masked
		}
		file.Credentials = map[string]string{"secret": secret}
	}
	return file
}
