package store

import (
	"fmt"

	"latchkey"
	"latchkey/internal/secret"
)

const (
	purposeClient        = "client.secret"
	purposeClientRotated = "client.rotated_secret"
)

// rowID names a row for sealing: what is sealed into one row does not open in
// another.
func rowID(realmID, id string) string { return realmID + "/" + id }

func (tx *Tx) scanClient(r row) (*latchkey.Client, error) {
	c := &latchkey.Client{}
	var sealed, rotated []byte
	if err := r.Scan(&c.RealmID, &c.ID, &c.ClientID, &c.Enabled, &sealed, &rotated, bodyColumn{c},
		tx.keptColumn(keptClient, &c.RealmID, &c.ID, &c.Kept)); err != nil {
		return nil, err
	}
	plain, err := tx.unseal(purposeClient, rowID(c.RealmID, c.ID), sealed)
	if err != nil {
		return nil, fmt.Errorf("secret of client %s: %w", c.ClientID, err)
	}
	before, err := tx.unseal(purposeClientRotated, rowID(c.RealmID, c.ID), rotated)
	if err != nil {
		return nil, fmt.Errorf("rotated secret of client %s: %w", c.ClientID, err)
	}
	c.Secret, c.RotatedSecret = latchkey.Secret(plain), latchkey.Secret(before)
	return c, nil
}

// seal seals what is not empty; the empty string stays NULL.
func (tx *Tx) seal(purpose, id, plain string) []byte {
	if plain == "" {
		return nil
	}
	return tx.db.keyring.Seal(purpose, id, []byte(plain))
}

func (tx *Tx) unseal(purpose, id string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	return tx.db.keyring.Open(purpose, id, sealed)
}

var configuredClients = configured[latchkey.Client]{"client", "realm_id, id, client_id, enabled, secret, rotated_secret, body, kept", "id",
	(*Tx).scanClient, func(c *latchkey.Client) string { return c.ID }}

func clientTaken(c *latchkey.Client) error {
	return conflict("clientId", "A client %q exists already.", c.ClientID)
}

// CreateClient adds a client. An empty ID is drawn. The error has the code
// "conflict" and the field "clientId" when the clientId is taken.
func (tx *Tx) CreateClient(c *latchkey.Client) error {
	if c.ID == "" {
		c.ID = secret.NewID()
	}
	text, kept, err := tx.bodies(c, keptClient, rowID(c.RealmID, c.ID), c.Kept)
	if err != nil {
		return err
	}
	if err := tx.BumpRealm(c.RealmID); err != nil {
		return err
	}
	return tx.insert(clientTaken(c), `INSERT INTO client (realm_id, id, client_id, enabled, secret, rotated_secret, body, kept, changed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, `+versionNow+`) ON CONFLICT DO NOTHING`,
		c.RealmID, c.ID, c.ClientID, flag(c.Enabled), tx.seal(purposeClient, rowID(c.RealmID, c.ID), c.Secret.Reveal()),
		tx.seal(purposeClientRotated, rowID(c.RealmID, c.ID), c.RotatedSecret.Reveal()), text, kept)
}

// UpdateClient changes a client; see CreateClient.
func (tx *Tx) UpdateClient(c *latchkey.Client) error {
	text, kept, err := tx.bodies(c, keptClient, rowID(c.RealmID, c.ID), c.Kept)
	if err != nil {
		return err
	}
	if err := tx.BumpRealm(c.RealmID); err != nil {
		return err
	}
	return tx.update(clientTaken(c), "client", `UPDATE client SET client_id = $3, enabled = $4, secret = $5, rotated_secret = $6,
			body = $7, kept = $8, changed = `+versionNow+`
		WHERE realm_id = $1 AND id = $2 AND NOT EXISTS (
			SELECT 1 FROM client other WHERE other.realm_id = $1 AND other.client_id = $3 AND other.id <> $2)`,
		`SELECT 1 FROM client WHERE realm_id = $1 AND id = $2`,
		c.RealmID, c.ID, c.ClientID, flag(c.Enabled), tx.seal(purposeClient, rowID(c.RealmID, c.ID), c.Secret.Reveal()),
		tx.seal(purposeClientRotated, rowID(c.RealmID, c.ID), c.RotatedSecret.Reveal()), text, kept)
}

// update runs an UPDATE of one thing that looks itself whether its name is
// taken. Only when it changed nothing is it asked why: probe, which takes the
// first two arguments, finds the thing.
func (tx *Tx) update(taken error, what, text, probe string, args ...any) error {
	ok, err := tx.changed(text, args...)
	if ok || err != nil {
		return err
	}
	return tx.takenOrGone(taken, what, probe, args[:2])
}

// takenOrGone says why an update changed nothing; probe selects the row by its
// realm and its id.
func (tx *Tx) takenOrGone(taken error, what, probe string, key []any) error {
	exists := false
	if err := tx.each(func(row) error { exists = true; return nil }, probe, key...); err != nil {
		return err
	}
	if exists {
		return taken
	}
	return notFound(what)
}

// DeleteClient deletes a client with its roles, its parts of sessions, the
// offline sessions that are its alone, its consents, its codes and its service
// account.
func (tx *Tx) DeleteClient(realmID, id string) error {
	if err := tx.BumpRealm(realmID); err != nil {
		return err
	}
	if err := tx.must("client", `DELETE FROM client WHERE realm_id = $1 AND id = $2`, realmID, id); err != nil {
		return err
	}
	account, err := tx.ServiceAccountUser(realmID, id)
	if err == nil {
		err = tx.DeleteUser(realmID, account.ID)
	}
	if err != nil && latchkey.ErrorCode(err) != latchkey.CodeNotFound {
		return err
	}
	return tx.run([]string{
		`DELETE FROM user_role WHERE realm_id = $1 AND role_id IN (
			SELECT id FROM role WHERE realm_id = $1 AND client_id = $2)`,
		`DELETE FROM role WHERE realm_id = $1 AND client_id = $2`,
		`DELETE FROM user_session WHERE realm_id = $1 AND offline = 1 AND id IN (
			SELECT session_id FROM client_session WHERE realm_id = $1 AND client_id = $2)
			AND NOT EXISTS (SELECT 1 FROM client_session other WHERE other.realm_id = $1
				AND other.session_id = user_session.id AND other.client_id <> $2)`,
		`DELETE FROM client_session WHERE realm_id = $1 AND client_id = $2`,
		`DELETE FROM user_consent WHERE realm_id = $1 AND client_id = $2`,
		`DELETE FROM authorization_code WHERE realm_id = $1 AND client_id = $2`,
	}, realmID, id)
}

// run runs statements that take the same arguments.
func (tx *Tx) run(texts []string, args ...any) error {
	for _, text := range texts {
		if err := tx.later(nil, text, args...); err != nil {
			return err
		}
	}
	return nil
}
