package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Times are int64 milliseconds since 1970 in UTC; a time that is not set is
// NULL. Truth values are 0 and 1, so that one text binds on both databases.

func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// timeColumn scans a column of milliseconds into a time.
type timeColumn struct{ t *time.Time }

// Scan implements sql.Scanner.
func (c timeColumn) Scan(v any) error {
	var ms sql.NullInt64
	if err := ms.Scan(v); err != nil {
		return err
	}
	*c.t = time.Time{}
	if ms.Valid {
		*c.t = fromMillis(ms.Int64)
	}
	return nil
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// orNull gives NULL for the empty string.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// textOrNull scans a column that may be NULL into a string.
type textOrNull struct{ s *string }

// Scan implements sql.Scanner.
func (c textOrNull) Scan(v any) error {
	var s sql.NullString
	err := s.Scan(v)
	*c.s = s.String
	return err
}

// body is a noun's JSON fields as text.
func body(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("store: %w", err)
	}
	return string(b), nil
}

// bodyColumn scans a column of JSON into v.
type bodyColumn struct{ v any }

// bodyAndText is bodyColumn that gives the text, too.
type bodyAndText struct {
	v    any
	text *string
}

// Scan implements sql.Scanner.
func (c bodyColumn) Scan(v any) error {
	switch text := v.(type) {
	case string:
		return json.Unmarshal([]byte(text), c.v)
	case []byte:
		return json.Unmarshal(text, c.v)
	}
	return fmt.Errorf("JSON column holds %T", v)
}

// placeholders gives "$from, ..., $(from+n-1)".
func placeholders(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(from+i))
	}
	return b.String()
}

// padded repeats the last value until the length is a power of two, so that
// lists of any length share a handful of statements.
func padded(values []string) []any {
	n := 1
	for n < len(values) {
		n *= 2
	}
	out := make([]any, n)
	for i := range out {
		out[i] = values[min(i, len(values)-1)]
	}
	return out
}

// maxPlaceholders is how many values one statement is given.
const maxPlaceholders = 512

// eachOf calls scan for every row that the query gives for the values, which
// stand where it has a %; $1 is the realm. However many they are, a statement
// is given a bounded number of them.
func (tx *Tx) eachOf(values []string, scan func(row) error, text, realmID string) error {
	for part := range slices.Chunk(values, maxPlaceholders) {
		args := append([]any{realmID}, padded(part)...)
		if err := tx.each(scan, strings.Replace(text, "%", placeholders(2, len(args)-1), 1), args...); err != nil {
			return err
		}
	}
	return nil
}
