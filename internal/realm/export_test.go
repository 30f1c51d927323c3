package realm_test

import (
	"encoding/json"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// everyone exports the realm with its people.
func everyone(t *testing.T, db *store.DB, s *latchkey.Snapshot, names ...string) *representation.Realm {
	t.Helper()
	var rep *representation.Realm
	shown := realm.Shown{Secrets: true}
	err := db.View(ctx, func(tx *store.Tx) error {
		contents, err := realm.Load(tx, s.Realm.ID)
		if err != nil {
			return err
		}
		rep = contents.Export(shown)
		for _, name := range names {
			u, err := tx.UserByUsername(s.Realm.ID, name)
			if err != nil {
				return err
			}
			all, err := tx.People(s.Realm.ID, "", 1000)
			if err != nil {
				return err
			}
			for _, p := range all {
				if p.User.ID == u.ID {
					rep.Users = append(rep.Users, contents.ExportPerson(p, shown))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// plain makes snapshots comparable: what an import makes anew, and the order
// of what has none, is set aside.
func plain(s *latchkey.Snapshot) map[string]any {
	for _, f := range s.Flows {
		for i := range f.Executions {
			f.Executions[i].ID = ""
		}
	}
	for _, r := range s.Roles {
		slices.Sort(r.Composites)
	}
	byID := func(list any) map[string]any {
		out := map[string]any{}
		v := reflect.ValueOf(list)
		for i := range v.Len() {
			item := v.Index(i).Interface()
			text, _ := json.Marshal(item)
			key := reflect.Indirect(v.Index(i)).FieldByName("ID")
			if !key.IsValid() {
				key = reflect.Indirect(v.Index(i)).FieldByName("Alias")
			}
			out[key.String()] = string(text)
		}
		return out
	}
	settings := *s.Realm
	settings.Version = 0
	text, _ := json.Marshal(settings)
	relays, _ := json.Marshal(settings.SMTP)
	return map[string]any{"realm": string(text), "smtp": string(relays), "clients": byID(s.Clients), "scopes": byID(s.Scopes), "roles": byID(s.Roles),
		"flows": byID(s.Flows), "configs": byID(s.Configs), "actions": byID(s.RequiredActions)}
}

// What is exported and imported elsewhere is the same realm, with the same
// ids, secrets and people, and nothing that is not taken.
func TestExportImport(t *testing.T) {
	db, _ := storetest.SQLite(t)
	if _, err := take(ctx, db, export(t)); err != nil {
		t.Fatal(err)
	}
	s := snapshot(t, db, "acme")
	names := []string{"anna", "ben", "carl", "dora", "service-account-batch", "service-account-report"}
	data, err := json.Marshal(everyone(t, db, s, names...))
	if err != nil {
		t.Fatal(err)
	}
	other, _ := storetest.SQLite(t)
	results, err := take(ctx, other, data)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range results[0].Report.Lines() {
		if !strings.Contains(line, " kept") { // what is not built was kept the first time too
			t.Errorf("report: %s", line)
		}
	}
	again := snapshot(t, other, "acme")
	for _, pair := range [][2]string{
		{s.ClientByClientID("batch").Secret.Reveal(), again.ClientByClientID("batch").Secret.Reveal()},
		{s.ClientByClientID("report").Secret.Reveal(), again.ClientByClientID("report").Secret.Reveal()},
		{"second-relay", again.Realm.SMTP.Relays[1].Password.Reveal()},
	} {
		if pair[0] != pair[1] {
			t.Error("a secret is another")
		}
	}
	for _, name := range names {
		a, aCredentials, aRoles := people(t, db, s, name)
		b, bCredentials, bRoles := people(t, other, again, name)
		if !reflect.DeepEqual(a, b) || !reflect.DeepEqual(aCredentials, bCredentials) || !slices.Equal(aRoles, bRoles) {
			t.Errorf("%s: %+v %v, was %+v %v", name, b, bRoles, a, aRoles)
		}
	}
	before, after := plain(s), plain(again)
	for part := range before {
		if !reflect.DeepEqual(before[part], after[part]) {
			t.Errorf("%s: %v, was %v", part, after[part], before[part])
		}
	}
	if masked, err := json.Marshal((&realm.Contents{Snapshot: s}).Export(realm.Shown{})); err != nil || strings.Contains(string(masked), "batch-secret") || strings.Contains(string(masked), "second-relay") {
		t.Errorf("an export without secrets has some (R-190), %v", err)
	}
}

// Secrets that stand among what is not acted on are nowhere in the clear, are
// masked in an export that was not asked for them, and come out of one
// that was.
func TestSecretsNobodyActsOn(t *testing.T) {
	db, _ := storetest.SQLite(t)
	data := []byte(`{"realm":"r","privateKey":"hush-1","clients":[{"clientId":"a","protocol":"saml","registrationAccessToken":"hush-2",
		"attributes":{"saml.signing.private.key":"hush-3","plain":"seen"}}],"authenticatorConfig":[{"alias":"c","config":{"secret.key":"hush-4"}}],
		"identityProviders":[{"alias":"i","config":{"clientSecret":"hush-5"}}],"components":{"org.keycloak.storage.UserStorageProvider":[{"name":"l","config":{"bindCredential":["hush-6"]}}]}}`)
	if _, err := take(ctx, db, data); err != nil {
		t.Fatal(err)
	}
	s := snapshot(t, db, "r")
	if c := s.ClientByClientID("a"); c.Attributes["saml.signing.private.key"] != "" || c.Attributes["plain"] != "seen" {
		t.Errorf("attributes %v", c.Attributes)
	}
	for shown, want := range map[realm.Shown]int{{}: 0, {Secrets: true}: 6} {
		var out strings.Builder
		err := realm.Write(ctx, db, "r", func(string) (io.WriteCloser, error) { return open{&out}, nil }, realm.WriteOptions{Shown: shown, People: realm.RealmFile})
		if n := strings.Count(out.String(), `"hush-`); err != nil || n != want {
			t.Errorf("%+v: %d secrets are shown, want %d, %v", shown, n, want, err)
		}
	}
}
