package realm

import (
	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// AdminClientID is the clientId of the client of master that holds the
// administrative roles of the realm with that name.
func AdminClientID(realm string) string { return realm + "-realm" }

// administer lets the administrators of master administer the realm; a new
// master gets all the realms that there are.
func administer(tx *store.Tx, realm *latchkey.Realm) error {
	master, err := tx.RealmByName(latchkey.MasterRealm)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil // EnsureMaster will do it
	}
	if err != nil {
		return err
	}
	if realm.ID != master.ID {
		return administerOne(tx, master, realm)
	}
	realms, err := tx.Realms()
	if err != nil {
		return err
	}
	for _, r := range realms {
		if err := administerOne(tx, master, r); err != nil {
			return err
		}
	}
	return nil
}

// administerOne makes, in master, the client <realm>-realm with its roles, as
// far as they are missing, and makes them part of the role admin.
func administerOne(tx *store.Tx, master, realm *latchkey.Realm) error {
	// Bumping locks the row of master, so that two realms made at once do not
	// both add to the same old list of roles.
	if err := tx.BumpRealm(master.ID); err != nil {
		return err
	}
	snap, err := tx.Snapshot(master.ID)
	if err != nil {
		return err
	}
	client := snap.ClientByClientID(AdminClientID(realm.Name))
	if client == nil {
		client = &latchkey.Client{RealmID: master.ID, ID: secret.NewID(), ClientID: AdminClientID(realm.Name), Name: realm.Name + " Realm",
			Enabled: true, Protocol: representation.OpenIDConnect, BearerOnly: true, StandardFlowEnabled: true,
			ClientAuthenticatorType: clientSecret, RedirectURIs: []string{}, WebOrigins: []string{},
			Attributes:          map[string]string{"realm_client": "true"},
			DefaultClientScopes: master.DefaultDefaultClientScopes, OptionalClientScopes: master.DefaultOptionalClientScopes}
		if err := tx.CreateClient(client); err != nil {
			return err
		}
	}
	ids, err := administrativeRolesIn(tx, snap, client)
	if err != nil {
		return err
	}
	admin := snap.RoleNamed("", latchkey.RoleAdmin)
	if admin == nil {
		return latchkey.Errorf(latchkey.CodeInternal, "the realm master has no role %s", latchkey.RoleAdmin)
	}
	changed := *admin
	changed.Composites = union(append([]string(nil), admin.Composites...), ids)
	return tx.UpdateRole(&changed)
}

// administrativeRolesIn makes the roles that the client lacks, and gives the
// ids of all.
func administrativeRolesIn(tx *store.Tx, snap *latchkey.Snapshot, client *latchkey.Client) ([]string, error) {
	reps, err := administrativeRoles()
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	var fresh []*latchkey.Role
	var all []string
	for i := range reps {
		name := *reps[i].Name
		if name == "realm-admin" {
			continue // master has the role admin instead
		}
		role := snap.RoleNamed(client.ID, name)
		if role == nil {
			role = &latchkey.Role{RealmID: client.RealmID, ID: secret.NewID(), ClientID: client.ID, Name: name, Description: representation.Value(reps[i].Description)}
			fresh = append(fresh, role)
		}
		ids[name] = role.ID
		all = append(all, role.ID)
	}
	for _, role := range fresh {
		for i := range reps {
			if *reps[i].Name != role.Name || reps[i].Composites == nil {
				continue
			}
			for _, part := range reps[i].Composites.Client[latchkey.ClientRealmManagement] {
				role.Composites = append(role.Composites, ids[part])
			}
		}
		if err := tx.CreateRole(role); err != nil {
			return nil, err
		}
	}
	return all, nil
}
