package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteConn is one connection to SQLite, spoken to without database/sql and
// its driver: at a statement of a few microseconds their locks, conversions
// and copies cost more than SQLite does. It is used by one goroutine at a time.
type sqliteConn struct {
	tls   *libc.TLS
	db    uintptr
	stmts map[string]*sqliteStmt // by text; the texts are this package's, so they come to an end
	// buffer is where the texts and blobs of one statement are put together.
	buffer []byte
}

// largeBuffer is from what size a buffer is not kept.
const largeBuffer = 64 << 10

// sqliteStmt is a prepared statement.
type sqliteStmt struct {
	conn     *sqliteConn
	handle   uintptr
	ordinals []int   // of each parameter of SQLite's, which numbers them as they come, the number behind $
	columns  int     // of its rows
	bound    uintptr // texts and blobs that are bound, one behind the other
	busy     bool    // its rows are being read
}

const pointerSize = strconv.IntSize / 8

// sqliteError is what SQLite says.
type sqliteError struct {
	code int32 // extended
	text string
}

func (e *sqliteError) Error() string { return fmt.Sprintf("%s (%d)", e.text, e.code) }

// openSQLiteConn opens a file by its URI and runs the pragmas.
func openSQLiteConn(uri string, pragmas []string) (*sqliteConn, error) {
	c := &sqliteConn{tls: libc.NewTLS(), stmts: map[string]*sqliteStmt{}}
	name, err := libc.CString(uri)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, name)
	handle := libc.Xmalloc(c.tls, pointerSize)
	defer libc.Xfree(c.tls, handle)
	rc := sqlite3.Xsqlite3_open_v2(c.tls, name, handle,
		sqlite3.SQLITE_OPEN_READWRITE|sqlite3.SQLITE_OPEN_CREATE|sqlite3.SQLITE_OPEN_NOMUTEX|sqlite3.SQLITE_OPEN_URI, 0)
	c.db = libc.AtomicLoadPUintptr(handle)
	if rc != sqlite3.SQLITE_OK {
		return nil, errors.Join(c.failure(rc), c.close())
	}
	sqlite3.Xsqlite3_extended_result_codes(c.tls, c.db, 1)
	for _, p := range pragmas {
		if _, err := c.exec("PRAGMA "+p, nil); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	return c, nil
}

func (c *sqliteConn) close() error {
	for _, s := range c.stmts {
		s.close()
	}
	var err error
	if rc := sqlite3.Xsqlite3_close_v2(c.tls, c.db); rc != sqlite3.SQLITE_OK {
		err = c.failure(rc)
	}
	c.tls.Close()
	return err
}

// failure makes the error of a result code.
func (c *sqliteConn) failure(rc int32) error {
	e := &sqliteError{code: rc, text: libc.GoString(sqlite3.Xsqlite3_errstr(c.tls, rc))}
	if c.db != 0 {
		if message := libc.GoString(sqlite3.Xsqlite3_errmsg(c.tls, c.db)); message != e.text {
			e.text += ": " + message
		}
	}
	return e
}

// prepared gives the statement of a text.
func (c *sqliteConn) prepared(text string) (*sqliteStmt, error) {
	s, ok := c.stmts[text]
	if !ok {
		var err error
		if s, err = c.prepare(text); err != nil {
			return nil, err
		}
		c.stmts[text] = s
	}
	if s.busy {
		return nil, errors.New("store: a statement is run again while its rows are read")
	}
	return s, nil
}

func (c *sqliteConn) prepare(text string) (*sqliteStmt, error) {
	p, err := libc.CString(text)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, p)
	handle := libc.Xmalloc(c.tls, pointerSize)
	defer libc.Xfree(c.tls, handle)
	if rc := sqlite3.Xsqlite3_prepare_v3(c.tls, c.db, p, -1, sqlite3.SQLITE_PREPARE_PERSISTENT, handle, 0); rc != sqlite3.SQLITE_OK {
		return nil, c.failure(rc)
	}
	s := &sqliteStmt{conn: c, handle: libc.AtomicLoadPUintptr(handle)}
	s.columns = int(sqlite3.Xsqlite3_column_count(c.tls, s.handle))
	s.ordinals = make([]int, sqlite3.Xsqlite3_bind_parameter_count(c.tls, s.handle))
	for i := range s.ordinals {
		name := libc.GoString(sqlite3.Xsqlite3_bind_parameter_name(c.tls, s.handle, int32(i+1)))
		if _, err := fmt.Sscanf(name, "$%d", &s.ordinals[i]); err != nil {
			s.close()
			return nil, fmt.Errorf("store: a parameter is called %q", name)
		}
	}
	return s, nil
}

