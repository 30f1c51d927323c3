package realm_test

import (
	"context"
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// A realm with many people is disabled before the first of them goes, goes in
// parts, and is gone when the last part is; a deletion that was ended goes on
// when it is asked for again, and others write in between.
func TestDeleteLarge(t *testing.T) {
	data := crowd(t, 2500)
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if _, err := realm.EnsureMaster(ctx, db, options()); err != nil {
			t.Fatal(err)
		}
		if _, err := take(ctx, db, data); err != nil {
			t.Fatal(err)
		}
		id := snapshot(t, db, "crowd").Realm.ID
		half, end := context.WithCancel(ctx)
		err := realm.Delete(half, db, id, realm.DeleteOptions{Progress: func(int) { end() }})
		if err == nil {
			t.Fatal("the deletion was not ended")
		}
		if s := snapshot(t, db, "crowd"); s.Realm.Enabled {
			t.Error("half a realm is enabled")
		}
		parts, recorded := 0, false
		err = realm.Delete(ctx, db, id, realm.DeleteOptions{
			Progress: func(int) {
				parts++
				err := db.Update(ctx, func(tx *store.Tx) error { // somebody else
					master, err := tx.RealmByName(latchkey.MasterRealm)
					if err != nil {
						return err
					}
					return tx.BumpRealm(master.ID)
				})
				if err != nil {
					t.Error(err)
				}
			},
			Record: func(tx *store.Tx) error {
				_, err := tx.Realm(id)
				recorded = latchkey.ErrorCode(err) == latchkey.CodeNotFound
				return nil
			},
		})
		if err != nil || parts < 8 || !recorded {
			t.Errorf("%v, %d parts, recorded: %v", err, parts, recorded)
		}
		err = db.View(ctx, func(tx *store.Tx) error {
			people, err := tx.People(id, "", 10)
			if len(people) > 0 {
				t.Errorf("%d people are left", len(people))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if snapshot(t, db, latchkey.MasterRealm).ClientByClientID(realm.AdminClientID("crowd")) != nil {
			t.Error("its client is left in master")
		}
		if err := realm.Delete(ctx, db, id, realm.DeleteOptions{}); latchkey.ErrorCode(err) != latchkey.CodeNotFound {
			t.Errorf("deleted again: %v", err)
		}
	})
}

// An import that is not through ends with its realm, and does not bring it
// back.
func TestDeleteBegunImport(t *testing.T) {
	data := crowd(t, 1300)
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		sources, err := realm.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		_, err = realm.Import(ctx, db, sources, realm.ImportOptions{Options: options(), Progress: func(_ string, done, _ int) {
			if done == 1000 {
				if err := realm.Delete(ctx, db, "crowd-id", realm.DeleteOptions{}); err != nil {
					t.Error(err)
				}
			}
		}})
		if latchkey.ErrorCode(err) != latchkey.CodeConflict {
			t.Errorf("the import goes on: %v", err)
		}
		err = db.View(ctx, func(tx *store.Tx) error { _, err := tx.RealmByName("crowd"); return err })
		if latchkey.ErrorCode(err) != latchkey.CodeNotFound {
			t.Errorf("the realm: %v", err)
		}
		if results, err := take(ctx, db, data); err != nil || !results[0].Created {
			t.Errorf("made anew: %+v, %v", results, err)
		}
	})
}
