package main

import (
	"context"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	"regexp"
	"strings"
	"sync"

	"github.com/emersion/go-smtp"
)

// sink is a mail server that takes every mail at once and hands its link to
// whoever waits for the recipient's mail.
type sink struct {
	addr  string
	smtp  *smtp.Server
	mu    sync.Mutex
	waits map[string]chan string // by recipient
}

func newSink(address string) (*sink, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	s := &sink{addr: l.Addr().String(), waits: map[string]chan string{}}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{sink: s}, nil }))
	s.smtp.Domain = "sink.bench.test"
	go func() { _ = s.smtp.Serve(l) }()
	return s, nil
}

// expect says that somebody waits for a mail to the address.
func (s *sink) expect(address string) <-chan string {
	c := make(chan string, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waits[address] = c
	return c
}

// wait gives the link of the mail.
func wait(ctx context.Context, mail <-chan string) (string, error) {
	select {
	case link := <-mail:
		if link == "" {
			return "", fmt.Errorf("the mail has no link")
		}
		return link, nil
	case <-ctx.Done():
		return "", fmt.Errorf("no mail came: %w", ctx.Err())
	}
}

var linkPattern = regexp.MustCompile(`https?://\S+/login-actions/action-token\?\S+`)

// session is one SMTP conversation.
type session struct {
	sink *sink
	to   string
}

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = strings.ToLower(to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	// The text part comes first; what stands before it decodes to itself.
	plain, _ := io.ReadAll(quotedprintable.NewReader(strings.NewReader(string(text))))
	link := strings.TrimRight(linkPattern.FindString(string(plain)), ">.\"'")
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	if c, ok := s.sink.waits[s.to]; ok {
		delete(s.sink.waits, s.to)
		c <- link
	}
	return nil
}

func (s *session) Reset()        { s.to = "" }
func (s *session) Logout() error { return nil }
