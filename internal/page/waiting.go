package page

import (
	"strconv"
	"time"

	"github.com/a-h/templ"
)

// lateAfter is when the waiting page says that the mail is still on its way.
const lateAfter = 30 * time.Second

func (p Waiting) late(now time.Time) bool {
	return !p.SentAt.IsZero() && !now.Before(p.SentAt.Add(lateAfter))
}

// look is what a button says and how.
type look struct{ key, class string }

// resendLook: a new mail is the one thing to do when the first is of no use.
func resendLook(p Waiting) look {
	if p.Reported || p.Failed {
		return look{"waiting.resend.new", "button main"}
	}
	return look{"waiting.resend", "link"}
}

// waitingData tells the module what it needs, as seconds from now, so that a
// wrong clock in the browser does not matter.
func waitingData(p Waiting, now time.Time) templ.OrderedAttributes {
	a := templ.OrderedAttributes{{Key: "class", Value: "steps"}, {Key: "data-waiting", Value: true}}
	add := func(key, value string) { a = append(a, templ.KeyValue[string, any]{Key: key, Value: value}) }
	if p.PollURL != "" && !p.Failed {
		add("data-poll", p.PollURL)
	}
	if !p.SentAt.IsZero() {
		add("data-late-in", strconv.Itoa(seconds(now, p.SentAt.Add(lateAfter))))
	}
	if !p.ExpiresAt.IsZero() {
		add("data-ends-in", strconv.Itoa(seconds(now, p.ExpiresAt)))
	}
	return a
}
