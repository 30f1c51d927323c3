package profile

import (
	"maps"
	"slices"

	"latchkey"
)

// The validators whose bounds are counts, and those whose bounds are any number.
var (
	counting  = map[string][]string{"length": {"min", "max"}, "multivalued": {"min", "max"}, "email": {"max-local-length"}}
	measuring = map[string][]string{"integer": {"min", "max"}, "double": {"min", "max"}}
)

// oddRules says which validators of an attribute have bounds that nothing can be
// held against: they are no numbers, or the greater one is the least.
func oddRules(a *latchkey.ProfileAttribute, wrong func(format string, args ...any)) {
	for _, rule := range slices.Sorted(maps.Keys(a.Validations)) {
		settings := a.Validations[rule]
		for _, name := range counting[rule] {
			if n, ok := wholeNumber(settings[name]); given(settings[name]) && (!ok || n < 0) {
				wrong("'%s' of validator '%s' for attribute '%.80s' is a whole number, 0 or more", name, rule, a.Name)
			}
		}
		for _, name := range measuring[rule] {
			if _, ok := decimal(settings[name]); given(settings[name]) && !ok {
				wrong("'%s' of validator '%s' for attribute '%.80s' is a number", name, rule, a.Name)
			}
		}
		least, hasLeast := decimal(settings["min"])
		most, hasMost := decimal(settings["max"])
		if len(counting[rule])+len(measuring[rule]) > 1 && hasLeast && hasMost && most < least {
			wrong("'max' of validator '%s' for attribute '%.80s' is less than its least value", rule, a.Name)
		}
	}
}

// given says that a setting says something.
func given(value any) bool { return value != nil && value != "" }
