package store

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"latchkey/internal/secret"
)

const (
	// noticeChannel is the channel of LISTEN and NOTIFY.
	noticeChannel = "latchkey"
	// noticeDelay is how long topics are gathered before one notice tells them
	// all. NOTIFY takes a lock over the whole database at commit: inside of
	// every transaction it would halve what the database can do.
	noticeDelay = 10 * time.Millisecond
	// noticeBytes stays under PostgreSQL's limit of 8000.
	noticeBytes = 7000
)

// notices tells other nodes what was committed here, and hears it from them.
type notices struct {
	config *pgx.ConnConfig
	pool   *sql.DB
	hub    *hub
	log    *slog.Logger
	node   string
	topics chan string
}

// queue makes the queue of what is to be told.
func (n *notices) queue() chan<- string {
	n.node = secret.TabID()
	n.topics = make(chan string, 1024)
	return n.topics
}

// send tells the others, outside of any transaction of ours.
func (n *notices) send(ctx context.Context) {
	for {
		waiting := map[string]bool{}
		select {
		case <-ctx.Done():
			return
		case t := <-n.topics:
			waiting[t] = true
		}
		delay := time.NewTimer(noticeDelay)
		for gathering := true; gathering; {
			select {
			case t := <-n.topics:
				waiting[t] = true
			case <-delay.C:
				gathering = false
			case <-ctx.Done():
				delay.Stop()
				return
			}
		}
		for _, payload := range n.payloads(waiting) {
			n.notify(ctx, payload)
		}
	}
}

// payloads packs the topics: who tells, then one topic a line.
func (n *notices) payloads(topics map[string]bool) []string {
	var out []string
	b := n.node
	for t := range topics {
		if len(b)+1+len(t) > noticeBytes {
			out, b = append(out, b), n.node
		}
		b += "\n" + t
	}
	return append(out, b)
}

func (n *notices) notify(ctx context.Context, payload string) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if _, err := n.pool.ExecContext(ctx, "SELECT pg_notify($1, $2)", noticeChannel, payload); err != nil {
		n.log.Debug("a notice to other nodes was lost", "error", err)
	}
}

// listen hears the others on a connection of its own, and connects again when
// it breaks.
func (n *notices) listen(ctx context.Context) {
	const longest = 5 * time.Second
	wait := 100 * time.Millisecond
	for ctx.Err() == nil {
		heard, err := n.hear(ctx)
		if ctx.Err() != nil {
			return
		}
		if heard {
			wait = 100 * time.Millisecond
		}
		n.log.Warn("the connection for notices broke", "error", err)
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return
		}
		wait = min(2*wait, longest)
	}
}

func (n *notices) hear(ctx context.Context) (heard bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, n.config.Copy())
	if err != nil {
		return false, err
	}
	defer func() {
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(bye)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+noticeChannel); err != nil {
		return false, err
	}
	n.hub.wakeAll() // whatever was said before we listened
	for {
		notice, err := conn.WaitForNotification(ctx)
		if err != nil {
			return true, err
		}
		node, topics, _ := strings.Cut(notice.Payload, "\n")
		if node == n.node {
			continue // known since the commit
		}
		for t := range strings.SplitSeq(topics, "\n") {
			n.hub.wake(t)
		}
	}
}
