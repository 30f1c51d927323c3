package flow

import (
	"slices"
	"strconv"
	"strings"

	"latchkey"
)

// Property is one option behind the gear of an execution.
type Property struct {
	Name, Label, HelpText string
	Type                  string // Keycloak's: boolean, String, Text, Role, List, MultivaluedList, MultivaluedString
	Default               string
	Options               []string
	// Number says that the option is a whole number, whatever its type is called:
	// Keycloak describes most numbers as texts.
	Number *Range
	// Each says what is wrong with a value, with each where the option has
	// several; empty when nothing is. May be nil.
	Each func(value string) string
}

// Range bounds a number.
type Range struct {
	Least int
	Most  int // 0: no bound. What is acted on otherwise, and is kept, is within it
}

// String gives the bounds in words.
func (r Range) String() string {
	if r.Most == 0 {
		return strconv.Itoa(r.Least) + " at least"
	}
	return strconv.Itoa(r.Least) + " to " + strconv.Itoa(r.Most)
}

// valueSeparator stands between the values of an option that has several, as in
// Keycloak.
const valueSeparator = "##"

// CheckOptions refuses the first option whose value the step cannot have, with
// its name as the field ("config.…"). Empty options stand for their defaults;
// options that the step does not know, and values that are as before, are left
// alone.
func (p *Provider) CheckOptions(given, before map[string]string) error {
	for i := range p.Properties {
		o := &p.Properties[i]
		value := given[o.Name]
		if value == "" || value == before[o.Name] {
			continue
		}
		if wrong := o.wrong(value); wrong != "" {
			return latchkey.Invalid("config."+o.Name, "%s", wrong)
		}
	}
	return nil
}

// wrong says what a value, which is not empty, should have been.
func (p *Property) wrong(value string) string {
	switch {
	case p.Number != nil:
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil || int(n) < p.Number.Least || p.Number.Most > 0 && int(n) > p.Number.Most {
			return "Expected a whole number, " + p.Number.String() + "."
		}
	case p.Each != nil:
		for one := range strings.SplitSeq(value, valueSeparator) {
			if wrong := p.Each(one); wrong != "" {
				return wrong
			}
		}
	case p.Type == "boolean" && value != "true" && value != "false":
		return "Expected true or false."
	case p.Type == "List" && len(p.Options) > 0 && !slices.Contains(p.Options, value):
		return "Expected one of: " + strings.Join(p.Options, ", ") + "."
	case p.Type == "MultivaluedList" && len(p.Options) > 0:
		for one := range strings.SplitSeq(value, valueSeparator) {
			if !slices.Contains(p.Options, one) {
				return "Expected some of: " + strings.Join(p.Options, ", ") + "; " + valueSeparator + " between them."
			}
		}
	}
	return ""
}
