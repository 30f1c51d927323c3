package outbox

import (
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// issue stands for actiontoken.Issue, which is on a higher floor.
func issue(tx *store.Tx, t *latchkey.ActionToken) (latchkey.Secret, error) {
	s := secret.Token()
	t.ID, t.SecretHash, t.CreatedAt = secret.TabID(), secret.Hash(s), tx.Now()
	return latchkey.Secret(s), tx.CreateActionToken(t)
}

// The operator's view: no secret, and the link's own life.
func TestStatus(t *testing.T) {
	db, _ := storetest.SQLite(t)
	h := newHouse(t, db, newScripted(t, nil).relay())
	m := h.queue("ada@example.test", nil)
	if r := h.status(m); r.Message.State != latchkey.MessageQueued || r.Message.Secret != "" || !r.Opened.IsZero() {
		t.Errorf("%+v", r)
	}
	h.round(h.worker)
	h.update(func(tx *store.Tx) error {
		if _, err := tx.OpenActionToken(m.RealmID, m.TokenID); err != nil {
			return err
		}
		_, err := tx.RedeemActionToken(m.RealmID, m.TokenID)
		return err
	})
	if r := h.status(m); r.Opens != 1 || !r.Opened.Equal(h.clock.Now()) || !r.Redeemed.Equal(h.clock.Now()) || len(r.Attempts) != 1 {
		t.Errorf("%+v", r)
	}
	h.view(func(tx *store.Tx) error {
		if _, err := Status(tx, h.realm.ID, "none"); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
			t.Errorf("no such mail: %v", err)
		}
		return nil
	})
}

// An operator's resend is a new mail with a new link.
func TestResend(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScripted(t, map[string]string{"RCPT": "550 5.7.1 not today"})
		h := newHouse(t, db, s.relay())
		old := h.queue("ada@example.test", nil)
		resend := func(id string) (m *latchkey.Message, err error) {
			err = db.Update(t.Context(), func(tx *store.Tx) error { m, err = Resend(tx, h.realm, id, issue); return err })
			return m, err
		}
		if _, err := resend(old.ID); latchkey.ErrorCode(err) != latchkey.CodeConflict {
			t.Errorf("while it waits: %v", err)
		}
		h.round(h.worker)
		s.set("RCPT", "250 ok")
		h.clock.Advance(time.Minute)
		m, err := resend(old.ID)
		if err != nil {
			t.Fatal(err)
		}
		if m.ID == old.ID || m.TokenID == old.TokenID || m.Secret == "s3cret" || m.Secret == "" || !m.ExpiresAt.Equal(h.clock.Now().Add(10*time.Minute)) || m.LoginID != old.LoginID {
			t.Errorf("%+v", m)
		}
		h.round(h.worker)
		if len(s.got()) != 1 || h.status(m).Message.State != latchkey.MessageHandedOver {
			t.Errorf("%+v", h.status(m).Message)
		}
		h.clock.Advance(50 * time.Minute)
		if m, err := resend(m.ID); err != nil || !m.ExpiresAt.Equal(h.clock.Now().Add(9*time.Minute)) {
			t.Errorf("the link may not outlive its login: %v %v", m, err)
		}
		h.update(func(tx *store.Tx) error {
			_, err := tx.EndLogin(h.realm.ID, old.LoginID, latchkey.EndFinished)
			return err
		})
		if _, err := resend(m.ID); latchkey.ErrorCode(err) != latchkey.CodeExpired {
			t.Errorf("the login is over: %v", err)
		}
		other := h.queue("eve@example.test", nil)
		h.round(h.worker)
		h.update(func(tx *store.Tx) error { _, err := tx.RedeemActionToken(h.realm.ID, other.TokenID); return err })
		if _, err := resend(other.ID); latchkey.ErrorCode(err) != latchkey.CodeExpired {
			t.Errorf("the link was used: %v", err)
		}
	})
}
