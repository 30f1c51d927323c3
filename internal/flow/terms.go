package flow

import (
	"strings"

	"latchkey"
)

// Where the text of the terms stands: the option of the required action, else
// the realm's attribute; each may have one for a language, as "text.de".
const (
	keyTermsText   = "text"
	realmTermsText = "latchkey.terms"
)

// AttributeTerms is the user attribute that says when the terms were agreed
// to, in unix seconds.
const AttributeTerms = "terms_and_conditions"

// TermsText is the realm's own text of its terms in the person's language;
// empty when the operator has set none.
func (c *Context) TermsText() string {
	var config map[string]string
	if a := c.Realm.RequiredAction(latchkey.ActionTerms); a != nil {
		config = a.Config
	}
	lang, _, _ := strings.Cut(c.Login.Locale, "-")
	for _, from := range []struct {
		values map[string]string
		key    string
	}{{config, keyTermsText}, {c.Realm.Realm.Attributes, realmTermsText}} {
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
