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
	"sync"

	"latchkey"
)

// sqliteEngine is SQLite in WAL mode: one connection writes, a few read.
type sqliteEngine struct {
	dsn     string
	readers *stmtPool
	writer  *writer
}

// The pragmas of the connections. synchronous=FULL keeps what was committed
// through a loss of power.
var (
	writerPragmas = []string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "temp_store(MEMORY)",
		"cache_size(-16000)", "journal_size_limit(67108864)"}
	readerPragmas = []string{"busy_timeout(5000)", "query_only(1)", "temp_store(MEMORY)", "cache_size(-8000)"}
)

func openSQLite(ctx context.Context, path string, readers int) (engine, error) {
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
	e := &sqliteEngine{dsn: "file://" + (&url.URL{Path: path}).EscapedPath() + "?"}
	if e.writer, err = openWriter(ctx, e.dsn+pragmas(writerPragmas)); err != nil {
		return nil, err
	}
	if readers <= 0 {
		readers = runtime.GOMAXPROCS(0) // more of them starve the writer
	}
	pool, err := openPool(e.dsn+pragmas(readerPragmas), readers)
	if err != nil {
		return nil, errors.Join(err, e.writer.close())
	}
	e.readers = &stmtPool{pool: pool}
	return e, nil
}

func pragmas(list []string) string { return url.Values{"_pragma": list}.Encode() }

// openPool opens a pool whose idle limit is its open limit, so that no
// connection is made and thrown away under load.
func openPool(dsn string, conns int) (*sql.DB, error) {
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	return pool, nil
}

func (e *sqliteEngine) reader() querier { return e.readers }

func (e *sqliteEngine) update(ctx context.Context, tx *Tx, f func(*Tx) error) error {
	return e.writer.update(ctx, tx, f)
}

func (e *sqliteEngine) start(context.Context, *DB) {}

func (e *sqliteEngine) migrating(context.Context) (migrating, error) {
	pool, err := openPool(e.dsn+pragmas(writerPragmas), 1)
	if err != nil {
		return migrating{}, err
	}
	return migrating{pool: pool, release: pool.Close}, nil
}

func (e *sqliteEngine) close() error {
	// The readers first: the last connection to close tidies the WAL up, and a
	// reader may not write.
	return errors.Join(e.readers.pool.Close(), e.writer.close())
}

// stmtPool is a pool with a cache of prepared statements. The texts are those
// of this package, so the cache has an end.
type stmtPool struct {
	pool  *sql.DB
	stmts sync.Map // text to *sql.Stmt
}

func (p *stmtPool) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if s, ok := p.stmts.Load(text); ok {
		return s.(*sql.Stmt), nil
	}
	s, err := p.pool.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if first, loaded := p.stmts.LoadOrStore(text, s); loaded {
		_ = s.Close() //nolint:sqlclosecheck // the other one is kept
		return first.(*sql.Stmt), nil
	}
	return s, nil
}

func (p *stmtPool) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	s, err := p.prepared(ctx, text) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (p *stmtPool) exec(ctx context.Context, text string, args []any) (sql.Result, error) {
	return nil, errReadOnly
}
