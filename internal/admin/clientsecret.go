package admin

import (
	"maps"
	"net/http"
	"strconv"

	"latchkey"
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
		changed.Attributes = maps.Clone(client.Attributes)
		if changed.Attributes == nil {
			changed.Attributes = map[string]string{}
		}
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
		now := tx.Now()
		dropRotated(client)
		client.Secret = fresh
		client.Attributes[latchkey.AttributeSecretCreated] = strconv.FormatInt(now.Unix(), 10)
		delete(client.Attributes, latchkey.AttributeSecretExpires)
		return nil
	})
	if err != nil {
		return err
	}
	return c.answer(secretOf(fresh))
}

// dropRotated takes the secret from before away.
func dropRotated(client *latchkey.Client) {
	client.RotatedSecret = ""
	delete(client.Attributes, latchkey.AttributeRotatedCreated)
	delete(client.Attributes, latchkey.AttributeRotatedExpires)
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
		dropRotated(client)
		return nil
	})
	if err != nil {
		return err
	}
	return c.done()
}
