package outbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

// stage is how far a conversation came.
type stage string

const (
	stageToken   stage = "access token"
	stageConnect stage = "connect"
	stageTLS     stage = "TLS"
	stageGreet   stage = "greeting"
	stageHello   stage = "EHLO"
	stageAuth    stage = "AUTH"
	stageMail    stage = "MAIL"
	stageRcpt    stage = "RCPT"
	stageData    stage = "DATA"
	stageEnd     stage = "end of the mail"
)

// The outcomes of a delivery attempt.
const (
	OutcomeAccepted    = "accepted"    // the relay took the mail
	OutcomeDeferred    = "deferred"    // not now: a reply of 400 to 499
	OutcomeRefused     = "refused"     // never like this: a reply of 500 to 599
	OutcomeUnreachable = "unreachable" // no reply to speak of
)

// maxReply is how many bytes of a relay's words are kept.
const maxReply = 500

var errExpired = errors.New("the mail expired")

// fault is why one conversation did not end in a hand-over.
type fault struct {
	stage stage
	code  int // of the relay's reply; 0 when there was none
	err   error
	own   bool // code is ours, the relay never said it
}

func newFault(s stage, err error) *fault {
	f := &fault{stage: s, err: err}
	var reply *textproto.Error
	if errors.As(err, &reply) {
		f.code = reply.Code
	}
	return f
}

// slow says that the relay kept the mail waiting until the time was over.
func (f *fault) slow() bool {
	return errors.Is(f.err, errTimeout) || errors.Is(f.err, context.DeadlineExceeded) || isTimeout(f.err)
}

// lost says that the connection broke without a reply, as one does that the
// relay closed while it was idle.
func (f *fault) lost() bool { return f.code == 0 && !errors.Is(f.err, errExpired) || f.code == 421 }

// outcome is the kind of the attempt that failed.
func (f *fault) outcome() string {
	switch {
	case f.code >= 500 && f.code <= 599:
		return OutcomeRefused
	case f.code >= 400 && f.code <= 499:
		return OutcomeDeferred
	}
	return OutcomeUnreachable
}

// relays says that the fault is the relay's, or its configuration's: any
// mail would have met it. A 5xx before RCPT is one of these.
func (f *fault) relays() bool {
	switch f.stage {
	case stageRcpt, stageData, stageEnd:
		return f.lost()
	}
	return true
}

// final says that this relay will never take this mail.
func (f *fault) final() bool { return !f.relays() && f.code >= 500 && f.code <= 599 }

// enhanced finds an enhanced status code (RFC 3463) at the start of a reply.
var enhanced = regexp.MustCompile(`^([245])\.(\d{1,3})\.(\d{1,3})\b`)

// policy finds words of servers that refuse the sender, not the mailbox, and
// give no enhanced status code that says so.
var policy = regexp.MustCompile(`(?i)relay|denied|polic|spam|block|black|reputation|authenti|spf|dkim|dmarc|not permitted|not allowed|\brbl\b|\bdnsbl\b`)

// noMailbox says that the relay knows that the recipient's mailbox does not
// take mail at all: only then is the address marked. Refusals of a sender, of
// a text, or of a mailbox that is full today are not.
func (f *fault) noMailbox() bool {
	if f.own || !f.final() || f.stage == stageData {
		return false
	}
	var reply *textproto.Error
	if !errors.As(f.err, &reply) {
		return false
	}
	if m := enhanced.FindStringSubmatch(reply.Msg); m != nil {
		switch m[2] + "." + m[3] {
		case "1.0", "1.1", "1.2", "1.3", "1.6", "1.10", "2.1":
			return m[1] == "5"
		}
		return false
	}
	return f.stage == stageRcpt && (f.code == 550 || f.code == 551 || f.code == 553) && !policy.MatchString(reply.Msg)
}

// words are what the operator is told: the relay's own, where it said any.
func (f *fault) words() string {
	var reply *textproto.Error
	if errors.As(f.err, &reply) {
		return fmt.Sprintf("%s: %d %s", f.stage, reply.Code, reply.Msg)
	}
	var cert *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	var name *net.DNSError
	switch {
	case f.slow():
		return fmt.Sprintf("%s: no answer in time", f.stage)
	case errors.As(f.err, &cert):
		return fmt.Sprintf("%s: the certificate was not accepted: %v", f.stage, cert.Err)
	case errors.As(f.err, &plain):
		return fmt.Sprintf("%s: the server does not speak TLS on this port", f.stage)
	case errors.As(f.err, &name) && name.IsNotFound:
		return fmt.Sprintf("%s: there is no server named %s", f.stage, name.Name)
	case errors.Is(f.err, syscall.ECONNREFUSED):
		return fmt.Sprintf("%s: connection refused", f.stage)
	}
	return fmt.Sprintf("%s: %v", f.stage, f.err)
}

// shortSecret is how many bytes a secret has, at most, that is only taken out
// where it stands alone: a password "y" is not the letter in other words.
const shortSecret = 5

// redact takes a secret out of words.
func redact(words, secret string) string {
	if secret == "" {
		return words
	}
	if len(secret) > shortSecret {
		return strings.ReplaceAll(words, secret, "[redacted]")
	}
	inWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	var out strings.Builder
	done := 0
	for at := 0; ; {
		i := strings.Index(words[at:], secret)
		if i < 0 {
			out.WriteString(words[done:])
			return out.String()
		}
		i += at
		at = i + len(secret)
		before, _ := utf8.DecodeLastRuneInString(words[:i])
		after, _ := utf8.DecodeRuneInString(words[at:])
		if !inWord(before) && !inWord(after) {
			out.WriteString(words[done:i] + "[redacted]")
			done = at
		}
	}
}

// tidy makes words fit for a row: one line of valid text of at most 500
// bytes without the secrets.
func tidy(words string, secrets []string) string {
	words = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, words)
	for _, s := range secrets {
		words = redact(words, s)
	}
	if len(words) <= maxReply {
		return words
	}
	n := maxReply
	for !utf8.RuneStart(words[n]) {
		n--
	}
	return words[:n]
}
