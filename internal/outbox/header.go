package outbox

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"latchkey"
)

// The widths of RFC 5322 2.1.1 and RFC 2047 2.
const (
	foldAt         = 78
	encodedWordMax = 75
)

// header writes header fields, the one place where they are made.
// Whatever goes in, what comes out is printable ASCII (and, in addresses of
// SMTPUTF8 mails, UTF-8), CRLF, and lines that are folded at 78.
type header struct{ buf bytes.Buffer }

// words writes a field of words that are as they must stand on the wire; a
// line breaks between words only.
func (h *header) words(name string, words ...string) {
	h.buf.WriteString(name)
	h.buf.WriteByte(':')
	column := len(name) + 1
	for i, word := range words {
		// The first word stays with the name: a first line that is blank but
		// for the name is obsolete syntax.
		if i > 0 && column+1+len(word) > foldAt {
			h.buf.WriteString("\r\n")
			column = 0
		}
		h.buf.WriteByte(' ')
		h.buf.WriteString(word)
		column += 1 + len(word)
	}
	h.buf.WriteString("\r\n")
}

// text writes an unstructured field (RFC 5322 2.2.1).
func (h *header) text(name, value string) {
	value = cleanLine(value)
	words := strings.Fields(value)
	plain := isPrintable(value) && !strings.Contains(value, "=?")
	for _, w := range words {
		plain = plain && len(w) <= foldAt-len(name)-2
	}
	if !plain {
		words = encodedWords(value, len(name)+2)
	}
	h.words(name, words...)
}

// quotes writes a quoted string (RFC 5322 3.2.4).
var quotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// mailbox writes a field of one address with or without a display name. The
// address has passed senderAddress or latchkey.ParseAddress.
func (h *header) mailbox(name, display, address string) {
	display = cleanLine(display)
	quoted := `"` + quotes.Replace(display) + `"`
	switch {
	case display == "":
		h.words(name, address)
	case isPrintable(display) && !strings.Contains(display, "=?") && len(quoted) <= 60:
		h.words(name, quoted, "<"+address+">")
	default:
		h.words(name, append(encodedWords(display, len(name)+2), "<"+address+">")...)
	}
}

// encodedWords encodes text as RFC 2047 says, in the shorter of its two
// encodings. first is the column where the first word will stand.
func encodedWords(s string, first int) []string {
	var q, b []string
	room := func(words []string) int {
		if len(words) == 0 {
			return min(encodedWordMax, foldAt-first)
		}
		return encodedWordMax
	}
	const overhead = len("=?utf-8?q??=")
	var word strings.Builder
	for _, r := range s {
		enc := qEncode(r)
		if word.Len()+len(enc)+overhead > room(q) {
			q = append(q, "=?utf-8?q?"+word.String()+"?=")
			word.Reset()
		}
		word.WriteString(enc)
	}
	q = append(q, "=?utf-8?q?"+word.String()+"?=")
	for rest := s; rest != ""; {
		n := 0
		for n < len(rest) {
			_, size := utf8.DecodeRuneInString(rest[n:])
			if base64.StdEncoding.EncodedLen(n+size)+overhead > room(b) {
				break
			}
			n += size
		}
		b = append(b, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(rest[:n]))+"?=")
		rest = rest[n:]
	}
	if len(strings.Join(b, " ")) < len(strings.Join(q, " ")) {
		return b
	}
	return q
}

// qEncode encodes one character for a word that may stand in a phrase, the
// narrowest place (RFC 2047 5 (3)).
func qEncode(r rune) string {
	switch {
	case r == ' ':
		return "_"
	case r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!*+-/", r)):
		return string(r)
	}
	var out strings.Builder
	for _, c := range []byte(string(r)) {
		fmt.Fprintf(&out, "=%02X", c)
	}
	return out.String()
}

// cleanLine makes any text one line: control characters, line separators and
// characters that turn the direction of what follows become spaces, and
// spaces become one. Isolates and joiners stay, languages need them.
func cleanLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, unicode.IsControl(r), unicode.In(r, unicode.Zl, unicode.Zp),
			r >= '\u202A' && r <= '\u202E', r == '\uFEFF':
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n")

// cleanBody makes any text lines that end in "\n" without control characters.
func cleanBody(s string) string {
	s = lineEnds.Replace(strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	return strings.TrimRight(s, "\n") + "\n"
}

func isPrintable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

var singleLabel = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+)*@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

// senderAddress gives an operator's address as it stands on the wire. It is
// as strict as latchkey.ParseAddress, except that a host name of one label
// ("noreply@localhost") may stand behind the @.
func senderAddress(field, address string) (string, error) {
	if a, err := latchkey.ParseAddress(address); err == nil {
		if a.NeedsUTF8() {
			return "", latchkey.Invalid(field, "Use a sender's address whose part before the @ is ASCII: relays refuse others.")
		}
		return a.Envelope(), nil
	}
	if len(address) > 254 || !singleLabel.MatchString(address) {
		return "", latchkey.Invalid(field, "Type one e-mail address, such as noreply@example.com.")
	}
	return address, nil
}

var notFeedback = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// feedbackPart makes one of the four parts of a Feedback-ID, whose separator
// is the colon.
func feedbackPart(s string) string {
	s = strings.Trim(notFeedback.ReplaceAllString(s, "-"), "-")
	if len(s) > 40 {
		s = s[:40]
	}
	if s == "" {
		return "none"
	}
	return s
}
