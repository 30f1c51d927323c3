package store

import (
	"encoding/json"
	"fmt"

	"latchkey"
	"latchkey/internal/secret"
)

const realmColumns = `realm_id, name, enabled, version, created_at, body, smtp, smtp_secrets, kept`

// relaySecrets is what of a relay is sealed.
type relaySecrets struct{ Basic, Token string }

const purposeSMTP = "realm.smtp"

func (tx *Tx) scanRealm(r row) (*latchkey.Realm, error) {
	realm := &latchkey.Realm{}
	var sealed []byte
	err := r.Scan(&realm.ID, &realm.Name, &realm.Enabled, &realm.Version, timeColumn{&realm.CreatedAt},
		bodyColumn{realm}, bodyColumn{&realm.SMTP}, &sealed, tx.keptColumn(keptRealm, &realm.ID, nil, &realm.Kept))
	if err != nil || len(sealed) == 0 {
		return realm, err
	}
	plain, err := tx.db.keyring.Open(purposeSMTP, realm.ID, sealed)
	if err != nil {
		return nil, fmt.Errorf("relay passwords of realm %s: %w", realm.Name, err)
	}
	var secrets []relaySecrets
	if err := json.Unmarshal(plain, &secrets); err != nil {
		return nil, err
	}
	for i := range min(len(secrets), len(realm.SMTP.Relays)) {
		realm.SMTP.Relays[i].Password = latchkey.Secret(secrets[i].Basic)
		realm.SMTP.Relays[i].AuthTokenClientSecret = latchkey.Secret(secrets[i].Token)
	}
	return realm, nil
}

// sealSMTP gives the JSON of the mail configuration and, sealed, the secrets
// of its relays in the same order; nil when there are none.
func (tx *Tx) sealSMTP(r *latchkey.Realm) (plain string, sealed []byte, err error) {
	if plain, err = body(r.SMTP); err != nil {
		return "", nil, err
	}
	secrets, some := make([]relaySecrets, len(r.SMTP.Relays)), false
	for i, relay := range r.SMTP.Relays {
		secrets[i] = relaySecrets{relay.Password.Reveal(), relay.AuthTokenClientSecret.Reveal()}
		some = some || secrets[i] != relaySecrets{}
	}
	if !some {
		return plain, nil, nil
	}
	text, err := json.Marshal(secrets)
	if err != nil {
		return "", nil, err
	}
	return plain, tx.db.keyring.Seal(purposeSMTP, r.ID, text), nil
}

