package token

import (
	"time"

	"latchkey"
	"latchkey/internal/session"
	"latchkey/internal/store"
)

// Bearer is whom an access token stands for, as the database knows them now.
// Session is nil for a service account.
type Bearer struct {
	Client  *latchkey.Client
	User    *latchkey.User
	Session *latchkey.UserSession
	Claims  string // the claims parameter of the application's last request
}

// Subject says whom a verified access token stands for now; nil when its
// client is gone or disabled, it was revoked ([Revoke]), its session or the client's part of it has
// ended, or its user is gone or disabled. A door that answers with what the
// person may see asks it, since an access token outlives a sign-out.
func Subject(tx *store.Tx, snap *latchkey.Snapshot, c *Claims) (*Bearer, error) {
	client := snap.ClientByClientID(c.ClientID)
	if client == nil || !client.Enabled {
		return nil, nil
	}
	if c.Type == typeAccess {
		if revoked, err := tx.JTIUsed(snap.Realm.ID, "", c.ID); err != nil || revoked {
			return nil, err
		}
	}
	if c.SessionID == "" {
		return serviceAccount(tx, snap, client, c)
	}
	s, user, err := session.ByID(tx, snap, c.SessionID)
	if err != nil || s == nil {
		return nil, err
	}
	part, err := session.ClientOf(tx, snap, s, client)
	if err != nil || part == nil {
		return nil, err
	}
	return &Bearer{Client: client, User: user, Session: s, Claims: part.Claims}, nil
}

// Revoke takes back an access token before it expires (RFC 7009).
func Revoke(tx *store.Tx, snap *latchkey.Snapshot, c *Claims) error {
	_, err := tx.UseJTI(snap.Realm.ID, "", c.ID, time.Unix(c.ExpiresAt, 0))
	return err
}

func serviceAccount(tx *store.Tx, snap *latchkey.Snapshot, client *latchkey.Client, c *Claims) (*Bearer, error) {
	if !client.ServiceAccountsEnabled {
		return nil, nil
	}
	user, err := tx.ServiceAccountUser(snap.Realm.ID, client.ID)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !user.Enabled || c.IssuedAt < user.NotBefore {
		return nil, nil
	}
	return &Bearer{Client: client, User: user}, nil
}