func (s *sqliteStmt) close() {
	sqlite3.Xsqlite3_finalize(s.conn.tls, s.handle)
	libc.Xfree(s.conn.tls, s.bound)
}

// exec runs a statement and says how many rows it changed.
func (c *sqliteConn) exec(text string, args []any) (int64, error) {
	s, err := c.prepared(text)
	if err != nil {
		return 0, err
	}
	if err := s.bind(args); err != nil {
		return 0, err
	}
	defer s.reset()
	for {
		switch rc := sqlite3.Xsqlite3_step(c.tls, s.handle); rc {
		case sqlite3.SQLITE_ROW:
		case sqlite3.SQLITE_DONE:
			return sqlite3.Xsqlite3_changes64(c.tls, c.db), nil
		default:
			return 0, c.failure(rc)
		}
	}
}

// query runs a statement that gives rows. When ctx ends before they are
// closed, SQLite is interrupted. closed is called once they are.
func (c *sqliteConn) query(ctx context.Context, text string, args []any, closed func()) (*sqliteRows, error) {
	s, err := c.prepared(text)
	if err != nil {
		return nil, err
	}
	if err := s.bind(args); err != nil {
		return nil, err
	}
	s.busy = true
	r := &sqliteRows{stmt: s, closed: closed}
	if ctx.Done() != nil {
		interrupted := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(interrupted)
			tls := libc.NewTLS()
			defer tls.Close()
			sqlite3.Xsqlite3_interrupt(tls, c.db)
		})
		r.settle = func() {
			if !stop() {
				<-interrupted // it must not hit the next statement
			}
		}
	}
	return r, nil
}

// bind gives the statement its parameters. Texts and blobs are copied to
// SQLite's side in one piece, and stay there until the statement has run.
func (s *sqliteStmt) bind(args []any) error {
	buffer := s.conn.buffer[:0]
	starts := make([]int, 0, 24)
	values := make([]driver.Value, 0, 24)
	for _, a := range args {
		v, err := bindable(a)
		if err != nil {
			return err
		}
		starts, values = append(starts, len(buffer)), append(values, v)
		switch x := v.(type) {
		case string:
			buffer = append(buffer, x...)
		case []byte:
			buffer = append(buffer, x...)
		}
	}
	var err error
	if s.bound, err = libc.CString(string(buffer)); err != nil {
		return err
	}
	if s.conn.buffer = buffer; cap(buffer) > largeBuffer {
		s.conn.buffer = nil
	}
	for i, n := range s.ordinals {
		if n < 1 || n > len(values) {
			s.reset()
			return fmt.Errorf("store: a statement has a parameter $%d and %d values", n, len(values))
		}
		if rc := s.bindOne(int32(i+1), values[n-1], s.bound+uintptr(starts[n-1])); rc != sqlite3.SQLITE_OK {
			s.reset()
			return s.conn.failure(rc)
		}
	}
	return nil
}

// bindOne binds a value; at is where a text or a blob was copied to.
func (s *sqliteStmt) bindOne(i int32, v driver.Value, at uintptr) int32 {
	tls := s.conn.tls
	switch x := v.(type) {
	case nil:
		return sqlite3.Xsqlite3_bind_null(tls, s.handle, i)
	case int64:
		return sqlite3.Xsqlite3_bind_int64(tls, s.handle, i, x)
	case bool:
		return sqlite3.Xsqlite3_bind_int64(tls, s.handle, i, flag(x))
	case float64:
		return sqlite3.Xsqlite3_bind_double(tls, s.handle, i, x)
	case string:
		return sqlite3.Xsqlite3_bind_text(tls, s.handle, i, at, int32(len(x)), sqlite3.SQLITE_STATIC)
	case []byte:
		return sqlite3.Xsqlite3_bind_blob(tls, s.handle, i, at, int32(len(x)), sqlite3.SQLITE_STATIC)
	}
	return sqlite3.SQLITE_MISUSE
}

// reset ends a run. Until the next one the parameters point at what is freed
// here, and nothing looks at them.
func (s *sqliteStmt) reset() {
	sqlite3.Xsqlite3_reset(s.conn.tls, s.handle)
	libc.Xfree(s.conn.tls, s.bound)
	s.bound = 0
}

// bindable gives what database/sql would have given a driver.
func bindable(a any) (driver.Value, error) {
	switch x := a.(type) {
	case nil, int64, string, bool:
		return x, nil
	case int:
		return int64(x), nil
	case []byte:
		if x == nil {
			return nil, nil
		}
		return x, nil
	}
	if v := reflect.ValueOf(a); v.Kind() == reflect.String {
		return v.String(), nil
	}
	return driver.DefaultParameterConverter.ConvertValue(a)
}
