package representation

import (
	"errors"
	"fmt"
	"strings"

	"latchkey"
)

// MaxFaults is how many faults of one input are kept; who has made that many
// is helped by the first of them.
const MaxFaults = 100

// shownFaults is how many faults an error's text has.
const shownFaults = 20

// Faults are several things that are wrong with one input, so that nobody has
// to try once a fault. Each is a [latchkey.Error] that names its path; the
// code of all is that of the first.
type Faults []error

// Error gives the faults one after the other, numbered.
func (f Faults) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d faults:", len(f))
	for i, err := range f {
		if i == shownFaults {
			fmt.Fprintf(&b, " And %d more.", len(f)-i)
			break
		}
		fmt.Fprintf(&b, " (%d) %s", i+1, err)
	}
	return b.String()
}

// Unwrap gives the faults.
func (f Faults) Unwrap() []error { return f }

// Join makes one error of several: nil of none, the one itself of one, else
// flat [Faults].
func Join(errs ...error) error {
	var all Faults
	for _, err := range errs {
		var more Faults
		switch {
		case err == nil:
		case errors.As(err, &more):
			all = append(all, more...)
		default:
			all = append(all, err)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return all[:min(len(all), MaxFaults)]
}

// Under puts a path in front of the field of each error that has one.
func Under(path string, err error) error {
	var many Faults
	if errors.As(err, &many) {
		out := make(Faults, len(many))
		for i, one := range many {
			out[i] = Under(path, one)
		}
		return out
	}
	var e *latchkey.Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	inner := *e
	inner.Field = path
	if e.Field != "" {
		inner.Field += "." + e.Field
	}
	return &inner
}
