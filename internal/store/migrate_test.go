package store_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// oldRows are rows as a version wrote them, each put in right after that
// migration: whatever comes later must carry them over.
var oldRows = map[int64][]string{
	1: {
		`INSERT INTO realm (realm_id, name, enabled, version, duplicate_emails, created_at, body, smtp)
			VALUES ('old', 'old', 1, 7, 0, 1700000000000, '{"displayName":"Old"}', '{"from":"a@example.com"}')`,
		`INSERT INTO client (realm_id, id, client_id, enabled, body) VALUES ('old', 'c', 'app', 1, '{"name":"App"}')`,
		`INSERT INTO client_scope (realm_id, id, name, body) VALUES ('old', 's', 'email', '{}')`,
		`INSERT INTO role (realm_id, id, client_id, name, body) VALUES ('old', 'r', '', 'admin', '{}')`,
		`INSERT INTO flow (realm_id, id, alias, body) VALUES ('old', 'f', 'browser', '{"providerId":"basic-flow"}')`,
		`INSERT INTO authenticator_config (realm_id, id, alias, body) VALUES ('old', 'a', 'x', '{"config":{}}')`,
		`INSERT INTO required_action (realm_id, alias, body) VALUES ('old', 'VERIFY_EMAIL', '{"name":"n"}')`,
		`INSERT INTO realm_key (realm_id, id, algorithm, key_use, status, priority, private, created_at)
			VALUES ('old', 'k', 'HS512', 'sig', 'DISABLED', 100, '', 1700000000000)`,
	},
	2: {
		`INSERT INTO users (realm_id, id, username, email, email_key, email_unique, email_verified, enabled, created_at, not_before, search, body)
			VALUES ('old', 'u', 'ann', 'Ann@example.com', 'ann@example.com', 'ann@example.com', 1, 1, 1700000000000, 0, 'ann', '{"firstName":"Ann","attributes":{"Team":["Red","blue"]}}')`,
		`INSERT INTO user_role (realm_id, user_id, role_id) VALUES ('old', 'u', 'r')`,
		`INSERT INTO credential (realm_id, id, user_id, type, user_label, secret_data, credential_data, priority, created_at)
			VALUES ('old', 'o', 'u', 'otp', '', 'x', '{}', 0, 1700000000000)`,
	},
	3: {
		`INSERT INTO user_session (realm_id, id, user_id, started_at, last_access, remember_me, offline, body)
			VALUES ('old', 's', 'u', 1700000000000, 1700000000000, 0, 0, '{"authTime":"2023-11-14T22:13:20Z"}')`,
		`INSERT INTO client_session (realm_id, session_id, client_id, started_at, last_access, refresh_id, previous_refresh_id, reuses, body)
			VALUES ('old', 's', 'c', 1700000000000, 1700000000000, 'r', '', 0, '{}')`,
	},
	5: {
		`INSERT INTO message (realm_id, id, kind, state, address, address_key, user_id, login_id, token_id, created_at, expires_at, next_attempt_at, attempts, body)
			VALUES ('old', 'm', 'magic-link', 'handed_over', 'a@example.com', 'a@example.com', '', 'l', 't', 1700000000000, 1700000000000, 1700000000000, 1, '{"from":{}}')`,
	},
	9: {
		`INSERT INTO used_jti (realm_id, issuer, hash, expires_at) VALUES ('old', 'c', 'h', 1700000000000)`,
	},
	6: {
		`INSERT INTO event (realm_id, time, id, type, client_id, user_id, session_id, ip_address, error, details)
			VALUES ('old', 1700000000000, 'e', 'LOGIN', 'app', 'u', 's', '', '', 'null')`,
		`INSERT INTO admin_event (realm_id, time, id, operation_type, resource_type, resource_path, error, body)
			VALUES ('old', 1700000000000, 'a', 'CREATE', 'USER', 'users/u', '', '{"authRealmId":"old","authUserId":"ann","representation":"{\"a\":1}"}')`,
	},
}

// empty opens a database without a schema.
func empty(t *testing.T, f func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		f(t, storetest.Open(t, "sqlite:"+t.TempDir()+"/latchkey.db", storetest.NewClock()))
	})
	t.Run("postgres", func(t *testing.T) {
		db, _ := storetest.Postgres(t)
		if err := db.MigrateTo(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		f(t, db)
	})
}

