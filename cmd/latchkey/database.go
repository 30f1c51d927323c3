package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// database are the settings of where things are kept.
type database struct {
	DB        string          `name:"db" placeholder:"URL" secret:"true" help:"Where everything is kept: sqlite:PATH or postgres://USER@HOST/NAME."`
	MasterKey latchkey.Secret `kong:"-" setting:"master-key" secret:"true" help:"The key that secrets are sealed with in the database: 32 bytes as base64, from openssl rand -base64 32. Several with commas between them: the first seals, all open."`
}

// check refuses to run without a place and a key.
func (d *database) check() (*secret.Keyring, error) {
	if d.DB == "" {
		return nil, latchkey.Invalid("db", "Latchkey does not know where to keep things. Say --db sqlite:/var/lib/latchkey/latchkey.db or --db postgres://latchkey@localhost/latchkey.")
	}
	if !strings.HasPrefix(d.DB, "sqlite:") && !strings.HasPrefix(d.DB, "postgres://") && !strings.HasPrefix(d.DB, "postgresql://") {
		return nil, latchkey.Invalid("db", "--db begins with sqlite: or postgres://, for example sqlite:/var/lib/latchkey/latchkey.db.")
	}
	if d.MasterKey == "" {
		return nil, latchkey.Invalid("master-key", "There is no master key. Make one with: openssl rand -base64 32, keep it, and give it as LK_MASTER_KEY or in a file that LK_MASTER_KEY_FILE names.")
	}
	return secret.ParseKeyring(d.MasterKey)
}

// folder is the data folder of dev.
type folder string

func (f folder) database() string { return "sqlite:" + filepath.Join(string(f), "latchkey.db") }
func (f folder) mail() string     { return filepath.Join(string(f), "mail") }
func (f folder) demo() string     { return filepath.Join(string(f), "demo.json") }

// hostname is the file with the address that people reach the server at.
func (f folder) hostname() string { return filepath.Join(string(f), "hostname") }

// prepare makes the folder for its owner alone, and reads the master key in
// it, which is made once.
func (f folder) prepare() (*secret.Keyring, error) {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return nil, &latchkey.Error{Code: latchkey.CodeInvalid, Field: "data", Message: "The data folder cannot be made. Choose another with --data.", Err: err}
	}
	path := filepath.Join(string(f), "master.key")
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if os.IsNotExist(err) {
		if _, old := os.Stat(filepath.Join(string(f), "latchkey.db")); old == nil {
			return nil, latchkey.Invalid("data", "The folder %s has a database and no master.key. Put the key back: without it nothing that was sealed can be read.", f)
		}
		text, err = f.makeKey(path)
	}
	if err != nil {
		return nil, &latchkey.Error{Code: latchkey.CodeInvalid, Field: "data", Message: "The master key in the data folder cannot be read.", Err: err}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, &latchkey.Error{Code: latchkey.CodeInvalid, Field: "data", Message: "The master key in the data folder must be its owner's alone.", Err: err}
	}
	return secret.ParseKeyring(latchkey.Secret(text))
}

// read reads the master key of a folder that dev made.
func (f folder) read() (*secret.Keyring, error) {
	text, err := os.ReadFile(filepath.Join(string(f), "master.key"))
	if err != nil {
		return nil, &latchkey.Error{Code: latchkey.CodeInvalid, Field: "data", Err: err,
			Message: "There is no master.key in the data folder. Name the folder that `latchkey dev` uses with --data, or the database with --db."}
	}
	return secret.ParseKeyring(latchkey.Secret(text))
}

// makeKey draws the key and writes it, never over another one.
func (f folder) makeKey(path string) ([]byte, error) {
	text := []byte(secret.Token() + "\n")
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names the file
	if os.IsExist(err) {                                                     // somebody was faster
		return os.ReadFile(path) //nolint:gosec // the operator names the file
	}
	if err != nil {
		return nil, err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	return text, nil
}

// there refuses a SQLite database that does not exist: opening it would make
// an empty one in the place of the one that was meant.
func there(url string) error {
	path, ok := strings.CutPrefix(url, "sqlite:")
	if !ok {
		return nil
	}
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return latchkey.Invalid("db", "There is no database at %s. Name the one that the server uses, or make a new one: latchkey migrate --db %s", path, url)
	}
	return nil
}

// open opens the database for a command that ends soon.
func open(ctx context.Context, url string, ring *secret.Keyring, log *slog.Logger) (*store.DB, error) {
	return store.Open(ctx, store.Options{URL: url, Keyring: ring, Now: time.Now, Log: log, MaxConns: 2})
}

// placed is a database, or the data folder of dev that holds one.
type placed struct {
	common
	Data string `name:"data" placeholder:"FOLDER" help:"The data folder of dev, instead of --db."`
	database
}

func (p *placed) where() (url string, ring *secret.Keyring, err error) {
	if p.Data == "" {
		if ring, err = p.check(); err == nil {
			err = there(p.DB)
		}
		return p.DB, ring, err
	}
	if p.DB != "" {
		return "", nil, latchkey.Invalid("data", "--data and --db both say where the database is. Keep one of them.")
	}
	f := folder(p.Data)
	if ring, err = f.read(); err == nil {
		err = there(f.database())
	}
	return f.database(), ring, err
}

// open opens the database, which has to be up to date.
func (p *placed) open(h *host) (*store.DB, error) {
	if err := h.sources.fillSecrets(p); err != nil {
		return nil, err
	}
	log, err := newLog(h, "", slog.LevelWarn, false)
	if err != nil {
		return nil, err
	}
	url, ring, err := p.where()
	if err != nil {
		return nil, err
	}
	db, err := open(h.ctx, url, ring, log)
	if err != nil {
		return nil, err
	}
	pending, err := db.Pending(h.ctx)
	if err == nil && pending {
		err = latchkey.Errorf(latchkey.CodeConflict, "The database is not up to date. Start the server once, or run `latchkey migrate`, then ask again.")
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// snapshots reads the realm of that name, or all.
func snapshots(h *host, db *store.DB, name string) (out []*latchkey.Snapshot, err error) {
	err = db.View(h.ctx, func(tx *store.Tx) error {
		realms, err := tx.Realms()
		if err != nil {
			return err
		}
		out = nil
		for _, r := range realms {
			if name != "" && r.Name != name {
				continue
			}
			snap, err := tx.Snapshot(r.ID)
			if err != nil {
				return err
			}
			out = append(out, snap)
		}
		return nil
	})
	if err == nil && name != "" && len(out) == 0 {
		err = latchkey.Invalid("realm", "There is no realm %q.", name)
	}
	return out, err
}
