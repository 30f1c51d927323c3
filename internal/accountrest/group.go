package accountrest

import (
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// groups lists the groups that the person is in.
func (d *Door) groups(c *call) error {
	out := []representation.AccountGroup{}
	err := c.view(func(_ *store.Tx, b *token.Bearer) error {
		for _, m := range b.Holdings.Memberships {
			out = append(out, representation.AccountGroup{ID: m.Group.ID, Name: m.Group.Name, Path: m.Path()})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// linkedAccounts lists accounts at other places that sign the person in; there
// are none while there are no identity providers.
func (d *Door) linkedAccounts(c *call) error {
	if err := c.view(func(*store.Tx, *token.Bearer) error { return nil }); err != nil {
		return err
	}
	return c.answer([]struct{}{})
}
