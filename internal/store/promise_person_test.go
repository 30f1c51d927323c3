package store_test

import (
	"fmt"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// person is a person with one of everything.
func person(w *world, name string) *latchkey.Person {
	id, day := w.realm.ID, w.clock.Now().Add(-24*time.Hour)
	return &latchkey.Person{
		User: &latchkey.User{RealmID: id, ID: "id-" + name, Username: name, Email: name + "@example.com", Enabled: true, CreatedAt: day, Kept: kept},
		Credentials: []*latchkey.Credential{{RealmID: id, ID: "c-" + name, UserID: "id-" + name, Type: "otp", SecretData: "seed", CredentialData: "{}", CreatedAt: day},
			{RealmID: id, ID: "d-" + name, UserID: "id-" + name, Type: "password", SecretData: "hash", CredentialData: "{}", Priority: 10, CreatedAt: day}},
		Roles: []string{"r1", "r2"}, Groups: []string{"g1", "g2"},
		Consents: []*latchkey.Consent{{RealmID: id, UserID: "id-" + name, ClientID: "c", CreatedAt: day, UpdatedAt: day.Add(time.Hour), Scopes: []string{"s"}}},
	}
}

// People come back as they were put, page by page in the order of bytes, which
// is the same on every database.
func TestPeople(t *testing.T) {
	promise(t, func(w *world) {
		names := []string{"_x", "a.b", "a_b", "ab", "b", "ä"}
		want := map[string]*latchkey.Person{}
		for i := range names {
			p := person(w, names[len(names)-1-i])
			want[p.User.Username] = p
			w.update(func(tx *store.Tx) error { return tx.CreatePerson(p) })
		}
		w.user("other", "other@example.com")
		var got []string
		for after := ""; ; {
			var page []*latchkey.Person
			w.view(func(tx *store.Tx) (err error) { page, err = tx.People(w.realm.ID, after, 3); return err })
			if len(page) == 0 {
				break
			}
			for _, p := range page {
				after = p.User.Username
				got = append(got, after)
				if after != "other" {
					w.same(p, want[after])
				} else if len(p.Credentials)+len(p.Roles)+len(p.Groups)+len(p.Consents) > 0 {
					w.Errorf("other has what is not theirs: %+v", p)
				}
			}
		}
		if fmt.Sprint(got) != "[_x a.b a_b ab b other ä]" {
			w.Errorf("order %v", got)
		}

		changed := want["ab"]
		changed.User.FirstName, changed.Credentials, changed.Roles, changed.Groups, changed.Consents = "Ab", changed.Credentials[:1], []string{"r3"}, []string{}, nil
		w.update(func(tx *store.Tx) error { return tx.ReplacePerson(changed) })
		w.view(func(tx *store.Tx) error {
			page, err := tx.People(w.realm.ID, "a_b", 1)
			changed.Groups, changed.Consents = nil, person(w, "ab").Consents // of which nothing was said
			w.same(page, []*latchkey.Person{changed})
			for _, find := range [][2]string{{"id-ab", "nobody"}, {"nobody", "AB"}} {
				u, err := tx.UserNamed(w.realm.ID, find[0], find[1])
				if err != nil || u.ID != "id-ab" {
					w.Errorf("%v: %+v, %v", find, u, err)
				}
			}
			return err
		})
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error { return tx.CreatePerson(person(w, "b")) })
	})
}

func TestRealmImport(t *testing.T) {
	promise(t, func(w *world) {
		i := &latchkey.RealmImport{RealmID: w.realm.ID, Digest: []byte("d"), Done: 1, Total: 7, Enabled: true}
		w.update(func(tx *store.Tx) error { return tx.CreateRealmImport(i) })
		w.refused(latchkey.CodeConflict, func(tx *store.Tx) error { return tx.CreateRealmImport(i) })
		for _, from := range []int{1, 1, 2} { // only the first is right
			w.update(func(tx *store.Tx) error {
				ok, err := tx.AdvanceRealmImport(i.RealmID, from, 5)
				if ok != (i.Done == from) {
					w.Errorf("from %d: %v", from, ok)
				}
				if ok {
					i.Done = 5
				}
				return err
			})
		}
		w.view(func(tx *store.Tx) error {
			got, err := tx.RealmImport(w.realm.ID)
			w.same(got, i)
			return err
		})
		w.update(func(tx *store.Tx) error { return tx.DeleteRealmImport(w.realm.ID) })
		w.refused(latchkey.CodeNotFound, func(tx *store.Tx) error { _, err := tx.RealmImport(w.realm.ID); return err })
	})
}
