package server

import (
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"latchkey/internal/store"
	"latchkey/internal/web"
)

// metrics are the figures of one server, in a registry of their own. Labels
// are route patterns, classes and words from fixed lists: never a name, an
// address or a secret.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	events   *prometheus.CounterVec
	mails    *prometheus.CounterVec
	handover prometheus.Histogram
	logouts  *prometheus.CounterVec
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "latchkey_http_request_seconds",
			Help: "How long requests took, by route.", Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 30}},
			[]string{"route", "status"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "latchkey_events_total",
			Help: "What happened in realms, by type of event and, where it failed, why. LOGIN and LOGIN_ERROR are sign-ins, LINK_REDEEMED and LINK_REFUSED mailed links."},
			[]string{"type", "error"}),
		mails: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "latchkey_mail_attempts_total",
			Help: "Tries to hand a mail to a relay, by outcome: accepted, deferred, refused, unreachable."}, []string{"outcome"}),
		handover: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "latchkey_mail_handover_seconds",
			Help: "Time from the request for a mail until a relay took it.", Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 15, 60, 300}}),
	}
	m.logouts = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "latchkey_logout_notices_total",
		Help: "Tries to tell an application of a logout, by outcome: taken, failed, given_up, unwanted."}, []string{"outcome"})
	m.registry.MustRegister(m.requests, m.events, m.mails, m.handover, m.logouts, &queue{server: s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Timeout: 5 * time.Second, ErrorHandling: promhttp.ContinueOnError})
}

// served counts a request. Statuses are counted by their first digit but for
// those that say something by themselves.
func (m *metrics) served(r web.Served) {
	status := strconv.Itoa(r.Status/100) + "xx"
	if r.Status == http.StatusTooManyRequests || r.Status == http.StatusServiceUnavailable {
		status = strconv.Itoa(r.Status)
	}
	m.requests.WithLabelValues(r.Pattern, status).Observe(r.Duration.Seconds())
}

// attempt counts a try to hand a mail over.
func (m *metrics) attempt(_, outcome string, age time.Duration) {
	m.mails.WithLabelValues(outcome).Inc()
	if outcome == "accepted" {
		m.handover.Observe(age.Seconds())
	}
}

// told counts a try to tell an application of a logout.
func (m *metrics) told(outcome string, _ time.Duration) { m.logouts.WithLabelValues(outcome).Inc() }

var (
	eventType  = regexp.MustCompile(`^[A-Z_]{1,40}$`)
	eventError = regexp.MustCompile(`^[a-z_]{1,40}$`)
)

// happened counts an event of a realm.
func (m *metrics) happened(typ, reason string) {
	if !eventType.MatchString(typ) {
		typ = "OTHER"
	}
	if reason != "" && !eventError.MatchString(reason) {
		reason = "other"
	}
	m.events.WithLabelValues(typ, reason).Inc()
}

// queue tells, when asked, how long the outbox is, and then what the database
// has been asked, this question included: so whoever asks twice knows what was
// asked in between.
type queue struct{ server *Server }

var (
	queued = prometheus.NewDesc("latchkey_outbox_messages", "Mails that wait for a relay to take them.", nil, nil)
	oldest = prometheus.NewDesc("latchkey_outbox_oldest_seconds", "How long ago the oldest of them was promised; 0 when none waits.", nil, nil)
)

var (
	statements   = prometheus.NewDesc("latchkey_database_statements_total", "Statements that the database was given.", nil, nil)
	transactions = prometheus.NewDesc("latchkey_database_transactions_total", "Transactions that were begun.", nil, nil)
	commits      = prometheus.NewDesc("latchkey_database_commits_total", "Commits with something to write; on SQLite those who came at once share one.", nil, nil)
	roundTrips   = prometheus.NewDesc("latchkey_database_round_trips_total", "Waits for PostgreSQL.", nil, nil)
)

// Describe names the figures.
func (q *queue) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{queued, oldest, statements, transactions, commits, roundTrips} {
		ch <- d
	}
}

// Collect asks the database.
func (q *queue) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), checkDeadline)
	defer cancel()
	var waiting int
	var age time.Duration
	err := q.server.db.View(ctx, func(tx *store.Tx) error {
		n, since, err := tx.Backlog()
		if waiting = n; n > 0 {
			age = max(0, tx.Now().Sub(since))
		}
		return err
	})
	work := q.server.db.Work()
	for _, c := range []struct {
		desc *prometheus.Desc
		n    int64
	}{{statements, work.Statements}, {transactions, work.Transactions}, {commits, work.Commits}, {roundTrips, work.RoundTrips}} {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.CounterValue, float64(c.n))
	}
	if err != nil {
		ch <- prometheus.NewInvalidMetric(queued, err)
		return
	}
	ch <- prometheus.MustNewConstMetric(queued, prometheus.GaugeValue, float64(waiting))
	ch <- prometheus.MustNewConstMetric(oldest, prometheus.GaugeValue, age.Seconds())
}

// listeners are the servers of this process whose metrics count events.
var listeners struct {
	sync.RWMutex
	list map[*metrics]bool
}

func (m *metrics) listen() (stop func()) {
	listeners.Lock()
	defer listeners.Unlock()
	if listeners.list == nil {
		listeners.list = map[*metrics]bool{}
	}
	listeners.list[m] = true
	return func() {
		listeners.Lock()
		defer listeners.Unlock()
		delete(listeners.list, m)
	}
}

// CountEvents wraps a log handler so that every line of an event, logged or
// not, is counted in the metrics of this process's servers. The log is the one
// place that hears of every event on every road.
func CountEvents(next slog.Handler) slog.Handler { return &counting{next} }

type counting struct{ slog.Handler }

// Enabled is true at least for the level of events.
func (c *counting) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo || c.Handler.Enabled(ctx, level)
}

// Handle counts and passes on.
func (c *counting) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "event" {
		typ, reason := "", ""
		r.Attrs(func(a slog.Attr) bool {
			switch a.Key {
			case "type":
				typ = a.Value.String()
			case "error":
				reason = a.Value.String()
			}
			return true
		})
		listeners.RLock()
		for m := range listeners.list {
			m.happened(typ, reason)
		}
		listeners.RUnlock()
	}
	if !c.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return c.Handler.Handle(ctx, r)
}

// WithAttrs and WithGroup keep the counting.
func (c *counting) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &counting{c.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the counting.
func (c *counting) WithGroup(name string) slog.Handler { return &counting{c.Handler.WithGroup(name)} }
