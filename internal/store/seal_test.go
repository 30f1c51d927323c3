package store_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

// no secret that is sealed can be found in what a thief
// of the database gets, in whatever spelling.
func TestNoSecretInTheDump(t *testing.T) {
	promise(t, func(w *world) {
		secrets := []string{"client-secret-value", "private-key-bytes", "relay-password-1", "relay-token-secret-3",
			"message-link-secret", "one-time-password-seed", "kept-of-the-client", "kept-of-the-user", "provider-client-secret", "bind-credential"}
		visible := "visible-to-everybody"
		c := newConfiguration(w)
		c.client.Description = visible
		c.client.Kept = latchkey.Kept{"registrationAccessToken": []byte(`"kept-of-the-client"`)}
		w.update(func(tx *store.Tx) error {
			if err := c.create(tx); err != nil {
				return err
			}
			for _, err := range []error{
				tx.CreateUser(&latchkey.User{RealmID: w.realm.ID, Username: "ann", Kept: latchkey.Kept{"token": []byte(`"kept-of-the-user"`)}}),
				tx.PutIdentityProvider(&latchkey.IdentityProvider{RealmID: w.realm.ID, Alias: "github", Config: map[string]string{"clientSecret": "provider-client-secret"}}),
				tx.PutComponent(&latchkey.Component{RealmID: w.realm.ID, Config: map[string][]string{"bindCredential": {"bind-credential"}}}),
			} {
				if err != nil {
					return err
				}
			}
			if err := tx.CreateRealm(fullRealm("full")); err != nil {
				return err
			}
			return tx.CreateCredential(&latchkey.Credential{RealmID: w.realm.ID, UserID: "u", Type: "otp",
				SecretData: `{"value":"one-time-password-seed"}`})
		})
		m := w.message(nil)
		dump := w.dump()
		if !bytes.Contains(dump, []byte(visible)) {
			w.Fatal("the dump does not hold what is not secret")
		}
		lower := bytes.ToLower(dump)
		for _, s := range secrets {
			for spelling, text := range spellings(s) {
				if bytes.Contains(lower, []byte(strings.ToLower(text))) {
					w.Errorf("%q is in the database as %s", s, spelling)
				}
			}
		}
		// Whoever holds the key reads them all.
		w.same(w.readMessage(m.ID).Secret, latchkey.Secret("message-link-secret"))
	})
}

// spellings gives a secret in the forms in which it could be hidden; base64
// depends on where in a text it begins.
func spellings(s string) map[string]string {
	middle := func(shift int) string {
		text := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + s))
		return text[4 : len(text)-2]
	}
	return map[string]string{
		"plain text": s, "hex": hex.EncodeToString([]byte(s)), "an URL": url.QueryEscape(s),
		"base64": base64.RawStdEncoding.EncodeToString([]byte(s))[:len(s)], "base64, shifted by one": middle(1), "base64, shifted by two": middle(2),
	}
}

// dump is everything that the database keeps.
func (w *world) dump() []byte {
	w.Helper()
	var out bytes.Buffer
	if path, ok := strings.CutPrefix(w.url, "sqlite:"); ok {
		for _, suffix := range []string{"", "-wal"} {
			file, err := os.ReadFile(path + suffix)
			if err != nil {
				w.Fatal(err)
			}
			out.Write(file)
		}
		return out.Bytes()
	}
	for _, table := range w.tables() {
		for _, row := range w.strings("SELECT t::text FROM " + table + " t") {
			out.WriteString(row + "\n")
		}
	}
	return out.Bytes()
}

// Sealed values cannot be moved to another row.
func TestSealedValuesStayInTheirRow(t *testing.T) {
	promise(t, func(w *world) {
		w.update(func(tx *store.Tx) error {
			for _, name := range []string{"a", "b"} {
				if err := tx.CreateClient(&latchkey.Client{RealmID: w.realm.ID, ClientID: name, Secret: latchkey.Secret(name)}); err != nil {
					return err
				}
			}
			return tx.Run(`UPDATE client SET secret = (SELECT secret FROM client WHERE client_id = 'a')`)
		})
		err := w.db.View(w.Context(), func(tx *store.Tx) error { _, err := tx.Snapshot(w.realm.ID); return err })
		if err == nil || !strings.Contains(err.Error(), "client b") {
			w.Errorf("the secret of a opens as that of b: %v", err)
		}
	})
}

// A mail whose secret cannot be opened any more, since its key was taken away,
// keeps no other mail from going out.
func TestLostSecretOfAMail(t *testing.T) {
	promise(t, func(w *world) {
		lost, good := w.message(nil), w.message(nil)
		w.update(func(tx *store.Tx) error {
			return tx.Run(`UPDATE message SET secret = $1 WHERE id = $2`, []byte("damaged"), lost.ID)
		})
		got := map[string]latchkey.Secret{}
		for _, m := range w.claim(10, time.Minute) {
			got[m.ID] = m.Secret
		}
		if len(got) != 2 || got[lost.ID] != "" || got[good.ID] != good.Secret {
			w.Errorf("claimed %d mails; lost %t, good %t", len(got), got[lost.ID] == "", got[good.ID] == good.Secret)
		}
	})
}

