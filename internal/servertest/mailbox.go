package servertest

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/internal/mailbox"
)

// mailTime is how long a mail may take; it takes milliseconds.
const mailTime = 10 * time.Second

// Mailbox is where the servers' mails arrive.
type Mailbox struct {
	t    testing.TB
	box  *mailbox.Mailbox
	mu   sync.Mutex
	seen map[string]bool
}

// Mail is a mail with what people do with it.
type Mail struct {
	mailbox.Mail
	Link string // the first link; empty when there is none
	Code string // six digits; empty when there is none
}

var codeLine = regexp.MustCompile(`(?m)(?:^|[^\w#/=&.-])([0-9]{3} ?[0-9]{3})(?:[^\w/=&-]|$)`)

// Wait gives the oldest mail to the address that was not given before. The
// test fails when none comes.
func (m *Mailbox) Wait(to string) Mail {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), mailTime)
	defer cancel()
	got, err := m.box.Wait(ctx, func(mail mailbox.Mail) bool {
		return strings.EqualFold(mail.To, to) && !m.given(mail.ID)
	})
	if err != nil {
		m.t.Fatalf("no mail to %s came; there are %d mails to %s", to, len(m.box.Messages()), m.recipients())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen[got.ID] = true
	return read(got)
}

func (m *Mailbox) given(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen[id]
}

// All gives every mail, oldest first.
func (m *Mailbox) All() []Mail {
	var out []Mail
	for _, mail := range m.box.Messages() {
		out = append(out, read(mail))
	}
	return out
}

// Count gives the number of mails to the address so far.
func (m *Mailbox) Count(to string) int {
	n := 0
	for _, mail := range m.box.Messages() {
		if strings.EqualFold(mail.To, to) {
			n++
		}
	}
	return n
}

func (m *Mailbox) recipients() string {
	var list []string
	for _, mail := range m.box.Messages() {
		list = append(list, mail.To)
	}
	return strings.Join(list, ", ")
}

func read(m mailbox.Mail) Mail {
	out := Mail{Mail: m}
	if len(m.Links) > 0 {
		out.Link = m.Links[0]
	}
	if found := codeLine.FindStringSubmatch(m.Text); found != nil {
		out.Code = strings.ReplaceAll(found[1], " ", "")
	}
	return out
}