// CreateRealm adds a realm at version 1. An empty ID is drawn, a zero
// CreatedAt is now. The error has the code "conflict" when the name is taken.
func (tx *Tx) CreateRealm(r *latchkey.Realm) error {
	if r.ID == "" {
		r.ID = secret.NewID()
	}
	if r.CreatedAt.IsZero() {
		r.CreatedAt = tx.now
	}
	r.Version = 1
	text, kept, err := tx.bodies(r, keptRealm, r.ID, r.Kept)
	if err != nil {
		return err
	}
	smtp, sealed, err := tx.sealSMTP(r)
	if err != nil {
		return err
	}
	err = tx.insert(conflict("realm", "A realm named %q exists already.", r.Name),
		`INSERT INTO realm (realm_id, name, enabled, version, duplicate_emails, created_at, body, smtp, smtp_secrets, kept)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
		r.ID, r.Name, flag(r.Enabled), r.Version, flag(r.DuplicateEmailsAllowed), millis(r.CreatedAt), text, smtp, sealed, kept)
	if err == nil {
		tx.markBumped(r.ID)
	}
	return err
}

// UpdateRealm changes all of a realm but its id and its time of creation, and
// sets r.Version. The error has the code "conflict" when the name is taken, or
// when duplicate addresses are switched off while there are some (Field
// "duplicateEmailsAllowed").
func (tx *Tx) UpdateRealm(r *latchkey.Realm) error {
	text, kept, err := tx.bodies(r, keptRealm, r.ID, r.Kept)
	if err != nil {
		return err
	}
	smtp, sealed, err := tx.sealSMTP(r)
	if err != nil {
		return err
	}
	if err := tx.switchDuplicates(r); err != nil {
		return err
	}
	if err := tx.BumpRealm(r.ID); err != nil {
		return err
	}
	found := false
	err = tx.returning(func(row row) error {
		found = true
		return row.Scan(&r.Version)
	}, `UPDATE realm SET name = $2, enabled = $3, duplicate_emails = $4, body = $5, smtp = $6, smtp_secrets = $7, kept = $8
		WHERE realm_id = $1 AND NOT EXISTS (SELECT 1 FROM realm other WHERE other.name = $2 AND other.realm_id <> $1)
		RETURNING version`,
		r.ID, r.Name, flag(r.Enabled), flag(r.DuplicateEmailsAllowed), text, smtp, sealed, kept)
	if err == nil && !found {
		err = conflict("realm", "A realm named %q exists already.", r.Name)
	}
	return err
}

// switchDuplicates makes the addresses of a realm unique, or lets them be, when
// the realm's setting changes.
func (tx *Tx) switchDuplicates(r *latchkey.Realm) error {
	var before bool
	err := tx.each(func(row row) error { return row.Scan(&before) },
		`SELECT duplicate_emails FROM realm WHERE realm_id = $1`, r.ID)
	if err != nil || before == r.DuplicateEmailsAllowed {
		return err
	}
	// A user who is being made now has read the old setting.
	if tx.db.dialect.lockUsers != "" {
		if _, err := tx.exec(tx.db.dialect.lockUsers); err != nil {
			return err
		}
	}
	if r.DuplicateEmailsAllowed {
		_, err = tx.exec(`UPDATE users SET email_unique = NULL WHERE realm_id = $1`, r.ID)
		return err
	}
	doubles := false
	err = tx.each(func(row) error { doubles = true; return nil },
		`SELECT 1 FROM users WHERE realm_id = $1 AND email_key IS NOT NULL GROUP BY email_key HAVING COUNT(*) > 1 LIMIT 1`, r.ID)
	if err == nil && doubles {
		err = conflict("duplicateEmailsAllowed", "Some users share an e-mail address. Change theirs first.")
	}
	if err == nil {
		_, err = tx.exec(`UPDATE users SET email_unique = email_key WHERE realm_id = $1`, r.ID)
	}
	return err
}

// BumpRealm makes every node read the realm anew. Within one transaction the
// version grows once. It also makes configuration changes of one realm wait
// for each other.
func (tx *Tx) BumpRealm(realmID string) error {
	if tx.bumped[realmID] {
		return nil
	}
	if err := tx.must("realm", `UPDATE realm SET version = version + 1 WHERE realm_id = $1`, realmID); err != nil {
		return err
	}
	tx.markBumped(realmID)
	return nil
}

// HoldRealm makes changes of the realm's configuration wait until this Update
// ends, and waits for the one under way. A realm that is not there is not held.
func (tx *Tx) HoldRealm(realmID string) error {
	if tx.db.dialect.forUpdate == "" || tx.bumped[realmID] { // one writer; or who bumps the realm holds its row
		return nil
	}
	return tx.each(func(row) error { return nil }, `SELECT 1 FROM realm WHERE realm_id = $1`+tx.db.dialect.forUpdate, realmID)
}

func (tx *Tx) markBumped(realmID string) {
	if tx.bumped == nil {
		tx.bumped = map[string]bool{}
	}
	tx.bumped[realmID] = true
	tx.Notify(TopicRealms)
}

// RealmByName finds a realm by its name.
func (tx *Tx) RealmByName(name string) (*latchkey.Realm, error) {
	return one(tx, "realm", (*Tx).scanRealm, `SELECT `+realmColumns+` FROM realm WHERE name = $1`, name)
}

// Realm finds a realm by its id.
func (tx *Tx) Realm(id string) (*latchkey.Realm, error) {
	return one(tx, "realm", (*Tx).scanRealm, `SELECT `+realmColumns+` FROM realm WHERE realm_id = $1`, id)
}

// Realms gives every realm, the oldest first.
func (tx *Tx) Realms() ([]*latchkey.Realm, error) {
	return many(tx, (*Tx).scanRealm, `SELECT `+realmColumns+` FROM realm ORDER BY created_at, realm_id`)
}

// RealmHead is what a list shows of a realm.
type RealmHead struct {
	ID, Name        string
	Enabled         bool
	DisplayName     string
	DisplayNameHTML string
}

// RealmHeads gives every realm, the oldest first, without what is in it.
func (tx *Tx) RealmHeads() ([]RealmHead, error) {
	return many(tx, func(_ *Tx, r row) (h RealmHead, err error) {
		var shown struct {
			DisplayName     string `json:"displayName"`
			DisplayNameHTML string `json:"displayNameHtml"`
		}
		err = r.Scan(&h.ID, &h.Name, &h.Enabled, bodyColumn{&shown})
		h.DisplayName, h.DisplayNameHTML = shown.DisplayName, shown.DisplayNameHTML
		return h, err
	}, `SELECT realm_id, name, enabled, body FROM realm ORDER BY created_at, realm_id`)
}

// RealmVersions gives the version of every realm by its id.
func (tx *Tx) RealmVersions() (map[string]int64, error) {
	versions := map[string]int64{}
	err := tx.each(func(r row) error {
		var id string
		var version int64
		if err := r.Scan(&id, &version); err != nil {
			return err
		}
		versions[id] = version
		return nil
	}, `SELECT realm_id, version FROM realm`)
	return versions, err
}
