package console

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"latchkey/internal/page"
)

// mailStatistics is what the API says of how mail is delivered.
type mailStatistics struct {
	From, To, Step int64
	Total          map[string]int
	HandOver       handOver
	Intervals      []struct {
		Time     int64
		Counts   map[string]int
		HandOver *handOver
	}
	Relays []struct {
		Relay    string
		Outcomes map[string]int
	}
	Causes []struct {
		State, Cause string
		Count        int
	}
}

// handOver are milliseconds until a relay had a mail.
type handOver struct {
	Count    int
	P50, P95 int64
}

// mailRoute is where mails go.
type mailRoute struct {
	Sends, Caught bool
	Relays        []struct {
		Relay       string
		Known, Down bool
		Failures    int
	}
}

// period is how far back statistics go, and how long the intervals are.
type period struct {
	name string
	days int // before today; 0: the last 24 hours by the hour
}

var periods = []period{{"day", 0}, {"week", 6}, {"month", 29}}

// periodOf is the one that the query of the page names.
func (v *visit) period() period {
	for _, p := range periods {
		if p.name == v.query.Get("period") {
			return p
		}
	}
	return periods[0]
}

// query asks the API for the period.
func (p period) query(now time.Time) string {
	if p.days == 0 {
		return ""
	}
	return "?" + url.Values{"step": {"86400"}, "dateFrom": {now.UTC().AddDate(0, 0, -p.days).Format(time.DateOnly)}}.Encode()
}

// span fills the times between two, of which the API says only those at which
// something was.
func span(from, to, step int64, fill func(at int64) []int64) (list []point) {
	for at := from; at < to && step > 0 && len(list) < 1000; at += step * 1000 {
		list = append(list, point{time.UnixMilli(at), fill(at)})
	}
	return list
}

// states are plots' series of mails.
var mailSeries = []struct {
	series
	state string
}{
	{series{"console.mail.state.handed_over", "done"}, "handed_over"},
	{series{"console.mail.state.queued", "half"}, "queued"},
	{series{"console.mail.state.failed", "bad"}, "failed"},
	{series{"console.mail.state.expired", "most"}, "expired"},
	{series{"console.mail.state.withheld", "rest"}, "withheld"},
}

// byState draws how many mails were promised, and what became of them.
func (s *mailStatistics) byState(id, said string) *plot {
	counts := map[int64]map[string]int{}
	for _, i := range s.Intervals {
		counts[i.Time] = i.Counts
	}
	p := &plot{ID: id, Title: "console.plot.mails", Said: said, SaidArgs: []any{s.promised(), s.Total["handed_over"], s.lost()}}
	var states []string
	for _, one := range mailSeries {
		// What never was has no place in the picture; what was handed over has.
		if one.state == "handed_over" || s.Total[one.state] > 0 {
			p.Series = append(p.Series, one.series)
			states = append(states, one.state)
		}
	}
	p.Points = span(s.From, s.To, s.Step, func(at int64) (list []int64) {
		for _, state := range states {
			list = append(list, int64(counts[at][state]))
		}
		return list
	})
	return p
}

// promised are all mails, and lost those that nobody will get.
func (s *mailStatistics) promised() (n int) {
	for _, count := range s.Total {
		n += count
	}
	return n
}

func (s *mailStatistics) lost() int { return s.Total["failed"] + s.Total["expired"] }

// times draws how long it took until a relay had the mails.
func (s *mailStatistics) times(id string) *plot {
	took := map[int64]*handOver{}
	for _, i := range s.Intervals {
		took[i.Time] = i.HandOver
	}
	said := "console.plot.times.said"
	if s.HandOver.Count == 0 {
		said = "console.plot.times.none"
	}
	return &plot{ID: id, Title: "console.plot.times", Said: said, Lines: true,
		SaidArgs: []any{s.HandOver.Count, duration(s.HandOver.P50), duration(s.HandOver.P95)},
		Series:   []series{{"console.plot.times.p50", "done"}, {"console.plot.times.p95", "most"}}, Unit: duration,
		Points: span(s.From, s.To, s.Step, func(at int64) []int64 {
			if took[at] == nil {
				return []int64{-1, -1}
			}
			return []int64{took[at].P50, took[at].P95}
		})}
}

