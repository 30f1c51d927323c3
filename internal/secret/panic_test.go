package secret_test

import (
	"errors"
	"strings"
	"testing"

	"latchkey/internal/secret"
)

// a panic's own text is told when it is the runtime's, and never
// another one.
func TestPanicText(t *testing.T) {
	told := func(f func()) (text string) {
		defer func() { text = secret.PanicText(recover()) }()
		f()
		return ""
	}
	var list []int
	if got := told(func() { _ = list[len(list)] }); !strings.Contains(got, "index out of range") {
		t.Errorf("%q", got)
	}
	for _, value := range []any{"the code 123456", errors.New("the code 123456"), []byte("123456"), struct{ Code string }{"123456"}} {
		if got := told(func() { panic(value) }); strings.Contains(got, "123456") || got == "" {
			t.Errorf("%T: %q", value, got)
		}
	}
}
