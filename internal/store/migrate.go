package store

import (
	"context"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"latchkey"
	"latchkey/internal/secret"
)

// migrationFiles is the one timeline of both databases, in PostgreSQL's
// words. A migration that was released is never changed.
//
//go:embed migrations/*.sql
var migrationFiles embed.FS

// The meta row that tells whether the master key is the right one.
const (
	metaCanary    = "master-key-canary"
	canaryPurpose = "canary"
	canaryText    = "latchkey"
)

// Migrate brings the schema up to date and says how many migrations that
// took. Nodes that start together wait for each other.
func (db *DB) Migrate(ctx context.Context) (applied int, err error) {
	err = db.withProvider(ctx, func(p *goose.Provider) error {
		results, err := p.Up(ctx)
		applied = len(results)
		return err
	})
	if err != nil {
		return applied, err
	}
	sealed := db.keyring.Seal(canaryPurpose, metaCanary, []byte(canaryText))
	err = db.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(`INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
			metaCanary, base64.StdEncoding.EncodeToString(sealed))
		return err
	})
	if err != nil {
		return applied, err
	}
	return applied, db.checkCanary(ctx)
}

// Pending says whether Migrate would change something.
func (db *DB) Pending(ctx context.Context) (bool, error) {
	pending := false
	err := db.withProvider(ctx, func(p *goose.Provider) (err error) {
		pending, err = p.HasPending(ctx)
		return err
	})
	return pending, err
}

func (db *DB) withProvider(ctx context.Context, f func(*goose.Provider) error) error {
	m, err := db.engine.migrating(ctx)
	if err != nil {
		return err
	}
	p, err := db.provider(m)
	if err == nil {
		err = f(p)
	}
	if err = errors.Join(err, m.release()); err != nil {
		return fmt.Errorf("store: migrating: %w", err)
	}
	return nil
}

func (db *DB) provider(m migrating) (*goose.Provider, error) {
	options := []goose.ProviderOption{
		goose.WithDisableGlobalRegistry(true),
		goose.WithLogger(goose.NopLogger()),
	}
	if db.dialect.name == postgresDialect.name {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(db.dialect.goose, m.pool, ddlFS{files, db.dialect.ddl}, options...)
}

// checkCanary opens what Migrate sealed into the database. A database without
// tables has no canary yet.
func (db *DB) checkCanary(ctx context.Context) error {
	var value string
	err := db.View(ctx, func(tx *Tx) (err error) {
		value, err = tx.Meta(metaCanary)
		return err
	})
	if err != nil {
		if latchkey.ErrorCode(err) == latchkey.CodeNotFound || db.dialect.missing(err) {
			return nil
		}
		return err
	}
	sealed, err := base64.StdEncoding.DecodeString(value)
	if err == nil {
		_, err = db.keyring.Open(canaryPurpose, metaCanary, sealed)
	}
	if err != nil {
		return &latchkey.Error{
			Code: latchkey.CodeInvalid, Field: "master key",
			Message: "This is not the master key that the database was made with. Give the right one, or both with the new one in front.",
			Err:     secret.ErrSealed,
		}
	}
	return nil
}

// ddlFS hands out the migrations in the words of one database.
type ddlFS struct {
	fs.FS
	ddl func(string) string
}

// Open implements fs.FS.
func (f ddlFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return file, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(f.FS, name)
	if err != nil {
		return nil, err
	}
	translated := f.ddl(string(text))
	return &ddlFile{Reader: strings.NewReader(translated), name: name}, nil
}

// ddlFile is a translated migration as a file.
type ddlFile struct {
	*strings.Reader
	name string
}

func (f *ddlFile) Close() error               { return nil }
func (f *ddlFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *ddlFile) Name() string               { return f.name }
func (f *ddlFile) Mode() fs.FileMode          { return 0o444 }
func (f *ddlFile) ModTime() time.Time         { return time.Time{} }
func (f *ddlFile) IsDir() bool                { return false }
func (f *ddlFile) Sys() any                   { return nil }
