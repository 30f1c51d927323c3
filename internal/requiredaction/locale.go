package requiredaction

import (
	"slices"

	"latchkey"
	"latchkey/internal/flow"
)

// updateLocale keeps the language that the person chose while they signed in
// (kc_locale, ui_locales): their mails and pages are in it from then on. It
// has no page.
type updateLocale struct{}

func (updateLocale) Provider() flow.Provider {
	return described(latchkey.ActionUpdateLocale, "Update User Locale")
}

// Evaluate does it at once, where the realm has several languages. A language
// that is only the browser's is nobody's choice.
func (updateLocale) Evaluate(c *flow.Context) (bool, error) {
	realm := c.Realm.Realm
	if !realm.InternationalizationEnabled || !c.Login.LocaleChosen || c.Login.Locale == "" {
		return false, nil
	}
	u, err := c.User()
	if err != nil || u == nil || slices.Equal(u.Attributes[latchkey.AttributeLocale], []string{c.Login.Locale}) {
		return false, err
	}
	if u, err = c.Tx.LockUser(u.RealmID, u.ID); err != nil {
		return false, err
	}
	before := u.Locale()
	if u.Attributes == nil {
		u.Attributes = map[string][]string{}
	}
	u.Attributes[latchkey.AttributeLocale] = []string{c.Login.Locale}
	if err := c.Tx.UpdateUser(u); err != nil {
		return false, err
	}
	return false, record(c, latchkey.EventUpdateProfile, map[string]string{"context": latchkey.ActionUpdateLocale,
		"previous_locale": before, "updated_locale": c.Login.Locale})
}

// Challenge and Action have nothing to ask.
func (updateLocale) Challenge(*flow.Context) (flow.Outcome, error) { return done, nil }

// Action is never called: there is no page.
func (updateLocale) Action(*flow.Context) (flow.Outcome, error) { return done, nil }
