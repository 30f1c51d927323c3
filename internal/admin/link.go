package admin

import (
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// pendingRoutes are about the links that are out. The secret of a link is kept
// nowhere and so is told nowhere.
func (d *Door) pendingRoutes() []route {
	filter := with(paging, []param{
		{"kind", text, "magic-link, ext-magic-link (made by the API), verify-email, ..."}, {"clientId", text, "the clientId of an application"},
		{"all", flag, "true: those that were used or have expired, too, as long as they are kept"},
	})
	return []route{
		{method: "GET", path: "/links", may: mayViewUsers, act: d.links, summary: "List links that are out, the newest first",
			query: with(filter, []param{{"address", text, "to whom they were mailed"}, {"search", text, "part of that address, or of whose they are"}}), gives: []representation.Link{}},
		{method: "GET", path: "/links/{id}", may: mayViewUsers, act: d.link, summary: "Read a link", gives: representation.Link{}},
		{method: "DELETE", path: "/links/{id}", may: mayManageUsers, act: d.revokeLink, summary: "Revoke a link: it signs nobody in any more"},
		{method: "GET", path: "/users/{id}/links", may: mayViewUsers, act: d.userLinks, summary: "List a user's links that are out",
			query: filter, gives: []representation.Link{}},
		{method: "DELETE", path: "/users/{id}/links", may: mayManageUsers, act: d.revokeUserLinks, summary: "Revoke a user's links, every one"},
	}
}

func (c *call) linkFilter() (f store.LinkFilter, err error) {
	if kind := latchkey.TokenKind(c.text("kind")); kind != "" && !slices.Contains(latchkey.TokenKinds, kind) {
		return f, latchkey.Invalid("kind", "Expected one of: %s.", words(latchkey.TokenKinds))
	}
	f.Kind, f.Address, f.Pending = latchkey.TokenKind(c.text("kind")), c.text("address"), !c.flag("all", false)
	f.Search = c.text("search")
	if id := c.text("clientId"); id != "" {
		client := c.snap.ClientByClientID(id)
		if client == nil {
			return f, latchkey.Invalid("clientId", "No client has this clientId.")
		}
		f.ClientID = client.ID
	}
	f.First, f.Max, err = c.page(100)
	return f, err
}

func (d *Door) links(c *call) error {
	f, err := c.linkFilter()
	if err != nil {
		return err
	}
	return d.listLinks(c, f)
}

func (d *Door) userLinks(c *call) error {
	f, err := c.linkFilter()
	if err != nil {
		return err
	}
	user, err := c.whose()
	if err != nil {
		return err
	}
	f.UserID, f.Address = user.ID, user.Email
	return d.listLinks(c, f)
}

func (d *Door) listLinks(c *call, f store.LinkFilter) error {
	out := []representation.Link{}
	err := c.view(func(tx *store.Tx) error {
		list, err := tx.ActionTokens(c.snap.Realm.ID, f)
		for _, t := range list {
			out = append(out, representation.LinkOf(t, c.clientID(t.ClientID), tx.Now()))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// words gives a list in one line.
func words[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, one := range list {
		out[i] = string(one)
	}
	return strings.Join(out, ", ")
}

const noLink = "Link not found"

func (d *Door) link(c *call) error {
	var out representation.Link
	err := c.view(func(tx *store.Tx) error {
		t, err := tx.ActionToken(c.snap.Realm.ID, c.path("id"))
		if err != nil {
			return notFound(err, noLink)
		}
		out = representation.LinkOf(t, c.clientID(t.ClientID), tx.Now())
		return nil
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// revokeLink makes a link void. One that is used, expired or revoked is over: who
// revokes it learns that.
func (d *Door) revokeLink(c *call) error {
	id := c.path("id")
	err := c.update(func(tx *store.Tx) error {
		if _, err := tx.ActionToken(c.snap.Realm.ID, id); err != nil {
			return notFound(err, noLink)
		}
		switch was, err := tx.VoidActionToken(c.snap.Realm.ID, id); {
		case err != nil:
			return err
		case !was:
			return tellError(http.StatusConflict, "This link is used, revoked or has expired: it signs nobody in any more.")
		}
		return c.record(tx, act{operationDelete, "LINK", "links/" + id, nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (d *Door) revokeUserLinks(c *call) error {
	user, err := c.whose()
	if err != nil {
		return err
	}
	id := c.snap.Realm.ID
	err = c.update(func(tx *store.Tx) error {
		for {
			list, err := tx.ActionTokens(id, store.LinkFilter{UserID: user.ID, Address: user.Email, Pending: true, Max: 500})
			if err != nil {
				return err
			}
			if len(list) == 0 {
				return c.record(tx, act{operationDelete, "LINK", "users/" + user.ID + "/links", nil})
			}
			for _, t := range list {
				if _, err := tx.VoidActionToken(id, t.ID); err != nil {
					return err
				}
			}
		}
	})
	if err != nil {
		return err
	}
	return c.done()
}
