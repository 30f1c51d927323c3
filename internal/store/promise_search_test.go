package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// People are found by their attributes and their linked accounts as these are
// now, and by nothing that they were.
func TestUsersByWhatTheyHave(t *testing.T) {
	promise(t, func(w *world) {
		id, long := w.realm.ID, strings.Repeat("x", 5000)
		ann := &latchkey.User{RealmID: id, Username: "ann", Enabled: true, Attributes: map[string][]string{"Team": {"Red", "blue", "red"}, "text": {long}}}
		bot := &latchkey.User{RealmID: id, Username: "bot", ServiceAccountClientID: "app", Attributes: map[string][]string{"team": {"red"}}}
		link := &latchkey.FederatedIdentity{RealmID: id, IdentityProvider: "github", FederatedUserID: "7", FederatedUsername: "ann-7"}
		w.update(func(tx *store.Tx) error {
			for _, u := range []*latchkey.User{ann, bot} {
				if err := tx.CreateUser(u); err != nil {
					return err
				}
			}
			link.UserID = ann.ID
			return tx.CreateFederatedIdentity(link)
		})
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error { return tx.CreateFederatedIdentity(link) })
		w.view(func(tx *store.Tx) error {
			list, err := tx.FederatedIdentities(id, ann.ID)
			if len(list) != 1 || *list[0] != *link {
				w.Errorf("links: %+v", list)
			}
			return err
		})
		found := func(want string, f store.UserFilter) {
			w.Helper()
			w.view(func(tx *store.Tx) error {
				list, err := tx.Users(id, f)
				names := []string{}
				for _, u := range list {
					names = append(names, u.Username)
				}
				if n, err := tx.CountUsers(id, f); fmt.Sprint(names) != want || n != len(list) || err != nil {
					w.Errorf("%+v: %v, counted %d, want %s", f, names, n, want)
				}
				return err
			})
		}
		attribute := func(name, value string) store.UserFilter {
			return store.UserFilter{Attributes: map[string]string{name: value}}
		}
		found("[ann]", attribute("team", "RED"))
		found("[ann]", attribute("text", long))
		found("[]", attribute("text", long[1:]))
		found("[ann]", store.UserFilter{Attributes: map[string]string{"team": "blue", "text": long}})
		found("[ann]", store.UserFilter{IdentityProvider: "github", FederatedUserID: "7"})
		found("[]", store.UserFilter{IdentityProvider: "gitlab", FederatedUserID: "7"})
		found("[ann]", store.UserFilter{FederatedUserID: "7"})
		every := attribute("team", "red")
		every.ServiceAccounts = true
		found("[ann bot]", every)
		found("[ann]", store.UserFilter{CreatedAfter: w.clock.Now()})
		found("[]", store.UserFilter{CreatedBefore: w.clock.Now()})

		w.update(func(tx *store.Tx) error {
			u, err := tx.LockUser(id, ann.ID)
			if err != nil {
				return err
			}
			changed := u.Clone()
			changed.Attributes = map[string][]string{"team": {"green"}}
			return tx.UpdateUser(changed)
		})
		found("[]", attribute("team", "red"))
		found("[ann]", attribute("team", "green"))
		w.update(func(tx *store.Tx) error { // one who was not read before
			changed := *ann
			changed.Attributes = map[string][]string{"team": {"white"}}
			return tx.UpdateUser(&changed)
		})
		found("[]", attribute("team", "green"))
		found("[ann]", attribute("team", "white"))
		w.update(func(tx *store.Tx) error {
			had, err := tx.DeleteFederatedIdentity(id, ann.ID, "github")
			if again, err := tx.DeleteFederatedIdentity(id, ann.ID, "github"); !had || again || err != nil {
				w.Errorf("taken away: %v, then %v, %v", had, again, err)
			}
			return err
		})
		found("[]", store.UserFilter{IdentityProvider: "github"})
	})
}

