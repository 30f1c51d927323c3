package admin

import (
	"net/http"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/store"
	"latchkey/internal/web"
)

// newAccess asks for an initial access.
type newAccess struct {
	Expiration *int64   `json:"expiration,omitzero"` // seconds; 0: it does not end
	Count      *int     `json:"count,omitzero"`      // clients
	WebOrigins []string `json:"webOrigins,omitzero"`
}

// initialAccess is Keycloak's ClientInitialAccessPresentation. Timestamp is
// unix seconds, Expiration seconds from then.
type initialAccess struct {
	ID             string   `json:"id"`
	Token          string   `json:"token,omitempty"` // in the answer to its making alone
	Timestamp      int64    `json:"timestamp"`
	Expiration     int64    `json:"expiration"`
	Count          int      `json:"count"`
	RemainingCount int      `json:"remainingCount"`
	WebOrigins     []string `json:"webOrigins,omitempty"`
}

func (d *Door) initialAccessRoutes() []route {
	const path = "/clients-initial-access"
	return []route{
		{method: "GET", path: path, may: mayViewClients, act: d.initialAccesses, summary: "List what lets others register clients", query: paging,
			gives: []initialAccess{}},
		{method: "POST", path: path, may: mayManageClients, act: d.createInitialAccess, body: newAccess{}, gives: initialAccess{}, status: http.StatusCreated,
			summary: "Let whoever has the token that is answered register clients"},
		{method: "DELETE", path: path + "/{access}", may: mayManageClients, act: d.deleteInitialAccess, summary: "Take an initial access back"},
	}
}

func accessOf(a *latchkey.InitialAccess) initialAccess {
	r := initialAccess{ID: a.ID, Timestamp: a.CreatedAt.Unix(), Count: a.Count, RemainingCount: a.Remaining, WebOrigins: a.WebOrigins}
	if !a.ExpiresAt.IsZero() {
		r.Expiration = a.ExpiresAt.Unix() - r.Timestamp
	}
	return r
}

func (d *Door) initialAccesses(c *call) error {
	return inParts(c, everything, func(first, limit int) (out []initialAccess, err error) {
		err = c.view(func(tx *store.Tx) error {
			list, err := tx.InitialAccesses(c.snap.Realm.ID, first, limit)
			for _, a := range list {
				out = append(out, accessOf(a))
			}
			return err
		})
		return out, err
	})
}

// The most that an initial access may be good for: ten years, and a realm's
// worth of clients.
const (
	maxAccessSeconds = 10 * 365 * 24 * 3600
	maxAccessCount   = 100_000
)

// resourceAccess is the type of an initial access in admin events.
const resourceAccess = "CLIENT_INITIAL_ACCESS_MODEL"

func (d *Door) createInitialAccess(c *call) error {
	var body newAccess
	if err := c.read(&body); err != nil {
		return err
	}
	seconds, count := representation.Value(body.Expiration), representation.Value(body.Count)
	switch {
	case seconds < 0 || seconds > maxAccessSeconds:
		return &restError{status: http.StatusBadRequest, Message: "invalid_input", Detail: "expiration: Expected seconds, 0 for no end, ten years at most.", Field: "expiration"}
	case count < 0 || count > maxAccessCount:
		return &restError{status: http.StatusBadRequest, Message: "invalid_input", Detail: "count: Expected how many clients may be registered.", Field: "count"}
	}
	if body.Count == nil {
		count = 1
	}
	now := d.Now().Truncate(time.Second)
	a := &latchkey.InitialAccess{RealmID: c.snap.Realm.ID, ID: secret.NewID(), CreatedAt: now, Count: count, Remaining: count, WebOrigins: body.WebOrigins}
	if seconds > 0 {
		a.ExpiresAt = now.Add(time.Duration(seconds) * time.Second)
	}
	signed, err := d.Signer.MintInitialAccess(c.r.Context(), c.snap, d.Site.Issuer(c.snap.Realm.Name), a)
	if err != nil {
		return err
	}
	shown := accessOf(a)
	err = c.update(func(tx *store.Tx) error {
		made := *a
		if err := tx.CreateInitialAccess(&made); err != nil {
			return err
		}
		return c.record(tx, act{operationCreate, resourceAccess, "clients-initial-access/" + a.ID, shown})
	})
	if err != nil {
		return err
	}
	shown.Token = signed
	c.w.Header().Set("Location", c.address("clients-initial-access", a.ID))
	return web.WriteJSON(c.w, http.StatusCreated, shown)
}

func (d *Door) deleteInitialAccess(c *call) error {
	err := c.update(func(tx *store.Tx) error {
		there, err := tx.DeleteInitialAccess(c.snap.Realm.ID, c.path("access"))
		if err != nil || !there { // gone is gone
			return err
		}
		return c.record(tx, act{operationDelete, resourceAccess, "clients-initial-access/" + c.path("access"), nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}
