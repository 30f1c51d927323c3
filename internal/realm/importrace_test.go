package realm_test

import (
	"sync"
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// Of several that make a realm of one name at once, one makes it and the others
// are told that there is one.
func TestImportRace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var group sync.WaitGroup
		errs := make([]error, 6)
		made := make([]bool, len(errs))
		for i := range errs {
			group.Go(func() {
				sources, err := realm.Parse([]byte(`{"realm":"racer"}`))
				if err != nil {
					t.Error(err)
					return
				}
				results, err := realm.Import(ctx, db, sources, realm.ImportOptions{IfExists: realm.Fail, Options: realm.Options{Now: now}})
				errs[i], made[i] = err, len(results) == 1 && results[0].Created
			})
		}
		group.Wait()
		n := 0
		for i, err := range errs {
			switch {
			case made[i]:
				n++
			case latchkey.ErrorCode(err) != latchkey.CodeConflict:
				t.Errorf("%v", err)
			}
		}
		if n != 1 {
			t.Errorf("%d made it", n)
		}
	})
}
