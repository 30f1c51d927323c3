package console_test

import (
	"net/http"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/store"
)

// happened writes an event of realm demo.
func (w *world) happened(e latchkey.Event) {
	w.t.Helper()
	e.RealmID = w.s.Snapshot("demo").Realm.ID
	w.s.Update(func(tx *store.Tx) error { return tx.CreateEvent(&e) })
}

// Events are found by type, user, client, address and day, told with their
// details, and deleted after a question.
func TestEvents(t *testing.T) {
	w := newWorld(t)
	ada := w.s.AddUser("demo", "ada@example.test", "", nil)
	w.happened(latchkey.Event{Type: latchkey.EventLogin, UserID: ada.ID, ClientID: "shop", IPAddress: "192.0.2.7", Details: map[string]string{"username": "ada@example.test", "auth_method": "magic-link"}})
	w.happened(latchkey.Event{Type: latchkey.EventLoginError, ClientID: "desk", IPAddress: "192.0.2.8", Error: "invalid_code"})
	p := w.open("events")
	has(t, p, "shop", "desk", "invalid_code", "auth_method")
	day := w.s.Clock.Now().UTC().Format("2006-01-02")
	for query, want := range map[string]string{"type=LOGIN": "shop", "user=ada%40example.test": "shop", "user=" + ada.ID: "shop", "client=desk": "desk",
		"ipAddress=192.0.2.8": "desk", "type=LOGIN_ERROR&dateFrom=" + day + "&dateTo=" + day: "desk"} {
		p := w.open("events/user-events?" + query)
		other := map[string]string{"shop": "192.0.2.8", "desk": "192.0.2.7"}[want]
		has(t, p, want)
		if strings.Contains(p.Text()[strings.Index(p.Text(), "IP address"):], other) && !strings.Contains(query, other) {
			t.Errorf("%s does not narrow: %s", query, p.Text())
		}
	}
	has(t, w.open("events/user-events?user=nobody"), "Nothing is like that")
	if p := w.b.Get(w.at("events/user-events?dateFrom=soon")); p.Status != http.StatusBadRequest || !p.Has("Expected a day") {
		t.Errorf("%d %s", p.Status, p.Text())
	}
	p = w.open("events").Click("Clear user events")
	has(t, p, "Delete all user events of demo?")
	p = p.Press("Clear user events")
	has(t, p, "The events are deleted.")
	lacks(t, p, "192.0.2.7")
	viewer := w.as("view-events")
	lacks(t, viewer.open("events"), "Clear user events")
	lacks(t, viewer.open("events/admin-events"), "Clear admin events")
	code := viewer.open("events").FormWith("session_code").Values
	if p := viewer.b.Get(viewer.at("events/user-events/clear")); p.Status != http.StatusForbidden {
		t.Errorf("somebody who may only look is asked whether to delete events: %d", p.Status)
	}
	if p := viewer.b.Do(http.MethodPost, viewer.at("events/user-events/clear"), code); p.Status != http.StatusForbidden {
		t.Errorf("somebody who may only look deleted events: %d", p.Status)
	}
}

// What administrators did is told with what was sent, on a page of its own.
func TestAdminEvents(t *testing.T) {
	w := newWorld(t)
	keep := func(is bool) {
		w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
			r := *snap.Realm
			r.AdminEventsEnabled, r.AdminEventsDetailsEnabled = is, is
			return tx.UpdateRealm(&r)
		})
	}
	keep(false)
	has(t, w.open("events/admin-events"), "does not record")
	keep(true)
	w.open("realm-settings/general").FormWith("displayName").Set("displayName", "Gardens").Press("Save")
	p := w.open("events/admin-events")
	has(t, p, "UPDATE", "REALM", root)
	lacks(t, p, "does not record")
	link := ""
	for _, l := range p.Links() {
		if strings.Contains(l, "/events/admin-events/") && !strings.HasSuffix(l, "/clear") {
			link = l
		}
	}
	p = w.b.Get(link)
	has(t, p, "UPDATE REALM", "What was sent", "Gardens")
	has(t, w.open("events/admin-events?operationTypes=DELETE"), "Nothing is like that")
	has(t, w.open("events/admin-events?resourceTypes=REALM&operationTypes=UPDATE"), root)
	if p := w.b.Get(w.at("events/admin-events/1/none")); p.Status != http.StatusNotFound {
		t.Errorf("%d", p.Status)
	}
	if p := w.b.Get(w.at("events/admin-events/soon/none")); p.Status != http.StatusNotFound {
		t.Errorf("%d", p.Status)
	}
}
