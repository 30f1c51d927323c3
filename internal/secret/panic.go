package secret

import (
	"fmt"
	"runtime"
)

// PanicText tells what was panicked with, fit for a log: the runtime's own
// words, and of any other value no more than its type, since it may hold a
// secret.
func PanicText(p any) string {
	if e, ok := p.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("a value of type %T", p)
}
