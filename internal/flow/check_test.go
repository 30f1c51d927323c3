package flow_test

import (
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/flow"
)

// TestCheck: what of a flow does not do what it looks like is named, once each,
// and nothing else.
func TestCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		tree string
		want []string // a part of each warning, in order
	}{
		"alternatives":                           {"A no-cookie\nA ask-form", nil},
		"a second factor that may not apply":     {"R who-form\nC twofactor:\n\tR conditional-yes\n\tR ask-otp", nil},
		"an alternative beside what is required": {"R who-form\nA ask-other", []string{`"ask-other" is an alternative beside "who-form"`}},
		"an alternative beside what is conditional": {"C maybe:\n\tR conditional-yes\n\tR ask-otp\nA ask-other",
			[]string{`"ask-other" is an alternative beside "maybe"`}},
		"alternatives beside a condition":      {"C maybe:\n\tR conditional-yes\n\tA ask-otp\n\tA ask-key", nil},
		"nothing switched on":                  {"D ask-form", []string{"No step of"}},
		"nothing switched on below":            {"A below:\n\tD ask-form", []string{"No step of \"below\""}},
		"conditional without a condition":      {"R who-form\nC maybe:\n\tR ask-otp", []string{`"maybe" is conditional and has no condition`}},
		"a condition that is switched off":     {"R who-form\nC maybe:\n\tD conditional-yes\n\tR ask-otp", []string{`"maybe" is conditional and has no condition`}},
		"a condition where none is":            {"R conditional-yes\nR ask-form", []string{"decides nothing here"}},
		"a conditional step":                   {"R who-form\nC ask-otp", []string{`"ask-otp" is no sub-flow`}},
		"not built":                            {"A unbuilt-step\nA ask-form", []string{`"unbuilt-step" is not built`}},
		"not built and switched off":           {"D unbuilt-step\nA ask-form", nil},
		"not built below what is switched off": {"A ask-form\nD below:\n\tR unbuilt-step", nil},
	} {
		w := newWorld(t, tc.tree)
		var got []string
		for _, warning := range flow.Check(w.registry, w.snap, w.snap.Flow(w.login.FlowID), flow.InBrowser) {
			if !warning.Nobody { // see TestPassable
				got = append(got, warning.Text)
			}
		}
		ok := len(got) == len(tc.want)
		for i := range tc.want {
			ok = ok && strings.Contains(got[i], tc.want[i])
		}
		if !ok {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestCheckEnds: a flow below itself, which no import lets in, ends.
func TestCheckEnds(t *testing.T) {
	w := newWorld(t, "R below:\n\tR ask-form")
	for _, f := range w.snap.Flows {
		if f.Alias == "below" {
			f.Executions = append(f.Executions, latchkey.Execution{ID: "x", FlowID: f.ID, Requirement: latchkey.Required})
		}
	}
	if got := flow.Check(w.registry, w.snap, w.snap.Flow(w.login.FlowID), flow.AnyUse); len(got) != 2 || !got[0].Nobody || !strings.Contains(got[1].Text, "levels deep") {
		t.Errorf("%+v", got)
	}
}
