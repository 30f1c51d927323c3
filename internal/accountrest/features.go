package accountrest

import (
	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// supportedLocales lists the languages that people of the realm may choose.
func (d *Door) supportedLocales(c *call) error {
	if err := c.view(func(*store.Tx, *token.Bearer) error { return nil }); err != nil {
		return err
	}
	if !c.snap.Realm.InternationalizationEnabled {
		return c.answer([]string{})
	}
	return c.answer(d.Pages.Locales(c.snap.Realm))
}

// Aliases of required actions that a person may begin.
const (
	actionDeleteAccount = "delete_account"
	actionUpdateEmail   = "UPDATE_EMAIL"
)

// features says what the realm lets the person do about their account:
// Latchkey's own resource, with the names that Keycloak's console has.
func (d *Door) features(c *call) error {
	realm := c.snap.Realm
	on := func(alias string) bool {
		a := c.snap.RequiredAction(alias)
		return a != nil && a.Enabled
	}
	out := representation.AccountFeatures{RegistrationEmailAsUsername: realm.RegistrationEmailAsUsername, EditUsernameAllowed: realm.EditUsernameAllowed,
		UpdateEmailFeatureEnabled: true, UpdateEmailActionEnabled: on(actionUpdateEmail) && c.may(manageAccount),
		ViewApplicationsEnabled: c.may(manageAccount, viewApplications), ViewGroupsEnabled: c.may(manageAccount, viewGroups), EventsEnabled: c.snap.Realm.EventsEnabled}
	err := c.view(func(_ *store.Tx, b *token.Bearer) error {
		out.DeleteAccountAllowed = on(actionDeleteAccount) && holds(c.snap, b.Holdings, deleteAccount)
		return nil
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// holds says whether the person has a role of the client account.
func holds(snap *latchkey.Snapshot, h *latchkey.Holdings, name string) bool {
	client := snap.ClientByClientID(accountClient)
	for _, role := range snap.ExpandRoles(h.RoleIDs()) {
		if client != nil && role.ClientID == client.ID && role.Name == name {
			return true
		}
	}
	return false
}
