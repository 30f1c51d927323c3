package main

import (
	"bytes"
	"io"
	"log"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// sink is a mail server that keeps every copy of every mail, and says before
// and after each step of a conversation that it is there.
type sink struct {
	addr  string
	point func() // called at each step

	mu     sync.Mutex
	copies map[string][][]byte // by recipient, as they came
	more   chan struct{}       // closed with the next mail
}

func newSink(t *testing.T) *sink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{addr: l.Addr().String(), point: func() {}, copies: map[string][][]byte{}, more: make(chan struct{})}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &talk{sink: s}, nil }))
	server.Domain, server.ErrorLog = "localhost", log.New(io.Discard, "", 0) // of connections that a kill cuts
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return s
}

// talk is one conversation.
type talk struct {
	sink *sink
	to   string
}

func (*talk) Reset()        {}
func (*talk) Logout() error { return nil }

func (s *talk) Mail(string, *smtp.MailOptions) error {
	s.sink.point()
	return nil
}

func (s *talk) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	s.sink.point()
	return nil
}

// Data takes the mail; what it has taken it has, whether the one who sent it
// hears of it or not.
func (s *talk) Data(r io.Reader) error {
	s.sink.point()
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	k := s.sink
	k.mu.Lock()
	k.copies[s.to] = append(k.copies[s.to], raw)
	close(k.more)
	k.more = make(chan struct{})
	k.mu.Unlock()
	k.point()
	return nil
}

// of gives the copies that came for an address.
func (s *sink) of(address string) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.copies[address]
}

// wait gives the link of the first mail to an address, or nothing when done
// comes first.
func (s *sink) wait(address string, done <-chan struct{}) string {
	for {
		s.mu.Lock()
		copies, more := s.copies[address], s.more
		s.mu.Unlock()
		if len(copies) > 0 {
			return linkIn(copies[0])
		}
		select {
		case <-more:
		case <-done:
			return ""
		}
	}
}

var linkKey = regexp.MustCompile(`http://[^\s"<>]+/login-actions/action-token\?key=[\w.-]+`)

// linkIn is the link of a mail.
func linkIn(raw []byte) string {
	text := strings.ReplaceAll(string(bytes.ReplaceAll(raw, []byte("=\r\n"), nil)), "=3D", "=")
	return linkKey.FindString(text)
}
