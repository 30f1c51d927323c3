package store

import (
	"database/sql/driver"
	"encoding/binary"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// postgresRows are the rows of a query, as sql.Rows are.
type postgresRows struct {
	stmt   *postgresStmt
	result *pgconn.ResultReader
	rest   *pgconn.MultiResultReader // of a batch, whose last statement it is
	values [][]byte
	err    error
	done   bool
	closed func()
	failed func(error) // hears what ended the rows early
}

// Next goes on to the next row.
func (r *postgresRows) Next() bool {
	if r.done {
		return false
	}
	if r.result.NextRow() {
		r.values = r.result.Values()
		return true
	}
	_ = r.Close()
	return false
}

// Err is what ended the rows early.
func (r *postgresRows) Err() error { return r.err }

// Close reads what is left, and frees the connection.
func (r *postgresRows) Close() error {
	if r.done {
		return nil
	}
	r.done = true
	_, r.err = r.result.Close()
	if r.rest != nil {
		if err := r.rest.Close(); r.err == nil {
			r.err = err
		}
	}
	if r.err != nil && r.failed != nil {
		r.failed(r.err)
	}
	if r.closed != nil {
		r.closed()
	}
	return nil
}

// Scan reads the row.
func (r *postgresRows) Scan(dest ...any) error { return scanColumns(r, len(r.values), dest) }

func (r *postgresRows) null(i int) bool { return r.values[i] == nil }

func (r *postgresRows) raw(i int) []byte { return r.values[i] }

func (r *postgresRows) oid(i int) uint32 { return r.stmt.description.Fields[i].DataTypeOID }

func (r *postgresRows) integer(i int) (int64, error) {
	v := r.values[i]
	switch r.oid(i) {
	case pgtype.Int8OID:
		return int64(binary.BigEndian.Uint64(v)), nil //nolint:gosec // two's complement, as it travels
	case pgtype.BoolOID:
		return flag(string(v) == "t"), nil
	}
	return strconv.ParseInt(string(v), 10, 64)
}

func (r *postgresRows) value(i int) (driver.Value, error) {
	if r.values[i] == nil {
		return nil, nil
	}
	switch r.oid(i) {
	case pgtype.Int8OID, pgtype.Int4OID, pgtype.Int2OID, pgtype.BoolOID:
		return r.integer(i)
	case pgtype.ByteaOID:
		return append([]byte{}, r.values[i]...), nil
	}
	return string(r.values[i]), nil
}
