package requiredaction

import (
	"strconv"

	"latchkey"
	"latchkey/internal/flow"
)

// terms asks for a yes to the realm's terms.
type terms struct{}

// termsText is the option that holds the text; "text.de" is the same for a
// language.
var termsText = flow.Property{Name: "text", Label: "Text of the terms", Type: "Text", HelpText: "What the page shows; \"text.de\" and the like hold it in a language."}

func (terms) Provider() flow.Provider {
	return described(latchkey.ActionTerms, "Terms and Conditions", termsText)
}
func (terms) Evaluate(*flow.Context) (bool, error) { return false, nil }

func (a terms) Challenge(c *flow.Context) (flow.Outcome, error) {
	return flow.Outcome{Kind: flow.Challenge, Screen: flow.Terms{Text: c.TermsText()}}, nil
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
	u.Attributes[flow.AttributeTerms] = []string{strconv.FormatInt(c.Now.Unix(), 10)}
	if err := c.Tx.UpdateUser(u); err != nil {
		return flow.Outcome{}, err
	}
	return done, record(c, latchkey.EventCustomRequired, map[string]string{"custom_required_action": latchkey.ActionTerms})
}
