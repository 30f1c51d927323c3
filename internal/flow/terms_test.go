package flow_test

import (
	"testing"

	"latchkey"
	"latchkey/internal/flow"
)

// The text of the terms is the operator's: of the action, else of the realm,
// in the person's language where there is one for it.
func TestTermsText(t *testing.T) {
	for name, test := range map[string]struct {
		config, realm map[string]string
		locale, want  string
	}{
		"none":                  {nil, nil, "en", ""},
		"blank":                 {map[string]string{"text": " \n"}, nil, "en", ""},
		"the action's":          {map[string]string{"text": "a"}, map[string]string{"latchkey.terms": "r", "latchkey.terms.de": "rd"}, "de", "a"},
		"the action's, German":  {map[string]string{"text": "a", "text.de": "ad"}, nil, "de", "ad"},
		"the realm's":           {nil, map[string]string{"latchkey.terms": "r", "latchkey.terms.de": "rd"}, "en", "r"},
		"the realm's, German":   {map[string]string{"text": ""}, map[string]string{"latchkey.terms": "r", "latchkey.terms.de": "rd"}, "de", "rd"},
		"a region's language":   {nil, map[string]string{"latchkey.terms": "r", "latchkey.terms.de": "rd"}, "de-AT", "rd"},
		"a region's own":        {nil, map[string]string{"latchkey.terms.de": "rd", "latchkey.terms.de-AT": "ra"}, "de-AT", "ra"},
		"no language is known":  {nil, map[string]string{"latchkey.terms": "r"}, "", "r"},
		"only for another one":  {nil, map[string]string{"latchkey.terms.de": "rd"}, "en", ""},
		"nothing under a stub.": {nil, map[string]string{"latchkey.terms.": "x"}, "", ""},
	} {
		snap := &latchkey.Snapshot{Realm: &latchkey.Realm{Attributes: test.realm},
			RequiredActions: []*latchkey.RequiredAction{{Alias: latchkey.ActionTerms, Config: test.config}}}
		c := &flow.Context{Login: &latchkey.Login{Locale: test.locale}, Realm: snap.Index()}
		if got := c.TermsText(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