// a database is refused with the wrong master key, by a sentence that
// says so; a new key in front of the old one is right.
func TestWrongMasterKey(t *testing.T) {
	promise(t, func(w *world) {
		const another = latchkey.Secret("9vXw3kQ7pLr0ZtYbNc5hJmUeGfSdAi8oT2uVx1yB4Ms=")
		open := func(keys latchkey.Secret) error {
			ring, err := secret.ParseKeyring(keys)
			if err != nil {
				w.Fatal(err)
			}
			db, err := store.Open(w.Context(), store.Options{URL: w.url, Keyring: ring, Now: w.clock.Now})
			if err != nil {
				return err
			}
			if _, err := db.Migrate(w.Context()); err != nil {
				w.Error(err)
			}
			return db.Close()
		}
		err := open(another)
		if latchkey.ErrorCode(err) != latchkey.CodeInvalid || !strings.Contains(err.Error(), "not the master key") {
			w.Errorf("the wrong key: %v", err)
		}
		if err := open(another + "," + storetest.MasterKey); err != nil {
			w.Errorf("a new key in front: %v", err)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	ring, clock := storetest.Keyring(), storetest.NewClock()
	for name, o := range map[string]store.Options{
		"no key":        {URL: "sqlite:" + t.TempDir() + "/a.db", Now: clock.Now},
		"no clock":      {URL: "sqlite:" + t.TempDir() + "/a.db", Keyring: ring},
		"no URL":        {Keyring: ring, Now: clock.Now},
		"other scheme":  {URL: "mysql://x", Keyring: ring, Now: clock.Now},
		"memory":        {URL: "sqlite::memory:", Keyring: ring, Now: clock.Now},
		"no directory":  {URL: "sqlite:" + t.TempDir() + "/no/a.db", Keyring: ring, Now: clock.Now},
		"bad postgres":  {URL: "postgres://user:hunter2@host:port/db", Keyring: ring, Now: clock.Now},
		"dead postgres": {URL: "postgres:///x?host=" + url.QueryEscape(t.TempDir()), Keyring: ring, Now: clock.Now},
	} {
		db, err := store.Open(context.Background(), o)
		if err == nil {
			t.Errorf("%s: opened", name)
			_ = db.Close()
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error tells the password: %v", name, err)
		}
	}
}

// The file holds addresses: it is for nobody else on the machine to read.
func TestSQLiteFileIsPrivate(t *testing.T) {
	path := t.TempDir() + "/a b?c#d%20.db"
	db := storetest.Open(t, "sqlite:"+path, storetest.NewClock())
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", suffix, info.Mode().Perm())
		}
	}
}

// after resealing, the new key alone opens everything, and the old one
// nothing.
func TestReseal(t *testing.T) {
	promise(t, func(w *world) {
		const newKey = latchkey.Secret("9vXw3kQ7pLr0ZtYbNc5hJmUeGfSdAi8oT2uVx1yB4Ms=")
		open := func(keys latchkey.Secret) (*store.DB, error) {
			ring, err := secret.ParseKeyring(keys)
			if err != nil {
				w.Fatal(err)
			}
			db, err := store.Open(w.Context(), store.Options{URL: w.url, Keyring: ring, Now: w.clock.Now})
			if err == nil {
				w.Cleanup(func() { _ = db.Close() })
			}
			return db, err
		}
		c := newConfiguration(w)
		full := fullRealm("full")
		full.Kept = kept
		w.update(c.create)
		w.update(func(tx *store.Tx) error { return keepAll(tx, w.realm.ID) })
		w.update(func(tx *store.Tx) error {
			for i := range 120 { // more than a batch
				err := tx.CreateCredential(&latchkey.Credential{RealmID: w.realm.ID, UserID: "u", Type: "otp", SecretData: "seed", Priority: i})
				if err != nil {
					return err
				}
			}
			return tx.CreateRealm(full)
		})
		m := w.message(nil)
		both, err := open(newKey + "," + storetest.MasterKey)
		if err != nil {
			w.Fatal(err)
		}
		for want := range 2 {
			n, err := both.Reseal(w.Context())
			if err != nil || n != 138*(1-want) { // 120, client and its rotated secret, key, relays, message, canary, 12 that are kept
				w.Errorf("resealed %d, %v", n, err)
			}
		}
		if _, err := open(storetest.MasterKey); latchkey.ErrorCode(err) != latchkey.CodeInvalid {
			w.Errorf("the old key: %v", err)
		}
		db, err := open(newKey)
		if err != nil {
			w.Fatal(err)
		}
		err = db.View(w.Context(), func(tx *store.Tx) error {
			s, err := tx.Snapshot(w.realm.ID)
			if err != nil {
				return err
			}
			w.same(s.ClientByClientID("app"), c.client)
			w.same(s.Keys, []*latchkey.Key{c.key})
			r, err := tx.Realm(full.ID)
			w.same(r, full)
			if err != nil {
				return err
			}
			got, err := tx.Message(w.realm.ID, m.ID)
			w.same(got, m)
			if err != nil {
				return err
			}
			list, err := tx.Credentials(w.realm.ID, "u")
			if len(list) != 120 || list[119].SecretData != "seed" {
				w.Errorf("%d credentials", len(list))
			}
			return err
		})
		if err != nil {
			w.Error(err)
		}
	})
}
