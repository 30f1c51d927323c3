package admin

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/outbox"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// Mail has no place in Keycloak's API; these resources are Latchkey's own, in
// the same style. They never tell a secret, nor what a mail says.
func (d *Door) mailRoutes() []route {
	filter := []param{
		{"state", text, "queued, handed_over, failed, expired or withheld"}, {"kind", text, "magic-link, verify-email, api-link, ..."},
		{"dateFrom", text, "a day, 2026-01-31, or unix milliseconds; inclusive"},
		{"dateTo", text, "a day, which is in it whole, or unix milliseconds; inclusive"},
	}
	return []route{
		{method: "GET", path: "/messages", may: mayViewUsers, act: d.messages, summary: "List mails that were promised, the newest first",
			query: with(paging, filter, []param{{"address", text, "to whom"}}), gives: []representation.Message{}},
		{method: "GET", path: "/messages/statistics", may: mayViewMail, act: d.mailStatistics, summary: "Read how mail is delivered",
			query: []param{filter[2], filter[3], {"step", number, "seconds of an interval; an hour when it is not given"}}, gives: mailStatistics{}},
		{method: "GET", path: "/messages/{id}", may: mayViewUsers, act: d.message, summary: "Read a mail with each try and what the relay said",
			gives: representation.Message{}},
		{method: "POST", path: "/messages/{id}/resend", may: mayManageUsers, act: d.resendMessage,
			summary: "Promise a mail anew, with a new link", status: http.StatusCreated},
		{method: "POST", path: "/messages/{id}/cancel", may: mayManageUsers, act: d.cancelMessage,
			summary: "Keep a mail that waits from being sent; its link is void"},
		{method: "GET", path: "/users/{id}/messages", may: mayViewUsers, act: d.userMessages, summary: "List the mails to a user's address, the newest first",
			query: with(paging, filter), gives: []representation.Message{}},
	}
}

// messageFilter reads which messages are asked for.
func (c *call) messageFilter() (f store.MessageFilter, err error) {
	states := []latchkey.MessageState{"", latchkey.MessageQueued, latchkey.MessageHandedOver, latchkey.MessageFailed, latchkey.MessageExpired, latchkey.MessageWithheld}
	f.State, f.Kind, f.Address = latchkey.MessageState(c.text("state")), latchkey.MessageKind(c.text("kind")), c.text("address")
	if !slices.Contains(states, f.State) {
		return f, latchkey.Invalid("state", "Expected queued, handed_over, failed, expired or withheld.")
	}
	if f.From, err = c.day("dateFrom", false); err != nil {
		return f, err
	}
	if f.To, err = c.day("dateTo", true); err != nil {
		return f, err
	}
	f.First, f.Max, err = c.page(100)
	return f, err
}

func (d *Door) messages(c *call) error {
	f, err := c.messageFilter()
	if err != nil {
		return err
	}
	return d.listMessages(c, f)
}

func (d *Door) userMessages(c *call) error {
	f, err := c.messageFilter()
	if err != nil {
		return err
	}
	user, err := c.whose()
	if err != nil {
		return err
	}
	if f.Address = user.Email; f.Address == "" {
		return c.answer([]representation.Message{})
	}
	return d.listMessages(c, f)
}

// whose is the user that the path names.
func (c *call) whose() (user *latchkey.User, err error) {
	err = c.view(func(tx *store.Tx) error {
		user, err = tx.User(c.snap.Realm.ID, c.path("id"))
		return notFound(err, "User not found")
	})
	return user, err
}

