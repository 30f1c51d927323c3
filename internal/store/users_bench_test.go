package store_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// manyUsers is how many people the realm has in which lists are measured.
const manyUsers = 100_000

// fillUsers makes the people: names, addresses, a team of a thousand each, a
// linked account for every hundredth.
func fillUsers(b *testing.B, db *store.DB) {
	b.Helper()
	for from := 0; from < manyUsers; from += 1000 {
		err := db.Update(b.Context(), func(tx *store.Tx) error {
			if from == 0 {
				if err := tx.CreateRealm(&latchkey.Realm{ID: "r", Name: "r", Enabled: true}); err != nil {
					return err
				}
			}
			for i := from; i < from+1000; i++ {
				n := strconv.Itoa(i*7919%manyUsers + manyUsers)
				u := &latchkey.User{RealmID: "r", Username: "user" + n, Email: "mail." + n + "@example.test", FirstName: "First" + n, LastName: "Last" + n,
					Enabled: i%10 > 0, EmailVerified: i%3 == 0, CreatedAt: tx.Now(), Attributes: map[string][]string{"team": {"t" + strconv.Itoa(i%100)}, "number": {n}}}
				if err := tx.CreateUser(u); err != nil {
					return err
				}
				if i%100 > 0 {
					continue
				}
				err := tx.CreateFederatedIdentity(&latchkey.FederatedIdentity{RealmID: "r", UserID: u.ID, IdentityProvider: "github", FederatedUserID: n})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := db.Tidy(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// Lists, searches and counts among 100,000 people: at p95 each takes less than
// 100 ms, and no more memory than the page that is given.
func BenchmarkUsers(b *testing.B) {
	yes, no := true, false
	filters := []struct {
		name   string
		filter store.UserFilter
	}{
		{"first page", store.UserFilter{Max: 100}},
		{"last page", store.UserFilter{First: manyUsers - 100, Max: 100}},
		{"search", store.UserFilter{Search: "user150", Max: 100}},
		{"search one", store.UserFilter{Search: "mail.150001@example.test", Max: 100}},
		{"search anywhere", store.UserFilter{Search: "*150001*", Max: 100}},
		{"search in vain", store.UserFilter{Search: "nobody", Max: 100}},
		{"search two words", store.UserFilter{Search: "first15 last15", Max: 100}},
		{"username", store.UserFilter{Username: "r15000", Max: 100}},
		{"username exact", store.UserFilter{Username: "user150001", Exact: true, Max: 100}},
		{"email exact", store.UserFilter{Email: "mail.150001@example.test", Exact: true, Max: 100}},
		{"last name exact", store.UserFilter{LastName: "last150001", Exact: true, Max: 100}},
		{"attribute of many", store.UserFilter{Attributes: map[string]string{"team": "t7"}, Max: 100}},
		{"attribute of one", store.UserFilter{Attributes: map[string]string{"number": "150001"}, Max: 100}},
		{"disabled", store.UserFilter{Enabled: &no, Max: 100}},
		{"proven, last page", store.UserFilter{EmailVerified: &yes, First: manyUsers/3 - 100, Max: 100}},
		{"linked", store.UserFilter{IdentityProvider: "github", Max: 100}},
	}
	benchmarks(b, func(b *testing.B, db *store.DB) {
		fillUsers(b, db)
		for _, f := range filters {
			b.Run(f.name, func(b *testing.B) {
				percentile(b, func() error {
					return db.View(b.Context(), func(tx *store.Tx) error { _, err := tx.Users("r", f.filter); return err })
				})
			})
			b.Run("count "+f.name, func(b *testing.B) {
				percentile(b, func() error {
					return db.View(b.Context(), func(tx *store.Tx) error { _, err := tx.CountUsers("r", f.filter); return err })
				})
			})
		}
	})
}

// Lists, searches and counts among 100,000 sessions of 100,000 people.
func BenchmarkSessions(b *testing.B) {
	filters := []struct {
		name   string
		filter store.SessionFilter
	}{
		{"first page", store.SessionFilter{}},
		{"last page", store.SessionFilter{First: manyUsers - 100}},
		{"of a user", store.SessionFilter{UserID: "u5"}},
		{"of a client", store.SessionFilter{ClientID: "c1"}},
		{"offline", store.SessionFilter{Offline: new(true)}},
		{"search a user", store.SessionFilter{Search: "user150001"}},
		{"search an address", store.SessionFilter{Search: "192.0.2.7"}},
	}
	benchmarks(b, func(b *testing.B, db *store.DB) {
		fillUsers(b, db)
		fillSessions(b, db)
		live := []store.LiveSessions{{UsedAfter: time.Unix(1, 0)}, {RememberMe: true, UsedAfter: time.Unix(1, 0)}, {Offline: true, UsedAfter: time.Unix(1, 0)}}
		for _, f := range filters {
			f.filter.Live, f.filter.Max = live, 100
			b.Run(f.name, func(b *testing.B) {
				percentile(b, func() error {
					return db.View(b.Context(), func(tx *store.Tx) error { _, err := tx.Sessions("r", f.filter); return err })
				})
			})
		}
		b.Run("by client", func(b *testing.B) {
			percentile(b, func() error {
				return db.View(b.Context(), func(tx *store.Tx) error {
					_, err := tx.CountSessionsByClient("r", store.SessionFilter{Live: live})
					return err
				})
			})
		})
	})
}

// fillSessions makes a session of each of the people, each hundredth an offline
// one; ten clients have a part in them.
func fillSessions(b *testing.B, db *store.DB) {
	b.Helper()
	var users []*latchkey.User
	err := db.View(b.Context(), func(tx *store.Tx) (err error) {
		users, err = tx.Users("r", store.UserFilter{Max: manyUsers})
		return err
	})
	at := 0
	for part := range slices.Chunk(users, 1000) {
		if err == nil {
			err = db.Update(b.Context(), func(tx *store.Tx) error {
				for i, u := range part {
					at++
					s := &latchkey.UserSession{RealmID: "r", UserID: u.ID, StartedAt: tx.Now().Add(time.Duration(at) * time.Millisecond), Offline: i%100 == 0, IPAddress: "192.0.2." + strconv.Itoa(i%256)}
					if err := tx.CreateUserSession(s); err != nil {
						return err
					}
					if err := tx.PutClientSession(&latchkey.ClientSession{RealmID: "r", SessionID: s.ID, ClientID: "c" + strconv.Itoa(i%10)}); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	if err == nil {
		err = db.Tidy(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
}

// percentile runs f and reports the 95th percentile of how long it takes.
func percentile(b *testing.B, f func() error) {
	b.ReportAllocs()
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
}
