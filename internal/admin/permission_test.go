package admin_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/store"
)

// A role that a mapper writes into tokens is a word to applications: it gives
// nobody power over the realm.
func TestMappedRolesGiveNoPower(t *testing.T) {
	w := newWorld(t)
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		scope := *snap.ScopeByName("roles")
		scope.ProtocolMappers = append([]latchkey.ProtocolMapper{{ID: "gift", Name: "gift", Protocol: "openid-connect", ProtocolMapper: "oidc-hardcoded-role-mapper",
			Config: map[string]string{"role": "realm-management.manage-realm"}}}, scope.ProtocolMappers...)
		return tx.UpdateClientScope(&scope)
	})
	token := w.service("demo", "query-users")
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil || !strings.Contains(string(claims), "manage-realm") {
		t.Fatalf("the mapper does nothing: %s", claims)
	}
	w.must(403, token, "PUT", "/demo", m{"displayName": "Mine"})
	w.must(200, token, "GET", "/demo/users", nil)
}
