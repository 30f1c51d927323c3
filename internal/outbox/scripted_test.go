package outbox

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey"
)

// What a scripted relay does instead of answering.
const (
	hang = "(hang)"
	drop = "(close)"
)

// scripted is a real SMTP server on loopback that does what a table says. Its
// steps are GREET, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, END (of the mail),
// RSET and QUIT.
type scripted struct {
	addr   string
	port   int
	config *tls.Config
	ssl    bool
	offers []string // EHLO keywords

	mu      sync.Mutex
	answers map[string]string
	on      func(step string) // called before each answer
	mails   []received
	changed chan struct{} // closed when a mail comes, if somebody looks
	steps   []string
	conns   int
	open    map[net.Conn]bool
	closed  chan struct{}
}

type received struct{ from, to, data string }

func newScripted(t testing.TB, answers map[string]string) *scripted {
	t.Helper()
	return startScripted(t, &scripted{answers: answers})
}

func startScripted(t testing.TB, s *scripted) *scripted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr, s.port = l.Addr().String(), l.Addr().(*net.TCPAddr).Port
	s.open, s.closed = map[net.Conn]bool{}, make(chan struct{})
	if s.answers == nil {
		s.answers = map[string]string{}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open[c] = true
			s.conns++
			s.mu.Unlock()
			wg.Go(func() { s.serve(c); _ = c.Close() })
		}
	})
	t.Cleanup(func() { _ = l.Close(); close(s.closed); s.cut(); wg.Wait() })
	return s
}

// cut breaks all connections that are open, as a restart does.
func (s *scripted) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.Close()
	}
	s.open = map[net.Conn]bool{}
}

func (s *scripted) set(step, answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[step] = answer
}

// before has f called before each answer.
func (s *scripted) before(f func(step string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = f
}

func (s *scripted) got() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]received(nil), s.mails...)
}

// look gives the mails and a channel that is closed when another comes.
func (s *scripted) look() ([]received, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return append([]received(nil), s.mails...), s.changed
}

func (s *scripted) count(step string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, st := range s.steps {
		if st == step {
			n++
		}
	}
	return n
}

// answer gives the table's answer for the step, or the usual one. It is false
// when the connection is to end.
func (s *scripted) answer(w *bufio.Writer, step, usual string) bool {
	s.mu.Lock()
	s.steps = append(s.steps, step)
	a, ok := s.answers[step]
	on := s.on
	s.mu.Unlock()
	if on != nil {
		on(step)
	}
	if !ok {
		a = usual
	}
	switch a {
	case hang:
		<-s.closed
		return false
	case drop:
		return false
	}
	_, _ = w.WriteString(strings.ReplaceAll(a, "\n", "\r\n") + "\r\n")
	return w.Flush() == nil
}

func (s *scripted) serve(c net.Conn) {
	if s.ssl {
		c = tls.Server(c, s.config)
	}
	r, w := bufio.NewReader(c), bufio.NewWriter(c)
	if !s.answer(w, "GREET", "220 relay.test ESMTP") {
		return
	}
	var mail received
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, arg, _ := strings.Cut(strings.TrimSpace(line), " ")
		var ok bool
		switch verb {
		case "EHLO":
			ok = s.answer(w, "EHLO", strings.Join(append([]string{"250-relay.test"}, s.keywords(c)...), "\n"))
		case "STARTTLS":
			if ok = s.answer(w, "STARTTLS", "220 go"); ok && s.config != nil {
				c = tls.Server(c, s.config)
				r, w = bufio.NewReader(c), bufio.NewWriter(c)
			}
		case "AUTH":
			ok = s.answer(w, "AUTH", "235 welcome")
			s.mu.Lock()
			s.steps = append(s.steps, "AUTH "+arg)
			s.mu.Unlock()
		case "MAIL":
			mail = received{from: arg}
			ok = s.answer(w, "MAIL", "250 2.1.0 sender ok")
		case "RCPT":
			mail.to = arg
			ok = s.answer(w, "RCPT", "250 2.1.5 recipient ok")
		case "DATA":
			if ok = s.answer(w, "DATA", "354 go"); ok && s.goesOn("DATA", "354") {
				if mail.data, err = readData(r); err != nil {
					return
				}
				if s.goesOn("END", "250") { // a mail that is refused is not kept
					s.mu.Lock()
					s.mails = append(s.mails, mail)
					if s.changed != nil {
						close(s.changed)
						s.changed = nil
					}
					s.mu.Unlock()
				}
				ok = s.answer(w, "END", "250 2.0.0 taken as 4711")
			}
		case "QUIT":
			_ = s.answer(w, "QUIT", "221 bye")
			return
		default:
			ok = s.answer(w, verb, "250 fine")
		}
		if !ok {
			return
		}
	}
}

// goesOn says whether the table's answer is of the kind that leads on. A hang
// or a drop at the end does: the relay has the mail and does not say so.
func (s *scripted) goesOn(step, code string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.answers[step]
	return !ok || strings.HasPrefix(a, code) || a == hang || a == drop
}

func (s *scripted) keywords(c net.Conn) []string {
	var out []string
	list := s.offers
	if _, secure := c.(*tls.Conn); !secure && s.config != nil && !s.ssl {
		list = append([]string{"STARTTLS"}, list...)
	}
	list = append(list, "8BITMIME")
	for i, k := range list {
		sep := "-"
		if i == len(list)-1 {
			sep = " "
		}
		out = append(out, "250"+sep+k)
	}
	return out
}

// readData reads to the lone dot and undoes dot-stuffing, strictly.
func readData(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		if !strings.HasSuffix(line, "\r\n") || strings.Contains(line[:len(line)-2], "\r") {
			return "", fmt.Errorf("line %q", line)
		}
		if line == ".\r\n" {
			return b.String(), nil
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
}

// relay is the realm's setting for the server.
func (s *scripted) relay() latchkey.Relay {
	return latchkey.Relay{Host: "127.0.0.1", Port: s.port, ConnectionTimeout: 10_000, Timeout: 10_000, WriteTimeout: 10_000}
}

// impatient is relay with short timeouts, for steps that hang.
func (s *scripted) impatient() latchkey.Relay {
	r := s.relay()
	r.ConnectionTimeout, r.Timeout, r.WriteTimeout = 300, 300, 300
	return r
}

// certificate makes a self-signed one for the names, and the pool that trusts it.
func certificate(t testing.TB, names ...string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC)}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
