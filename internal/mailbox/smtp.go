package mailbox

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-smtp"
)

const maxRecipients = 50

// newServer makes the SMTP server. It takes mail from anybody who reaches its
// listener, without TLS and without a password: it listens on loopback.
func (b *Mailbox) newServer() *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{box: b}, nil }))
	s.Domain = "localhost"
	s.MaxMessageBytes = maxMailBytes
	s.MaxRecipients = maxRecipients
	s.ReadTimeout, s.WriteTimeout = 5*time.Minute, time.Minute
	s.EnableSMTPUTF8 = true
	s.ErrorLog = slog.NewLogLogger(b.log.Handler(), slog.LevelDebug)
	return s
}

// Serve takes mail on the listener until [Mailbox.Close].
func (b *Mailbox) Serve(l net.Listener) error {
	served := make(chan struct{})
	defer close(served)
	go func() { // a listener that the SMTP server was given after its end stays open
		select {
		case <-b.ended:
			_ = l.Close()
		case <-served:
		}
	}()
	return b.smtp.Serve(l)
}

// Close ends Serve, every SMTP connection and every page that watches. The
// mails stay.
func (b *Mailbox) Close() (err error) {
	b.end.Do(func() {
		err = b.smtp.Close()
		close(b.ended)
	})
	return err
}

// session is one SMTP client.
type session struct {
	box  *Mailbox
	from string
	to   []string
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	var raw bytes.Buffer
	if _, err := io.Copy(&raw, r); err != nil {
		return err // the server's own words for a mail that is too big
	}
	if err := s.box.receive(s.from, s.to, raw.Bytes()); err != nil {
		s.box.log.Error("mailbox: the mail could not be kept", "error", err)
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "The mail could not be kept"}
	}
	return nil
}
