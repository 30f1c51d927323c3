package admin

import (
	"errors"
	"net/http"
	"slices"

	"latchkey"
	"latchkey/internal/actiontoken"
	"latchkey/internal/outbox"
	"latchkey/internal/page"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// Mail has no place in Keycloak's API; these resources are Latchkey's own, in
// the same style. They never tell a secret, nor what a mail says.
func (d *Door) mailRoutes() []route {
	filter := []param{
		{"state", text, "queued, handed_over, failed, expired or withheld"}, {"kind", text, "magic-link, verify-email, api-link, ..."},
		{"dateFrom", text, "a day, 2026-01-31, or unix milliseconds; inclusive"},
		{"dateTo", text, "a day, which is in it whole, or unix milliseconds; inclusive"},
	}
	return []route{
		{method: "GET", path: "/messages", may: mayViewUsers, act: d.messages, summary: "List mails that were promised, the newest first",
			query: with(paging, filter, []param{{"address", text, "to whom"}, {"search", text, "part of the address"}}), gives: []representation.Message{}},
		{method: "GET", path: "/messages/statistics", may: mayViewMail, act: d.mailStatistics, summary: "Read how mail is delivered",
			query: []param{filter[2], filter[3], {"step", number, "seconds of an interval; an hour when it is not given"}}, gives: mailStatistics{}},
		{method: "GET", path: "/mail", may: mayViewMail, act: d.mailRoute, summary: "Read where mails of the realm go, and how the relays are",
			gives: mailRoute{}},
		{method: "GET", path: "/messages/{id}", may: mayViewUsers, act: d.message, summary: "Read a mail with each try and what the relay said",
			gives: representation.Message{}},
		{method: "POST", path: "/messages/{id}/resend", may: mayManageUsers, act: d.resendMessage,
			summary: "Promise a mail anew, with a new link", status: http.StatusCreated},
		{method: "POST", path: "/messages/{id}/cancel", may: mayManageUsers, act: d.cancelMessage,
			summary: "Keep a mail that waits from being sent; its link is void"},
		{method: "GET", path: "/users/{id}/messages", may: mayViewUsers, act: d.userMessages, summary: "List the mails to a user's address, the newest first",
			query: with(paging, filter), gives: []representation.Message{}},
	}
}

// messageFilter reads which messages are asked for.
func (c *call) messageFilter() (f store.MessageFilter, err error) {
	states := []latchkey.MessageState{"", latchkey.MessageQueued, latchkey.MessageHandedOver, latchkey.MessageFailed, latchkey.MessageExpired, latchkey.MessageWithheld}
	f.State, f.Kind = latchkey.MessageState(c.text("state")), latchkey.MessageKind(c.text("kind"))
	f.Address, f.Search = c.text("address"), c.text("search")
	if !slices.Contains(states, f.State) {
		return f, latchkey.Invalid("state", "Expected queued, handed_over, failed, expired or withheld.")
	}
	if f.Kind != "" && !slices.Contains(latchkey.MessageKinds, f.Kind) {
		return f, latchkey.Invalid("kind", "Expected one of: %s.", words(latchkey.MessageKinds))
	}
	if f.From, err = c.day("dateFrom", false); err != nil {
		return f, err
	}
	if f.To, err = c.day("dateTo", true); err != nil {
		return f, err
	}
	f.First, f.Max, err = c.page(100)
	return f, err
}

func (d *Door) messages(c *call) error {
	f, err := c.messageFilter()
	if err != nil {
		return err
	}
	return d.listMessages(c, f)
}

func (d *Door) userMessages(c *call) error {
	f, err := c.messageFilter()
	if err != nil {
		return err
	}
	user, err := c.whose()
	if err != nil {
		return err
	}
	if f.Address = user.Email; f.Address == "" {
		return c.answer([]representation.Message{})
	}
	return d.listMessages(c, f)
}

// whose is the user that the path names.
func (c *call) whose() (user *latchkey.User, err error) {
	err = c.view(func(tx *store.Tx) error {
		user, err = tx.User(c.snap.Realm.ID, c.path("id"))
		return notFound(err, "User not found")
	})
	return user, err
}

func (d *Door) listMessages(c *call, f store.MessageFilter) error {
	out := []representation.Message{}
	err := c.view(func(tx *store.Tx) error {
		list, err := tx.Messages(c.snap.Realm.ID, f)
		for _, m := range list {
			out = append(out, representation.MessageOf(m, c.clientID(m.ClientID)))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// clientID is the clientId of a client's internal id; empty when it is gone.
func (c *call) clientID(id string) string {
	if client := c.snap.ClientByID(id); client != nil {
		return client.ClientID
	}
	return ""
}

const noMessage = "Message not found"

func (d *Door) message(c *call) error {
	var out representation.Message
	err := c.view(func(tx *store.Tx) error {
		r, err := outbox.Status(tx, c.snap.Realm.ID, c.path("id"))
		if err != nil {
			return notFound(err, noMessage)
		}
		out = representation.MessageOf(r.Message, c.clientID(r.Message.ClientID))
		out.Opened(r.Opened, r.Opens, r.Redeemed)
		if out.Subject, err = d.subject(tx, c.snap, r.Message); err != nil {
			return err
		}
		out.Tries = []representation.DeliveryAttempt{}
		for _, a := range r.Attempts {
			out.Tries = append(out.Tries, representation.DeliveryAttemptOf(a))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// subject is that of a mail, in the language that it has.
func (d *Door) subject(tx *store.Tx, snap *latchkey.Snapshot, m *latchkey.Message) (string, error) {
	f := page.Facts{Message: m, Realm: snap.Realm, Client: snap.ClientByID(m.ClientID), BaseURL: d.Site.URL()}
	if m.UserID != "" {
		u, err := tx.User(snap.Realm.ID, m.UserID)
		if err != nil && latchkey.ErrorCode(err) != latchkey.CodeNotFound {
			return "", err
		}
		f.User = u
	}
	return d.Pages.Subject(f)
}

func (d *Door) resendMessage(c *call) error {
	var sent *latchkey.Message
	err := c.update(func(tx *store.Tx) error {
		m, err := outbox.Resend(tx, c.snap.Realm, c.path("id"), actiontoken.Issue)
		if err != nil {
			return gone(notFound(err, noMessage))
		}
		sent = m
		return c.record(tx, act{operationAction, "MESSAGE", "messages/" + c.path("id") + "/resend", nil})
	})
	if err != nil {
		return err
	}
	return c.created("messages", sent.ID)
}

// gone answers 409 for what is over: it cannot be done any more, and asking
// again will not help.
func gone(err error) error {
	var e *latchkey.Error
	if errors.As(err, &e) && (e.Code == latchkey.CodeExpired || e.Code == latchkey.CodeConflict) {
		return tellError(http.StatusConflict, e.Message)
	}
	return err
}

func (d *Door) cancelMessage(c *call) error {
	err := c.update(func(tx *store.Tx) error {
		if err := outbox.Cancel(tx, c.snap.Realm, c.path("id")); err != nil {
			return gone(notFound(err, noMessage))
		}
		return c.record(tx, act{operationAction, "MESSAGE", "messages/" + c.path("id") + "/cancel", nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}