func duration(ms int64) string { return milliseconds(float64(ms)) }

// mailStatisticsPage says how mail is delivered.
type mailStatisticsPage struct {
	Frame
	Top     top
	Periods []tab
	Plots   []*plot
	Causes  table
	Relays  table
	Caught  bool
	Sends   bool
	Mailed  bool // some mail was promised
}

// Title names the page.
func (p mailStatisticsPage) Title(t *page.Texts) string { return titleOf(t, p.Top) }

// Render writes the page's main part.
func (p mailStatisticsPage) Render(ctx context.Context, w io.Writer) error {
	return mailStatisticsView(p).Render(ctx, w)
}

func showMailStatistics(v *visit) error {
	p := mailStatisticsPage{Frame: v.frame("mail"), Top: mailTop(v, "statistics")}
	is := v.period()
	for _, one := range periods {
		p.Periods = append(p.Periods, tab{"console.plot.period." + one.name, v.at("period", one.name), one == is})
	}
	var s mailStatistics
	if err := v.api(http.MethodGet, "/messages/statistics"+is.query(v.Now()), nil, &s); err != nil {
		return err
	}
	var route mailRoute
	if err := v.api(http.MethodGet, "/mail", nil, &route); err != nil {
		return err
	}
	p.Sends, p.Caught, p.Mailed = route.Sends, route.Caught, s.promised() > 0
	p.Plots = []*plot{s.byState("mails", "console.plot.mails.said"), s.times("times")}
	p.Causes = s.causes()
	p.Relays = s.relays(route)
	return v.write(http.StatusOK, p)
}

// causes says why mails were not sent.
func (s *mailStatistics) causes() table {
	t := table{Label: "console.plot.causes", Columns: []string{"console.mail.reason", "console.mail.state", "console.plot.count"}}
	all := 0
	for _, c := range s.Causes {
		all += c.Count
	}
	for _, c := range s.Causes {
		key := reasonOf(c.Cause)
		if key == "" {
			key = "console.mail.reason.unknown"
		}
		t.Rows = append(t.Rows, tableRow{Cells: []cell{{Text: key, Say: true},
			{Shown: stateTag("console.mail.state."+c.State, mailTone(c.State))}, {Shown: share(c.Count, all)}}})
	}
	return t
}

// outcomes are what relays said to tries, in the columns of the table.
var outcomes = []string{"accepted", "deferred", "refused", "unreachable"}

// relays says how each relay is, and what it said.
func (s *mailStatistics) relays(route mailRoute) table {
	t := table{Label: "console.mail.relays", Columns: []string{"console.mail.relay", "console.mail.relay.state"}}
	for _, o := range outcomes {
		t.Columns = append(t.Columns, "console.mail.outcome."+o)
	}
	said := map[string]map[string]int{}
	for _, r := range s.Relays {
		said[r.Relay] = r.Outcomes
	}
	add := func(relay, state, tone string) {
		r := tableRow{Cells: []cell{{Text: relay, Mono: true}, {Shown: stateTag("console.mail.relay."+state, tone)}}}
		for _, o := range outcomes {
			r.Cells = append(r.Cells, cell{Text: strconv.Itoa(said[relay][o])})
		}
		delete(said, relay)
		t.Rows = append(t.Rows, r)
	}
	for _, r := range route.Relays {
		switch {
		case r.Down:
			add(r.Relay, "down", "bad")
		case r.Known && r.Failures > 0:
			add(r.Relay, "failing", "warn")
		case r.Known:
			add(r.Relay, "up", "good")
		default:
			add(r.Relay, "unknown", "")
		}
	}
	for _, r := range s.Relays {
		if _, left := said[r.Relay]; left {
			add(r.Relay, "former", "")
		}
	}
	return t
}
