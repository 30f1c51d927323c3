package realm_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// written is the realm's export in one text, with all that is secret.
func written(t testing.TB, db *store.DB, name string) string {
	t.Helper()
	var out bytes.Buffer
	o := realm.WriteOptions{Shown: realm.Shown{Secrets: true, Keys: true}, People: realm.RealmFile}
	if err := realm.Write(ctx, db, name, func(string) (io.WriteCloser, error) { return open{&out}, nil }, o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

type open struct{ io.Writer }

func (open) Close() error { return nil }

// crowd is an export with many people, all of whose ids and times are given.
// The people stand in the middle, where Keycloak has them.
func crowd(t testing.TB, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(`{"id":"crowd-id","realm":"crowd","enabled":true,"groups":[{"id":"g-1","name":"a/b","subGroups":[{"id":"g-2","name":"night"}]}],"users":[`)
	for i := range n {
		name := fmt.Sprintf("%c%c-%d", 'a'+i%26, "_.-ä"[i%4], i) //nolint:gocritic // bytes of any kind make the order hard
		user := map[string]any{
			"id": fmt.Sprintf("u-%d", (i*7919)%n), "username": strings.ToValidUTF8(name, "x"), "email": fmt.Sprintf("p%d@crowd.example", i),
			"enabled": i%3 > 0, "createdTimestamp": 1700000000000 + i, "realmRoles": []string{"buyer"}, "groups": []string{"/a~/b/night"},
			"attributes": map[string]any{"team": []string{"blue"}}, "federatedIdentities": []any{map[string]any{"identityProvider": "x", "userId": i}},
			"credentials": []any{map[string]any{"id": fmt.Sprintf("c-%d", i), "type": "password", "createdDate": 1700000000000,
				"secretData": `{"value":"eA==","salt":"eA=="}`, "credentialData": `{"hashIterations":1,"algorithm":"pbkdf2-sha256"}`}},
			"clientConsents": []any{map[string]any{"clientId": "shop", "grantedClientScopes": []string{"email"}, "createdDate": 1700000000000 + i, "lastUpdatedDate": 1700000009000}},
		}
		text, err := json.Marshal(user)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			b.WriteString(",\n")
		}
		b.Write(text)
	}
	b.WriteString(`],"roles":{"realm":[{"name":"buyer"}]},"clients":[{"clientId":"shop"}]}`)
	return b.Bytes()
}

// settled is the export as a realm that was made of it writes it, so that its
// copies are compared byte by byte.
func settled(t testing.TB, data []byte, name string) string {
	t.Helper()
	db, _ := storetest.SQLite(t)
	if _, err := take(ctx, db, data); err != nil {
		t.Fatal(err)
	}
	return written(t, db, name)
}

// An import that is ended in the middle goes on where it was, and what comes of
// it is equal, byte by byte, to one that was not ended: on both databases, and
// between them. Until it is through the realm is disabled.
func TestImportResumes(t *testing.T) {
	want := settled(t, crowd(t, 1300), "crowd")
	if !strings.Contains(want, `"/a~/b/night"`) || !strings.Contains(want, `"grantedClientScopes"`) {
		t.Fatal("the export lacks groups or consents")
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		sources, err := realm.Parse([]byte(want))
		if err != nil {
			t.Fatal(err)
		}
		o := realm.ImportOptions{Options: options()}
		half, end := context.WithCancel(ctx)
		o.Progress = func(_ string, done, total int) {
			if done == 1000 {
				end()
			}
		}
		if _, err := realm.Import(half, db, sources, o); err == nil {
			t.Fatal("the import was not ended")
		}
		if s := snapshot(t, db, "crowd"); s.Realm.Enabled {
			t.Error("half a realm is enabled")
		}
		nothing := func(string) (io.WriteCloser, error) { return open{io.Discard}, nil }
		if err := realm.Write(ctx, db, "crowd", nothing, realm.WriteOptions{}); latchkey.ErrorCode(err) != latchkey.CodeConflict {
			t.Errorf("half a realm is exported: %v", err)
		}
		o.Progress = nil
		if _, err := realm.Import(ctx, db, sources, o); latchkey.ErrorCode(err) != latchkey.CodeConflict || !strings.Contains(err.Error(), "1000 of 1300") {
			t.Errorf("imported again without resuming: %v", err)
		}
		o.Resume = true
		other, err := realm.Parse([]byte(want + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := realm.Import(ctx, db, other, o); latchkey.ErrorCode(err) != latchkey.CodeConflict || !strings.Contains(err.Error(), "another file") {
			t.Errorf("resumed with another file: %v", err)
		}
		results, err := realm.Import(ctx, db, sources, o)
		if err != nil || len(results) != 1 || !results[0].Resumed || results[0].People != 300 {
			t.Fatalf("results %+v, %v", results, err)
		}
		if got := written(t, db, "crowd"); got != want {
			t.Errorf("the realm is another: %s", firstDifference(got, want))
		}
	})
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d: %q, want %q", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(a), len(b))
}

// Two nodes that resume at once do not write one batch twice: one of them says
// that somebody else is at it, and the realm is whole.
func TestImportResumesOnce(t *testing.T) {
	want := settled(t, crowd(t, 1300), "crowd")
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		sources, err := realm.Parse([]byte(want))
		if err != nil {
			t.Fatal(err)
		}
		half, end := context.WithCancel(ctx)
		if _, err := realm.Import(half, db, sources, realm.ImportOptions{Options: options(), Progress: func(string, int, int) { end() }}); err == nil {
			t.Fatal("the import was not ended")
		}
		failed := make(chan error, 4)
		for range cap(failed) {
			go func() {
				own, err := realm.Parse([]byte(want))
				if err == nil {
					_, err = realm.Import(ctx, db, own, realm.ImportOptions{Options: options(), Resume: true})
				}
				failed <- err
			}()
		}
		for range cap(failed) {
			if err := <-failed; err != nil && latchkey.ErrorCode(err) != latchkey.CodeConflict && latchkey.ErrorCode(err) != latchkey.CodeNotFound {
				t.Errorf("resumed: %v", err)
			}
		}
		if got := written(t, db, "crowd"); got != want {
			t.Errorf("the realm is another: %s", firstDifference(got, want))
		}
	})
}

