package servertest

import (
	"testing"

	"latchkey/internal/mailbox"
)

// Six digits of a link are no code.
func TestReadsTheCode(t *testing.T) {
	for text, want := range map[string]string{
		"https://id.test/x?key=abc123456def\n\nYour Shop code is 654321.": "654321",
		"https://id.test/x?key=ab_123456-def\n654 321":                    "654321",
		"https://id.test/x?key=ab.123456\nnothing":                        "",
		"654321": "654321",
	} {
		if got := read(mailbox.Mail{Text: text}).Code; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
