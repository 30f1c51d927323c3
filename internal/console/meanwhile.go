package console

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/page"
)

// shownField is the field of a form that carries what its settings were when
// they were shown, one digest a place: what somebody else saves meanwhile is
// neither undone nor overwritten unseen.
const shownField = "~shown"

// digests are what settings were: the digest of what each said, by its place.
type digests map[string]string

// digestOf is short: it tells apart what two people type.
func digestOf(at, face string) string {
	sum := sha256.Sum256([]byte(at + "\x00" + face))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// digestsOf are those of settings as a page shows them. A secret has none: it is
// never shown.
func digestsOf(list map[string]shown) digests {
	out := digests{}
	for at, s := range list {
		if s.Kind != kindSecret && !s.only() {
			out[at] = digestOf(at, s.face())
		}
	}
	return out
}

// encode is the digests as the form carries them.
func (d digests) encode() string {
	q := url.Values{}
	for at, digest := range d {
		q.Set(at, digest)
	}
	return q.Encode()
}

// carried are the digests that came with a form; one that cannot be read has none.
func carried(form url.Values) digests {
	q, err := url.ParseQuery(form.Get(shownField))
	if err != nil {
		return nil
	}
	out := digests{}
	for at := range q {
		out[at] = q.Get(at)
	}
	return out
}

// face is what the setting's field says, however the browser sends it.
func (s shown) face() string {
	plain := func(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }
	switch s.Kind {
	case kindFlag:
		return strconv.FormatBool(s.Value == "true" || s.Value == "on")
	case kindChecks:
		return strings.Join(slices.Sorted(slices.Values(s.Values)), "\n")
	case kindLines:
		var list []string
		for line := range strings.SplitSeq(s.Value, "\n") {
			if line = strings.TrimSpace(line); line != "" {
				list = append(list, line)
			}
		}
		return strings.Join(list, "\n")
	case kindChoice:
		if !slices.ContainsFunc(s.Options, func(o option) bool { return o.Value == s.Value }) && len(s.Options) > 0 {
			return s.Options[0].Value // the browser's choice
		}
	case kindDuration:
		if n, err := strconv.Atoi(plain(s.Value)); err == nil && n != 0 {
			return strconv.Itoa(n * s.Unit)
		} else if err == nil {
			return ""
		}
	}
	return plain(s.Value)
}

// meanwhile says of a setting what became of it since its form was shown: kept,
// when the person left alone what somebody else changed; a fault, when both
// changed it, to different things.
func (d digests) meanwhile(now, typed shown) (kept bool, fault *page.FieldError) {
	was, carried := d[now.At]
	if is := digestOf(now.At, now.face()); !carried || is == was || is == digestOf(now.At, typed.face()) {
		return false, nil
	}
	if digestOf(now.At, typed.face()) == was {
		return true, nil
	}
	fault = &page.FieldError{Field: now.At, Message: "console.error.meanwhile"}
	if value := now.face(); value != "" && (now.Kind == kindText || now.Kind == kindNumber) {
		fault.Message, fault.Args = "console.error.meanwhile.now", []any{value}
	}
	return false, fault
}
