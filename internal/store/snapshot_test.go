package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/store"
)

// A snapshot that goes on from an earlier one is what one is that is read from
// nothing, whatever was added, changed and deleted in between; and what did not
// change is shared with the earlier one.
func TestSnapshotAfter(t *testing.T) {
	promise(t, func(w *world) {
		c := newConfiguration(w)
		w.update(c.create)
		read := func(known *latchkey.Snapshot) (s *latchkey.Snapshot) {
			w.view(func(tx *store.Tx) (err error) {
				s, err = tx.SnapshotAfter(w.realm.ID, known)
				return err
			})
			return s
		}
		known := read(nil)
		if read(known) != known {
			w.Error("nothing changed, and yet there is another snapshot")
		}
		id := w.realm.ID
		client := func(name string) *latchkey.Client {
			return &latchkey.Client{RealmID: id, ID: name, ClientID: name}
		}
		for i, change := range []func(tx *store.Tx) error{
			func(tx *store.Tx) error { return tx.CreateClient(client("a")) },
			func(tx *store.Tx) error { x := *c.client; x.Name = "other"; return tx.UpdateClient(&x) },
			func(tx *store.Tx) error { x := *c.scope; x.Description = "other"; return tx.UpdateClientScope(&x) },
			func(tx *store.Tx) error { x := *c.role; x.Description = "other"; return tx.UpdateRole(&x) },
			func(tx *store.Tx) error { x := *c.flow; x.Description = "other"; return tx.UpdateFlow(&x) },
			func(tx *store.Tx) error { x := *c.config; x.Alias = "other"; return tx.UpdateAuthenticatorConfig(&x) },
			func(tx *store.Tx) error { x := *c.action; x.Name = "other"; return tx.PutRequiredAction(&x) },
			func(tx *store.Tx) error { return tx.SetKeyStatus(id, c.key.ID, latchkey.KeyPassive) },
			// One goes and another comes: as many as before.
			func(tx *store.Tx) error {
				if err := tx.DeleteClient(id, "a"); err != nil {
					return err
				}
				return tx.CreateClient(client("b"))
			},
			func(tx *store.Tx) error {
				return tx.CreateRole(&latchkey.Role{RealmID: id, ID: "rb", ClientID: "b", Name: "n"})
			},
			func(tx *store.Tx) error { return tx.DeleteClient(id, "b") },
			// One with the id of one that went.
			func(tx *store.Tx) error { return tx.CreateClient(client("b")) },
			func(tx *store.Tx) error { return tx.DeleteFlow(id, c.flow.ID) },
			func(tx *store.Tx) error { return tx.BumpRealm(id) },
		} {
			w.update(change)
			next, whole := read(known), read(nil)
			for part, pair := range map[string][2]any{
				"realm": {next.Realm, whole.Realm}, "clients": {next.Clients, whole.Clients}, "scopes": {next.Scopes, whole.Scopes},
				"roles": {next.Roles, whole.Roles}, "flows": {next.Flows, whole.Flows}, "configs": {next.Configs, whole.Configs},
				"actions": {next.RequiredActions, whole.RequiredActions}, "keys": {next.Keys, whole.Keys},
			} {
				if a, b := fmt.Sprintf("%+v", values(pair[0])), fmt.Sprintf("%+v", values(pair[1])); a != b {
					w.Errorf("change %d: %s are\n%s, expected\n%s", i, part, a, b)
				}
			}
			if i == 0 && next.Roles[0] != known.Roles[0] {
				w.Error("a role that did not change was read again")
			}
			known = next
		}
	})
}

// values takes the pointers away, so that what they point at is compared.
func values(list any) any {
	switch l := list.(type) {
	case *latchkey.Realm:
		return *l
	case []*latchkey.Client:
		return deref(l)
	case []*latchkey.ClientScope:
		return deref(l)
	case []*latchkey.Role:
		return deref(l)
	case []*latchkey.Flow:
		return deref(l)
	case []*latchkey.AuthenticatorConfig:
		return deref(l)
	case []*latchkey.RequiredAction:
		return deref(l)
	case []*latchkey.Key:
		return deref(l)
	}
	return list
}

func deref[T any](list []*T) (out []T) {
	for _, one := range list {
		out = append(out, *one)
	}
	return out
}

// Every statement that writes a row which snapshots hold says at which version:
// else no node would see the change.
func TestWhatSnapshotsHoldKnowsItsVersion(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	const tables = `(client|client_scope|role|flow|authenticator_config|required_action|realm_key) `
	written := regexp.MustCompile(`(?s)INSERT INTO ` + tables + `.*?ON CONFLICT|UPDATE ` + tables + `SET.*?WHERE`)
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, statement := range written.FindAllString(string(text), -1) {
			found++
			if !strings.Contains(statement, "changed = `+versionNow") && !strings.Contains(statement, "`+versionNow+`)") {
				t.Errorf("%s: %s", file, statement)
			}
		}
	}
	if found < 13 {
		t.Errorf("only %d statements were found", found)
	}
}
