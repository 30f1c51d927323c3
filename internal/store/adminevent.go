package store

import (
	"latchkey"
	"latchkey/internal/secret"
)

// adminEventBody is what of an admin event is only loaded whole.
type adminEventBody struct {
	RealmID        string `json:"authRealmId,omitempty"`
	ClientID       string `json:"authClientId,omitempty"`
	UserID         string `json:"authUserId,omitempty"`
	IPAddress      string `json:"authIpAddress,omitempty"`
	Representation string `json:"representation,omitempty"`
}

// CreateAdminEvent adds an admin event. An empty ID is drawn, a zero Time is
// now.
func (tx *Tx) CreateAdminEvent(e *latchkey.AdminEvent) error {
	if e.ID == "" {
		e.ID = secret.NewID()
	}
	if e.Time.IsZero() {
		e.Time = tx.now
	}
	text, err := body(adminEventBody{e.AuthRealmID, e.AuthClientID, e.AuthUserID, e.AuthIPAddress, e.Representation})
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO admin_event (realm_id, time, id, operation_type, resource_type, resource_path, error, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.RealmID, millis(e.Time), e.ID, e.OperationType, e.ResourceType, e.ResourcePath, e.Error, text)
	return err
}

// AdminEvents lists the newest admin events of a realm, at most so many (zero: a
// hundred).
func (tx *Tx) AdminEvents(realmID string, most int) ([]*latchkey.AdminEvent, error) {
	if most <= 0 {
		most = maxListed
	}
	return many(tx, func(_ *Tx, r row) (*latchkey.AdminEvent, error) {
		e := &latchkey.AdminEvent{}
		var b adminEventBody
		err := r.Scan(&e.RealmID, timeColumn{&e.Time}, &e.ID, &e.OperationType, &e.ResourceType, &e.ResourcePath, &e.Error, bodyColumn{&b})
		e.AuthRealmID, e.AuthClientID, e.AuthUserID, e.AuthIPAddress, e.Representation =
			b.RealmID, b.ClientID, b.UserID, b.IPAddress, b.Representation
		return e, err
	}, `SELECT realm_id, time, id, operation_type, resource_type, resource_path, error, body FROM admin_event
		WHERE realm_id = $1 ORDER BY time DESC, id DESC LIMIT $2`, realmID, most)
}

// DeleteAdminEvents deletes all admin events of a realm.
func (tx *Tx) DeleteAdminEvents(realmID string) error {
	_, err := tx.exec(`DELETE FROM admin_event WHERE realm_id = $1`, realmID)
	return err
}
