package page_test

import (
	"strings"
	"testing"
	"time"

	"latchkey/internal/page"
	"latchkey/internal/page/sample"
)

func waitingPage(t *testing.T) page.Waiting {
	t.Helper()
	w, ok := sampleNamed(t, "waiting").Page.(page.Waiting)
	if !ok {
		t.Fatal("the sample is no waiting page")
	}
	return w
}

func words(t *testing.T, p page.Page) string {
	t.Helper()
	return textOf(find(parse(t, render(t, newKit(t), sample.Page{Page: p}, "en")), "main", "", "")[0])
}

func TestWaitingPage(t *testing.T) {
	w := waitingPage(t)
	doc := parse(t, render(t, newKit(t), sample.Page{Page: w}, "en"))
	code := find(doc, "input", "name", "code")
	if len(code) != 1 || attr(code[0], "autocomplete") != "one-time-code" || attr(code[0], "inputmode") != "numeric" {
		t.Errorf("code field %v", code)
	}
	text := words(t, w)
	for _, want := range []string{"Check your email", "ada@example.test", "472", "in 24 s", "10 minutes", "I have opened the link", "spam"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	// without the module each thing that it does has a button.
	for _, name := range []string{"resend", "opened"} {
		b := find(doc, "button", "name", name)
		if len(b) != 1 || has(b[0], "disabled") {
			t.Errorf("button %s: %v", name, b)
		}
	}
}

func TestWaitingStates(t *testing.T) {
	base := waitingPage(t)
	for name, c := range map[string]struct {
		change func(*page.Waiting)
		says   []string
		not    []string
	}{
		"a new mail may be sent": {func(w *page.Waiting) { w.ResendAt = sample.Now }, []string{"Send the mail again"}, []string{"in 24 s", "in 0 s"}},
		"code closed": {func(w *page.Waiting) { w.Code, w.CodeClosed = false, true },
			[]string{"The link in the mail still signs you in"}, []string{"type the code"}},
		"link only": {func(w *page.Waiting) { w.Code = false }, nil, []string{"type the code", "wrong too often"}},
		"no number": {func(w *page.Waiting) { w.Number = "" }, nil, []string{"asks for a number"}},
		"reported": {func(w *page.Waiting) { w.Reported, w.CodeClosed = true, true },
			[]string{"still works in this browser", "Send a new mail"}, []string{"472", "wrong too often", "type the code"}},
		"not sent":    {func(w *page.Waiting) { w.Failed = true }, []string{"could not be delivered", "Send a new mail"}, []string{"Check your email", "472", "I have opened"}},
		"sent anew":   {func(w *page.Waiting) { w.Resent = true }, []string{"A new mail is on its way"}, nil},
		"wrong code":  {func(w *page.Waiting) { w.Errors = wrongCode(1) }, []string{"1 try is left."}, nil},
		"wrong codes": {func(w *page.Waiting) { w.Errors = wrongCode(3) }, []string{"3 tries are left."}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := base
			c.change(&w)
			text := words(t, w)
			for _, want := range c.says {
				if !strings.Contains(text, want) {
					t.Errorf("does not say %q: %s", want, text)
				}
			}
			for _, not := range c.not {
				if strings.Contains(text, not) {
					t.Errorf("says %q: %s", not, text)
				}
			}
		})
	}
}

func wrongCode(left int) []page.FieldError {
	return []page.FieldError{{Field: "code", Message: "error.code.wrong", Args: []any{left}}}
}

// "Still on its way" is honest from 30 s on; before, it is hidden for the
// module to show.
func TestWaitingLate(t *testing.T) {
	for after, hidden := range map[time.Duration]bool{0: true, 29 * time.Second: true, 30 * time.Second: false, time.Minute: false} {
		w := waitingPage(t)
		w.SentAt = sample.Now.Add(-after)
		spans := find(parse(t, render(t, newKit(t), sample.Page{Page: w}, "en")), "span", "role", "status")
		if len(spans) != 1 || has(spans[0], "hidden") != hidden {
			t.Errorf("after %s: %v", after, spans)
		}
	}
}

// a page for an address tells nothing of the address but itself.
func TestWaitingLooksTheSameForEveryAddress(t *testing.T) {
	k := newKit(t)
	one, other := waitingPage(t), waitingPage(t)
	one.Address, other.Address = "ada@example.test", "eve@example.test"
	a := strings.ReplaceAll(render(t, k, sample.Page{Page: one}, "en"), one.Address, "X")
	b := strings.ReplaceAll(render(t, k, sample.Page{Page: other}, "en"), other.Address, "X")
	if a != b {
		t.Error("the pages differ")
	}
}
