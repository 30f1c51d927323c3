package mailbox

import (
	"context"
	"log/slog"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"latchkey/internal/secret"
)

// The bounds of a mailbox. What goes over them pushes out the oldest mails.
const (
	maxMails     = 500
	maxMailBytes = 1 << 20  // one mail, as it came
	maxAllBytes  = 64 << 20 // all mails together, as they came
)

// Options are the settings of a [Mailbox].
type Options struct {
	// Dir is the folder that keeps the mails over restarts; it is made when it
	// does not exist. Empty: memory only.
	Dir string
	Log *slog.Logger     // nil: slog.Default()
	Now func() time.Time // the clock that stamps mails
}

// Mail is a mail that arrived. Text, HTML and Links are what a mail program
// would make of Raw; none of them is trusted.
type Mail struct {
	ID      string    `json:"id"`
	Time    time.Time `json:"time"`
	From    string    `json:"from"` // the From header, else the envelope's sender
	To      string    `json:"to"`   // the envelope's recipients, ", " between
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
	Links   []string  `json:"links"` // http and https, each once, in order
	Size    int       `json:"size"`  // bytes of Raw
	Raw     []byte    `json:"-"`

	// EnvelopeFrom is the sender that the SMTP client gave.
	EnvelopeFrom string `json:"envelopeFrom"`

	header textproto.MIMEHeader
}

// Header gives the first value of a header field as it stands in the mail,
// unfolded and not decoded, or the empty string.
func (m Mail) Header(key string) string { return m.header.Get(key) }

// Mailbox keeps the mails that its SMTP server was given.
type Mailbox struct {
	opts Options
	log  *slog.Logger
	smtp *smtp.Server

	watchers atomic.Int64
	ended    chan struct{} // closed by Close
	end      sync.Once

	mu      sync.Mutex
	mails   []Mail // oldest first
	bytes   int
	changed chan struct{} // closed and made anew with every change
}

// New makes a mailbox and reads what its folder holds. A folder that cannot
// be read is reported to the log; mails are then refused (452) rather than
// kept in memory only.
func New(opts Options) *Mailbox {
	b := &Mailbox{opts: opts, log: opts.Log, changed: make(chan struct{}), ended: make(chan struct{})}
	if b.log == nil {
		b.log = slog.Default()
	}
	b.load()
	b.smtp = b.newServer()
	return b
}

// Messages gives all mails, oldest first.
func (b *Mailbox) Messages() []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails)
}

// Message finds a mail by its id.
func (b *Mailbox) Message(id string) (Mail, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.mails {
		if m.ID == id {
			return m, true
		}
	}
	return Mail{}, false
}

// Clear throws all mails away, in memory and in the folder.
func (b *Mailbox) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.mails {
		b.remove(m.ID)
	}
	b.mails, b.bytes = nil, 0
	b.wake()
}

// Wait gives the oldest mail for which match says yes, one that is there
// already or the first that comes. It ends with the context's error.
func (b *Mailbox) Wait(ctx context.Context, match func(Mail) bool) (Mail, error) {
	for {
		mails, changed := b.look()
		for _, m := range mails {
			if match(m) {
				return m, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Mail{}, context.Cause(ctx)
		}
	}
}

// look gives the mails and a channel that is closed with the next change.
func (b *Mailbox) look() ([]Mail, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails), b.changed
}

// receive keeps a mail: on disk first, so that what was accepted is not lost.
func (b *Mailbox) receive(from string, to []string, raw []byte) error {
	m := parse(raw)
	m.ID, m.Time = secret.NewID(), b.opts.Now().UTC().Truncate(time.Millisecond)
	m.EnvelopeFrom, m.To = from, strings.Join(to, ", ")
	if m.From == "" {
		m.From = from
	}
	if err := b.save(m, to); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, m)
	b.bytes += len(raw)
	b.trim()
	b.wake()
	return nil
}

// trim drops the oldest mails that are over the bounds.
func (b *Mailbox) trim() {
	n := 0
	for len(b.mails)-n > maxMails || (b.bytes > maxAllBytes && n < len(b.mails)) {
		b.bytes -= len(b.mails[n].Raw)
		b.remove(b.mails[n].ID)
		n++
	}
	b.mails = slices.Delete(b.mails, 0, n)
}

func (b *Mailbox) wake() {
	close(b.changed)
	b.changed = make(chan struct{})
}
