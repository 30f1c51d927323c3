package servertest

import (
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// settleTime is how long a worker may take for what takes milliseconds.
const settleTime = 10 * time.Second

// Eventually waits until the condition holds. What a worker does has no
// moment that a test could wait for; everything else has.
func (s *Server) Eventually(what string, holds func() bool) {
	s.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(settleTime)
	for !holds() {
		select {
		case <-tick.C:
		case <-timeout:
			s.t.Fatalf("waited %s in vain: %s", settleTime, what)
		}
	}
}

// Settle waits until no mail of the realm is waiting any more.
func (s *Server) Settle(realmName string) {
	s.t.Helper()
	id := s.Snapshot(realmName).Realm.ID
	s.Eventually("mails to be handed over", func() bool {
		waiting := 0
		s.View(func(tx *store.Tx) error {
			list, err := tx.Messages(id, store.MessageFilter{State: latchkey.MessageQueued, Max: 1000})
			waiting = len(list)
			return err
		})
		return waiting == 0
	})
}

// Pending gives the number of mails to the address that Wait has not given.
func (m *Mailbox) Pending(to string) int {
	n := 0
	for _, mail := range m.box.Messages() {
		if strings.EqualFold(mail.To, to) && !m.given(mail.ID) {
			n++
		}
	}
	return n
}

// AddUser makes an account as an administrator does, with a password when one
// is given; change may set anything before it is kept.
func (s *Server) AddUser(realmName, address, password string, change func(*latchkey.User)) *latchkey.User {
	s.t.Helper()
	snap := s.Snapshot(realmName)
	u := &latchkey.User{RealmID: snap.Realm.ID, ID: secret.NewID(), Username: strings.ToLower(address), Email: address, Enabled: true,
		CreatedAt: s.Clock.Now()}
	if change != nil {
		change(u)
	}
	var c *latchkey.Credential
	if password != "" {
		var err error
		if c, err = credential.NewPassword(s.t.Context(), latchkey.Secret(password)); err != nil {
			s.t.Fatal(err)
		}
		c.RealmID, c.UserID, c.ID, c.CreatedAt = u.RealmID, u.ID, secret.NewID(), u.CreatedAt
	}
	s.Update(func(tx *store.Tx) error {
		if err := tx.CreateUser(u); err != nil {
			return err
		}
		if err := tx.AddUserRole(u.RealmID, u.ID, snap.Realm.DefaultRoleID); err != nil || c == nil {
			return err
		}
		return tx.CreateCredential(c)
	})
	return u
}