func (d *Door) listMessages(c *call, f store.MessageFilter) error {
	out := []representation.Message{}
	err := c.view(func(tx *store.Tx) error {
		list, err := tx.Messages(c.snap.Realm.ID, f)
		for _, m := range list {
			out = append(out, representation.MessageOf(m, c.clientID(m.ClientID)))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// clientID is the clientId of a client's internal id; empty when it is gone.
func (c *call) clientID(id string) string {
	if client := c.snap.ClientByID(id); client != nil {
		return client.ClientID
	}
	return ""
}

const noMessage = "Message not found"

func (d *Door) message(c *call) error {
	var out representation.Message
	err := c.view(func(tx *store.Tx) error {
		r, err := outbox.Status(tx, c.snap.Realm.ID, c.path("id"))
		if err != nil {
			return notFound(err, noMessage)
		}
		out = representation.MessageOf(r.Message, c.clientID(r.Message.ClientID))
		out.Tries = []representation.DeliveryAttempt{}
		for _, a := range r.Attempts {
			out.Tries = append(out.Tries, representation.DeliveryAttemptOf(a))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

func (d *Door) resendMessage(c *call) error {
	var sent *latchkey.Message
	err := c.update(func(tx *store.Tx) error {
		m, err := outbox.Resend(tx, c.snap.Realm, c.path("id"), actiontoken.Issue)
		if err != nil {
			return gone(notFound(err, noMessage))
		}
		sent = m
		return c.record(tx, act{operationAction, "MESSAGE", "messages/" + c.path("id") + "/resend", nil})
	})
	if err != nil {
		return err
	}
	return c.created("messages", sent.ID)
}

// gone answers 409 for what is over: it cannot be done any more, and asking
// again will not help.
func gone(err error) error {
	var e *latchkey.Error
	if errors.As(err, &e) && (e.Code == latchkey.CodeExpired || e.Code == latchkey.CodeConflict) {
		return tellError(http.StatusConflict, e.Message)
	}
	return err
}

func (d *Door) cancelMessage(c *call) error {
	err := c.update(func(tx *store.Tx) error {
		if err := outbox.Cancel(tx, c.snap.Realm, c.path("id")); err != nil {
			return gone(notFound(err, noMessage))
		}
		return c.record(tx, act{operationAction, "MESSAGE", "messages/" + c.path("id") + "/cancel", nil})
	})
	if err != nil {
		return err
	}
	return c.done()
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
}

// handOver are milliseconds from the promise to the hand-over.
type handOver struct {
	Count int   `json:"count"`
	P50   int64 `json:"p50"`
	P95   int64 `json:"p95"`
	P99   int64 `json:"p99"`
	Most  int64 `json:"max"`
}

type mailInterval struct {
	At     int64                         `json:"time"`
	Counts map[latchkey.MessageState]int `json:"counts"`
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
			Total: map[latchkey.MessageState]int{}, Intervals: []mailInterval{}, Relays: []relayCounts{}}
		counts, err := tx.CountMessages(id, from, to, step)
		if err != nil {
			return err
		}
		out.count(counts)
		tries, err := tx.CountAttempts(id, from, to)
		if err != nil {
			return err
		}
		out.relays(tries)
		n, times, err := tx.HandOverTimes(id, from, to, 0.5, 0.95, 0.99, 1)
		if err != nil {
			return err
		}
		out.HandOver = handOver{n, times[0].Milliseconds(), times[1].Milliseconds(), times[2].Milliseconds(), times[3].Milliseconds()}
		return nil
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

func (s *mailStatistics) count(counts []store.MessageCount) {
	for _, n := range counts {
		s.Total[n.State] += n.Count
		at := n.At.UnixMilli()
		if len(s.Intervals) == 0 || s.Intervals[len(s.Intervals)-1].At != at {
			s.Intervals = append(s.Intervals, mailInterval{at, map[latchkey.MessageState]int{}})
		}
		s.Intervals[len(s.Intervals)-1].Counts[n.State] = n.Count
	}
}

func (s *mailStatistics) relays(tries []store.RelayCount) {
	for _, n := range tries {
		if len(s.Relays) == 0 || s.Relays[len(s.Relays)-1].Relay != n.Relay {
			s.Relays = append(s.Relays, relayCounts{n.Relay, map[string]int{}})
		}
		s.Relays[len(s.Relays)-1].Outcomes[n.Outcome] = n.Count
	}
}
