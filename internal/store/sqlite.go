package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"modernc.org/sqlite"

	"latchkey"
)

// sqliteEngine is SQLite in WAL mode: one connection writes, a few read.
type sqliteEngine struct {
	uri     string
	readers *readers
	writer  *writer
}

// The pragmas of the connections. synchronous=FULL keeps what was committed
// through a loss of power.
var (
	writerPragmas = []string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "temp_store(MEMORY)",
		"cache_size(-8000)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)"}
	readerPragmas = []string{"busy_timeout(5000)", "query_only(1)", "temp_store(MEMORY)", "cache_size(-4000)"}
)

func openSQLite(path string, conns int, work *counters) (engine, error) {
	if path == "" || path == ":memory:" {
		return nil, latchkey.Invalid("database", "A SQLite database is a file: sqlite:PATH.")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	// SQLite would make the file readable by everybody; it holds addresses.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names it
	if err != nil {
		return nil, &latchkey.Error{Code: latchkey.CodeInvalid, Field: "database", Message: "The file cannot be opened.", Err: err}
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	// A commit waits for the data, not for the time of the file's last change.
	if _, err := sqlite.Fdatasync(true); err != nil && !errors.Is(err, sqlite.ErrFdatasyncUnavailable) {
		return nil, fmt.Errorf("store: %w", err)
	}
	e := &sqliteEngine{uri: "file://" + (&url.URL{Path: path}).EscapedPath()}
	if e.writer, err = openWriter(e.uri, work); err != nil {
		return nil, err
	}
	if conns <= 0 {
		conns = runtime.GOMAXPROCS(0) // more of them starve the writer
	}
	if e.readers, err = openReaders(e.uri, conns); err != nil {
		return nil, errors.Join(err, e.writer.close())
	}
	return e, nil
}

func (e *sqliteEngine) reader() querier { return e.readers }

func (e *sqliteEngine) update(ctx context.Context, tx *Tx, f func(*Tx) error) error {
	return e.writer.update(ctx, tx, f)
}

func (e *sqliteEngine) start(context.Context, *DB) {}

func (e *sqliteEngine) migrating(context.Context) (migrating, error) {
	pool, err := sql.Open("sqlite", e.uri+"?"+url.Values{"_pragma": writerPragmas}.Encode())
	if err != nil {
		return migrating{}, fmt.Errorf("store: %w", err)
	}
	pool.SetMaxOpenConns(1)
	return migrating{pool: pool, release: pool.Close}, nil
}

func (e *sqliteEngine) close() error {
	// The readers first: the last connection to close tidies the WAL up, and a
	// reader may not write.
	return errors.Join(e.readers.close(), e.writer.close())
}

// readers are the connections that read. A statement takes one for itself.
type readers struct {
	all  []*sqliteConn
	free chan *sqliteConn
}

func openReaders(uri string, n int) (*readers, error) {
	p := &readers{free: make(chan *sqliteConn, n)}
	for range n {
		c, err := openSQLiteConn(uri, readerPragmas)
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.all = append(p.all, c)
		p.free <- c
	}
	return p, nil
}

func (p *readers) query(ctx context.Context, text string, args []any) (rows, error) {
	var c *sqliteConn
	select {
	case c = <-p.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	r, err := c.query(ctx, text, args, func() { p.free <- c })
	if err != nil {
		p.free <- c
		return nil, err
	}
	return r, nil
}

func (p *readers) exec(context.Context, string, []any) (int64, error) { return 0, errReadOnly }

// close waits for the statements that run.
func (p *readers) close() error {
	var err error
	for range p.all {
		err = errors.Join(err, (<-p.free).close())
	}
	p.all = nil
	return err
}
