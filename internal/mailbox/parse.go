package mailbox

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // mails in other character sets
	"golang.org/x/net/html"
)

// The bounds of what is taken out of one mail; the mail as it came is kept
// whole in any case.
const (
	maxBodyBytes = 512 << 10 // decoded text, and decoded HTML
	maxParts     = 50
	maxDepth     = 8
	maxLinks     = 100
	maxLinkBytes = 2048
	maxSubject   = 500
)

// parse takes a mail apart. It always gives a mail: of junk, one whose text
// says what is wrong, so that the person sees that something came.
func parse(raw []byte) Mail {
	m := Mail{Raw: raw, Size: len(raw), Links: []string{}, header: textproto.MIMEHeader{}}
	e, err := message.ReadWithOptions(bytes.NewReader(raw), &message.ReadOptions{MaxHeaderBytes: 64 << 10})
	if e == nil {
		m.Text = "This mail cannot be read: " + err.Error() + "."
		return m
	}
	for f := e.Header.Fields(); f.Next(); {
		m.header.Add(f.Key(), f.Value())
	}
	m.Subject = clip(decoded(e.Header.Get("Subject")), maxSubject)
	m.From = clip(decoded(e.Header.Get("From")), maxSubject)
	p := partReader{mail: &m}
	if err := p.read(e, 0); err != nil && m.Text == "" && m.HTML == "" {
		m.Text = "This mail cannot be read: " + err.Error() + "."
	}
	m.Links = links(m.HTML, m.Text)
	return m
}

// partReader walks through the parts of a mail and keeps the first text and
// the first HTML that are not attachments.
type partReader struct {
	mail  *Mail
	parts int
}

func (p *partReader) read(e *message.Entity, depth int) error {
	if p.parts++; p.parts > maxParts || depth > maxDepth {
		return errors.New("it has too many parts")
	}
	if mr := e.MultipartReader(); mr != nil {
		for {
			part, err := mr.NextPart()
			if part == nil {
				if errors.Is(err, io.EOF) {
					return nil
				}
				return err
			}
			if err := p.read(part, depth+1); err != nil {
				return err
			}
		}
	}
	if disposition, _, _ := e.Header.ContentDisposition(); disposition == "attachment" {
		return nil
	}
	into := &p.mail.Text
	switch kind, _, _ := e.Header.ContentType(); kind {
	case "text/plain", "":
	case "text/html":
		into = &p.mail.HTML
	default:
		return nil
	}
	if *into != "" {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(e.Body, maxBodyBytes))
	*into = strings.ToValidUTF8(strings.ReplaceAll(string(body), "\r\n", "\n"), "\uFFFD")
	return err
}

// decoded undoes encoded-words (RFC 2047); a header that is broken is shown
// as it stands.
func decoded(value string) string {
	d := mime.WordDecoder{CharsetReader: message.CharsetReader}
	s, err := d.DecodeHeader(value)
	if err != nil {
		s = value
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

var textLink = regexp.MustCompile(`https?://[^\s<>"'\x60{}|\\^\x00-\x1f\x7f]+`)

// links lists the targets that a person could follow: those of the HTML's
// anchors in their order, then URLs of the text that are not among them.
func links(htmlText, text string) []string {
	found := []string{}
	add := func(link string) {
		ok := strings.HasPrefix(link, "http://") || strings.HasPrefix(link, "https://")
		if ok && len(link) <= maxLinkBytes && len(found) < maxLinks && !slices.Contains(found, link) {
			found = append(found, link)
		}
	}
	for t := html.NewTokenizer(strings.NewReader(htmlText)); t.Next() != html.ErrorToken; {
		tok := t.Token()
		if tok.Type != html.StartTagToken || tok.Data != "a" {
			continue
		}
		for _, a := range tok.Attr {
			if a.Key == "href" {
				add(strings.TrimSpace(a.Val))
			}
		}
	}
	for _, link := range textLink.FindAllString(text, maxLinks) {
		add(strings.TrimRight(link, ".,;:!?)]"))
	}
	return found
}
