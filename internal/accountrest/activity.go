package accountrest

import (
	"net/url"
	"strconv"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// activityKept is how far back the person sees what happened.
const activityKept = 90 * 24 * time.Hour

// How many events are listed at once.
const (
	activityDefault = 50
	activityMost    = 100
)

// told are the events that mean something to the person whose account it is.
// What only applications do, such as refreshing tokens, is left out.
var told = []latchkey.EventType{
	latchkey.EventLogin, latchkey.EventLoginError, latchkey.EventRegister, latchkey.EventLogout,
	latchkey.EventUpdateProfile, latchkey.EventUpdateEmail, latchkey.EventUpdatePassword, latchkey.EventVerifyEmail,
	latchkey.EventRemoveCredential, latchkey.EventUpdateCredential, "UPDATE_TOTP", "REMOVE_TOTP",
	latchkey.EventGrantConsent, latchkey.EventUpdateConsent, latchkey.EventRevokeGrant,
	latchkey.EventMailHandedOver, latchkey.EventMailFailed, latchkey.EventLinkApproved, latchkey.EventLinkReported,
	latchkey.EventCodeRefused,
}

// activity lists what happened to the person's account within the last 90
// days, the newest first: Latchkey's own resource. An event's details are left
// out: they may name addresses that are not the person's.
func (d *Door) activity(c *call) error {
	query, err := web.Query(c.r)
	if err != nil {
		return err
	}
	first, most, err := paging(query)
	if err != nil {
		return err
	}
	out := []representation.Activity{}
	err = c.view(func(tx *store.Tx, b *token.Bearer) error {
		list, err := tx.Events(c.snap.Realm.ID, store.EventFilter{UserID: b.User.ID, Types: told, From: tx.Now().Add(-activityKept), First: first, Max: most})
		for _, e := range list {
			a := representation.Activity{ID: e.ID, Time: e.Time.UnixMilli(), Type: string(e.Type), ClientID: e.ClientID, IPAddress: e.IPAddress, Error: e.Error}
			if client := c.snap.ClientByClientID(e.ClientID); client != nil {
				a.ClientName = c.title(client)
			}
			out = append(out, a)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// paging reads first and max. What is no number in range, and what the
// resource does not have, is refused.
func paging(query url.Values) (first, most int, err error) {
	most = activityDefault
	for name := range query {
		into, limit := &first, 1_000_000
		switch name {
		case "first":
		case "max":
			into, limit = &most, activityMost
		default:
			return 0, 0, latchkey.Invalid(name, "There is no such parameter here: first and max are.")
		}
		n, err := strconv.Atoi(query.Get(name))
		if err != nil || n < 0 || n > limit || (name == "max" && n == 0) {
			return 0, 0, latchkey.Invalid(name, "This is a number up to %d.", limit)
		}
		*into = n
	}
	return first, most, nil
}
