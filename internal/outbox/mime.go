package outbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime/quotedprintable"
	"strings"
	"time"

	"latchkey"
)

// maxMailBytes is the size of a whole mail: some programs on telephones cut
// larger ones off.
const maxMailBytes = 20_000

// dateLayout is RFC 5322's, always in UTC.
const dateLayout = "Mon, 02 Jan 2006 15:04:05 -0700"

// letter is what a mail is made from.
type letter struct {
	Sender    *latchkey.SMTP
	To        latchkey.Address
	ID        string // of the row: all that looks drawn by lot in the mail comes from it
	MessageID string // without angle brackets
	Kind      latchkey.MessageKind
	Realm     string // its name
	App       string // OAuth's client_id, or empty
	At        time.Time
	Content   Content
}

// post is a mail that is ready: its envelope and its bytes.
type post struct {
	from, to string
	utf8     bool // needs SMTPUTF8
	raw      []byte
}

// build makes the mail. The same letter gives the same bytes.
func (l letter) build() (post, error) {
	from, err := senderAddress("from", l.Sender.From)
	if err != nil {
		return post{}, err
	}
	p := post{from: from, to: l.To.Envelope(), utf8: l.To.NeedsUTF8()}
	if p.utf8 && !l.Sender.AllowUTF8 {
		return post{}, latchkey.Invalid("to", "The address needs SMTPUTF8, which the realm does not allow.")
	}
	if l.Sender.EnvelopeFrom != "" {
		if p.from, err = senderAddress("envelopeFrom", l.Sender.EnvelopeFrom); err != nil {
			return post{}, err
		}
	}
	var h header
	h.mailbox("From", l.Sender.FromDisplayName, from)
	if l.Sender.ReplyTo != "" {
		replyTo, err := senderAddress("replyTo", l.Sender.ReplyTo)
		if err != nil {
			return post{}, err
		}
		h.mailbox("Reply-To", l.Sender.ReplyToDisplayName, replyTo)
	}
	h.mailbox("To", "", p.to)
	h.text("Subject", l.Content.Subject)
	l.identity(&h)
	l.body(&h.buf, l.Content.Text, l.Content.HTML)
	p.raw = h.buf.Bytes()
	return p, checkWire(p.raw)
}

// identity writes what R-171 asks for behind the subject.
func (l letter) identity(h *header) {
	h.words("Date", strings.Fields(l.At.UTC().Format(dateLayout))...)
	h.words("Message-ID", "<"+l.MessageID+">")
	h.words("MIME-Version", "1.0")
	h.words("Auto-Submitted", "auto-generated") // RFC 3834
	h.words("X-Auto-Response-Suppress", "All")
	h.words("Feedback-ID", feedbackPart(string(l.Kind))+":"+feedbackPart(l.Realm)+":"+feedbackPart(l.App)+":latchkey")
	// One reference a mail keeps Gmail from folding sign-in mails into one thread.
	h.words("X-Entity-Ref-ID", l.lot("entity"))
}

// lot gives 128 bits that look drawn by lot and are the same for every try.
func (l letter) lot(purpose string) string {
	sum := sha256.Sum256([]byte("latchkey mail " + purpose + "\x00" + l.ID))
	return hex.EncodeToString(sum[:16])
}

// body writes multipart/alternative, text first.
func (l letter) body(buf *bytes.Buffer, text, html string) {
	parts := [2]string{quoted(text), quoted(html)}
	boundary := "=_" + l.lot("boundary") // "=_" never stands in quoted-printable
	fmt.Fprintf(buf, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n", boundary)
	for i, kind := range [2]string{"text/plain", "text/html"} {
		fmt.Fprintf(buf, "--%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%s\r\n", boundary, kind, parts[i])
	}
	fmt.Fprintf(buf, "--%s--\r\n", boundary)
}

func quoted(s string) string {
	var buf bytes.Buffer
	w := quotedprintable.NewWriter(&buf)
	_, _ = w.Write([]byte(cleanBody(s))) // a bytes.Buffer does not fail
	_ = w.Close()
	return buf.String()
}

// checkWire is the last look at a mail before it may go out: CRLF only, no
// NUL, no line that a server may cut, and its size. It holds whatever the
// writers above did, because a bare LF or CR lets servers disagree on where
// the mail ends (SMTP smuggling, R-170).
func checkWire(raw []byte) error {
	if len(raw) >= maxMailBytes {
		return latchkey.Errorf(latchkey.CodeInternal, "The mail has %d bytes; %d are too many.", len(raw), maxMailBytes)
	}
	for rest := raw; len(rest) > 0; {
		end := bytes.Index(rest, []byte("\r\n"))
		if end < 0 {
			return latchkey.Errorf(latchkey.CodeInternal, "The mail does not end in a line break.")
		}
		if end > 998 || bytes.ContainsAny(rest[:end], "\r\n\x00") {
			return latchkey.Errorf(latchkey.CodeInternal, "The mail has a line that no mail may have.")
		}
		rest = rest[end+2:]
	}
	return nil
}
