package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// counts are what the server has asked of its database since it started.
type counts struct {
	statements, transactions, commits, trips float64
}

func (c counts) minus(o counts) counts {
	return counts{c.statements - o.statements, c.transactions - o.transactions, c.commits - o.commits, c.trips - o.trips}
}

func parseCounts(metrics []byte) (counts, error) {
	var c counts
	found := 0
	lines := bufio.NewScanner(bytes.NewReader(metrics))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		where, ok := map[string]*float64{
			"latchkey_database_statements_total": &c.statements, "latchkey_database_transactions_total": &c.transactions,
			"latchkey_database_commits_total": &c.commits, "latchkey_database_round_trips_total": &c.trips,
		}[name]
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return c, err
		}
		*where = n
		found++
	}
	if found < 4 {
		return c, errors.New("the server's metrics do not count what the database is asked")
	}
	return c, lines.Err()
}

// meter reads the counts and takes off what its own questions cost.
type meter struct {
	url      string
	question counts // what asking once costs
	asked    float64
}

func newMeter(ctx context.Context, w *world) (*meter, error) {
	m := &meter{url: w.management + "/metrics"}
	var last, step counts
	for same := 0; same < 3; {
		now, err := m.ask(ctx)
		if err != nil {
			return nil, err
		}
		if now.minus(last) == step {
			same++
		} else {
			same = 0
		}
		last, step = now, now.minus(last)
	}
	m.question, m.asked = step, 0
	return m, nil
}

func (m *meter) ask(ctx context.Context) (counts, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, m.url, nil)
	if err != nil {
		return counts{}, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return counts{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return counts{}, err
	}
	m.asked++
	c, err := parseCounts(text)
	q := m.question
	return c.minus(counts{q.statements * m.asked, q.transactions * m.asked, q.commits * m.asked, q.trips * m.asked}), err
}

// settled are the counts once nobody asks the database any more.
func (m *meter) settled(ctx context.Context) (counts, error) {
	last, err := m.ask(ctx)
	for same := 0; same < 3 && err == nil; {
		select {
		case <-time.After(10 * time.Millisecond): // a mail is handed over meanwhile
		case <-ctx.Done():
			return last, ctx.Err()
		}
		var now counts
		if now, err = m.ask(ctx); now == last {
			same++
		} else {
			last, same = now, 0
		}
	}
	return last, err
}

const countedSignIns = 11

// work is what one step asks of the database.
type work struct {
	step string
	counts
}

// countWork walks some sign-ins alone and takes the median of what each step
// asks of the database: what else happens once in a while falls out. The mail's
// way is counted with the step that asked for it.
func countWork(ctx context.Context, c *crowd) ([]work, error) {
	m, err := newMeter(ctx, c.w)
	if err != nil {
		return nil, err
	}
	l, samples := newLaps(), map[string][]counts{}
	for range countedSignIns {
		before, err := m.settled(ctx)
		if err != nil {
			return nil, err
		}
		walk := l.start()
		walk.hook = func(step string) {
			if step == stepSubmit {
				return
			}
			var now counts
			if now, err = m.settled(ctx); err == nil {
				samples[step] = append(samples[step], now.minus(before))
				before = now
			}
		}
		if _, failed := c.signIn(ctx, walk); failed != nil || err != nil {
			return nil, fmt.Errorf("a sign-in that is counted: %w", errors.Join(failed, err))
		}
	}
	var out []work
	for _, step := range l.names {
		if s := samples[step]; len(s) > 0 {
			out = append(out, work{step, middle(s)})
		}
	}
	return out, nil
}

func middle(s []counts) counts {
	of := func(f func(counts) float64) float64 {
		var all []float64
		for _, c := range s {
			all = append(all, f(c))
		}
		return median(all)
	}
	return counts{of(func(c counts) float64 { return c.statements }), of(func(c counts) float64 { return c.transactions }),
		of(func(c counts) float64 { return c.commits }), of(func(c counts) float64 { return c.trips })}
}
