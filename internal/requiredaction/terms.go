package requiredaction

import (
	"strconv"
	"strings"

	"latchkey"
	"latchkey/internal/flow"
)

// terms asks for a yes to the realm's terms.
type terms struct{}

// attributeTerms is the user attribute that says when, in unix seconds.
const attributeTerms = "terms_and_conditions"

// Where the text of the terms stands: the action's option, else the realm's
// attribute; each may have one for a language, as "text.de".
const (
	keyTermsText   = "text"
	realmTermsText = "latchkey.terms"
)

// text is the realm's own text in the person's language; empty when the
// operator has set none.
func (terms) text(c *flow.Context) string {
	lang, _, _ := strings.Cut(c.Login.Locale, "-")
	for _, from := range []struct {
		values map[string]string
		key    string
	}{{c.Config, keyTermsText}, {c.Realm.Realm.Attributes, realmTermsText}} {
		for _, suffix := range []string{c.Login.Locale, lang, ""} {
			key := from.key
			if suffix != "" {
				key += "." + suffix
			}
			if text := from.values[key]; strings.TrimSpace(text) != "" {
				return text
			}
		}
	}
	return ""
}

func (terms) Alias() string                        { return latchkey.ActionTerms }
func (terms) Evaluate(*flow.Context) (bool, error) { return false, nil }

func (a terms) Challenge(c *flow.Context) (flow.Outcome, error) {
	return flow.Outcome{Kind: flow.Challenge, Screen: flow.Terms{Text: a.text(c)}}, nil
}

func (a terms) Action(c *flow.Context) (flow.Outcome, error) {
	switch {
	case c.Form.Get("cancel") != "":
		return flow.Outcome{Kind: flow.Cancelled, Code: "rejected_by_user"}, nil
	case c.Form.Get("accept") == "":
		return a.Challenge(c)
	}
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	if u.Attributes == nil {
		u.Attributes = map[string][]string{}
	}
	u.Attributes[attributeTerms] = []string{strconv.FormatInt(c.Now.Unix(), 10)}
	if err := c.Tx.UpdateUser(u); err != nil {
		return flow.Outcome{}, err
	}
	return done, record(c, latchkey.EventCustomRequired, map[string]string{"custom_required_action": latchkey.ActionTerms})
}
