package realm_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// updatePeople imports people into the realm acme that is there.
func updatePeople(db *store.DB, users string) error {
	sources, err := realm.Parse([]byte(`{"realm":"acme","users":[` + users + `]}`))
	if err != nil {
		return err
	}
	_, err = realm.Import(ctx, db, sources, realm.ImportOptions{Options: options(), IfExists: realm.UpdateUsers})
	return err
}

// exported is a person as an export writes them, member by member.
func exported(t *testing.T, db *store.DB, s *latchkey.Snapshot, name string) map[string]any {
	t.Helper()
	text, err := json.Marshal(everyone(t, db, s, name).Users[0])
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

// changes names the members in which two persons differ.
func changes(a, b map[string]any) []string {
	names := map[string]bool{}
	for name := range a {
		names[name] = !reflect.DeepEqual(a[name], b[name])
	}
	for name := range b {
		names[name] = !reflect.DeepEqual(a[name], b[name])
	}
	maps.DeleteFunc(names, func(_ string, differs bool) bool { return !differs })
	return slices.Sorted(maps.Keys(names))
}

// A file that says one thing of a person changes that one thing; what it does
// not say stays. Nobody is switched off, and no address is lost or called
// unproven, for want of a word. An address that changes is not proven until
// somebody says so.
func TestImportUpdatesWhatIsSaid(t *testing.T) {
	const full = `{"username":"fay","email":"fay@acme.example","emailVerified":true,"enabled":true,"firstName":"Fay","lastName":"Ray",
		"createdTimestamp":1700000000123,"notBefore":7,"attributes":{"team":["blue"],"score":["1"]},"requiredActions":["UPDATE_PROFILE"],
		"realmRoles":["editor"],"clientRoles":{"shop":["buyer"]},"groups":["/staff"],"disableableCredentialTypes":[],
		"clientConsents":[{"clientId":"shop","grantedClientScopes":["email"],"createdDate":1700000000000,"lastUpdatedDate":1700000000000}],
		"federatedIdentities":[{"identityProvider":"github","userId":"7"}],
		"credentials":[{"id":"k-fay","type":"password","createdDate":1700000001000,
			"secretData":"{\"value\":\"b3BhcXVl\",\"salt\":\"c2FsdA==\"}","credentialData":"{\"hashIterations\":27500,\"algorithm\":\"pbkdf2-sha256\"}"}]}`
	cases := []struct{ says, changes string }{
		{``, ``},
		{`"email":null,"enabled":null,"attributes":null,"requiredActions":null`, ``},
		{`"email":"fay@acme.example"`, ``},
		{`"email":"Fay@acme.example"`, `email`},
		{`"email":"no address"`, ``},
		{`"email":"new@acme.example"`, `email emailVerified`},
		{`"email":"new@acme.example","emailVerified":true`, `email`},
		{`"email":""`, `email emailVerified`},
		{`"emailVerified":false`, `emailVerified`},
		{`"enabled":false`, `enabled`},
		{`"firstName":"Faye"`, `firstName`},
		{`"lastName":""`, `lastName`},
		{`"notBefore":9`, `notBefore`},
		{`"attributes":{"team":["red"]}`, `attributes`},
		{`"requiredActions":[]`, `requiredActions`},
		{`"realmRoles":[]`, `realmRoles`},
		{`"realmRoles":["default-roles-acme"]`, `realmRoles`},
		{`"clientRoles":{}`, `clientRoles`},
		{`"clientRoles":{"old-sp":["sp-user"]}`, `clientRoles`},
		{`"groups":[]`, `groups`},
		{`"clientConsents":[]`, `clientConsents`},
		{`"federatedIdentities":[]`, `federatedIdentities`},
		{`"acme.badge":3`, `acme.badge`},
		{`"credentials":[]`, `credentials`},
		{`"credentials":[{"type":"password","value":"correct horse","temporary":true}]`, `credentials requiredActions`},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if _, err := take(ctx, db, export(t)); err != nil {
			t.Fatal(err)
		}
		s := snapshot(t, db, "acme")
		for i, c := range cases {
			name := fmt.Sprintf("fay%d", i)
			whole := strings.NewReplacer("fay", name, `"7"`, fmt.Sprintf(`"7%d"`, i)).Replace(full)
			if err := updatePeople(db, whole); err != nil {
				t.Fatal(err)
			}
			before := exported(t, db, s, name)
			says := strings.NewReplacer("fay@", name+"@", "Fay@", strings.ToUpper(name)+"@", "new@", "new-"+name+"@").Replace(c.says)
			if err := updatePeople(db, strings.TrimSuffix(`{"username":"`+name+`",`+says, ",")+"}"); err != nil {
				t.Errorf("{%s}: %v", c.says, err)
				continue
			}
			if got := strings.Join(changes(before, exported(t, db, s, name)), " "); got != c.changes {
				t.Errorf("{%s} changes %q, want %q", c.says, got, c.changes)
			}
		}
	})
}

// A link that was mailed to an address does not sign in to an account that has
// another one by now.
func TestImportUpdateVoidsLinks(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if _, err := take(ctx, db, export(t)); err != nil {
			t.Fatal(err)
		}
		s := snapshot(t, db, "acme")
		token := &latchkey.ActionToken{RealmID: s.Realm.ID, ID: "t", UserID: "u-anna", Kind: latchkey.TokenAPILink, SecretHash: []byte("h"),
			Address: "Anna@acme.example", ExpiresAt: storetest.NewClock().Now().AddDate(1, 0, 0)}
		if err := db.Update(ctx, func(tx *store.Tx) error { return tx.CreateActionToken(token) }); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			email string
			void  bool
		}{{"anna@ACME.example", false}, {"anna@new.example", true}} {
			if err := updatePeople(db, `{"username":"anna","email":"`+c.email+`"}`); err != nil {
				t.Fatal(err)
			}
			var got *latchkey.ActionToken
			err := db.View(ctx, func(tx *store.Tx) (err error) {
				got, err = tx.ActionToken(s.Realm.ID, "t")
				return err
			})
			if err != nil || got.ExpiresAt.Before(token.ExpiresAt) != c.void {
				t.Errorf("%s: %+v, %v", c.email, got, err)
			}
		}
	})
}
