package mailbox

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The ways to look at a mail.
const (
	viewHTML   = "html"
	viewText   = "text"
	viewSource = "source"
)

// screen is what the page shows.
type screen struct {
	mails  []Mail // newest first
	mail   *Mail  // the one that is open; nil: none
	view   string
	chosen bool // somebody asked for this mail: a narrow screen shows it instead of the list
}

func (b *Mailbox) newestFirst() []Mail {
	mails := append([]Mail{}, b.Messages()...) // an empty list, in JSON too
	slices.Reverse(mails)
	return mails
}

func defaultView(m Mail) string {
	if m.HTML != "" {
		return viewHTML
	}
	return viewText
}

func (p screen) title() string {
	switch {
	case p.chosen && p.mail != nil:
		return subject(*p.mail) + " · Mailbox"
	case p.chosen:
		return "No such mail · Mailbox"
	case len(p.mails) > 0:
		return "Mailbox (" + strconv.Itoa(len(p.mails)) + ")"
	}
	return "Mailbox"
}

func (p screen) open(m Mail) bool { return p.mail != nil && p.mail.ID == m.ID }

func subject(m Mail) string {
	if s := strings.TrimSpace(m.Subject); s != "" {
		return s
	}
	return "(no subject)"
}

// clockTime is the time of day; the whole time is in the element's datetime.
func clockTime(t time.Time) string { return t.UTC().Format("15:04:05") }

func fullTime(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") }

func size(n int) string {
	if n < 1024 {
		return strconv.Itoa(n) + " bytes"
	}
	return strconv.FormatFloat(float64(n)/1024, 'f', 1, 64) + " KiB"
}

// source is the mail as it came, as far as a page can show it.
func source(m Mail) string {
	raw := m.Raw
	if len(raw) > maxSource {
		raw = raw[:maxSource]
	}
	return string(bytes.ToValidUTF8(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\uFFFD")))
}
