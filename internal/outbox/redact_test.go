package outbox

import "testing"

// A short secret is taken out where it stands alone, and is not the letters of
// other words.
func TestRedact(t *testing.T) {
	for _, c := range [][3]string{
		{"535 y: the relay says yes, yy (y)", "y", "535 [redacted]: the relay says yes, yy ([redacted])"},
		{"no: hunter22", "hunter2", "no: [redacted]2"},
		{"no secret", "", "no secret"},
		{"12345 x12345", "12345", "[redacted] x12345"},
	} {
		if got := redact(c[0], c[1]); got != c[2] {
			t.Errorf("%q without %q: %q", c[0], c[1], got)
		}
	}
}
