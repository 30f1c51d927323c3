package outbox

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// strictMail is a mail as a reader sees it that forgives nothing. It shares
// no code with the writer and knows nothing but RFC 5322, 2045 and 2046.
type strictMail struct {
	order      []string
	fields     map[string]string // unfolded
	text, html string
}

// allowedFields are those of R-171, and no others.
var allowedFields = []string{"From", "Reply-To", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted",
	"X-Auto-Response-Suppress", "Feedback-ID", "X-Entity-Ref-ID", "Content-Type"}

func parseStrict(raw []byte, utf8Allowed bool) (*strictMail, error) {
	if len(raw) >= 20_000 {
		return nil, fmt.Errorf("%d bytes", len(raw))
	}
	lines, err := strictLines(raw, utf8Allowed)
	if err != nil {
		return nil, err
	}
	m := &strictMail{}
	if m.order, m.fields, lines, err = strictHeader(lines); err != nil {
		return nil, err
	}
	for _, name := range m.order {
		if !slices.Contains(allowedFields, name) {
			return nil, fmt.Errorf("field %q", name)
		}
	}
	boundary, prefixed := strings.CutPrefix(m.fields["Content-Type"], `multipart/alternative; boundary="`)
	boundary, closed := strings.CutSuffix(boundary, `"`)
	if !prefixed || !closed || boundary == "" {
		return nil, fmt.Errorf("content type %q", m.fields["Content-Type"])
	}
	var parts [][]string
	for i, line := range lines {
		switch {
		case line == "--"+boundary:
			parts = append(parts, nil)
		case line == "--"+boundary+"--":
			if i != len(lines)-1 {
				return nil, fmt.Errorf("an epilogue of %d lines", len(lines)-1-i)
			}
		case len(parts) == 0:
			return nil, fmt.Errorf("a preamble")
		default:
			parts[len(parts)-1] = append(parts[len(parts)-1], line)
		}
	}
	if len(parts) != 2 || lines[len(lines)-1] != "--"+boundary+"--" {
		return nil, fmt.Errorf("%d parts", len(parts))
	}
	if m.text, err = strictPart(parts[0], "text/plain; charset=utf-8"); err != nil {
		return nil, err
	}
	m.html, err = strictPart(parts[1], "text/html; charset=utf-8")
	return m, err
}

func strictLines(raw []byte, utf8Allowed bool) ([]string, error) {
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		return nil, fmt.Errorf("the last line does not end")
	}
	lines := strings.Split(strings.TrimSuffix(string(raw), "\r\n"), "\r\n")
	for _, line := range lines {
		if len(line) > 998 {
			return nil, fmt.Errorf("a line of %d", len(line))
		}
		for _, c := range []byte(line) {
			if c == '\r' || c == '\n' || c == 0 || c < ' ' && c != '\t' || c == 0x7f || c >= 0x80 && !utf8Allowed {
				return nil, fmt.Errorf("byte %#x in line %q", c, line)
			}
		}
	}
	return lines, nil
}

func strictHeader(lines []string) (order []string, fields map[string]string, rest []string, err error) {
	fields = map[string]string{}
	name := ""
	for i, line := range lines {
		if line == "" {
			return order, fields, lines[i+1:], nil
		}
		// Only what cannot be broken may be longer than 78.
		if len(line) > 78 && strings.Contains(strings.TrimPrefix(strings.TrimLeft(line, " "), name+": "), " ") {
			return nil, nil, nil, fmt.Errorf("line of %d: %q", len(line), line)
		}
		if line[0] == ' ' || line[0] == '\t' {
			if name == "" || strings.TrimSpace(line) == "" {
				return nil, nil, nil, fmt.Errorf("continuation %q", line)
			}
			fields[name] += line
			continue
		}
		colon := strings.IndexByte(line, ':')
		if colon < 1 {
			return nil, nil, nil, fmt.Errorf("no field: %q", line)
		}
		name = line[:colon]
		for _, c := range []byte(name) {
			if c <= ' ' || c >= 0x7f {
				return nil, nil, nil, fmt.Errorf("name %q", name)
			}
		}
		if _, twice := fields[name]; twice {
			return nil, nil, nil, fmt.Errorf("%s twice", name)
		}
		order = append(order, name)
		fields[name] = strings.TrimPrefix(line[colon+1:], " ")
	}
	return nil, nil, nil, fmt.Errorf("no end of the header")
}

func strictPart(lines []string, contentType string) (string, error) {
	order, fields, body, err := strictHeader(lines)
	if err != nil {
		return "", err
	}
	if len(order) != 2 || fields["Content-Type"] != contentType || fields["Content-Transfer-Encoding"] != "quoted-printable" {
		return "", fmt.Errorf("part header %v", fields)
	}
	var out strings.Builder
	for i, line := range body {
		if len(line) > 76 || strings.TrimRight(line, " \t") != line {
			return "", fmt.Errorf("quoted-printable line %q", line)
		}
		soft := strings.HasSuffix(line, "=")
		line = strings.TrimSuffix(line, "=")
		for j := 0; j < len(line); j++ {
			if line[j] != '=' {
				out.WriteByte(line[j])
				continue
			}
			if j+2 >= len(line) {
				return "", fmt.Errorf("cut escape in %q", line)
			}
			b, err := hex.DecodeString(line[j+1 : j+3])
			if err != nil || strings.ToUpper(line[j+1:j+3]) != line[j+1:j+3] {
				return "", fmt.Errorf("escape in %q", line)
			}
			out.Write(b)
			j += 2
		}
		if !soft && i != len(body)-1 {
			out.WriteByte('\n')
		}
	}
	if !utf8.ValidString(out.String()) {
		return "", fmt.Errorf("no UTF-8")
	}
	return out.String(), nil
}
