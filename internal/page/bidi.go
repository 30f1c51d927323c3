package page

import (
	"strings"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/bidi"
)

// The scripts that are written from right to left and may get a catalogue.
var rightToLeft = map[string]bool{"Arab": true, "Hebr": true, "Thaa": true, "Syrc": true, "Nkoo": true, "Adlm": true}

func direction(tag language.Tag) string {
	script, _ := tag.Script()
	if rightToLeft[script.String()] {
		return "rtl"
	}
	return "ltr"
}

// isolate wraps text in FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE when
// something in it runs against the direction of what is around it, so that
// neither disturbs the other. Text that runs along stays as it is: nobody
// wants invisible characters in what they copy.
func isolate(text, dir string) string {
	for _, r := range text {
		p, _ := bidi.LookupRune(r)
		rtl := p.Class() == bidi.R || p.Class() == bidi.AL
		if rtl && dir == "ltr" || p.Class() == bidi.L && dir == "rtl" {
			return "\u2068" + text + "\u2069"
		}
	}
	return text
}

// stamped is a date or an hour in digits: where text runs from right to left
// its parts would change their places.
func stamped(text, dir string) phrase {
	if dir == "rtl" {
		return phrase("\u2066" + text + "\u2069") // LEFT-TO-RIGHT ISOLATE
	}
	return phrase(text)
}

// visible drops control characters, bidi controls and other invisible format
// characters; white space becomes blanks, line ends stay.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r == unicode.ReplacementChar:
			return -1
		case unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d':
			// Joiners are part of words in Persian and of some scripts of India.
			return -1
		}
		return r
	}, text)
}

// clean makes operator's or person's text fit for one line of a page or a
// mail: nothing invisible is left of it, and it is cut at 100 runes (R-056,
//
func clean(text string) string {
	text = strings.Join(strings.Fields(visible(text)), " ")
	if r := []rune(text); len(r) > 100 {
		text = strings.TrimSpace(string(r[:99])) + "…"
	}
	return text
}
