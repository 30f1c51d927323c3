package store

import (
	"bytes"
	"database/sql/driver"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteRows are the rows of a query, as sql.Rows are.
type sqliteRows struct {
	stmt   *sqliteStmt
	err    error
	done   bool
	settle func() // ends the watch over the context
	closed func()
}

// Next goes on to the next row.
func (r *sqliteRows) Next() bool {
	if r.done || r.err != nil {
		return false
	}
	c := r.stmt.conn
	switch rc := sqlite3.Xsqlite3_step(c.tls, r.stmt.handle); rc {
	case sqlite3.SQLITE_ROW:
		return true
	case sqlite3.SQLITE_DONE:
		r.done = true
	default:
		r.err = c.failure(rc)
	}
	return false
}

// Err is what ended the rows early.
func (r *sqliteRows) Err() error { return r.err }

// Close frees the statement.
func (r *sqliteRows) Close() error {
	if r.stmt == nil {
		return nil
	}
	if r.settle != nil {
		r.settle()
	}
	r.stmt.reset()
	r.stmt.busy = false
	r.stmt, r.done = nil, true
	if r.closed != nil {
		r.closed()
	}
	return nil
}

// Scan reads the row.
func (r *sqliteRows) Scan(dest ...any) error { return scanColumns(r, r.stmt.columns, dest) }

func (r *sqliteRows) null(i int) bool { return r.kind(i) == sqlite3.SQLITE_NULL }

func (r *sqliteRows) kind(i int) int32 {
	return sqlite3.Xsqlite3_column_type(r.stmt.conn.tls, r.stmt.handle, int32(i))
}

func (r *sqliteRows) integer(i int) (int64, error) {
	return sqlite3.Xsqlite3_column_int64(r.stmt.conn.tls, r.stmt.handle, int32(i)), nil
}

// raw is a text or a blob in SQLite's own memory: good until the next row.
func (r *sqliteRows) raw(i int) []byte {
	tls, handle := r.stmt.conn.tls, r.stmt.handle
	p := sqlite3.Xsqlite3_column_blob(tls, handle, int32(i))
	if p == 0 {
		return []byte{}
	}
	return libc.GoBytes(p, int(sqlite3.Xsqlite3_column_bytes(tls, handle, int32(i))))
}

func (r *sqliteRows) value(i int) (driver.Value, error) {
	switch r.kind(i) {
	case sqlite3.SQLITE_NULL:
		return nil, nil
	case sqlite3.SQLITE_INTEGER:
		return r.integer(i)
	case sqlite3.SQLITE_FLOAT:
		return sqlite3.Xsqlite3_column_double(r.stmt.conn.tls, r.stmt.handle, int32(i)), nil
	case sqlite3.SQLITE_TEXT:
		return string(r.raw(i)), nil
	}
	return bytes.Clone(r.raw(i)), nil
}
