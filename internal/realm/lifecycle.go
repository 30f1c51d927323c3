package realm

import (
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// unadminister takes the client <realm>-realm and its roles out of master.
func unadminister(tx *store.Tx, master *latchkey.Realm, name string) error {
	if err := tx.BumpRealm(master.ID); err != nil {
		return err
	}
	snap, err := tx.Snapshot(master.ID)
	if err != nil {
		return err
	}
	client := snap.ClientByClientID(AdminClientID(name))
	if client == nil {
		return nil
	}
	gone := map[string]bool{}
	for _, r := range snap.Roles {
		gone[r.ID] = r.ClientID == client.ID
	}
	for _, r := range snap.Roles {
		kept := slices.DeleteFunc(slices.Clone(r.Composites), func(id string) bool { return gone[id] })
		if gone[r.ID] || len(kept) == len(r.Composites) {
			continue
		}
		changed := *r
		changed.Composites = kept
		if err := tx.UpdateRole(&changed); err != nil {
			return err
		}
	}
	for _, r := range snap.Roles {
		if gone[r.ID] {
			if err := tx.DeleteRole(master.ID, r.ID); err != nil {
				return err
			}
		}
	}
	return tx.DeleteClient(master.ID, client.ID)
}

// Rename gives a realm another name, and follows in the addresses of its
// built-in clients and in master. realm is changed; what else is to be changed
// in it is written with it. Master itself cannot be renamed.
func Rename(tx *store.Tx, realm *latchkey.Realm, name string) error {
	old := realm.Name
	if old == name {
		return tx.UpdateRealm(realm)
	}
	if err := latchkey.ValidateRealmName(name); err != nil {
		return err
	}
	if old == latchkey.MasterRealm {
		return latchkey.Invalid("realm", "Master cannot be renamed.")
	}
	if _, err := tx.RealmByName(name); err == nil {
		return &latchkey.Error{Code: latchkey.CodeConflict, Field: "realm", Message: "A realm with this name exists already."}
	} else if latchkey.ErrorCode(err) != latchkey.CodeNotFound {
		return err
	}
	realm.Name = name
	if err := tx.UpdateRealm(realm); err != nil {
		return err
	}
	snap, err := tx.Snapshot(realm.ID)
	if err != nil {
		return err
	}
	base, err := builtin(name)
	if err != nil {
		return err
	}
	for i := range base.Clients {
		if c := snap.ClientByClientID(*base.Clients[i].ClientID); c != nil {
			if err := moveClient(tx, c, old, name); err != nil {
				return err
			}
		}
	}
	return renameInMaster(tx, old, name)
}

// moveClient changes the realm's name in the paths of a built-in client.
func moveClient(tx *store.Tx, c *latchkey.Client, old, name string) error {
	move := func(path string) string {
		for _, root := range []string{"/realms/", "/admin/"} {
			if rest, ok := strings.CutPrefix(path, root+old+"/"); ok {
				return root + name + "/" + rest
			}
		}
		return path
	}
	moved := *c
	moved.BaseURL = move(c.BaseURL)
	moved.RedirectURIs = nil
	for _, uri := range c.RedirectURIs {
		moved.RedirectURIs = append(moved.RedirectURIs, move(uri))
	}
	if moved.BaseURL == c.BaseURL && slices.Equal(moved.RedirectURIs, c.RedirectURIs) {
		return nil
	}
	return tx.UpdateClient(&moved)
}

func renameInMaster(tx *store.Tx, old, name string) error {
	master, err := tx.RealmByName(latchkey.MasterRealm)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if err := tx.BumpRealm(master.ID); err != nil { // who changes master now waits, or is waited for
		return err
	}
	snap, err := tx.Snapshot(master.ID)
	if err != nil {
		return err
	}
	client := snap.ClientByClientID(AdminClientID(old))
	if client == nil {
		return nil
	}
	renamed := *client
	rep := representation.Client{ClientID: new(AdminClientID(name)), Name: new(name + " Realm")}
	if err := rep.Apply(&renamed, snap); err != nil {
		return err
	}
	return tx.UpdateClient(&renamed)
}