func TestMigrate(t *testing.T) {
	empty(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		latest, err := db.LatestVersion(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Ping(ctx); err == nil {
			t.Error("a database without a schema answers a ping")
		}
		for v := int64(1); v <= latest; v++ {
			if pending, err := db.Pending(ctx); !pending || err != nil {
				t.Errorf("at version %d: pending %v, %v", v-1, pending, err)
			}
			if err := db.MigrateTo(ctx, v); err != nil {
				t.Fatal(err)
			}
			for _, text := range oldRows[v] {
				if err := db.Update(ctx, func(tx *store.Tx) error { return tx.Run(text) }); err != nil {
					t.Fatalf("an old row of version %d: %v", v, err)
				}
			}
		}
		// The last of them, and the canary, is Migrate's.
		if err := db.MigrateTo(ctx, latest-1); err != nil {
			t.Fatal(err)
		}
		for want := range 2 {
			applied, err := db.Migrate(ctx)
			if err != nil || applied != 1-want {
				t.Fatalf("migrate applied %d, %v", applied, err)
			}
		}
		if pending, err := db.Pending(ctx); pending || err != nil {
			t.Errorf("pending %v, %v", pending, err)
		}
		if err := db.Ping(ctx); err != nil {
			t.Error(err)
		}
		err = db.Update(ctx, func(tx *store.Tx) error {
			s, err := tx.Snapshot("old")
			if err != nil {
				return err
			}
			if s.Realm.DisplayName != "Old" || s.ClientByClientID("app") == nil || s.FlowByAlias("browser") == nil {
				t.Errorf("the old realm is not whole: %+v", s.Realm)
			}
			for _, read := range []func() error{
				func() error { _, err := tx.UserByEmail("old", "ann@example.com"); return err },
				func() error {
					list, err := tx.Users("old", store.UserFilter{Attributes: map[string]string{"team": "red"}})
					if len(list) != 1 {
						return fmt.Errorf("an old attribute is not found: %w", err)
					}
					return err
				},
				func() error { _, err := tx.UserSession("old", "s"); return err },
				func() error { _, err := tx.ClientSession("old", "s", "c"); return err },
				func() error { _, err := tx.Message("old", "m"); return err },
				func() error {
					list, err := tx.AdminEvents("old", store.AdminEventFilter{AuthRealmID: "old", AuthUserID: "ann"})
					if len(list) != 1 || list[0].Representation != `{"a":1}` {
						return fmt.Errorf("an old admin event is not found by who did it: %w", err)
					}
					return err
				},
				func() error {
					if ok, err := tx.UseOTP("old", "o", 0, "{}"); !ok {
						return fmt.Errorf("an old device's code is used already: %w", err)
					}
					return nil
				},
			} {
				if err := read(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		// And all the way down, and up again.
		if err := db.MigrateTo(ctx, 0); err != nil {
			t.Fatal(err)
		}
		if applied, err := db.Migrate(ctx); err != nil || applied != migrations(t) {
			t.Errorf("applied %d, %v", applied, err)
		}
		err = db.View(ctx, func(tx *store.Tx) error { _, err := tx.Realm("old"); return err })
		if latchkey.ErrorCode(err) != latchkey.CodeNotFound {
			t.Error(err)
		}
	})
}

// migrations counts the steps; their numbers may have gaps.
func migrations(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	return len(files)
}

// Nodes that start together migrate once.
func TestMigrateAtOnce(t *testing.T) {
	promise(t, func(w *world) {
		if w.db.Dialect() == "sqlite" {
			w.Skip("one process has the file")
		}
		if err := w.db.MigrateTo(w.Context(), 0); err != nil {
			w.Fatal(err)
		}
		node := w.nodes()
		total := make(chan int, 3)
		w.race(3, func(i int) (bool, error) {
			applied, err := node(i).Migrate(w.Context())
			total <- applied
			return err == nil, err
		})
		if n, all := <-total+<-total+<-total, migrations(w.T); n != all {
			w.Errorf("%d migrations of %d were applied", n, all)
		}
	})
}
