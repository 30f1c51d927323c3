package admin

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// eventStatisticsRoutes are Latchkey's own: how often what happened.
func (d *Door) eventStatisticsRoutes() []route {
	return []route{
		{method: "GET", path: "/events/statistics", may: mayViewEvents, act: d.eventStatistics, gives: eventStatistics{},
			summary: "Count events by their time, type and error",
			query: []param{{"type", list, "types of events; sign-ins and new accounts when none is given"},
				{"dateFrom", text, "a day, 2026-01-31, or unix milliseconds; inclusive"},
				{"dateTo", text, "a day, which is in it whole, or unix milliseconds; inclusive"},
				{"step", number, "seconds of an interval; an hour when it is not given"}}},
	}
}

// eventStatistics says how often what happened from a time on and before
// another. Times are unix milliseconds.
type eventStatistics struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
	Step int64 `json:"step"` // seconds
	// Total counts by type; every type that is asked for is in it.
	Total     map[latchkey.EventType]int `json:"total"`
	Intervals []eventInterval            `json:"intervals"` // those in which something happened
	// Errors says why what failed did, the most frequent first.
	Errors []eventError `json:"errors"`
}

type eventInterval struct {
	At     int64                      `json:"time"`
	Counts map[latchkey.EventType]int `json:"counts"`
}

type eventError struct {
	Type  latchkey.EventType `json:"type"`
	Error string             `json:"error"`
	Count int                `json:"count"`
}

// countedTypes are what is counted when the call does not say.
var countedTypes = []latchkey.EventType{latchkey.EventLogin, latchkey.EventLoginError, latchkey.EventRegister}

// The longest span that is counted, and the most types: what is read is bounded.
const (
	longestCount = 31 * 24 * time.Hour
	mostTypes    = 16
)

func (d *Door) eventStatistics(c *call) error {
	from, to, step, err := c.statisticsSpan(d.Now())
	if err != nil {
		return err
	}
	if to.Sub(from) > longestCount+24*time.Hour {
		return latchkey.Invalid("dateFrom", "Events are counted over 31 days at most.")
	}
	types := countedTypes
	if asked := c.texts("type"); len(asked) > 0 {
		types = nil
		for _, name := range asked {
			if t := latchkey.EventType(name); !slices.Contains(types, t) {
				types = append(types, t)
			}
		}
	}
	if len(types) > mostTypes {
		return latchkey.Invalid("type", "At most %d types are counted at once.", mostTypes)
	}
	var counts []store.EventCount
	err = c.view(func(tx *store.Tx) (err error) {
		counts, err = tx.CountEvents(c.snap.Realm.ID, from, to, step, types)
		return err
	})
	if err != nil {
		return err
	}
	out := eventStatistics{From: from.UnixMilli(), To: to.UnixMilli(), Step: int64(step / time.Second),
		Total: map[latchkey.EventType]int{}, Intervals: []eventInterval{}, Errors: []eventError{}}
	for _, t := range types {
		out.Total[t] = 0
	}
	out.count(counts)
	return c.answer(out)
}

func (s *eventStatistics) count(counts []store.EventCount) {
	errors := map[eventError]int{}
	for _, n := range counts {
		s.Total[n.Type] += n.Count
		at := n.At.UnixMilli()
		if len(s.Intervals) == 0 || s.Intervals[len(s.Intervals)-1].At != at {
			s.Intervals = append(s.Intervals, eventInterval{at, map[latchkey.EventType]int{}})
		}
		s.Intervals[len(s.Intervals)-1].Counts[n.Type] += n.Count
		if n.Error != "" {
			errors[eventError{Type: n.Type, Error: n.Error}] += n.Count
		}
	}
	for e, n := range errors {
		e.Count = n
		s.Errors = append(s.Errors, e)
	}
	slices.SortFunc(s.Errors, func(a, b eventError) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(string(a.Type), string(b.Type)), strings.Compare(a.Error, b.Error))
	})
}
