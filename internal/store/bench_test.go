package store_test

import (
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// The SQLite file stands on a disk here, so that a commit costs what it costs.
func benchmarks(b *testing.B, f func(b *testing.B, db *store.DB)) {
	b.Run("sqlite", func(b *testing.B) {
		db := storetest.Open(b, "sqlite:"+b.TempDir()+"/latchkey.db", storetest.NewClock())
		if _, err := db.Migrate(b.Context()); err != nil {
			b.Fatal(err)
		}
		f(b, db)
	})
	b.Run("postgres", func(b *testing.B) {
		db, _ := storetest.Postgres(b)
		f(b, db)
	})
}

func benchLogin() *latchkey.Login {
	return &latchkey.Login{RealmID: "r", BrowserHash: secret.Random(32), TabID: secret.TabID(), ExpiresAt: time.Unix(2e9, 0),
		Request: latchkey.AuthorizationRequest{ClientID: "app", RedirectURI: "https://app.example.com/callback", State: secret.Token(), Nonce: secret.Token()}}
}

// A login that is written, 32 at once on each core.
func BenchmarkCreateLogin(b *testing.B) {
	benchmarks(b, func(b *testing.B, db *store.DB) {
		b.SetParallelism(32)
		b.ResetTimer()
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := db.Update(b.Context(), func(tx *store.Tx) error { return tx.CreateLogin(benchLogin()) }); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// The same, one after the other.
func BenchmarkCreateLoginAlone(b *testing.B) {
	benchmarks(b, func(b *testing.B, db *store.DB) {
		b.ReportAllocs()
		for b.Loop() {
			if err := db.Update(b.Context(), func(tx *store.Tx) error { return tx.CreateLogin(benchLogin()) }); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// A login that is read.
func BenchmarkReadLogin(b *testing.B) {
	benchmarks(b, func(b *testing.B, db *store.DB) {
		l := benchLogin()
		if err := db.Update(b.Context(), func(tx *store.Tx) error { return tx.CreateLogin(l) }); err != nil {
			b.Fatal(err)
		}
		b.ResetTimer()
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := db.View(b.Context(), func(tx *store.Tx) error { _, err := tx.Login("r", l.ID); return err }); err != nil {
					b.Error(err)
				}
			}
		})
	})
}
