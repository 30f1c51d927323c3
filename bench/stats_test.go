package main

import (
	"slices"
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	hundred := make(series, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i)
	}
	for _, test := range []struct {
		of   series
		q    float64
		want time.Duration
	}{
		{nil, 0.5, 0},
		{series{7}, 0.99, 7},
		{series{3, 1, 2}, 0.5, 2},
		{series{4, 3, 2, 1}, 0.5, 2},
		{hundred, 0.5, 50},
		{hundred, 0.95, 95},
		{hundred, 0.99, 99},
		{hundred, 1, 100},
		{hundred, 0, 1},
	} {
		if got := test.of.quantile(test.q); got != test.want {
			t.Errorf("quantile %v of %d durations: %d, not %d", test.q, len(test.of), got, test.want)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		of   []float64
		want float64
	}{{nil, 0}, {[]float64{5}, 5}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(test.of); got != test.want {
			t.Errorf("median of %v: %v, not %v", test.of, got, test.want)
		}
	}
}

func TestLaps(t *testing.T) {
	l := newLaps()
	var hooked []string
	w := l.start()
	w.hook = func(step string) { hooked = append(hooked, step) }
	w.lap("b")
	w.lap("a")
	w = l.start()
	w.lap("b")
	var none *watch
	none.lap("b")
	if !slices.Equal(l.names, []string{"b", "a"}) || len(l.of["b"]) != 2 || len(l.of["a"]) != 1 || !slices.Equal(hooked, l.names) {
		t.Errorf("%v, %v, %v", l.names, l.of, hooked)
	}
}

func TestVerdict(t *testing.T) {
	for _, test := range []struct {
		figure, limit float64
		want          string
	}{{1, 0, ""}, {0.9, 1, "≤ 1 met"}, {1, 1, "≤ 1 met"}, {1.01, 1, "≤ 1 **missed**"}} {
		if got := verdict(test.figure, test.limit); got != test.want {
			t.Errorf("%v of %v: %q, not %q", test.figure, test.limit, got, test.want)
		}
	}
}

func TestParseCounts(t *testing.T) {
	got, err := parseCounts([]byte("# HELP x\nlatchkey_database_statements_total 12\nlatchkey_database_commits_total 3\n" +
		"latchkey_database_transactions_total 4\nlatchkey_database_round_trips_total 1.7e+01\nother 5\n"))
	if want := (counts{statements: 12, transactions: 4, commits: 3, trips: 17}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := parseCounts([]byte("other 5\n")); err == nil {
		t.Error("counts of a server that tells none")
	}
}
