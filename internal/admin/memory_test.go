package admin_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/store"
)

// Whole lists are answered in parts: what the server holds of one while it is
// read does not grow with the realm.
func TestMemoryOfLists(t *testing.T) {
	w := newWorld(t)
	paths := []string{"/users?max=-1", "/users?search=user&max=-1", "/ui-ext/brute-force-user?max=-1", "/ui-ext/sessions?max=-1"}
	w.crowd(0, 3000)
	for _, path := range paths {
		w.held(path) // what is made once
	}
	held := map[string]int64{}
	for _, path := range paths {
		_, held[path] = w.held(path)
	}
	w.crowd(3000, 12_000)
	for _, path := range paths {
		size, most := w.held(path)
		t.Logf("%s: of %d kB %d kB were in memory at once, %d kB when the realm was a quarter as large", path, size>>10, most>>10, held[path]>>10)
		if size < 12_000*150 || most > held[path]+8<<20 {
			t.Errorf("%s: %d kB, and %d kB of memory, which were %d kB", path, size>>10, most>>10, held[path]>>10)
		}
	}
}

// crowd makes people, each with a session.
func (w *world) crowd(from, to int) {
	w.t.Helper()
	id := w.s.Snapshot("demo").Realm.ID
	for ; from < to; from += 1000 {
		w.s.Update(func(tx *store.Tx) error {
			for i := from; i < from+1000; i++ {
				u := &latchkey.User{RealmID: id, Username: fmt.Sprint("user", i), Email: fmt.Sprintf("user%d@example.test", i), Enabled: true,
					Attributes: map[string][]string{"text": {strings.Repeat("x", 2000)}}}
				if err := tx.CreateUser(u); err != nil {
					return err
				}
				if err := tx.CreateUserSession(&latchkey.UserSession{RealmID: id, UserID: u.ID, IPAddress: "192.0.2.1"}); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// held reads an answer slowly and says how many bytes it has, and how many the
// process had in use more than before at most.
func (w *world) held(path string) (size, most int64) {
	w.t.Helper()
	live := func() int64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.s.Base+"/admin/realms/demo"+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+w.manager)
	before := live()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %d", path, response.StatusCode)
	}
	for err == nil {
		var n int64
		n, err = io.CopyN(io.Discard, response.Body, 256<<10)
		size, most = size+n, max(most, live()-before)
	}
	return size, most
}
