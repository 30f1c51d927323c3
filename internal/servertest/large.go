package servertest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// The size of a large realm: how many of each it has. Everybody has a session,
// a mail with its link, an event and an admin event; everybody is in group0 and
// has role0 of the realm and of app0, and every session has a part of app0.
const (
	LargePeople  = 100_000
	LargeClients = 1000
)

// LargeFile is the export of a large realm of that name: its people, and a
// thousand each of clients, groups, roles and identity providers.
func LargeFile(name string) realm.File {
	type m = map[string]any
	var people, clients, groups, roles, providers []m
	for i := range LargePeople {
		people = append(people, m{"username": fmt.Sprint("user", i), "email": fmt.Sprintf("user%d@example.test", i), "firstName": fmt.Sprint("First", i%5000),
			"lastName": fmt.Sprint("Last", i), "enabled": i%10 > 0, "emailVerified": i%3 > 0, "groups": []string{"/group0", fmt.Sprint("/group", i%LargeClients)},
			"realmRoles": []string{"role0"}, "clientRoles": m{"app0": []string{"role0"}}, "attributes": m{"k": []string{fmt.Sprint(i % 100)}},
			"federatedIdentities": []m{{"identityProvider": fmt.Sprint("idp", i%LargeClients), "userId": fmt.Sprint(i), "userName": fmt.Sprint("far", i)}}})
	}
	for i := range LargeClients {
		clients = append(clients, m{"clientId": fmt.Sprint("app", i), "name": fmt.Sprint("Application ", i), "serviceAccountsEnabled": i == 0,
			"redirectUris": []string{fmt.Sprintf("https://app%d.example.test/cb", i)}})
		groups = append(groups, m{"name": fmt.Sprint("group", i), "attributes": m{"k": []string{fmt.Sprint(i % 7)}}})
		roles = append(roles, m{"name": fmt.Sprint("role", i)})
		providers = append(providers, m{"alias": fmt.Sprint("idp", i), "displayName": fmt.Sprint("Provider ", i), "providerId": "oidc", "enabled": true,
			"config": m{"clientId": "x", "authorizationUrl": "https://idp.example.test/auth", "tokenUrl": "https://idp.example.test/token"}})
	}
	data, err := json.Marshal(m{"realm": name, "enabled": true, "eventsEnabled": true, "adminEventsEnabled": true, "users": people, "clients": clients, "groups": groups,
		"roles": m{"realm": roles, "client": m{"app0": roles}}, "identityProviders": providers, "registrationAllowed": true})
	if err != nil {
		panic(err) // it is made of texts
	}
	return realm.Text(name+".json", data)
}

// Populate gives the realm of a LargeFile what people leave behind in a month.
func (s *Server) Populate(realmName string) {
	s.t.Helper()
	id := s.Snapshot(realmName).Realm.ID
	app := s.Snapshot(realmName).ClientByClientID("app0").ID
	draw := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time
	for after, i := "", 0; ; {
		var people []*latchkey.User
		s.View(func(tx *store.Tx) error {
			list, err := tx.People(id, after, 1000)
			for _, p := range list {
				people, after = append(people, p.User), p.User.Username
			}
			return err
		})
		if len(people) == 0 {
			break
		}
		s.Update(func(tx *store.Tx) error {
			for _, u := range people {
				if err := leave(tx, u, app, i, draw); err != nil {
					return err
				}
				i++
			}
			return nil
		})
	}
	storetest.Tidy(s.t, s.url)
}

// leave is what one person leaves behind.
func leave(tx *store.Tx, u *latchkey.User, client string, i int, draw *rand.Rand) error {
	ago := 30 * 24 * time.Hour / LargePeople * time.Duration(LargePeople-i) // the rows come as they do in a month
	at, address := tx.Now().Add(-ago), fmt.Sprintf("192.0.2.%d", i%256)
	session := &latchkey.UserSession{RealmID: u.RealmID, UserID: u.ID, StartedAt: tx.Now().Add(-ago / 5000), LastAccess: tx.Now(), IPAddress: address, Offline: i%100 == 0}
	if err := tx.CreateUserSession(session); err != nil {
		return err
	}
	if err := tx.PutClientSession(&latchkey.ClientSession{RealmID: u.RealmID, SessionID: session.ID, ClientID: client}); err != nil {
		return err
	}
	link := &latchkey.ActionToken{RealmID: u.RealmID, ID: fmt.Sprint("link", i), SecretHash: []byte("x"), Kind: latchkey.TokenMagicLink, UserID: u.ID,
		ClientID: client, CreatedAt: at, ExpiresAt: tx.Now().Add(time.Hour)}
	mail := &latchkey.Message{RealmID: u.RealmID, Kind: latchkey.MailMagicLink, State: latchkey.MessageHandedOver, Address: u.Email, UserID: u.ID, TokenID: link.ID,
		CreatedAt: at, ExpiresAt: at.Add(time.Hour), HandedOverAt: at.Add(time.Duration(draw.Int64N(int64(20 * time.Second)))), Recipient: u.Email}
	if i%20 == 0 {
		mail.State, mail.HandedOverAt, mail.Reason = latchkey.MessageFailed, time.Time{}, "550 no such user"
	}
	event := &latchkey.Event{RealmID: u.RealmID, Time: at, Type: latchkey.EventLogin, UserID: u.ID, ClientID: "app0", IPAddress: address, SessionID: session.ID}
	if i%20 == 1 {
		event.Type, event.Error = latchkey.EventLoginError, "user_not_found"
	}
	for _, err := range []error{tx.CreateActionToken(link), tx.CreateMessage(mail), tx.CreateEvent(event),
		tx.CreateAdminEvent(&latchkey.AdminEvent{RealmID: u.RealmID, Time: at, AuthRealmID: u.RealmID, AuthClientID: client, AuthUserID: u.ID, AuthIPAddress: address,
			OperationType: "UPDATE", ResourceType: "USER", ResourcePath: "users/" + u.ID, Representation: "{}"})} {
		if err != nil {
			return err
		}
	}
	return tx.RecordAttempt(&latchkey.DeliveryAttempt{RealmID: u.RealmID, MessageID: mail.ID, Number: 1, At: at, Relay: "relay.example.test:25", Outcome: "accepted"})
}
