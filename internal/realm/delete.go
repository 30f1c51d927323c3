package realm

import (
	"context"

	"latchkey"
	"latchkey/internal/store"
)

// DeleteOptions say what is told of a deletion.
type DeleteOptions struct {
	// Progress is told how many rows are gone so far. It may be nil.
	Progress func(done int)
	// Record is called in the transaction in which the realm goes. It may be nil.
	Record func(tx *store.Tx) error
}

// Delete deletes a realm with all that belongs to it, and its client in
// master. A realm of some hundred people goes in one transaction. A larger one
// is disabled first, so that nobody signs in any more, and then goes a thousand
// rows at a time; a deletion that was ended, by whatever, leaves it disabled,
// and goes on when it is asked for again. Master itself cannot be deleted. The
// error has the code "not-found" when there is no such realm.
func Delete(ctx context.Context, db *store.DB, id string, o DeleteOptions) error {
	large := false
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		if _, err := deletable(tx, id); err != nil {
			return err
		}
		large, err = tx.LargeRealm(id)
		return err
	})
	if err != nil {
		return err
	}
	if large {
		if err := db.Update(ctx, func(tx *store.Tx) error { return closeRealm(tx, id) }); err != nil {
			return err
		}
		err := db.EmptyRealm(ctx, id, func(done int) {
			if o.Progress != nil {
				o.Progress(done)
			}
		})
		if err != nil {
			return err
		}
	}
	return db.Update(ctx, func(tx *store.Tx) error {
		realm, err := deletable(tx, id)
		if err != nil {
			return err
		}
		master, err := tx.RealmByName(latchkey.MasterRealm)
		if err == nil {
			err = unadminister(tx, master, realm.Name)
		}
		if err != nil && latchkey.ErrorCode(err) != latchkey.CodeNotFound {
			return err
		}
		if err := tx.DeleteRealm(id); err != nil || o.Record == nil {
			return err
		}
		return o.Record(tx)
	})
}

func deletable(tx *store.Tx, id string) (*latchkey.Realm, error) {
	realm, err := tx.Realm(id)
	if err == nil && realm.Name == latchkey.MasterRealm {
		err = latchkey.Invalid("realm", "The realm master cannot be deleted.")
	}
	return realm, err
}

// closeRealm disables the realm, and ends an import of it that is not through:
// neither makes people any more, nor enables the realm.
func closeRealm(tx *store.Tx, id string) error {
	realm, err := tx.Realm(id)
	if err != nil {
		return err
	}
	if _, err := tx.RealmImport(id); err == nil {
		err = tx.DeleteRealmImport(id)
		if err != nil {
			return err
		}
	} else if latchkey.ErrorCode(err) != latchkey.CodeNotFound {
		return err
	}
	if !realm.Enabled {
		return nil
	}
	realm.Enabled = false
	return tx.UpdateRealm(realm)
}
