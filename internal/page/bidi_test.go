package page

import (
	"strings"
	"testing"
	"time"

	"latchkey"
)

// a name that runs against its surroundings is isolated, one that runs
// along is left alone.
func TestIsolate(t *testing.T) {
	for _, c := range []struct{ text, dir, want string }{
		{"ada@example.test", "ltr", "ada@example.test"},
		{"ada@example.test", "rtl", "\u2068ada@example.test\u2069"},
		{"متجر", "ltr", "\u2068متجر\u2069"},
		{"متجر", "rtl", "متجر"},
		{"متجر Acme", "rtl", "\u2068متجر Acme\u2069"},
		{"123456", "rtl", "123456"},
	} {
		if got := isolate(c.text, c.dir); got != c.want {
			t.Errorf("isolate(%q, %s) = %q, want %q", c.text, c.dir, got, c.want)
		}
	}
}

// nothing invisible of an operator's text is left, least of all
// a line end.
// The parts of a date keep their places where text runs from right to left.
func TestStamped(t *testing.T) {
	for dir, want := range map[string]string{"ltr": "2026-11-25", "rtl": "\u20662026-11-25\u2069"} {
		if got := string(stamped("2026-11-25", dir)); got != want {
			t.Errorf("%s: %q", dir, got)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"Acme Shop":                 "Acme Shop",
		"  Acme \t Shop ":           "Acme Shop",
		"Acme\r\nBcc: x@y.test":     "Acme Bcc: x@y.test",
		"Acme\u0085\u2028Shop":      "Acme Shop",
		"A\x00c\x1bm\u200be":        "Acme",
		"\u202egnirts\u202c":        "gnirts",
		"\u2066x\u2069\u061c\ufeff": "x",
		"می\u200cخواهم":             "می\u200cخواهم",
		"":                          "",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
	long := clean(strings.Repeat("ä", 500))
	if n := len([]rune(long)); n != 100 {
		t.Errorf("500 runes became %d", n)
	}
}

func FuzzClean(f *testing.F) {
	f.Add("Acme\r\nShop")
	f.Add("\u202e\xff\xfe")
	f.Fuzz(func(t *testing.T, in string) {
		got := clean(in)
		if strings.ContainsAny(got, "\r\n\x00\u2028\u2029\u202e\u2066\u200b") || len([]rune(got)) > 100 {
			t.Errorf("clean(%q) = %q", in, got)
		}
		if again := clean(got); again != got {
			t.Errorf("clean is not done after once: %q, then %q", got, again)
		}
	})
}

func TestSpansOfTime(t *testing.T) {
	all := catalogues(t)
	english := &Texts{lang: all[0], fallback: all[0]}
	for d, want := range map[time.Duration]string{
		-time.Second:              "0 seconds",
		24 * time.Second:          "24 seconds",
		91 * time.Second:          "2 minutes",
		10 * time.Minute:          "10 minutes",
		time.Hour:                 "1 hour",
		61 * time.Minute:          "61 minutes",
		24 * time.Hour:            "24 hours",
		30 * 24 * time.Hour:       "30 days",
		594*time.Second + 5000000: "10 minutes",
	} {
		if got := string(english.span(d)); got != want {
			t.Errorf("span(%s) = %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		-time.Hour: "just now", 59 * time.Second: "just now", 126 * time.Second: "2 minutes ago", 3 * time.Hour: "3 hours ago",
	} {
		if got := string(english.ago(d)); got != want {
			t.Errorf("ago(%s) = %q, want %q", d, got, want)
		}
	}
}

// of a browser only what the fixed lists gave is told.
func TestBrowserNames(t *testing.T) {
	all := catalogues(t)
	english := &Texts{lang: all[0], fallback: all[0]}
	for _, c := range []struct {
		b    latchkey.Browser
		want string
	}{
		{latchkey.Browser{Name: "Firefox", OS: "Linux"}, "Firefox on Linux"},
		{latchkey.Browser{OS: "iOS"}, "iOS"},
		{latchkey.Browser{}, "an unknown browser"},
	} {
		if got := string(english.browser(c.b)); got != c.want {
			t.Errorf("%+v: %q, want %q", c.b, got, c.want)
		}
	}
}
