package admin

import (
	"encoding/json"
	"net/http"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// shownSecret is Keycloak's CredentialRepresentation of a client's secret.
type shownSecret struct {
	Type  string `json:"type"`
	Value string `json:"value,omitempty"`
}

func secretOf(s latchkey.Secret) shownSecret { return shownSecret{Type: "secret", Value: s.Reveal()} }

func (d *Door) clientSecretRoutes() []route {
	const path = "/clients/{id}/client-secret"
	return []route{
		{method: "GET", path: path, may: mayManageClients, act: d.clientSecret, summary: "Read a client's secret", gives: shownSecret{}},
		{method: "POST", path: path, may: mayManageClients, act: d.regenerateSecret, gives: shownSecret{},
			summary: "Give a client a new secret; the old one stays good for as long as the realm's client policies say"},
		{method: "GET", path: path + "/rotated", may: mayManageClients, act: d.rotatedSecret,
			summary: "Read the secret that a client had before, while it is good", gives: shownSecret{}},
		{method: "DELETE", path: path + "/rotated", may: mayManageClients, act: d.dropRotatedSecret,
			summary: "End the secret that a client had before"},
		{method: "POST", path: "/clients/{id}/registration-access-token", may: mayManageClients, act: d.registrationToken,
			summary: "Give a client a new registration access token, and end the one before", gives: representation.Client{}},
	}
}

// secretClient is the client of the request, for a caller who may act as it.
func (c *call) secretClient(tx *store.Tx, snap *latchkey.Snapshot) (*latchkey.Client, error) {
	client, err := c.clientAt(snap)
	if err != nil {
		return nil, err
	}
	return client, c.mayActAs(tx, client)
}

func (d *Door) clientSecret(c *call) error {
	return c.view(func(tx *store.Tx) error {
		client, err := c.secretClient(tx, c.snap)
		if err != nil {
			return err
		}
		if client.PublicClient || client.BearerOnly {
			return c.answer(secretOf(""))
		}
		return c.answer(secretOf(client.Secret))
	})
}

// changeSecret writes what change does to the secrets of the request's client,
// and tells what it was by an admin event below the client.
func (c *call) changeSecret(what act, change func(tx *store.Tx, snap *latchkey.Snapshot, client *latchkey.Client) error) error {
	return c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		client, err := c.secretClient(tx, snap)
		if err != nil {
			return err
		}
		changed := *client
		if err := change(tx, snap, &changed); err != nil {
			return err
		}
		if err := tx.UpdateClient(&changed); err != nil {
			return err
		}
		return c.record(tx, act{what.operation, resourceClient, "clients/" + client.ID + what.path, what.body})
	})
}

func (d *Door) regenerateSecret(c *call) error {
	fresh := latchkey.Secret(secret.Token())
	body := shownSecret{Type: "secret", Value: representation.Masked}
	err := c.changeSecret(act{operation: operationAction, path: "/client-secret", body: body}, func(tx *store.Tx, snap *latchkey.Snapshot, client *latchkey.Client) error {
		if client.PublicClient || client.BearerOnly {
			return tellError(http.StatusBadRequest, "The client has no secret: it is public or bearer-only.")
		}
		realm.RenewSecret(snap, client, fresh, tx.Now())
		return nil
	})
	if err != nil {
		return err
	}
	return c.answer(secretOf(fresh))
}

const noRotatedSecret = "Client does not have a rotated secret" //nolint:gosec // a sentence

// rotated is the secret from before, while it is good; empty when there is none.
func (c *call) rotated(client *latchkey.Client) latchkey.Secret {
	for _, s := range client.Secrets(c.door.Now()) {
		if s != client.Secret {
			return s
		}
	}
	return ""
}

func (d *Door) rotatedSecret(c *call) error {
	return c.view(func(tx *store.Tx) error {
		client, err := c.secretClient(tx, c.snap)
		if err != nil {
			return err
		}
		before := c.rotated(client)
		if before == "" {
			return answerError(http.StatusNotFound, noRotatedSecret)
		}
		return c.answer(secretOf(before))
	})
}

func (d *Door) dropRotatedSecret(c *call) error {
	err := c.changeSecret(act{operation: operationDelete, path: "/client-secret/rotated"}, func(_ *store.Tx, _ *latchkey.Snapshot, client *latchkey.Client) error {
		if c.rotated(client) == "" {
			return answerError(http.StatusNotFound, noRotatedSecret)
		}
		realm.DropRotatedSecret(client)
		return nil
	})
	if err != nil {
		return err
	}
	return c.done()
}

// registrationToken answers with the client and a token that it is read and
// changed with (RFC 7592 3). One is good at a time.
func (d *Door) registrationToken(c *call) error {
	id := secret.NewID()
	signed, err := d.Signer.MintRegistrationAccess(c.r.Context(), c.snap, d.Site.Issuer(c.snap.Realm.Name), id)
	if err != nil {
		return err
	}
	var shown representation.Client
	err = c.changeSecret(act{operation: operationAction, path: "/registration-access-token"}, func(_ *store.Tx, _ *latchkey.Snapshot, client *latchkey.Client) error {
		client.RegistrationTokenID = id
		shown = c.shownClient(client).WithoutSecrets()
		shown.Access = nil
		return nil
	})
	if err != nil {
		return err
	}
	text, err := json.Marshal(signed)
	if err != nil {
		return err
	}
	shown.Kept["registrationAccessToken"] = text // a member that clients have in this answer alone
	return c.answer(shown)
}
