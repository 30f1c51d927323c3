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
	Client   *latchkey.Client
	User     *latchkey.User
	Holdings *latchkey.Holdings // the user's roles and groups
	Session  *latchkey.UserSession
	Part     *latchkey.ClientSession // what the client holds of the session
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
	jti := ""
	if c.Type == typeAccess {
		jti = c.ID
	}
	if c.SessionID == "" {
		return serviceAccount(tx, snap, client, c, jti)
	}
	st, err := session.Standing(tx, snap, c.SessionID, client, jti)
	if err != nil || st == nil || st.Part == nil || st.Revoked {
		return nil, err
	}
	return &Bearer{Client: client, User: st.User, Holdings: st.Holdings, Session: st.Session, Part: st.Part}, nil
}

// Revoke takes back an access token before it expires (RFC 7009).
func Revoke(tx *store.Tx, snap *latchkey.Snapshot, c *Claims) error {
	_, err := tx.UseJTI(snap.Realm.ID, "", c.ID, time.Unix(c.ExpiresAt, 0))
	return err
}

func serviceAccount(tx *store.Tx, snap *latchkey.Snapshot, client *latchkey.Client, c *Claims, jti string) (*Bearer, error) {
	if !client.ServiceAccountsEnabled {
		return nil, nil
	}
	st, err := tx.ServiceAccountStanding(snap.Realm.ID, client.ID, jti)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !st.User.Enabled || c.IssuedAt < st.User.NotBefore || st.Revoked {
		return nil, nil
	}
	return &Bearer{Client: client, User: st.User, Holdings: st.Holdings}, nil
}
