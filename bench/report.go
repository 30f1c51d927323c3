package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// report writes Markdown.
type report struct {
	to    io.Writer
	title string
}

func (r *report) line(format string, args ...any) { _, _ = fmt.Fprintf(r.to, format+"\n", args...) }

func (r *report) row(cells ...string) { r.line("| %s |", strings.Join(cells, " | ")) }

func (r *report) head(cells ...string) {
	r.row(cells...)
	rule := make([]string, len(cells))
	for i := range rule {
		if rule[i] = "--:"; i == 0 {
			rule[i] = "---"
		}
	}
	r.row(rule...)
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()*1000) }

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

// figures is the table of operations, with the gates beside what has one.
func (r *report) figures(all []figures, before, after time.Duration, w *world) {
	sigma := time.Duration(median([]float64{float64(before), float64(after)}))
	r.line("")
	r.line("σ = %.3f ms of CPU (%.3f before, %.3f after): one RSA-2048 signature, both cores signing.", sigma.Seconds()*1000,
		before.Seconds()*1000, after.Seconds()*1000)
	r.line("")
	r.head("operation", "tokens", "at once", "a second", "p50 ms", "p95 ms", "p99 ms", "CPU server ms", "CPU database ms", "σ", "gate", "latency gate", "failed")
	for _, f := range all {
		cpu := f.sigmas(sigma)
		limit := cpuGates[f.name].of(f.algorithm)
		if f.done == 0 {
			limit = 0
		}
		latency := ""
		if f.name == opSignIn && f.c == 1 {
			latency, limit = "p50 "+verdict(f.spent.quantile(0.5).Seconds()*1000, aloneP50.of(f.algorithm)), 0
		}
		if f.name == opSignIn && f.c == atOnce {
			latency = "p99 " + verdict(f.spent.quantile(0.99).Seconds()*1000, crowdP99.of(f.algorithm))
		}
		r.row(f.name, f.algorithm, fmt.Sprint(f.c), fmt.Sprintf("%.0f", float64(f.done)/f.took.Seconds()),
			ms(f.spent.quantile(0.5)), ms(f.spent.quantile(0.95)), ms(f.spent.quantile(0.99)),
			fmt.Sprintf("%.3f", f.perOp(f.server.cpu)), fmt.Sprintf("%.3f", f.perOp(f.db.cpu)), fmt.Sprintf("%.2f", cpu),
			verdict(cpu, limit), latency, fmt.Sprint(f.failed))
	}
	defer func() {
		for _, t := range w.targets {
			r.summary(all, sigma, t.algorithm, w)
		}
	}()
	if w.server == 0 {
		return
	}
	idle, peak := mebibytes(w.idle.rss), mebibytes(w.server.usage().hwm)
	r.line("")
	r.line("Memory of the server: idle %.0f MiB (%s), at most %.0f MiB under this load (%s).", idle, verdict(idle, idleGate), peak, verdict(peak, underGate))
}

// summary is a column of the README's table, of one algorithm.
func (r *report) summary(all []figures, sigma time.Duration, algorithm string, w *world) {
	r.line("")
	r.head("in short", algorithm)
	for _, f := range all {
		if f.algorithm != algorithm || f.done == 0 || f.c != atOnce {
			continue
		}
		cost := fmt.Sprintf("%.2f ms, %.2f σ", f.perOp(f.server.cpu+f.db.cpu), f.sigmas(sigma))
		switch f.name {
		case opSignIn:
			r.row("a whole sign-in, CPU of server + database", cost)
			r.row("sign-ins a second, 16 at once", fmt.Sprintf("%.0f", float64(f.done)/f.took.Seconds()))
		case opRefresh:
			r.row("a refresh, CPU", cost)
		case opClient:
			r.row("a client-credentials token, CPU", cost)
		}
	}
	if w.cmd != nil {
		r.row("memory, idle / under load", fmt.Sprintf("%.0f / %.0f MiB", mebibytes(w.idle.rss), mebibytes(w.server.usage().hwm)))
		r.row("start, database filled", fmt.Sprintf("%.2f s", w.cold.Seconds()))
	}
}

// steps is the table of the steps of sign-ins.
func (r *report) steps(all []figures) {
	r.line("")
	r.head("step of a sign-in", "tokens", "at once", "p50 ms", "p95 ms", "p99 ms")
	for _, f := range all {
		for _, step := range f.steps.names {
			s := f.steps.of[step]
			r.row(step, f.algorithm, fmt.Sprint(f.c), ms(s.quantile(0.5)), ms(s.quantile(0.95)), ms(s.quantile(0.99)))
		}
	}
}

// work is the table of what the database is asked.
func (r *report) work(steps []work) {
	if len(steps) == 0 {
		return
	}
	var sum counts
	row := func(name string, c counts) {
		r.row(name, short(c.statements), short(c.transactions), short(c.commits), short(c.trips))
	}
	r.line("")
	r.head("step of a sign-in", "statements", "transactions", "commits", "round trips")
	for _, s := range steps {
		name := s.step
		if name == stepMail {
			name = stepSubmit + " and " + stepMail
		}
		row(name, s.counts)
		sum = counts{sum.statements + s.statements, sum.transactions + s.transactions, sum.commits + s.commits, sum.trips + s.trips}
	}
	row("together", sum)
}
