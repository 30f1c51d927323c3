package admin

import (
	"strconv"
	"time"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

func (d *Door) eventRoutes() []route {
	since := []param{
		{"dateFrom", text, "a day, 2026-01-31, or unix milliseconds; inclusive"},
		{"dateTo", text, "a day, which is in it whole, or unix milliseconds; inclusive"},
		{"direction", text, "asc for the oldest first, desc for the newest"},
	}
	return []route{
		{method: "GET", path: "/events", may: mayViewEvents, act: d.events, summary: "List events, the newest first",
			query: with(paging, since, []param{{"type", list, "types of events"}, {"client", text, "a clientId"},
				{"user", text, "a user's id"}, {"ipAddress", text, "an address of the network"}}), gives: []representation.Event{}},
		{method: "DELETE", path: "/events", may: mayManageEvents, act: d.deleteEvents, summary: "Delete all events"},
		{method: "GET", path: "/admin-events", may: mayViewEvents, act: d.adminEvents, summary: "List admin events, the newest first",
			query: with(paging, since, []param{{"operationTypes", list, "CREATE, UPDATE, DELETE, ACTION"}, {"resourceTypes", list, "kinds of resources"},
				{"resourcePath", text, "a path below the realm; * stands for any text"}, {"authRealm", text, "the id of the administrator's realm"},
				{"authClient", text, "the id of the client that called"}, {"authUser", text, "the administrator's id"},
				{"authIpAddress", text, "the administrator's address of the network"}}), gives: []representation.AdminEvent{}},
		{method: "DELETE", path: "/admin-events", may: mayManageEvents, act: d.deleteAdminEvents, summary: "Delete all admin events"},
		{method: "GET", path: "/events/config", may: mayViewEvents, act: d.eventsConfig, summary: "Read what the realm records",
			gives: representation.EventsConfig{}},
		{method: "PUT", path: "/events/config", may: mayManageEvents, act: d.updateEventsConfig, summary: "Change what the realm records",
			body: representation.EventsConfig{}},
		{method: "GET", path: "/ui-ext/available-event-listeners", may: mayViewEvents, act: func(c *call) error {
			return c.answer([]listener{{"jboss-logging"}})
		}, summary: "List what events can be sent to: the server's log", gives: []listener{}},
	}
}

type listener struct {
	ID string `json:"id"`
}

// day reads a parameter that is a day or unix milliseconds. A day as an end is
// in the list as a whole.
func (c *call) day(name string, end bool) (time.Time, error) {
	typed := c.text(name)
	if typed == "" {
		return time.Time{}, nil
	}
	if ms, err := strconv.ParseInt(typed, 10, 64); err == nil {
		t := time.UnixMilli(ms).UTC()
		if end {
			t = t.Add(time.Millisecond)
		}
		return t, nil
	}
	t, err := time.Parse(time.DateOnly, typed)
	if err != nil {
		return t, latchkey.Invalid(name, "Expected a day such as 2026-01-31, or unix milliseconds.")
	}
	if end {
		t = t.AddDate(0, 0, 1)
	}
	return t, nil
}

// span reads the parameters of time that both lists of events have.
func (c *call) span() (from, to time.Time, oldestFirst bool, err error) {
	if from, err = c.day("dateFrom", false); err != nil {
		return from, to, false, err
	}
	if to, err = c.day("dateTo", true); err != nil {
		return from, to, false, err
	}
	switch c.text("direction") {
	case "", "desc":
	case "asc":
		oldestFirst = true
	default:
		return from, to, false, latchkey.Invalid("direction", "Expected asc or desc.")
	}
	return from, to, oldestFirst, nil
}

// manyEvents is how many events a list has that does not say.
const manyEvents = 100

func (d *Door) events(c *call) error {
	f := store.EventFilter{UserID: c.text("user"), ClientID: c.text("client"), IPAddress: c.text("ipAddress")}
	for _, t := range c.texts("type") {
		f.Types = append(f.Types, latchkey.EventType(t))
	}
	var err error
	if f.First, f.Max, err = c.page(manyEvents); err != nil {
		return err
	}
	if f.From, f.To, f.OldestFirst, err = c.span(); err != nil {
		return err
	}
	out := []representation.Event{}
	if f.Max == 0 {
		return c.answer(out)
	}
	err = c.view(func(tx *store.Tx) error {
		list, err := tx.Events(c.snap.Realm.ID, f)
		for _, e := range list {
			out = append(out, representation.EventOf(e))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

func (d *Door) adminEvents(c *call) error {
	f := store.AdminEventFilter{Operations: c.texts("operationTypes"), Resources: c.texts("resourceTypes"), ResourcePath: c.text("resourcePath"),
		AuthRealmID: c.text("authRealm"), AuthClientID: c.text("authClient"), AuthUserID: c.text("authUser"), AuthIPAddress: c.text("authIpAddress")}
	var err error
	if f.First, f.Max, err = c.page(manyEvents); err != nil {
		return err
	}
	if f.From, f.To, f.OldestFirst, err = c.span(); err != nil {
		return err
	}
	out := []representation.AdminEvent{}
	if f.Max == 0 {
		return c.answer(out)
	}
	err = c.view(func(tx *store.Tx) error {
		list, err := tx.AdminEvents(c.snap.Realm.ID, f)
		for _, e := range list {
			out = append(out, representation.AdminEventOf(e, true))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

func (d *Door) deleteEvents(c *call) error {
	err := c.update(func(tx *store.Tx) error {
		if err := tx.DeleteEvents(c.snap.Realm.ID); err != nil {
			return err
		}
		return c.record(tx, act{operationDelete, "REALM", "events", nil})
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (d *Door) deleteAdminEvents(c *call) error {
	err := c.update(func(tx *store.Tx) error {
		if err := tx.DeleteAdminEvents(c.snap.Realm.ID); err != nil {
			return err
		}
		return c.record(tx, act{operationDelete, "REALM", "admin-events", nil}) // that it was done stays
	})
	if err != nil {
		return err
	}
	return c.done()
}

func (d *Door) eventsConfig(c *call) error {
	r := representation.RealmOf(c.snap)
	config := representation.EventsConfig{EventsEnabled: r.EventsEnabled, EventsExpiration: r.EventsExpiration,
		EventsListeners: []string{"jboss-logging"}, EnabledEventTypes: r.EnabledEventTypes,
		AdminEventsEnabled: r.AdminEventsEnabled, AdminEventsDetailsEnabled: r.AdminEventsDetailsEnabled}
	if len(config.EnabledEventTypes) == 0 {
		for _, t := range latchkey.EventTypes() {
			config.EnabledEventTypes = append(config.EnabledEventTypes, string(t))
		}
	}
	return c.answer(config)
}

func (d *Door) updateEventsConfig(c *call) error {
	var body representation.EventsConfig
	if err := c.read(&body); err != nil {
		return err
	}
	settings := representation.Realm{EventsEnabled: body.EventsEnabled, EventsExpiration: body.EventsExpiration, EnabledEventTypes: body.EnabledEventTypes,
		AdminEventsEnabled: body.AdminEventsEnabled, AdminEventsDetailsEnabled: body.AdminEventsDetailsEnabled}
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		changed := *snap.Realm
		if err := realm.ApplySettings(&settings, &changed, snap); err != nil {
			return err
		}
		if err := tx.UpdateRealm(&changed); err != nil {
			return err
		}
		return c.record(tx, act{operationUpdate, "REALM", "events/config", body})
	})
	if err != nil {
		return err
	}
	return c.done()
}
