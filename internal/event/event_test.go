package event_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/event"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// capture gives what is logged meanwhile, one JSON object a line.
func capture(t *testing.T) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&out, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &out
}

func TestRecord(t *testing.T) {
	tests := []struct {
		name   string
		realm  latchkey.Realm
		typ    latchkey.EventType
		stored bool
	}{
		{"events off", latchkey.Realm{}, latchkey.EventLogin, false},
		{"events on", latchkey.Realm{EventsEnabled: true}, latchkey.EventLogin, true},
		{"in the list", latchkey.Realm{EventsEnabled: true, EnabledEventTypes: []string{"LOGIN"}}, latchkey.EventLogin, true},
		{"not in the list", latchkey.Realm{EventsEnabled: true, EnabledEventTypes: []string{"LOGIN"}}, latchkey.EventLogout, false},
		{"mail, events off", latchkey.Realm{}, latchkey.EventMailQueued, true},
		{"mail, not in the list", latchkey.Realm{EventsEnabled: true, EnabledEventTypes: []string{"LOGIN"}}, latchkey.EventMailHandedOver, true},
		{"link, events off", latchkey.Realm{}, latchkey.EventLinkRefused, true},
		{"code, events off", latchkey.Realm{}, latchkey.EventCodeRefused, true},
		{"code to token is no code of a mail", latchkey.Realm{}, latchkey.EventCodeToToken, false},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for i, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				out := capture(t)
				realm := test.realm
				realm.ID, realm.Name, realm.Enabled = "realm-"+string(rune('a'+i)), "acme-"+string(rune('a'+i)), true
				var events []*latchkey.Event
				update(t, db, func(tx *store.Tx) error {
					if err := tx.CreateRealm(&realm); err != nil {
						return err
					}
					return event.Record(tx, &realm, latchkey.Event{Type: test.typ, UserID: "u", IPAddress: "192.0.2.1", Details: map[string]string{"via": "link"}})
				})
				update(t, db, func(tx *store.Tx) (err error) {
					events, err = tx.Events(realm.ID, store.EventFilter{Max: 10})
					return err
				})
				if (len(events) == 1) != test.stored {
					t.Fatalf("%d events are stored, want it %v", len(events), test.stored)
				}
				if test.stored {
					e := events[0]
					if e.ID == "" || e.RealmID != realm.ID || !e.Time.Equal(storetest.ClockOf(db).Now()) || e.Type != test.typ || e.UserID != "u" || e.Details["via"] != "link" {
						t.Errorf("stored %+v", e)
					}
				}
				// The log has every event, whatever is stored.
				if got := strings.Count(out.String(), "\n"); got != 1 || !strings.Contains(out.String(), string(test.typ)) {
					t.Errorf("the log has %d lines: %s", got, out)
				}
			})
		}
	})
}

// no address in clear in a log line, but lines about one address can be
// told; R-191: the store has it whole.
func TestRecordHidesAddresses(t *testing.T) {
	db, _ := storetest.SQLite(t)
	out := capture(t)
	realm := &latchkey.Realm{ID: "r", Name: "acme", Enabled: true, EventsEnabled: true}
	update(t, db, func(tx *store.Tx) error {
		if err := tx.CreateRealm(realm); err != nil {
			return err
		}
		for _, address := range []string{"Ada@Example.test", "ada@example.TEST", "bob@example.test"} {
			err := event.Record(tx, realm, latchkey.Event{Type: latchkey.EventRegister, Details: map[string]string{"email": address, "register_method": "magic"}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if strings.Contains(strings.ToLower(out.String()), "example") {
		t.Errorf("the log holds an address: %s", out)
	}
	var hashes []string
	for _, text := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		hash, _ := line["detail_email"].(string)
		hashes = append(hashes, hash)
		if line["detail_register_method"] != "magic" || line["realm"] != "acme" || line["type"] != "REGISTER" {
			t.Errorf("line %v", line)
		}
	}
	if hashes[0] == "" || hashes[0] != hashes[1] || hashes[0] == hashes[2] {
		t.Errorf("hashes %v: the same for one address, another for another", hashes)
	}
	var events []*latchkey.Event
	update(t, db, func(tx *store.Tx) (err error) {
		events, err = tx.Events(realm.ID, store.EventFilter{Max: 10})
		return err
	})
	if len(events) != 3 || !strings.Contains(events[0].Details["email"], "xample") {
		t.Errorf("stored: %+v", events)
	}
}

// A mail that a limit withheld is a warning: somebody waits for it.
func TestRecordLevel(t *testing.T) {
	db, _ := storetest.SQLite(t)
	realm := &latchkey.Realm{ID: "r", Name: "acme", Enabled: true}
	update(t, db, func(tx *store.Tx) error { return tx.CreateRealm(realm) })
	for reason, want := range map[string]string{"limit:address": "WARN", "no_account": "INFO"} {
		out := capture(t)
		update(t, db, func(tx *store.Tx) error {
			return event.Record(tx, realm, latchkey.Event{Type: latchkey.EventMailWithheld, Details: map[string]string{"reason": reason}})
		})
		if !strings.Contains(out.String(), `"level":"`+want+`"`) {
			t.Errorf("%s: %s", reason, out)
		}
	}
}

// What is rolled back did not happen: it is neither stored nor logged.
func TestRecordRolledBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		out := capture(t)
		realm := &latchkey.Realm{ID: "r", Name: "acme", Enabled: true, EventsEnabled: true}
		update(t, db, func(tx *store.Tx) error { return tx.CreateRealm(realm) })
		err := db.Update(t.Context(), func(tx *store.Tx) error {
			if err := event.Record(tx, realm, latchkey.Event{Type: latchkey.EventLogin}); err != nil {
				return err
			}
			return os.ErrInvalid
		})
		if err == nil || out.Len() > 0 {
			t.Errorf("rolled back with %v, logged %s", err, out)
		}
		update(t, db, func(tx *store.Tx) error {
			events, err := tx.Events(realm.ID, store.EventFilter{Max: 10})
			if len(events) > 0 {
				t.Errorf("stored %+v", events)
			}
			return err
		})
	})
}

func TestRecordAdmin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		out := capture(t)
		update(t, db, func(tx *store.Tx) error {
			if err := tx.CreateRealm(&latchkey.Realm{ID: "r", Name: "acme", Enabled: true}); err != nil {
				return err
			}
			return event.RecordAdmin(tx, &latchkey.AdminEvent{RealmID: "r", OperationType: "CREATE", ResourceType: "USER", ResourcePath: "users/u", Representation: `{"a":1}`})
		})
		update(t, db, func(tx *store.Tx) error {
			events, err := tx.AdminEvents("r", store.AdminEventFilter{})
			if err == nil && (len(events) != 1 || events[0].ID == "" || events[0].Time.IsZero() || events[0].ResourcePath != "users/u") {
				t.Errorf("stored %+v", events)
			}
			return err
		})
		if !strings.Contains(out.String(), "users/u") || strings.Contains(out.String(), `\"a\"`) {
			t.Errorf("logged %s", out)
		}
	})
}

func update(t *testing.T, db *store.DB, f func(*store.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}
