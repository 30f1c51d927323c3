package store

import (
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
	sqlite3 "modernc.org/sqlite/lib"
)

// dialect is all that differs between the two databases in the text of a
// statement and in the meaning of an error.
type dialect struct {
	name  string
	goose goose.Dialect
	// forUpdate locks the rows that a SELECT reads; SQLite has one writer.
	forUpdate string
	// skipLocked locks the rows that nobody else has locked.
	skipLocked string
	// lockUsers keeps others from writing users until the transaction ends.
	lockUsers string
	// clock reads the server's clock in unix milliseconds; empty where there is
	// no server.
	clock string
	// bytewise orders a text by its bytes, as SQLite does by itself.
	bytewise string
	// list makes an expression: the JSON array of a column of texts from rows.
	list func(column, from string) string
	// holds makes a condition: a column of JSON has the text value in the list
	// under a name (in SQL), or in the list under a name within that.
	holds func(column, value string, names ...string) string
	// position is the function that finds a text in another: SQLite goes through
	// a long list by it four times as fast as by LIKE.
	position string
	// ddl turns the text of a migration, written for PostgreSQL, into this
	// database's.
	ddl func(string) string
	// retryable says that the same closure may succeed when it is run again.
	retryable func(error) bool
	// missing says that a table does not exist yet.
	missing func(error) bool
}

var postgresDialect = dialect{
	name:       "postgres",
	goose:      goose.DialectPostgres,
	forUpdate:  " FOR UPDATE",
	skipLocked: " FOR UPDATE SKIP LOCKED",
	bytewise:   ` COLLATE "C"`,
	lockUsers:  "LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE",
	position:   "strpos",
	clock:      "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
	list: func(column, from string) string {
		return `CAST(array_to_json(ARRAY(SELECT ` + column + ` ` + from + `)) AS TEXT)`
	},
	holds: func(column, value string, names ...string) string {
		return `COALESCE(CAST(` + column + ` AS JSONB) -> ` + strings.Join(names, " -> ") + ` ? ` + value + `, FALSE)`
	},
	ddl: func(text string) string { return text },
	retryable: func(err error) bool {
		var e *pgconn.PgError
		if !errors.As(err, &e) {
			return pgconn.SafeToRetry(err)
		}
		switch e.Code {
		case "40001", "40P01": // serialization failure, deadlock
			return true
		case "23505":
			// Unique. Our statements look themselves whether a name is taken, so
			// this is another transaction that was faster by a moment: the next
			// run sees it and says which field it is.
			return true
		}
		return false
	},
	missing: func(err error) bool {
		var e *pgconn.PgError
		return errors.As(err, &e) && e.Code == "42P01"
	},
}

// clustered are the tables whose rows are small and found by their key: in
// SQLite they are the b-tree of the key themselves, so that a row is written to
// one page in place of two.
var clustered = []string{"rate_limit", "event", "admin_event", "known_browser", "user_role", "client_session", "delivery_attempt",
	"address_mark", "authorization_code", "user_attribute", "federated_identity"}

var (
	fillfactor = regexp.MustCompile(`\) WITH \(fillfactor = \d+\);`)
	bytea      = regexp.MustCompile(`\bBYTEA\b`)
)

// jsonEach are the functions by which a migration takes the members of a body
// apart.
var jsonEach = strings.NewReplacer("jsonb_each(CAST(u.body AS jsonb) -> 'attributes')", "json_each(u.body, '$.attributes')",
	"jsonb_array_elements_text(", "json_each(", "CAST(body AS json)", "body")

var sqliteDialect = dialect{
	name:     "sqlite",
	goose:    goose.DialectSQLite3,
	position: "instr",
	list: func(column, from string) string {
		return `(SELECT json_group_array(` + column + `) ` + from + `)`
	},
	holds: func(column, value string, names ...string) string {
		from, where := `json_each(`+column+`) n0`, `n0.key = `+names[0]
		for i, name := range names[1:] {
			from += fmt.Sprintf(`, json_each(n%d.value) n%d`, i, i+1)
			where += fmt.Sprintf(` AND n%d.key = %s`, i+1, name)
		}
		last := len(names)
		return fmt.Sprintf(`EXISTS (SELECT 1 FROM %s, json_each(n%d.value) n%d WHERE %s AND n%d.value = %s)`,
			from, last-1, last, where, last, value)
	},
	ddl: func(text string) string {
		text = strings.ReplaceAll(text, "CREATE UNLOGGED TABLE", "CREATE TABLE")
		text = jsonEach.Replace(text)
		text = fillfactor.ReplaceAllString(text, ");")
		for _, table := range clustered {
			head := "CREATE TABLE " + table + " ("
			if at := strings.Index(text, head); at >= 0 {
				end := at + strings.Index(text[at:], "\n);") + len("\n)")
				text = text[:end] + " WITHOUT ROWID" + text[end:]
			}
		}
		return bytea.ReplaceAllString(text, "BLOB")
	},
	retryable: func(err error) bool {
		if errors.Is(err, errGroupLost) {
			return true
		}
		var e *sqliteError
		return errors.As(err, &e) && e.code&0xff == sqlite3.SQLITE_BUSY
	},
	missing: func(err error) bool {
		var e *sqliteError
		return errors.As(err, &e) && strings.Contains(e.text, "no such table")
	},
}

// migrating is a pool that the schema is changed with.
type migrating struct {
	pool    *sql.DB
	release func() error
}
