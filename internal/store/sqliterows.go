package store

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"

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

// Scan reads the row. Kinds convert as they do in sql.Rows.
func (r *sqliteRows) Scan(dest ...any) error {
	if len(dest) != r.stmt.columns {
		return fmt.Errorf("store: %d destinations for %d columns", len(dest), r.stmt.columns)
	}
	for i, d := range dest {
		if err := r.scanOne(int32(i), d); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
	}
	return nil
}

func (r *sqliteRows) scanOne(i int32, dest any) error {
	null := r.kind(i) == sqlite3.SQLITE_NULL
	switch d := dest.(type) {
	case *string:
		if !null {
			*d = string(r.raw(i))
			return nil
		}
	case *int64:
		if !null {
			*d = r.integer(i)
			return nil
		}
	case *int:
		if !null {
			*d = int(r.integer(i))
			return nil
		}
	case *bool:
		if !null {
			*d = r.integer(i) != 0
			return nil
		}
	case *[]byte:
		*d = nil
		if !null {
			*d = bytes.Clone(r.raw(i))
		}
		return nil
	case bodyColumn: // parsed where it is
		if !null {
			return json.Unmarshal(r.raw(i), d.v)
		}
	case sql.Scanner:
		return d.Scan(r.value(i))
	default:
		if !null {
			return r.scanKind(i, reflect.ValueOf(dest))
		}
	}
	return fmt.Errorf("%T holds no NULL", dest)
}

// scanKind reads into named strings and numbers.
func (r *sqliteRows) scanKind(i int32, dest reflect.Value) error {
	if dest.Kind() == reflect.Pointer {
		switch d := dest.Elem(); d.Kind() {
		case reflect.String:
			d.SetString(string(r.raw(i)))
			return nil
		case reflect.Int, reflect.Int32, reflect.Int64:
			d.SetInt(r.integer(i))
			return nil
		}
	}
	return fmt.Errorf("cannot read into %s", dest.Type())
}

func (r *sqliteRows) kind(i int32) int32 {
	return sqlite3.Xsqlite3_column_type(r.stmt.conn.tls, r.stmt.handle, i)
}

func (r *sqliteRows) integer(i int32) int64 {
	return sqlite3.Xsqlite3_column_int64(r.stmt.conn.tls, r.stmt.handle, i)
}

// raw is a text or a blob in SQLite's own memory: good until the next row.
func (r *sqliteRows) raw(i int32) []byte {
	tls, handle := r.stmt.conn.tls, r.stmt.handle
	p := sqlite3.Xsqlite3_column_blob(tls, handle, i)
	if p == 0 {
		return []byte{}
	}
	return libc.GoBytes(p, int(sqlite3.Xsqlite3_column_bytes(tls, handle, i)))
}

func (r *sqliteRows) value(i int32) driver.Value {
	switch r.kind(i) {
	case sqlite3.SQLITE_NULL:
		return nil
	case sqlite3.SQLITE_INTEGER:
		return r.integer(i)
	case sqlite3.SQLITE_FLOAT:
		return sqlite3.Xsqlite3_column_double(r.stmt.conn.tls, r.stmt.handle, i)
	case sqlite3.SQLITE_TEXT:
		return string(r.raw(i))
	}
	return bytes.Clone(r.raw(i))
}
