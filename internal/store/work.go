package store

import "sync/atomic"

// Work is what a database has been asked since it was opened.
type Work struct {
	Statements   int64
	Transactions int64 // Updates, repeated runs included
	Commits      int64 // those that had something to write; on SQLite a group's is one
	// RoundTrips are waits for PostgreSQL. What goes out together is one, and a
	// statement that a connection has not prepared yet costs one more. SQLite is
	// in the process: there are none.
	RoundTrips int64
}

// counters count Work.
type counters struct {
	statements, transactions, commits, trips atomic.Int64
	prepared                                 atomic.Int64 // by all connections; it is no part of Work
}

// Work says what the database has been asked.
func (db *DB) Work() Work {
	c := &db.work
	return Work{c.statements.Load(), c.transactions.Load(), c.commits.Load(), c.trips.Load()}
}
