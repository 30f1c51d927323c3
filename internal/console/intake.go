package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/page"
)

// intake is what came of taking what was typed.
type intake struct {
	before map[string]shown // the settings as they are
	faults []page.FieldError
	status int // of an answer with the faults
	// was is what the next page carries of what the settings were. One that says
	// what somebody else changed carries what there is now, so that sending it
	// again overwrites; others are the places that it shows anew.
	was    string
	others map[string]bool
}

// take puts what was typed into the representation, but for what only somebody
// else changed meanwhile.
func (f form) take(v *visit, rep map[string]any) intake {
	t := intake{before: f.shown(v, rep), status: http.StatusBadRequest, was: v.R.Form.Get(shownField)}
	was, others := carried(v.R.Form), map[string]bool{}
	var both []page.FieldError
	for _, sec := range f.sections(v, rep) {
		for _, s := range sec.Settings {
			kept, fault := was.meanwhile(t.before[s.At], s.typed(v.R.Form))
			if fault != nil {
				both = append(both, *fault)
			}
			if others[s.At] = kept; kept {
				continue
			}
			if fault := s.take(v.R.Form, rep); fault != nil {
				t.faults = append(t.faults, *fault)
			}
		}
	}
	if tried := v.R.Form.Get("act") != ""; len(both) > 0 && !tried {
		t.faults = append(append([]page.FieldError{{Message: "console.error.meanwhile.top"}}, both...), t.faults...)
		t.status, t.was, t.others = http.StatusConflict, digestsOf(t.before).encode(), others
	}
	return t
}

// take puts what was typed into the representation. What is wrong is a
// sentence for the field, and nothing is put there.
func (s setting) take(form url.Values, rep map[string]any) *page.FieldError {
	fault := func(key string, args ...any) *page.FieldError {
		return &page.FieldError{Field: s.At, Message: key, Args: args}
	}
	typed := strings.TrimSpace(strings.ReplaceAll(s.sent(form), "\r\n", "\n"))
	switch s.Kind {
	case kindShown, kindWhen:
		return nil
	case kindSecret:
		if typed != "" {
			s.write(rep, form.Get(s.At)) // with every blank
		} else if s.Required {
			return fault("console.error.required")
		}
		return nil
	case kindFlag:
		s.write(rep, s.scalar(typed != ""))
		return nil
	case kindChecks, kindLines:
		list := form[s.At]
		if s.Kind == kindLines {
			list = strings.Split(typed, "\n")
		}
		return s.takeList(list, rep)
	case kindMap:
		return s.takeMap(typed, rep)
	}
	if typed == "" {
		if s.Required {
			return fault("console.error.required")
		}
		if s.Kind == kindNumber || s.Kind == kindDuration {
			if _, had := s.read(rep); !had {
				return nil // was not said, and still is not
			}
			s.write(rep, s.none())
			return nil
		}
		s.write(rep, "")
		return nil
	}
	switch s.Kind {
	case kindNumber, kindDuration:
		n, err := strconv.Atoi(typed)
		if err != nil {
			return fault("console.error.number")
		}
		if s.Kind == kindDuration {
			unit, err := strconv.Atoi(form.Get(s.At + "~unit"))
			if err != nil || unit < 1 || unit > 86400 {
				return fault("console.error.number")
			}
			if most := (1<<31 - 1) / unit; n > most {
				return fault("console.error.most", most)
			}
			n *= unit
		}
		if n < s.Least {
			return fault("console.error.least", s.Least)
		}
		if s.Most > 0 && n > s.Most {
			return fault("console.error.most", s.Most)
		}
		s.write(rep, s.scalar(n))
	case kindChoice:
		if !slices.ContainsFunc(s.Options, func(o option) bool { return o.Value == typed }) {
			return fault("console.error.choice")
		}
		s.write(rep, s.fitting(rep, typed))
	default:
		if s.Wrong != nil {
			if key := s.Wrong(typed); key != "" {
				return fault(key, typed)
			}
		}
		s.write(rep, typed)
	}
	return nil
}

// none is what takes a number away: to the API, null is a number that stays.
func (s setting) none() any {
	if s.isText() {
		return nil
	}
	return 0
}

// fitting keeps a choice of numbers a number, and one of truth a truth.
func (s setting) fitting(rep map[string]any, typed string) any {
	was, _ := s.read(rep)
	switch was.(type) {
	case float64:
		if n, err := strconv.Atoi(typed); err == nil {
			return n
		}
	case bool:
		return typed == "true"
	}
	return typed
}

// scalar is a flag or a number as the API keeps it there.
func (s setting) scalar(value any) any {
	if !s.isText() {
		return value
	}
	switch v := value.(type) {
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	}
	return value
}

func (s setting) takeList(list []string, rep map[string]any) *page.FieldError {
	out := []any{}
	var parts []string
	had, _ := s.read(rep)
	for _, one := range list {
		if one = strings.TrimSpace(one); one != "" {
			if s.Wrong != nil && !slices.Contains(texts(had, s.Joined), one) {
				if key := s.Wrong(one); key != "" {
					return &page.FieldError{Field: s.At, Message: key, Args: []any{one}}
				}
			}
			out, parts = append(out, one), append(parts, one)
		}
	}
	if s.Required && len(out) == 0 {
		return &page.FieldError{Field: s.At, Message: "console.error.required"}
	}
	if s.Joined != "" {
		s.write(rep, strings.Join(parts, s.Joined))
	} else {
		s.write(rep, out)
	}
	return nil
}

func (s setting) takeMap(typed string, rep map[string]any) *page.FieldError {
	m, pairs := map[string]any{}, []keyValue{}
	for line := range strings.SplitSeq(typed, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return &page.FieldError{Field: s.At, Message: "console.error.map", Args: []any{line}}
		}
		value = strings.TrimSpace(value)
		pairs = append(pairs, keyValue{name, value})
		if s.Joined == "" && !s.JSON { // several values a name, as attributes of users
			list, _ := m[name].([]any)
			m[name] = append(list, value)
		} else {
			m[name] = value
		}
	}
	var keep any = m
	switch {
	case s.KeyValue:
		keep = pairs
	case !s.JSON:
		s.write(rep, m)
		return nil
	}
	kept := ""
	if len(m) > 0 {
		b, err := json.Marshal(keep)
		if err != nil {
			return &page.FieldError{Field: s.At, Message: "console.error.map", Args: []any{typed}}
		}
		kept = string(b)
	}
	s.write(rep, kept)
	return nil
}
