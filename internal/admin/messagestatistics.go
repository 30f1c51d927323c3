package admin

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// mailRoute says where mails of a realm go from this server.
type mailRoute struct {
	Sends  bool         `json:"sends"`  // they have somewhere to go
	Caught bool         `json:"caught"` // dev's mailbox keeps them, whatever the realm's settings say
	Relays []relayState `json:"relays"`
}

// relayState is what this server knows of a relay.
type relayState struct {
	Relay string `json:"relay"` // host:port
	// Known says that it was spoken to lately; else the rest says nothing.
	Known    bool `json:"known"`
	Down     bool `json:"down"`     // mails pass it over for the moment
	Failures int  `json:"failures"` // in a row
}

func (d *Door) mailRoute(c *call) error {
	r := d.Prober.Route(c.snap.Realm)
	out := mailRoute{Sends: d.Prober.Sends(c.snap.Realm), Caught: r.Caught, Relays: []relayState{}}
	for _, s := range r.Relays {
		out.Relays = append(out.Relays, relayState{Relay: s.Relay, Known: s.Known, Down: s.Down, Failures: s.Failures})
	}
	return c.answer(out)
}

// mailStatistics says how mail was delivered that was promised from a time on
// and before another. Times are unix milliseconds.
type mailStatistics struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
	Step int64 `json:"step"` // seconds
	// Total counts the mails by their state.
	Total map[latchkey.MessageState]int `json:"total"`
	// HandOver says how long it took until a relay had them.
	HandOver  handOver       `json:"handOver"`
	Intervals []mailInterval `json:"intervals"`
	Relays    []relayCounts  `json:"relays"`
	// Causes says what kept mails from being sent, the most frequent first.
	Causes []causeCount `json:"causes"`
}

// handOver are milliseconds from the promise to the hand-over, to two digits.
type handOver struct {
	Count int   `json:"count"`
	P50   int64 `json:"p50"`
	P95   int64 `json:"p95"`
	P99   int64 `json:"p99"`
	Most  int64 `json:"max"`
}

type mailInterval struct {
	At       int64                         `json:"time"`
	Counts   map[latchkey.MessageState]int `json:"counts"`
	HandOver *handOver                     `json:"handOver,omitempty"`
}

// causeCount is how many mails were not sent for one cause: a reason of a
// message in a word, relay where a relay said it, or expired.
type causeCount struct {
	State latchkey.MessageState `json:"state"`
	Cause string                `json:"cause"` // empty where it was not recorded
	Count int                   `json:"count"`
}

type relayCounts struct {
	Relay    string         `json:"relay"`
	Outcomes map[string]int `json:"outcomes"`
}

// maxIntervals bounds how finely statistics may be asked for.
const maxIntervals = 1000

// statisticsSpan reads the span and the interval that are asked for: by
// default the last day by the hour.
func (c *call) statisticsSpan(now time.Time) (from, to time.Time, step time.Duration, err error) {
	seconds, err := c.number("step", 3600)
	if err != nil {
		return from, to, 0, err
	}
	if seconds < 60 || seconds > 366*86400 {
		return from, to, 0, latchkey.Invalid("step", "Expected 60 seconds or more.")
	}
	step = time.Duration(seconds) * time.Second
	if to, err = c.day("dateTo", true); err != nil {
		return from, to, 0, err
	}
	if to.IsZero() {
		to = now.Add(time.Millisecond)
	}
	if from, err = c.day("dateFrom", false); err != nil {
		return from, to, 0, err
	}
	if from.IsZero() {
		from = to.Add(-24 * time.Hour).Truncate(step)
	}
	if !from.Before(to) {
		return from, to, 0, latchkey.Invalid("dateTo", "The end comes after the beginning.")
	}
	if to.Sub(from)/step > maxIntervals {
		return from, to, 0, latchkey.Invalid("step", "That would be more than %d intervals: ask for longer ones.", maxIntervals)
	}
	return from, to, step, nil
}

func (d *Door) mailStatistics(c *call) error {
	from, to, step, err := c.statisticsSpan(d.Now())
	if err != nil {
		return err
	}
	id := c.snap.Realm.ID
	var out mailStatistics
	err = c.view(func(tx *store.Tx) error {
		out = mailStatistics{From: from.UnixMilli(), To: to.UnixMilli(), Step: int64(step / time.Second),
			Total: map[latchkey.MessageState]int{}, Intervals: []mailInterval{}, Relays: []relayCounts{}, Causes: []causeCount{}}
		counts, err := tx.CountMessages(id, from, to, step)
		if err != nil {
			return err
		}
		out.count(counts)
		tries, err := tx.CountAttempts(id, from, to)
		out.relays(tries)
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

func (s *mailStatistics) count(counts []store.MessageCount) {
	causes := map[causeCount]int{}
	all, one := waits{}, waits{}
	for i, n := range counts {
		s.Total[n.State] += n.Count
		at := n.At.UnixMilli()
		if len(s.Intervals) == 0 || s.Intervals[len(s.Intervals)-1].At != at {
			s.Intervals = append(s.Intervals, mailInterval{At: at, Counts: map[latchkey.MessageState]int{}})
			one = waits{}
		}
		last := &s.Intervals[len(s.Intervals)-1]
		last.Counts[n.State] += n.Count
		switch n.State {
		case latchkey.MessageFailed, latchkey.MessageExpired, latchkey.MessageWithheld:
			causes[causeCount{State: n.State, Cause: n.Cause}] += n.Count
		}
		if n.Waited >= 0 {
			all[n.Waited] += n.Count
			one[n.Waited] += n.Count
		}
		if ended := i == len(counts)-1 || counts[i+1].At.UnixMilli() != at; ended && len(one) > 0 {
			last.HandOver = new(one.handOver())
		}
	}
	s.HandOver = all.handOver()
	for c, n := range causes {
		c.Count = n
		s.Causes = append(s.Causes, c)
	}
	slices.SortFunc(s.Causes, func(a, b causeCount) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(string(a.State), string(b.State)), strings.Compare(a.Cause, b.Cause))
	})
}

// waits counts mails by how long they waited.
type waits map[time.Duration]int

// handOver says of them what most of them took.
func (w waits) handOver() (h handOver) {
	times := slices.Sorted(maps.Keys(w))
	for _, n := range w {
		h.Count += n
	}
	passed := 0
	for _, t := range times {
		for to, share := range map[*int64]int{&h.P50: 500, &h.P95: 950, &h.P99: 990} {
			if place := h.Count * share / 1000; passed <= place && place < passed+w[t] {
				*to = t.Milliseconds()
			}
		}
		passed += w[t]
	}
	if len(times) > 0 {
		h.Most = times[len(times)-1].Milliseconds()
	}
	return h
}

func (s *mailStatistics) relays(tries []store.RelayCount) {
	for _, n := range tries {
		if len(s.Relays) == 0 || s.Relays[len(s.Relays)-1].Relay != n.Relay {
			s.Relays = append(s.Relays, relayCounts{n.Relay, map[string]int{}})
		}
		s.Relays[len(s.Relays)-1].Outcomes[n.Outcome] = n.Count
	}
}
