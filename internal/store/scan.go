package store

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// columns are the values of the row that is read, as its database gives them.
// Kinds convert as they do in sql.Rows.
type columns interface {
	null(i int) bool
	integer(i int) (int64, error)
	// raw is a text or a blob in the database's own memory: good until the next
	// row.
	raw(i int) []byte
	value(i int) (driver.Value, error)
}

// scanColumns reads the n columns of a row into as many destinations.
func scanColumns(c columns, n int, dest []any) error {
	if len(dest) != n {
		return fmt.Errorf("store: %d destinations for %d columns", len(dest), n)
	}
	for i, d := range dest {
		if err := scanColumn(c, i, d); err != nil {
			return fmt.Errorf("column %d: %w", i, err)
		}
	}
	return nil
}

func scanColumn(c columns, i int, dest any) (err error) {
	null := c.null(i)
	switch d := dest.(type) {
	case timeColumn:
		*d.t = time.Time{}
		if !null {
			var ms int64
			ms, err = c.integer(i)
			*d.t = fromMillis(ms)
		}
		return err
	case textOrNull:
		*d.s = ""
		if !null {
			*d.s = string(c.raw(i))
		}
		return nil
	case *[]byte:
		*d = nil
		if !null {
			*d = bytes.Clone(c.raw(i))
		}
		return nil
	case bodyColumn: // parsed where it is
		if !null {
			return json.Unmarshal(c.raw(i), d.v)
		}
	case bodyAndText:
		if !null {
			text := c.raw(i)
			*d.text = string(text)
			return json.Unmarshal(text, d.v)
		}
	case sql.Scanner:
		v, err := c.value(i)
		if err != nil {
			return err
		}
		return d.Scan(v)
	default:
		if !null {
			return scanKind(c, i, dest)
		}
	}
	return fmt.Errorf("%T holds no NULL", dest)
}

// scanKind reads into texts, numbers and truth values, named ones too.
func scanKind(c columns, i int, dest any) (err error) {
	var n int64
	switch d := dest.(type) {
	case *string:
		*d = string(c.raw(i))
		return nil
	case *int64:
		*d, err = c.integer(i)
		return err
	case *int:
		n, err = c.integer(i)
		*d = int(n)
		return err
	case *bool:
		n, err = c.integer(i)
		*d = n != 0
		return err
	}
	if v := reflect.ValueOf(dest); v.Kind() == reflect.Pointer {
		switch d := v.Elem(); d.Kind() {
		case reflect.String:
			d.SetString(string(c.raw(i)))
			return nil
		case reflect.Int, reflect.Int32, reflect.Int64:
			n, err = c.integer(i)
			d.SetInt(n)
			return err
		}
	}
	return fmt.Errorf("cannot read into %T", dest)
}
