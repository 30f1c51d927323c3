package realm_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"latchkey/internal/realm"
	"latchkey/internal/store/storetest"
)

// A hundred thousand people (a twentieth without LK_SOAK): how many a second,
// and in how much memory.
func TestImportCrowd(t *testing.T) {
	n := 5_000
	if os.Getenv("LK_SOAK") != "" {
		n = 100_000
	}
	data := crowd(t, n)
	db, _ := storetest.SQLite(t)
	sources, err := realm.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	most := uint64(0)
	start := time.Now()
	results, err := realm.Import(ctx, db, sources, realm.ImportOptions{Options: options(), Progress: func(_ string, done, _ int) {
		if done%10_000 == 0 {
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapInuse)
		}
	}})
	if err != nil || results[0].People != n {
		t.Fatalf("results %+v, %v", results, err)
	}
	took := time.Since(start)
	t.Logf("%d people (%d MiB) in %v: %.0f a second; %d MiB of memory more", n, len(data)>>20, took.Round(time.Millisecond), float64(n)/took.Seconds(),
		int64(most-before.HeapInuse)>>20)
	if grown := int64(most) - int64(before.HeapInuse); grown > 128<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}
