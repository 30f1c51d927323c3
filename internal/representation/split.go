package representation

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"latchkey"
)

// The bounds of an export that is read: all of it but the users, and
// one user.
const (
	MaxSettings = 32 << 20 // bytes
	MaxUser     = 4 << 20  // bytes
)

// Split reads an export of one realm, or a list of realms, and takes the users
// out, because there may be more of them than fit into memory. It gives all
// else as JSON with the same lines, and hands over the text of each user with
// the number of its realm in the file, from 0, and the line that it begins at,
// from 1. The text is good until user returns; an error of user ends the reading. Whether what is handed over is
// JSON is for Decode to find.
func Split(r io.Reader, user func(realm, line int, text []byte) error) (settings []byte, err error) {
	s := &splitter{in: bufio.NewReaderSize(r, 1<<16), user: user, realm: -1, line: 1}
	err = s.run()
	if errors.Is(err, io.EOF) {
		err = nil // what is missing at the end is missed by Decode
	}
	return s.out.Bytes(), err
}

type splitter struct {
	in   *bufio.Reader
	out  bytes.Buffer
	user func(realm, line int, text []byte) error

	depth, base int // base is the depth of a realm's members: 1, or 2 in a list
	realm, line int
	text        []byte // of the user that is being read
}

func (s *splitter) next() (byte, error) {
	b, err := s.in.ReadByte()
	if b == '\n' {
		s.line++
	}
	return b, err
}

func (s *splitter) keep(b byte) error {
	if s.out.Len() >= MaxSettings {
		return latchkey.Errorf(latchkey.CodeInvalid, "The file has more than %d MiB beside its users.", MaxSettings>>20)
	}
	return s.out.WriteByte(b)
}

// run copies until the end. key says that the text that was read last may be
// the name of the member users, colon that its value comes next.
func (s *splitter) run() error {
	key, colon := false, false
	for {
		b, err := s.next()
		if err != nil {
			return err
		}
		if err := s.keep(b); err != nil {
			return err
		}
		switch b {
		case ' ', '\t', '\r', '\n':
			continue
		case '"':
			start := s.out.Len() - 1
			if err := s.copyText(); err != nil {
				return err
			}
			key = s.depth == s.base && string(s.out.Bytes()[start:]) == `"users"`
			colon = false
			continue
		case ':':
			colon, key = key, false
			continue
		case '[', '{':
			if b == '[' && colon {
				if err := s.users(); err != nil {
					return err
				}
				break
			}
			s.open(b)
		case ']', '}':
			s.depth--
		}
		key, colon = false, false
	}
}

func (s *splitter) open(b byte) {
	if s.depth == 0 && s.base == 0 {
		s.base = 1
		if b == '[' {
			s.base = 2
		}
	}
	s.depth++
	if s.depth == s.base && b == '{' {
		s.realm++
	}
}

// copyText copies a text up to its closing quote.
func (s *splitter) copyText() error {
	for escaped := false; ; {
		b, err := s.next()
		if err != nil {
			return err
		}
		if err := s.keep(b); err != nil {
			return err
		}
		switch {
		case escaped:
			escaped = false
		case b == '\\':
			escaped = true
		case b == '"':
			return nil
		}
	}
}

// users reads the list of users behind its opening bracket. Of it the settings
// keep the line breaks alone.
func (s *splitter) users() error {
	value := true // a user may come, or a comma
	for first := true; ; {
		b, err := s.next()
		if err != nil {
			return err
		}
		switch b {
		case '\n':
			if err := s.keep(b); err != nil {
				return err
			}
		case ' ', '\t', '\r':
		case ']':
			if value && !first {
				return s.malformed()
			}
			return s.keep(b)
		case ',':
			if value {
				return s.malformed()
			}
			value = true
		default:
			if !value {
				return s.malformed()
			}
			if err := s.one(b); err != nil {
				return err
			}
			first, value = false, false
		}
	}
}

func (s *splitter) malformed() error {
	return latchkey.Errorf(latchkey.CodeInvalid, "The JSON cannot be read (line %d): it is incomplete or malformed.", s.line)
}

// one reads a user, whose first byte was read, and hands it over.
func (s *splitter) one(b byte) error {
	line := s.line
	if b != '{' {
		return s.malformed()
	}
	s.text = append(s.text[:0], b)
	for depth, text, escaped := 1, false, false; depth > 0; {
		b, err := s.next()
		if err != nil {
			return err
		}
		if len(s.text) >= MaxUser {
			return latchkey.Errorf(latchkey.CodeInvalid, "The user that begins at line %d has more than %d MiB.", line, MaxUser>>20)
		}
		s.text = append(s.text, b)
		switch {
		case escaped:
			escaped = false
		case text && b == '\\':
			escaped = true
		case b == '"':
			text = !text
		case text:
		case b == '{' || b == '[':
			depth++
		case b == '}' || b == ']':
			depth--
		}
		if b == '\n' {
			if err := s.keep(b); err != nil {
				return err
			}
		}
	}
	return s.user(s.realm, line, s.text)
}
