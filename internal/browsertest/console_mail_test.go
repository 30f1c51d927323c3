package browsertest_test

import (
	"fmt"
	"strconv"
	"time"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/store"
)

// lived writes a day of sign-ins and mails, and gives the paths of the pages
// that tell of it.
func (d *desk) lived() []string {
	d.t.Helper()
	snap := d.s.Snapshot(realm.DemoRealm)
	id, now := snap.Realm.ID, d.s.Clock.Now()
	ada := d.s.AddUser(realm.DemoRealm, "ada.lovelace@example.test", "", nil)
	var tried string
	d.s.Update(func(tx *store.Tx) error {
		for i := range 140 {
			at := now.Add(-time.Duration(i*i%1430) * time.Minute)
			e := &latchkey.Event{RealmID: id, Type: latchkey.EventLogin, Time: at, ClientID: "demo", UserID: ada.ID, SessionID: "a2b1c3", IPAddress: "192.0.2." + strconv.Itoa(i),
				Details: map[string]string{"username": ada.Username, "auth_method": "magic-link", "redirect_uri": "https://shop.example.test/cb"}}
			if i%6 == 0 {
				e.Type, e.Error, e.UserID = latchkey.EventLoginError, "invalid_code", ""
			}
			if err := tx.CreateEvent(e); err != nil {
				return err
			}
			m := &latchkey.Message{RealmID: id, Kind: latchkey.MailMagicLink, Address: fmt.Sprintf("person-%d@example.test", i), CreatedAt: at,
				ExpiresAt: at.Add(10 * time.Minute), State: latchkey.MessageHandedOver, HandedOverAt: at.Add(time.Duration(40+i*i%900) * time.Millisecond), UserID: ada.ID}
			switch {
			case i%23 == 5:
				m.State, m.Reason, m.HandedOverAt = latchkey.MessageFailed, "RCPT: 550 5.1.1 no such user here", time.Time{}
			case i%31 == 7:
				m.State, m.Reason, m.HandedOverAt = latchkey.MessageExpired, "no relay took it before its link ended", time.Time{}
			case i%11 == 3:
				m.State, m.Reason, m.HandedOverAt = latchkey.MessageWithheld, "limit:address", time.Time{}
			}
			if err := tx.CreateMessage(m); err != nil {
				return err
			}
			if i == 5 {
				tried = m.ID
				for n, outcome := range []string{"deferred", "refused"} {
					if err := tx.RecordAttempt(&latchkey.DeliveryAttempt{RealmID: id, MessageID: m.ID, Number: n + 1, At: at.Add(time.Duration(n) * time.Second),
						Relay: "smtp.example.test:587", Outcome: outcome, Reply: "RCPT: 550 5.1.1 <person-5@example.test>: Recipient address rejected: no such user here",
						Duration: 230 * time.Millisecond}); err != nil {
						return err
					}
				}
			}
		}
		token := &latchkey.ActionToken{RealmID: id, ID: "link", SecretHash: []byte("hash"), Kind: latchkey.TokenMagicLink, Address: "ada.lovelace@example.test", UserID: ada.ID, ExpiresAt: now.Add(time.Hour)}
		return tx.CreateActionToken(token)
	})
	event := &latchkey.AdminEvent{RealmID: id, ID: "changed", Time: now, OperationType: "UPDATE", ResourceType: "REALM", ResourcePath: "", Representation: `{"displayName":"Gardens","sslRequired":"external"}`}
	d.s.Update(func(tx *store.Tx) error { return tx.CreateAdminEvent(event) })
	return []string{"mail/messages", "mail/messages/" + tried, "mail/messages/" + tried + "/cancel", "mail/links", "mail/statistics",
		"events/user-events", "events/admin-events", "events/admin-events/" + strconv.FormatInt(now.UnixMilli(), 10) + "/changed", "events/user-events/clear"}
}
