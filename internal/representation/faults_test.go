package representation

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"latchkey"
)

// Faults of one input are told together, flat, each with its path, and no
// more of them than a person reads.
func TestFaults(t *testing.T) {
	a, b := latchkey.Invalid("a", "No."), latchkey.Invalid("", "Nor this.")
	if Join() != nil || Join(nil, nil) != nil {
		t.Error("nothing is an error")
	}
	if one := Join(nil, a); one != error(a) {
		t.Errorf("one: %v", one)
	}
	err := Under("x", Join(Join(a, b), fmt.Errorf("cause: %w", a)))
	if got, want := err.Error(), "3 faults: (1) x.a: No. (2) x: Nor this. (3) x.a: No."; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	var first *latchkey.Error
	if !errors.As(err, &first) || first.Field != "x.a" || latchkey.ErrorCode(err) != latchkey.CodeInvalid {
		t.Errorf("first %+v", first)
	}
	var many []error
	for range 3 * MaxFaults {
		many = append(many, a)
	}
	err = Join(many...)
	var all Faults
	if !errors.As(err, &all) || len(all) != MaxFaults || !strings.HasSuffix(err.Error(), "(20) a: No. And 80 more.") {
		t.Errorf("%d faults: %v", len(all), err)
	}
	if _, err := Decode([]byte(`{"enabled":"perhaps","clients":[{"secret":{}},1,{"clientId":"b","enabled":[]}]}`), new(Realm)); err == nil ||
		err.Error() != `4 faults: (1) clients[0].secret: Expected text. (2) clients[1]: Expected an object. (3) clients["b"].enabled: Expected true or false. (4) enabled: Expected true or false.` {
		t.Errorf("decoded: %v", err)
	}
}
