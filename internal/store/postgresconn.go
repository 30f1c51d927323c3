package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

// preparedMost is how many statements a connection keeps prepared: more than
// there are texts in this package, but for those of searches.
const preparedMost = 1000

// PostgreSQL keeps the plan of a prepared statement, which it may have made
// while the table was new and every index as good as another, until it gathers
// statistics, which takes a minute at least. So a connection drops its plans
// after so many statements, and again each time it has run more times as many.
const (
	firstPlans = 128
	morePlans  = 4
)

// preparedKey is where a connection keeps what it has prepared.
const preparedKey = "latchkey.prepared"

// postgresPrepared is what a connection knows of itself.
type postgresPrepared struct {
	stmts   map[string]*postgresStmt
	uses    int // statements that were run
	discard int // at how many the plans are made anew
}

// postgresConn is a connection of the pool, spoken to by the protocol's own
// messages: the types that are stored are four, and each is read straight into
// where it belongs.
type postgresConn struct {
	*postgresPrepared
	pooled *pgxpool.Conn
	conn   *pgconn.PgConn
	work   *counters
}

// postgresStmt is a statement that a connection has prepared.
type postgresStmt struct {
	description *pgconn.StatementDescription
	params      []int16 // formats: texts are texts, numbers and blobs are binary
	results     []int16
	reads       bool // it neither writes nor locks
}

func takePostgresConn(ctx context.Context, pool *pgxpool.Pool, work *counters) (*postgresConn, error) {
	pooled, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	c := &postgresConn{pooled: pooled, conn: pooled.Conn().PgConn(), work: work}
	kept := c.conn.CustomData()
	if c.postgresPrepared, _ = kept[preparedKey].(*postgresPrepared); c.postgresPrepared == nil {
		c.postgresPrepared = &postgresPrepared{stmts: map[string]*postgresStmt{}, discard: firstPlans}
		kept[preparedKey] = c.postgresPrepared
	}
	if c.uses >= c.discard {
		c.discard *= morePlans
		work.trips.Add(1)
		if err := c.conn.Exec(ctx, "DISCARD PLANS").Close(); err != nil {
			c.release()
			return nil, err
		}
	}
	return c, nil
}

// release gives the connection back; the pool closes one that is broken or in
// a transaction.
func (c *postgresConn) release() { c.pooled.Release() }

// end is release after err, which may be nil: a connection whose statements are
// outdated is closed.
func (c *postgresConn) end(ctx context.Context, err error) {
	if outdated(err) {
		_ = c.conn.Close(ctx)
	}
	c.release()
}

// prepared gives the statement of a text; the first time it is a round trip.
func (c *postgresConn) prepared(ctx context.Context, text string) (*postgresStmt, error) {
	if s := c.stmts[text]; s != nil {
		return s, nil
	}
	for old, s := range c.stmts {
		if len(c.stmts) < preparedMost {
			break
		}
		c.work.trips.Add(1)
		if err := c.conn.Deallocate(ctx, s.description.Name); err != nil {
			return nil, err
		}
		delete(c.stmts, old)
	}
	c.work.trips.Add(1)
	d, err := c.conn.Prepare(ctx, "latchkey_"+strconv.FormatInt(c.work.prepared.Add(1), 36), text, nil)
	if err != nil {
		return nil, err
	}
	s := &postgresStmt{description: d, params: make([]int16, len(d.ParamOIDs)), results: make([]int16, len(d.Fields)), reads: onlyReads(text)}
	for i, oid := range d.ParamOIDs {
		s.params[i] = formatOf(oid)
	}
	for i, f := range d.Fields {
		s.results[i] = formatOf(f.DataTypeOID)
	}
	c.stmts[text] = s
	return s, nil
}

// onlyReads says that a statement neither writes nor locks, so that it may
// stand before its transaction begins: at READ COMMITTED each statement sees
// what is committed when it starts, in a transaction or not.
func onlyReads(text string) bool {
	if !strings.HasPrefix(text, "SELECT") && !strings.HasPrefix(text, "WITH") {
		return false
	}
	for _, word := range []string{" FOR UPDATE", "INSERT ", "UPDATE ", "DELETE "} {
		if strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// formatOf says how values of a type travel: 1 is binary, 0 is text.
func formatOf(oid uint32) int16 {
	if oid == pgtype.Int8OID || oid == pgtype.ByteaOID {
		return 1
	}
	return 0
}

// bind gives the values of a statement's parameters as they travel; nil is
// NULL.
func (s *postgresStmt) bind(args []any) ([][]byte, error) {
	oids := s.description.ParamOIDs
	if len(args) != len(oids) {
		return nil, fmt.Errorf("store: a statement has %d parameters and %d values", len(oids), len(args))
	}
	out := make([][]byte, len(args))
	numbers := make([]byte, 0, 8*len(args))
	for i, a := range args {
		v, err := bindable(a)
		if err != nil {
			return nil, err
		}
		if b, ok := v.(bool); ok {
			v = flag(b)
		}
		switch x := v.(type) {
		case nil:
		case int64:
			if oids[i] == pgtype.Int8OID {
				at := len(numbers)
				numbers = binary.BigEndian.AppendUint64(numbers, uint64(x)) //nolint:gosec // two's complement, as it travels
				out[i] = numbers[at:len(numbers):len(numbers)]
			} else {
				out[i] = strconv.AppendInt(nil, x, 10)
			}
		case string:
			if out[i] = []byte(x); s.params[i] != 0 && oids[i] == pgtype.Int8OID {
				return nil, fmt.Errorf("store: the value $%d is a text, not a number", i+1)
			}
		case []byte:
			out[i] = x
		default:
			return nil, fmt.Errorf("store: the value $%d is a %T", i+1, a)
		}
	}
	return out, nil
}

// rows runs a statement of its own.
func (c *postgresConn) rows(ctx context.Context, s *postgresStmt, args []any) (*postgresRows, error) {
	values, err := s.bind(args)
	if err != nil {
		return nil, err
	}
	c.uses++
	c.work.trips.Add(1)
	return &postgresRows{stmt: s, result: c.conn.ExecStatement(ctx, s.description, values, s.params, s.results)}, nil
}

// add puts a statement into a batch.
func (c *postgresConn) add(batch *pgconn.Batch, s *postgresStmt, args []any) error {
	values, err := s.bind(args)
	if err == nil {
		c.uses++
		batch.ExecStatement(s.description, values, s.params, s.results)
	}
	return err
}

// postgresReader runs each statement of a View on a connection of its own.
type postgresReader struct{ engine *postgresEngine }

func (r postgresReader) query(ctx context.Context, text string, args []any) (rows, error) {
	c, err := takePostgresConn(ctx, r.engine.native, &r.engine.db.work)
	if err != nil {
		return nil, err
	}
	s, err := c.prepared(ctx, text)
	if err != nil {
		c.release()
		return nil, err
	}
	out, err := c.rows(ctx, s, args)
	if err != nil {
		c.release()
		return nil, err
	}
	out.closed = func() { c.end(ctx, out.err) }
	return out, nil
}

func (r postgresReader) exec(context.Context, string, []any) (int64, error) { return 0, errReadOnly }

// outdated says that a statement has to be prepared anew: its tables changed,
// or the connection was reset.
func outdated(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "0A000" || e.Code == "26000")
}
