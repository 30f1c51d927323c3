package admin_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// Who administers something is told what can be set; who administers the
// server, what it runs on; and nobody else anything.
func TestServerInfo(t *testing.T) {
	w := newWorld(t)
	type info struct {
		SystemInfo          map[string]any
		MemoryInfo          map[string]any
		ProtocolMapperTypes map[string][]struct {
			ID         string
			HelpText   string
			Properties []struct{ Name, Label, HelpText, Type string }
		}
		BuiltinProtocolMappers map[string][]struct{ Name, ProtocolMapper string }
		ComponentTypes         map[string][]struct{ ID string }
		Features               []struct {
			Name    string
			Enabled bool
		}
		Enums     map[string][]string
		Providers map[string]struct{ Providers map[string]any }
	}
	read := func(bearer string) (out info) {
		t.Helper()
		status, _, body := w.s.Ask("GET", "/admin/serverinfo", "", "Authorization: Bearer "+bearer)
		if status != http.StatusOK {
			t.Fatalf("%d %s", status, body)
		}
		if err := json.Unmarshal([]byte(body), &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	all := read(w.admin())
	if v, _ := all.SystemInfo["version"].(string); !strings.HasPrefix(v, "26.") || len(all.MemoryInfo) == 0 {
		t.Errorf("system: %v, memory %v", all.SystemInfo, all.MemoryInfo)
	}
	var described []string
	for _, m := range all.ProtocolMapperTypes["openid-connect"] {
		described = append(described, m.ID)
		for _, p := range m.Properties {
			if p.Label == "" || p.HelpText == "" || p.Type == "" || strings.HasSuffix(p.Label, ".label") {
				t.Errorf("%s: option %+v", m.ID, p)
			}
		}
	}
	slices.Sort(described)
	if !slices.Equal(described, token.Mappers()) {
		t.Errorf("described are %v, built are %v", described, token.Mappers())
	}
	for _, m := range all.BuiltinProtocolMappers["openid-connect"] {
		if !token.MapperBuilt(m.ProtocolMapper) {
			t.Errorf("%s is of %s, which is not built", m.Name, m.ProtocolMapper)
		}
	}
	if len(all.BuiltinProtocolMappers["openid-connect"]) < 20 || len(all.ComponentTypes[token.KeyProviderType]) != 8 ||
		!slices.Contains(all.Enums["eventType"], "LOGIN") || len(all.Providers["authenticator"].Providers) < 15 {
		t.Errorf("mappers, keys, events or authenticators: %+v", all.BuiltinProtocolMappers)
	}
	for _, f := range all.Features {
		if strings.Contains("AUTHORIZATION WORKFLOWS ORGANIZATION KERBEROS DEVICE_FLOW", f.Name) {
			t.Errorf("%s is not here", f.Name)
		}
	}
	if of := read(w.manager); len(of.SystemInfo) != 0 || of.MemoryInfo != nil || len(of.Features) == 0 {
		t.Errorf("an administrator of a realm is told %v", of.SystemInfo)
	}
	if status, _, _ := w.s.Ask("GET", "/admin/serverinfo", "", "Authorization: Bearer "+w.nobody); status != http.StatusForbidden {
		t.Errorf("a stranger: %d", status)
	}
}

// consoleToken is a token that the console of a realm has of somebody.
func (w *world) consoleToken(realmName, username, password string) string {
	w.t.Helper()
	w.s.Change(realmName, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		console := *snap.ClientByClientID(latchkey.ClientAdminConsole)
		console.DirectAccessGrantsEnabled = true
		return tx.UpdateClient(&console)
	})
	form := url.Values{"grant_type": {"password"}, "client_id": {latchkey.ClientAdminConsole}, "username": {username}, "password": {password}}
	status, _, body := w.s.Ask("POST", "/realms/"+realmName+"/protocol/openid-connect/token", form.Encode(), "Content-Type: application/x-www-form-urlencoded")
	var tokens struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &tokens); err != nil || status != http.StatusOK {
		w.t.Fatalf("password grant: %d %s", status, body)
	}
	return tokens.Access
}

func TestWhoAmI(t *testing.T) {
	w := newWorld(t)
	const password = "correct horse battery"
	root := w.s.AddUser(latchkey.MasterRealm, "root@example.test", password, func(u *latchkey.User) {
		u.FirstName, u.LastName, u.Attributes = "Ada", "Root", map[string][]string{"is_temporary_admin": {"true"}, "locale": {"de"}}
	})
	w.s.AddUser("demo", "ann@example.test", password, nil)
	w.s.Update(func(tx *store.Tx) error {
		snap, err := tx.Snapshot(root.RealmID)
		if err != nil {
			return err
		}
		return tx.AddUserRole(root.RealmID, root.ID, snap.RoleNamed("", latchkey.RoleAdmin).ID)
	})
	ask := func(realmName, viewed, bearer string) (int, string) {
		status, _, body := w.s.Ask("GET", "/admin/"+realmName+"/console/whoami?currentRealm="+viewed, "", "Authorization: Bearer "+bearer)
		return status, body
	}
	console := w.consoleToken(latchkey.MasterRealm, "root@example.test", password)
	status, body := ask("master", "demo", console)
	var who struct {
		UserID, Realm, DisplayName, Locale string
		Temporary, CreateRealm             bool
		RealmAccess                        map[string][]string `json:"realm_access"`
	}
	if err := json.Unmarshal([]byte(body), &who); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if who.UserID != root.ID || who.Realm != "master" || who.DisplayName != "Ada Root" || !who.Temporary || !who.CreateRealm ||
		!slices.Contains(who.RealmAccess["demo"], "manage-realm") || !slices.Contains(who.RealmAccess["demo"], "admin") {
		t.Errorf("who is it: %s", body)
	}
	ann := w.consoleToken("demo", "ann@example.test", password)
	if status, body := ask("demo", "demo", ann); status != http.StatusOK || !strings.Contains(body, `"demo":[]`) || strings.Contains(body, `"createRealm":true`) {
		t.Errorf("nobody of demo: %d %s", status, body)
	}
	for name, tc := range map[string]struct {
		realmName, viewed, token, want string
		status                         int
	}{
		"another client":      {"demo", "demo", w.manager, "not the admin console", 403},
		"another realm":       {"demo", "demo", console, "401", 401},
		"unknown realm":       {"nope", "demo", console, "Realm not found", 404},
		"unknown one to view": {"master", "nope", console, "Realm not found", 404},
		"no token":            {"master", "master", "", "401", 401},
	} {
		if status, body := ask(tc.realmName, tc.viewed, tc.token); status != tc.status || !strings.Contains(body, tc.want) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}
