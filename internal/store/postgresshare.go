package store

import (
	"context"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// flightsMost is how many messages with shared reads are under way at once.
	flightsMost = 2
	// sharedMost is how many reads go out in one message.
	sharedMost = 64
)

// sharer is a querier that can send the statements of several callers in one
// message. What such a statement gives is kept in memory: it reads one thing.
type sharer interface {
	shared(ctx context.Context, text string, args []any) (rows, error)
}

// flights are the messages with reads of Views. A read that finds a message
// free goes at once; what is asked while all are under way goes out together
// with the next, so that a busy server waits less often and PostgreSQL wakes up
// less often, and one that is not busy waits for nobody.
type flights struct {
	mu      sync.Mutex
	out     int
	waiting []*sharedRead
}

// sharedRead is a read of one View.
type sharedRead struct {
	text string
	args []any
	// turn hears nil when the read was answered, or the reads that its caller
	// has to send, its own first.
	turn  chan []*sharedRead
	rows  *keptRows
	err   error
	alone bool // one that went out before it failed: it has to be asked again
}

// board gives the reads that the caller has to send now; none: it waits.
func (f *flights) board(read *sharedRead) []*sharedRead {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.out == flightsMost {
		f.waiting = append(f.waiting, read)
		return nil
	}
	f.out++
	return []*sharedRead{read}
}

// land has those who wait send theirs.
func (f *flights) land() {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := f.waiting
	if len(next) == 0 {
		f.out--
		return
	}
	f.waiting = nil
	if len(next) > sharedMost {
		next, f.waiting = next[:sharedMost], slices.Clone(next[sharedMost:])
	}
	next[0].turn <- next
}

// leave gives a read up; it gives what its caller has to send all the same,
// because others wait for it.
func (f *flights) leave(read *sharedRead) []*sharedRead {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := slices.Index(f.waiting, read); i >= 0 {
		f.waiting = slices.Delete(f.waiting, i, i+1)
		return nil
	}
	select {
	case group := <-read.turn:
		return group
	default:
		return nil
	}
}

func (r postgresReader) shared(ctx context.Context, text string, args []any) (rows, error) {
	f := &r.engine.flights
	read := &sharedRead{text: text, args: args, turn: make(chan []*sharedRead, 1)}
	group := f.board(read)
	if group == nil {
		select {
		case group = <-read.turn:
		case <-ctx.Done():
			if group = f.leave(read); group != nil {
				r.fly(ctx, group)
			}
			return nil, ctx.Err()
		}
	}
	if group != nil {
		r.fly(ctx, group)
	}
	switch {
	case read.alone:
		return r.query(ctx, text, args)
	case read.err != nil:
		return nil, read.err
	}
	return read.rows, nil
}

// fly sends reads, the caller's own first, and tells the others.
func (r postgresReader) fly(ctx context.Context, group []*sharedRead) {
	if len(group) > 1 { // the caller may give up its own, not those of others
		whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), maxDuration)
		defer cancel()
		ctx = whole
	}
	r.send(ctx, group)
	r.engine.flights.land()
	for _, read := range group[1:] {
		read.turn <- nil
	}
}

func (r postgresReader) send(ctx context.Context, group []*sharedRead) {
	c, err := takePostgresConn(ctx, r.engine.native, &r.engine.db.work)
	if err != nil {
		for _, read := range group {
			read.err = err
		}
		return
	}
	batch := &pgconn.Batch{}
	sent := make([]*sharedRead, 0, len(group))
	for _, read := range group {
		s, err := c.prepared(ctx, read.text)
		if err == nil {
			err = c.add(batch, s, read.args)
		}
		if read.err = err; err == nil {
			read.rows = &keptRows{postgresRows: postgresRows{stmt: s}}
			sent = append(sent, read)
		}
	}
	if len(sent) == 0 {
		c.end(ctx, group[0].err)
		return
	}
	c.work.trips.Add(1)
	c.end(ctx, receive(c.conn.ExecBatch(ctx, batch), sent))
}

// receive takes the answers in. Behind one that failed none is done.
func receive(results *pgconn.MultiResultReader, sent []*sharedRead) error {
	for i, read := range sent {
		if results.NextResult() {
			read.err = read.rows.keep(results.ResultReader())
		} else if read.err = results.Close(); read.err == nil {
			read.err = errEnded
		}
		if read.err != nil {
			for _, behind := range sent[i+1:] {
				behind.alone = true
			}
			_ = results.Close()
			return read.err
		}
	}
	return results.Close()
}

// keptRows are rows of which the connection is free already.
type keptRows struct {
	postgresRows
	list [][][]byte
}

func (r *keptRows) keep(result *pgconn.ResultReader) error {
	for result.NextRow() {
		values := slices.Clone(result.Values())
		size := 0
		for _, v := range values {
			size += len(v)
		}
		all := make([]byte, 0, size)
		for i, v := range values {
			if v != nil {
				all = append(all, v...)
				values[i] = all[len(all)-len(v) : len(all) : len(all)]
			}
		}
		r.list = append(r.list, values)
	}
	_, err := result.Close()
	return err
}

// Next goes on to the next row.
func (r *keptRows) Next() bool {
	if len(r.list) == 0 {
		return false
	}
	r.values, r.list = r.list[0], r.list[1:]
	return true
}

// Close has nothing to free.
func (r *keptRows) Close() error { return nil }