// A fault in one of many people is found before anything is written, named with
// its place, and so are the others.
func TestImportChecksEverybodyFirst(t *testing.T) {
	db, _ := storetest.SQLite(t)
	text := strings.Replace(string(crowd(t, 700)), `"realmRoles":["buyer"]`, `"realmRoles":["nope"]`, 1)
	text = strings.Replace(text, `"p650@crowd.example"`, `"P1@crowd.example"`, 1)
	_, err := take(ctx, db, []byte(text))
	for _, says := range []string{`.realmRoles: There is no role with the name "nope"`, `.email: This address is given twice`} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want one that says %s", err, says)
		}
	}
	err = db.View(ctx, func(tx *store.Tx) error {
		realms, err := tx.Realms()
		if len(realms) > 0 {
			t.Error("something was written")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// --if-exists update-users: people are changed and made, settings stay, and
// what is not said of a person stays. Who is switched off is signed out.
func TestImportUpdatesPeople(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if _, err := take(ctx, db, export(t)); err != nil {
			t.Fatal(err)
		}
		s := snapshot(t, db, "acme")
		err := db.Update(ctx, func(tx *store.Tx) error {
			return tx.CreateUserSession(&latchkey.UserSession{RealmID: s.Realm.ID, ID: "s", UserID: "u-anna", CookieHash: []byte("c")})
		})
		if err != nil {
			t.Fatal(err)
		}
		_, before, _ := people(t, db, s, "anna")
		sources, err := realm.Parse([]byte(`{"realm":"acme","displayName":"Other","users":[
			{"username":"Anna","email":"anna@acme.example","enabled":false,"realmRoles":["editor"]},
			{"username":"emil","enabled":true,"groups":["/staff","/nowhere"]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		results, err := realm.Import(ctx, db, sources, realm.ImportOptions{Options: options(), IfExists: realm.UpdateUsers})
		if err != nil || results[0].People != 2 || results[0].Created {
			t.Fatalf("results %+v, %v", results, err)
		}
		if lines := results[0].Report.Lines(); len(lines) != 1 || !strings.Contains(lines[0], "/nowhere") {
			t.Errorf("report %v", lines)
		}
		anna, credentials, roles := people(t, db, s, "anna")
		if anna.ID != "u-anna" || anna.Enabled || !slices.Equal(roles, []string{"buyer", "editor", "sp-user"}) || len(credentials) != len(before) {
			t.Errorf("anna %+v, roles %v, %d credentials", anna, roles, len(credentials))
		}
		people(t, db, s, "emil")
		if again := snapshot(t, db, "acme"); again.Realm.DisplayName != "Acme" {
			t.Errorf("the settings were changed: %q", again.Realm.DisplayName)
		}
		err = db.View(ctx, func(tx *store.Tx) error { _, err := tx.UserSession(s.Realm.ID, "s"); return err })
		if latchkey.ErrorCode(err) != latchkey.CodeNotFound {
			t.Errorf("the session of who was switched off: %v", err)
		}
		_, err = realm.Import(ctx, db, sources, realm.ImportOptions{Options: options(), IfExists: realm.Fail})
		if latchkey.ErrorCode(err) != latchkey.CodeConflict {
			t.Errorf("fail: %v", err)
		}
	})
}
