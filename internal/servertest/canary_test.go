package servertest_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"latchkey/internal/servertest"
)

// canary is a value that may stand in few places only.
type canary struct{ kind, value string }

// The kinds of canaries.
const (
	linkSecret    = "secret of a link"
	mailCode      = "code of a mail"
	screenNumber  = "number of a screen"
	cookie        = "cookie"
	authCode      = "authorization code"
	bearer        = "token"
	clientSecret  = "client secret"
	relaySecret   = "secret of a relay"
	masterKey     = "master key"
	password      = "password"
	wholeAddress  = "e-mail address"
	shortestWhole = 12 // values shorter than that count only where they stand alone
)

// forms gives the ways in which a value may be written down: as it is, escaped
// in a URL, in hexadecimal, in base64 wherever it stands in what was encoded;
// and its bytes, where it is base64 itself.
func (c canary) forms() []string {
	out := []string{c.value, url.QueryEscape(c.value), url.PathEscape(c.value)}
	add := func(b []byte) {
		out = append(out, hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)))
		for shift := range 3 {
			for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
				text := enc.EncodeToString(append(make([]byte, shift), b...))
				from, to := []int{0, 2, 3}[shift], len(text)
				if rest := (shift + len(b)) % 3; rest > 0 {
					to -= 5 - rest // the last character that depends on what follows, and the padding
				}
				if to-from >= 8 {
					out = append(out, text[from:to])
				}
			}
		}
	}
	add([]byte(c.value))
	if c.kind == wholeAddress {
		out = append(out, strings.ToLower(c.value), strings.ToUpper(c.value))
	}
	for _, enc := range []*base64.Encoding{base64.RawURLEncoding, base64.StdEncoding} {
		if raw, err := enc.DecodeString(c.value); err == nil && len(raw) >= 16 {
			out = append(out, hex.EncodeToString(raw), string(raw))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// in says how the canary stands in a text; empty when it does not.
func (c canary) in(text string) string {
	for _, found := range newHunt([]canary{c}).in(text) {
		return found
	}
	return ""
}

// hunt finds many canaries in one pass over a text.
type hunt struct {
	long  map[[prefixBytes]byte][]form // by how they begin
	short map[string]canary            // whole
}

type form struct {
	canary
	text string
}

const prefixBytes = 8

func newHunt(all []canary) *hunt {
	h := &hunt{map[[prefixBytes]byte][]form{}, map[string]canary{}}
	for _, c := range all {
		for _, text := range c.forms() {
			if len(text) < prefixBytes {
				h.short[text] = c
				continue
			}
			prefix := [prefixBytes]byte([]byte(text))
			h.long[prefix] = append(h.long[prefix], form{c, text})
		}
	}
	return h
}

// in gives the canaries in a text, and how they stand there.
func (h *hunt) in(text string) map[canary]string {
	found := map[canary]string{}
	note := func(c canary, i, n int) {
		if n >= shortestWhole || (alone(text, i-1) && alone(text, i+n)) {
			found[c] = fmt.Sprintf("…%q…", text[max(0, i-30):min(len(text), i+n+10)])
		}
	}
	for i := range len(text) {
		if i+prefixBytes <= len(text) {
			for _, f := range h.long[[prefixBytes]byte([]byte(text[i:i+prefixBytes]))] {
				if strings.HasPrefix(text[i:], f.text) {
					note(f.canary, i, len(f.text))
				}
			}
		}
		if i+codeDigits <= len(text) {
			if c, ok := h.short[text[i:i+codeDigits]]; ok {
				note(c, i, codeDigits)
			}
		}
	}
	return found
}

// codeDigits is the length of what is short: the codes of mails.
const codeDigits = 6

// alone says that no letter or digit stands there.
func alone(text string, i int) bool {
	return i < 0 || i >= len(text) || !strings.ContainsRune("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-", rune(text[i]))
}

// cage keeps every canary that was seen, and every exchange.
type cage struct {
	mu        sync.Mutex
	base      string
	canaries  map[canary]bool
	exchanges []servertest.Exchange
}

func newCage() *cage { return &cage{canaries: map[canary]bool{}} }

func (c *cage) add(kind string, values ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range values {
		if v != "" {
			c.canaries[canary{kind, v}] = true
		}
	}
}

func (c *cage) all() []canary {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []canary
	for k := range c.canaries {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b canary) int { return strings.Compare(a.kind+a.value, b.kind+b.value) })
	return out
}

// count is how many of a kind were seen.
func (c *cage) count(kind string) (n int) {
	for _, one := range c.all() {
		if one.kind == kind {
			n++
		}
	}
	return n
}

// see takes an exchange, and the canaries that it hands out.
func (c *cage) see(x servertest.Exchange) {
	c.mu.Lock()
	c.exchanges = append(c.exchanges, x)
	c.mu.Unlock()
	for _, line := range x.Header.Values("Set-Cookie") {
		if set, err := http.ParseSetCookie(line); err == nil && set.Value != "" && !strings.HasPrefix(set.Name, "link-") {
			c.add(cookie, set.Value)
		}
	}
	if to, err := url.Parse(x.Header.Get("Location")); err == nil {
		c.add(authCode, to.Query().Get("code"))
	}
	if strings.HasSuffix(x.URL, "/protocol/openid-connect/token") {
		var answer map[string]any
		_ = json.Unmarshal([]byte(x.Body), &answer)
		for _, name := range []string{"access_token", "refresh_token", "id_token"} {
			if token, ok := answer[name].(string); ok {
				parts := strings.Split(token, ".")
				c.add(bearer, token, parts[len(parts)-1])
			}
		}
	}
}

var keyInURL = regexp.MustCompile(`key=([\w-]+)\.([\w-]+)`)

// link takes the secret of a link's URL.
func (c *cage) link(address string) {
	if m := keyInURL.FindStringSubmatch(address); m != nil {
		c.add(linkSecret, m[2])
	}
}

// misplaced lists canaries in answers where they do not belong.
func (c *cage) misplaced() (found []string) {
	var all []canary
	for _, one := range c.all() {
		if one.kind != wholeAddress && one.kind != screenNumber {
			// Both are for pages of the browser that asked; others are looked at by themselves.
			all = append(all, one)
		}
	}
	h := newHunt(all)
	for _, x := range c.exchanges {
		if !strings.HasPrefix(x.URL, c.base) {
			continue // an application's own
		}
		at, _, _ := strings.Cut(x.URL, "?")
		asked := h.in(x.URL)
		for one, how := range h.in(x.Body) {
			// A page's links to itself in other languages have its own query.
			if _, own := asked[one]; (own && one.kind != linkSecret) || mayHold(one.kind, at) {
				continue
			}
			found = append(found, fmt.Sprintf("%s in the body of %s %s (%d): %s", one.kind, x.Method, at, x.Status, how))
		}
		for name, lines := range x.Header {
			for _, line := range lines {
				for one, how := range h.in(line) {
					if !mayHead(one.kind, name, line, c.base) {
						found = append(found, fmt.Sprintf("%s in %s of %s %s (%d): %s", one.kind, name, x.Method, at, x.Status, how))
					}
				}
			}
		}
	}
	return found
}

// mayHold says whether that answer is there to hand the value out.
func mayHold(kind, at string) bool {
	switch kind {
	case bearer:
		return strings.HasSuffix(at, "/protocol/openid-connect/token")
	case linkSecret:
		return strings.HasSuffix(at, "/magic-link")
	}
	return false
}

func mayHead(kind, name, line, base string) bool {
	switch {
	case kind == cookie:
		return name == "Set-Cookie"
	case kind == linkSecret:
		return name == "Set-Cookie" && strings.HasPrefix(line, "link-")
	case kind == authCode:
		// The console is an application of our own, with its callback here.
		return name == "Location" && (!strings.HasPrefix(line, base) || strings.HasPrefix(line, base+"/admin/master/console/callback?"))
	}
	return false
}

// numbersIn tells where a log line has the number of a screen as a word of
// its own, outside of what is made of numbers.
func numbersIn(log, number string) (found []string) {
	whole := regexp.MustCompile(`(?:^|[^\w.:-])` + number + `(?:$|[^\w.:-])`) // no part of an address, an id or a time
	for line := range strings.Lines(log) {
		var fields map[string]any
		if json.Unmarshal([]byte(line), &fields) != nil {
			continue
		}
		for name, value := range fields {
			switch name {
			case "time", "status", "bytes", "ms", "duration", "ip", "ip_address", "relay", "request", "attempts", "error":
				continue
			}
			if text := fmt.Sprint(value); whole.MatchString(text) {
				found = append(found, name+"="+text)
			}
		}
	}
	return found
}
