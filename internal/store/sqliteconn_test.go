package store

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func testConn(t *testing.T) *sqliteConn {
	t.Helper()
	c, err := openSQLiteConn("file://"+t.TempDir()+"/x.db", writerPragmas)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func read(t *testing.T, c *sqliteConn, text string, args []any, dest ...any) error {
	t.Helper()
	r, err := c.query(t.Context(), text, args, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if !r.Next() {
		t.Fatalf("no row: %v", r.Err())
	}
	return r.Scan(dest...)
}

// Every kind of value comes back as it went in, whatever the order of the
// parameters and however large it is.
func TestSQLiteConnValues(t *testing.T) {
	c := testConn(t)
	type named string
	large := strings.Repeat("ä", 100_000)
	for _, text := range []string{"", "x", "a\x00b", large} {
		var n, n2 int64
		var b bool
		var s, second, null string
		var blob, empty, none []byte
		var at time.Time
		var kind named
		var body struct{ A string }
		err := read(t, c, `SELECT $3, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11`,
			[]any{text, []byte(text), int64(-7), true, nil, []byte{}, []byte(nil), int64(1000), named(text), `{"a":"b"}`, "again"},
			&n, &s, &blob, &n2, &b, textOrNull{&null}, &empty, &none, timeColumn{&at}, &kind, bodyColumn{&body}, &second)
		if err != nil {
			t.Fatal(err)
		}
		if n != -7 || n2 != -7 || s != text || string(blob) != text || !b || null != "" || empty == nil || len(empty) != 0 || none != nil ||
			!at.Equal(time.UnixMilli(1000)) || kind != named(text) || body.A != "b" || second != "again" {
			t.Errorf("%.10q came back otherwise", text)
		}
	}
}

// What cannot be read, bound or run is an error and leaves the connection
// usable.
func TestSQLiteConnRefuses(t *testing.T) {
	c := testConn(t)
	var n int64
	if err := read(t, c, `SELECT NULL`, nil, &n); err == nil {
		t.Error("NULL was read as a number")
	}
	if err := read(t, c, `SELECT 1, 2`, nil, &n); err == nil {
		t.Error("two columns fit into one")
	}
	if _, err := c.exec(`SELECT $2`, []any{1}); err == nil {
		t.Error("a missing value was bound")
	}
	if _, err := c.exec(`SELECT $1`, []any{struct{}{}}); err == nil {
		t.Error("a struct was bound")
	}
	var failed *sqliteError
	if _, err := c.exec(`SELECT * FROM absent`, nil); !errors.As(err, &failed) || !sqliteDialect.missing(err) {
		t.Errorf("a table that is not there: %v", err)
	}
	if err := read(t, c, `SELECT 1`, nil, &n); err != nil || n != 1 {
		t.Errorf("afterwards: %d, %v", n, err)
	}
}

// Who goes away ends a statement that takes long, and only that one.
func TestSQLiteConnIsInterrupted(t *testing.T) {
	c := testConn(t)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := c.query(ctx, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n`, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Next() {
		t.Fatal(r.Err())
	}
	cancel()
	for r.Next() { //nolint:revive // until it is interrupted
	}
	if r.Err() == nil {
		t.Error("it came to an end")
	}
	_ = r.Close()
	var n int64
	if err := read(t, c, `SELECT 1`, nil, &n); err != nil || n != 1 {
		t.Errorf("afterwards: %d, %v", n, err)
	}
}

// A statement that is run again while its rows are read would lose them.
func TestSQLiteConnRefusesTheSameStatementTwice(t *testing.T) {
	c := testConn(t)
	r, err := c.query(t.Context(), `SELECT 1`, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.query(t.Context(), `SELECT 1`, nil, nil); err == nil {
		t.Error("it was run again")
	}
	_ = r.Close()
	if r, err = c.query(t.Context(), `SELECT 1`, nil, nil); err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
}
