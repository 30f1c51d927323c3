package realm

import (
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/store"
)

// Edit begins a change of the realm's configuration: it bumps the realm, which
// makes other changes of it wait, and gives the realm as it is now, after the
// one before: known when nobody changed it since, else one read anew. A realm
// that is gone is [latchkey.CodeNotFound].
func Edit(tx *store.Tx, known *latchkey.Snapshot) (*latchkey.Snapshot, error) {
	if err := tx.BumpRealm(known.Realm.ID); err != nil {
		return nil, err
	}
	now, err := tx.Realm(known.Realm.ID)
	if err != nil {
		return nil, err
	}
	if now.Version == known.Realm.Version+1 {
		return known, nil
	}
	return tx.SnapshotAfter(now.ID, known)
}

// powers are the names of the roles that a client holds and which
// administer a realm.
var powers = []string{"view-realm", "manage-realm", "view-users", latchkey.RoleManageUsers, "query-users", "view-clients",
	"manage-clients", "query-clients", "create-client", "query-groups", "query-realms", "view-events", "manage-events",
	"view-identity-providers", "manage-identity-providers", "view-authorization", "manage-authorization", "impersonation", "realm-admin",
	"view-organizations", "manage-organizations", "query-organizations"}

// Administrative says whether a role of the realm gives power over realms.
func Administrative(snap *latchkey.Snapshot, r *latchkey.Role) bool {
	master := snap.Realm.Name == latchkey.MasterRealm
	if r.ClientID == "" {
		return master && (r.Name == latchkey.RoleAdmin || r.Name == "create-realm")
	}
	c := snap.ClientByID(r.ClientID)
	return c != nil && (c.ClientID == latchkey.ClientRealmManagement || (master && strings.HasSuffix(c.ClientID, "-realm"))) &&
		slices.Contains(powers, r.Name)
}