// Sessions are listed, counted and ended by what is asked of them.
func TestSessionsList(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		began := w.clock.Now()
		kinds := []latchkey.UserSession{{ID: "old", UserID: "ann", IPAddress: "192.0.2.1"}, {ID: "new", UserID: "bob", IPAddress: "198.51.100.7"},
			{ID: "off", UserID: "ann", Offline: true}, {ID: "rem", UserID: "bob", RememberMe: true}}
		w.update(func(tx *store.Tx) error {
			for _, name := range []string{"ann", "bob"} {
				if err := tx.CreateUser(&latchkey.User{RealmID: id, ID: name, Username: name}); err != nil {
					return err
				}
			}
			for i := range kinds {
				s := &kinds[i]
				s.RealmID, s.CookieHash = id, []byte(s.ID)
				s.StartedAt = began.Add(time.Duration(i) * time.Minute)
				if err := tx.CreateUserSession(s); err != nil {
					return err
				}
				client := map[bool]string{true: "batch", false: "app"}[s.Offline]
				if err := tx.PutClientSession(&latchkey.ClientSession{RealmID: id, SessionID: s.ID, ClientID: client}); err != nil {
					return err
				}
			}
			return nil
		})
		live := []store.LiveSessions{{UsedAfter: began, StartedAfter: began.Add(-time.Hour)}, {RememberMe: true, UsedAfter: began}, {Offline: true, UsedAfter: began.Add(time.Hour)}}
		for _, c := range []struct {
			filter store.SessionFilter
			want   string
		}{
			{store.SessionFilter{}, "[rem off new old]"},
			{store.SessionFilter{First: 1, Max: 2}, "[off new]"},
			{store.SessionFilter{UserID: "ann"}, "[off old]"},
			{store.SessionFilter{ClientID: "batch"}, "[off]"},
			{store.SessionFilter{Offline: new(false)}, "[rem new old]"},
			{store.SessionFilter{Search: "bo"}, "[rem new]"},
			{store.SessionFilter{Search: "198.51"}, "[new]"},
			{store.SessionFilter{Search: "bat", Clients: []string{"batch"}}, "[off]"},
			{store.SessionFilter{Search: "%"}, "[]"},
			{store.SessionFilter{StartedSince: began.Add(time.Minute), StartedUntil: began.Add(2 * time.Minute)}, "[off new]"},
			{store.SessionFilter{Live: live}, "[rem new]"},
			{store.SessionFilter{Live: []store.LiveSessions{}}, "[rem off new old]"},
		} {
			w.view(func(tx *store.Tx) error {
				list, err := tx.Sessions(id, c.filter)
				ids := []string{}
				for _, s := range list {
					ids = append(ids, s.ID)
				}
				if fmt.Sprint(ids) != c.want {
					w.Errorf("%+v: %v, want %s", c.filter, ids, c.want)
				}
				if browser, offline, err := tx.CountSessionsByKind(id, c.filter); c.filter.Max == 0 && (browser+offline != len(ids) || offline != strings.Count(c.want, "off")) || err != nil {
					w.Errorf("%+v: counted %d and %d, want %s, %v", c.filter, browser, offline, c.want, err)
				}
				if n, err := tx.CountSessions(id, c.filter); err != nil || c.filter.Max == 0 && n != len(ids) {
					w.Errorf("%+v: counted %d, %v", c.filter, n, err)
				}
				return err
			})
		}
		w.view(func(tx *store.Tx) error {
			counts, err := tx.CountSessionsByClient(id, store.SessionFilter{})
			if fmt.Sprint(counts) != "[{app false 3} {batch true 1}]" {
				w.Errorf("by client: %v", counts)
			}
			return err
		})
		w.update(func(tx *store.Tx) error { return tx.EndSessions(id, []string{"old", "rem", "gone"}) })
		w.view(func(tx *store.Tx) error {
			parts, err := tx.ClientsOfSessions(id, []string{"old", "new", "off", "rem"})
			if fmt.Sprint(parts) != "map[new:[app] off:[batch]]" {
				w.Errorf("left: %v", parts)
			}
			return err
		})
	})
}

// A client of many sessions, and a text in the addresses of many mails, are
// looked for in another way than those of few; what is found is the same.
func TestListsOfMany(t *testing.T) {
	promise(t, func(w *world) {
		id := w.realm.ID
		const many = max(store.FewSessions, store.FewMessages) + 1
		w.update(func(tx *store.Tx) error {
			for i := range many {
				s := &latchkey.UserSession{RealmID: id, ID: fmt.Sprintf("s%05d", i), StartedAt: w.clock.Now().Add(time.Duration(i) * time.Second), Offline: i%2 == 1}
				m := &latchkey.Message{RealmID: id, ID: fmt.Sprintf("m%05d", i), Kind: latchkey.MailMagicLink, Address: fmt.Sprintf("a%d@example.test", i), CreatedAt: s.StartedAt}
				if err := tx.CreateUserSession(s); err != nil {
					return err
				}
				if err := tx.PutClientSession(&latchkey.ClientSession{RealmID: id, SessionID: s.ID, ClientID: "app"}); err != nil {
					return err
				}
				if err := tx.CreateMessage(m); err != nil {
					return err
				}
			}
			return nil
		})
		w.view(func(tx *store.Tx) error {
			f := store.SessionFilter{ClientID: "app", Offline: new(true), First: 1, Max: 1}
			list, err := tx.Sessions(id, f)
			if err != nil || len(list) != 1 || list[0].ID != fmt.Sprintf("s%05d", (many-1)/2*2-3) {
				w.Errorf("sessions: %v %+v", err, list)
			}
			if n, err := tx.CountSessions(id, f); n != many/2 || err != nil {
				w.Errorf("%d sessions, %v", n, err)
			}
			mails, err := tx.Messages(id, store.MessageFilter{Search: "@EXAMPLE", First: 1, Max: 1})
			if err != nil || len(mails) != 1 || mails[0].ID != fmt.Sprintf("m%05d", many-2) {
				w.Errorf("mails: %v %+v", err, mails)
			}
			return err
		})
	})
}
