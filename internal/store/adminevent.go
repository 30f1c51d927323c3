package store

import (
	"strconv"
	"strings"
	"time"

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
	return tx.later(nil, `INSERT INTO admin_event (realm_id, time, id, operation_type, resource_type, resource_path, error, body,
			auth_realm_id, auth_client_id, auth_user_id, auth_ip_address)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		e.RealmID, millis(e.Time), e.ID, e.OperationType, e.ResourceType, e.ResourcePath, e.Error, text,
		e.AuthRealmID, e.AuthClientID, e.AuthUserID, e.AuthIPAddress)
}

// AdminEventFilter says which admin events are listed. Empty fields do not
// filter.
type AdminEventFilter struct {
	Operations, Resources     []string
	ResourcePath              string // "*" stands for any text in it
	AuthRealmID, AuthClientID string
	AuthUserID, AuthIPAddress string
	From, To                  time.Time // From inclusive, To exclusive
	OldestFirst               bool
	First, Max                int // Max zero: a hundred
}

// AdminEvents lists the admin events of a realm, the newest first unless the
// filter says otherwise. Which they are is found in an index.
func (tx *Tx) AdminEvents(realmID string, f AdminEventFilter) ([]*latchkey.AdminEvent, error) {
	where, args := `realm_id = $1`, []any{realmID}
	add := func(condition string, arg any) {
		args = append(args, arg)
		where += ` AND ` + condition + ` $` + strconv.Itoa(len(args))
	}
	in := func(column string, values []string) {
		if len(values) > 0 {
			list := padded(values)
			where += ` AND ` + column + ` IN (` + placeholders(len(args)+1, len(list)) + `)`
			args = append(args, list...)
		}
	}
	if f.ResourcePath != "" {
		add(`resource_path LIKE`, strings.ReplaceAll(likeEscapes.Replace(f.ResourcePath), "*", "%"))
		where += ` ESCAPE '\'`
	}
	for _, by := range [][2]string{{`auth_realm_id =`, f.AuthRealmID}, {`auth_client_id =`, f.AuthClientID},
		{`auth_user_id =`, f.AuthUserID}, {`auth_ip_address =`, f.AuthIPAddress}} {
		if by[1] != "" {
			add(by[0], by[1])
		}
	}
	if !f.From.IsZero() {
		add(`time >=`, millis(f.From))
	}
	if !f.To.IsZero() {
		add(`time <`, millis(f.To))
	}
	in(`operation_type`, f.Operations)
	in(`resource_type`, f.Resources)
	if f.Max <= 0 {
		f.Max = maxListed
	}
	order := ` ORDER BY time DESC, id DESC`
	if f.OldestFirst {
		order = ` ORDER BY time, id`
	}
	args = append(args, f.Max, max(f.First, 0))
	return many(tx, (*Tx).scanAdminEvent, `SELECT realm_id, time, id, operation_type, resource_type, resource_path, error, body FROM admin_event
		WHERE realm_id = $1 AND (time, id) IN (
			SELECT time, id FROM admin_event WHERE `+where+order+` LIMIT $`+strconv.Itoa(len(args)-1)+` OFFSET $`+strconv.Itoa(len(args))+`)`+order, args...)
}

func (tx *Tx) scanAdminEvent(r row) (*latchkey.AdminEvent, error) {
	e := &latchkey.AdminEvent{}
	var b adminEventBody
	err := r.Scan(&e.RealmID, timeColumn{&e.Time}, &e.ID, &e.OperationType, &e.ResourceType, &e.ResourcePath, &e.Error, bodyColumn{&b})
	e.AuthRealmID, e.AuthClientID, e.AuthUserID, e.AuthIPAddress, e.Representation =
		b.RealmID, b.ClientID, b.UserID, b.IPAddress, b.Representation
	return e, err
}

// DeleteAdminEvents deletes all admin events of a realm.
func (tx *Tx) DeleteAdminEvents(realmID string) error {
	return tx.later(nil, `DELETE FROM admin_event WHERE realm_id = $1`, realmID)
}
