package console

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"latchkey"
	"latchkey/internal/relyingparty"
)

// eventRows are the pages of what happened in the realm.
func eventRows() []row {
	return slices.Concat(
		[]row{{method: http.MethodGet, path: "events", handle: func(v *visit) error { return v.to("events", "user-events") }}},
		eventList.rows(), adminEventList.rows(), clearEvents("user-events", "/events").rows(), clearEvents("admin-events", "/admin-events").rows(),
		[]row{{method: http.MethodGet, path: "events/admin-events/{time}/{id}", handle: showAdminEvent}},
	)
}

// eventTop is what stands above the lists of events.
func eventTop(v *visit, current string) top {
	t := top{Title: "console.events", Intro: "console.event.intro." + current}
	for _, name := range []string{"user-events", "admin-events"} {
		t.Tabs = append(t.Tabs, tab{"console.event.tab." + name, v.path("events", name), name == current})
	}
	if v.may("manage-events") {
		t.Acts = []link{{Text: "console.event.clear." + current, URL: v.path("events", current, "clear"), Bad: true}}
	}
	return t
}

// dates are the filters by time that both lists have.
var dates = []filter{{name: "dateFrom", label: "console.event.from", input: "date"}, {name: "dateTo", label: "console.event.to", input: "date"}}

// eventTypes are the types that can be chosen. They are what Keycloak calls
// them.
func eventTypes() []option {
	list := []option{{"", "console.any"}}
	for _, t := range latchkey.EventTypes() {
		list = append(list, option{string(t), string(t)})
	}
	slices.SortFunc(list[1:], func(a, b option) int { return strings.Compare(a.Value, b.Value) })
	return list
}

var eventList = list{
	path: "events/user-events", menu: "events",
	columns: []string{"console.event.time", "console.event.type", "console.event.user", "console.event.client", "console.event.ip", "console.event.details"},
	filters: slices.Concat([]filter{{name: "type", label: "console.event.type", options: eventTypes(), told: true},
		{name: "user", label: "console.event.user", ask: whoIs}, {name: "client", label: "console.event.client"},
		{name: "ipAddress", label: "console.event.ip"}}, dates),
	empty:   [2]string{"console.event.none", "console.event.none.help"},
	top:     func(v *visit) top { return eventTop(v, "user-events") },
	api:     func(*visit) string { return "/events" },
	row:     eventRow,
	beneath: func(v *visit) (templ.Component, error) { return v.eventsOff(false) },
}

// whoIs finds the id of whom somebody typed: a username, an address, or the id
// itself.
func whoIs(v *visit, typed string) (string, error) {
	for _, by := range []string{"username", "email"} {
		var found []struct{ ID string }
		err := v.api(http.MethodGet, "/users?exact=true&max=1&briefRepresentation=true&"+by+"="+url.QueryEscape(typed), nil, &found)
		switch {
		case err != nil && relyingparty.Status(err) == http.StatusForbidden:
			return typed, nil // who may not search users can still have an id
		case err != nil:
			return "", err
		case len(found) > 0:
			return found[0].ID, nil
		}
	}
	return typed, nil
}

// eventRow is an event of people and applications.
func eventRow(v *visit, rep map[string]any) tableRow {
	details, _ := rep["details"].(map[string]any)
	kind := cell{Text: v.Told(text(rep["type"]))}
	if reason := text(rep["error"]); reason != "" {
		kind.Shown = eventType(kind.Text, reason)
	}
	user := cell{Text: cmp.Or(text(details["username"]), text(rep["userId"]), "–")}
	if id := text(rep["userId"]); id != "" {
		user.URL = v.path("users", id, "settings")
	}
	return tableRow{Cells: []cell{since(rep["time"]), kind, user, {Text: cmp.Or(text(rep["clientId"]), "–")},
		{Text: cmp.Or(text(rep["ipAddress"]), "–"), Mono: true}, {Shown: eventDetails(factsOf(rep, details))}}}
}

// eventFact is a name and a value of an event, in the API's words.
type eventFact struct{ Name, Value string }

// factsOf are what an event says beside its row.
func factsOf(rep, details map[string]any) (list []eventFact) {
	for _, name := range []string{"error", "userId", "sessionId", "id"} {
		if value := text(rep[name]); value != "" {
			list = append(list, eventFact{name, value})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(details)) {
		list = append(list, eventFact{name, text(details[name])})
	}
	return list
}

// eventsOff says that the realm does not record events; nil when it does.
func (v *visit) eventsOff(admin bool) (templ.Component, error) {
	var config struct{ EventsEnabled, AdminEventsEnabled bool }
	if err := v.api(http.MethodGet, "/events/config", nil, &config); err != nil {
		return nil, err
	}
	if admin && !config.AdminEventsEnabled || !admin && !config.EventsEnabled {
		return notRecorded(v.path("realm-settings", "events")), nil
	}
	return nil, nil
}

var adminEventList = list{
	path: "events/admin-events", menu: "events",
	columns: []string{"console.event.time", "console.event.operation", "console.event.resource", "console.event.path", "console.event.who", "console.event.ip"},
	filters: slices.Concat([]filter{
		{name: "operationTypes", label: "console.event.operation", options: append([]option{{"", "console.any"}}, plainChoices("CREATE", "UPDATE", "DELETE", "ACTION")...), told: true},
		{name: "resourceTypes", label: "console.event.resource", options: append([]option{{"", "console.any"}}, plainChoices(resources...)...), told: true},
		{name: "resourcePath", label: "console.event.path", example: "users/*"}, {name: "authUser", label: "console.event.who-id"}}, dates),
	empty:   [2]string{"console.event.none-admin", "console.event.none-admin.help"},
	top:     func(v *visit) top { return eventTop(v, "admin-events") },
	api:     func(*visit) string { return "/admin-events" },
	row:     adminEventRow,
	beneath: func(v *visit) (templ.Component, error) { return v.eventsOff(true) },
}

// resources are the types of resources that can be chosen, in Keycloak's words.
var resources = []string{"AUTH_EXECUTION", "AUTH_EXECUTION_FLOW", "AUTH_FLOW", "AUTHENTICATOR_CONFIG", "CLIENT", "CLIENT_INITIAL_ACCESS_MODEL", "CLIENT_ROLE",
	"CLIENT_ROLE_MAPPING", "CLIENT_SCOPE", "CLIENT_SCOPE_MAPPING", "CLUSTER_NODE", "COMPONENT", "GROUP", "GROUP_MEMBERSHIP", "IDENTITY_PROVIDER", "IDENTITY_PROVIDER_MAPPER",
	"LINK", "MESSAGE", "PROTOCOL_MAPPER", "REALM", "REALM_ROLE", "REALM_ROLE_MAPPING", "REALM_SCOPE_MAPPING", "REQUIRED_ACTION", "USER", "USER_LOGIN_FAILURE", "USER_PROFILE", "USER_SESSION"}

// adminEventRow is what an administrator did.
func adminEventRow(v *visit, rep map[string]any) tableRow {
	who, _ := rep["authDetails"].(map[string]any)
	did := cell{Text: v.Told(text(rep["operationType"]))}
	if reason := text(rep["error"]); reason != "" {
		did.Shown = eventType(did.Text, reason)
	}
	return tableRow{Cells: []cell{
		{At: moment(rep["time"]), URL: v.path("events", "admin-events", text(rep["time"]), text(rep["id"]))},
		did, {Text: v.Told(text(rep["resourceType"]))}, {Text: text(rep["resourcePath"]), Mono: true},
		v.administrator(who), {Text: text(who["ipAddress"]), Mono: true},
	}}
}

// administrator is who did something: by name, where the person may see them.
// They are of the realm that is administered or of the person's own.
func (v *visit) administrator(who map[string]any) cell {
	id := text(who["userId"])
	if id == "" {
		return cell{Text: "–"}
	}
	of := v.of
	if text(who["realmId"]) == v.Snap.Realm.ID {
		of = v.Snap.Realm.Name
	}
	user, err := v.thingOf(of, "/users/"+url.PathEscape(id))
	if err != nil { // gone, or not for the person to see
		return cell{Text: id, Mono: true}
	}
	return cell{Text: text(user["username"]), URL: v.URL("realms/") + url.PathEscape(of) + "/users/" + url.PathEscape(id) + "/settings"}
}

// showAdminEvent finds an event among those of its millisecond.
func showAdminEvent(v *visit) error {
	at := v.value("time")
	var list []map[string]any
	if err := v.api(http.MethodGet, "/admin-events?max=500&dateFrom="+at+"&dateTo="+at, nil, &list); err != nil {
		if faultsOf(err, nil) != nil {
			return v.missing()
		}
		return err
	}
	i := slices.IndexFunc(list, func(e map[string]any) bool { return text(e["id"]) == v.R.PathValue("id") })
	if i < 0 {
		return v.missing()
	}
	e := list[i]
	who, _ := e["authDetails"].(map[string]any)
	t := top{Title: v.Told(text(e["operationType"])) + " " + v.Told(text(e["resourceType"])), Crumbs: []link{{Text: "console.events", URL: v.path("events", "user-events")},
		{Text: "console.event.tab.admin-events", URL: v.path("events", "admin-events")}}}
	facts := known(fact{"console.event.time", cell{At: moment(e["time"])}}, fact{"console.event.operation", cell{Text: v.Told(text(e["operationType"]))}},
		fact{"console.event.resource", cell{Text: v.Told(text(e["resourceType"]))}}, fact{"console.event.path", cell{Text: text(e["resourcePath"]), Mono: true}},
		fact{"console.event.error", cell{Text: text(e["error"]), Mono: true}}, fact{"console.event.who", v.administrator(who)},
		fact{"console.event.ip", cell{Text: text(who["ipAddress"]), Mono: true}})
	return v.write(http.StatusOK, v.detail("events", t, adminEventView(facts, laidOut(text(e["representation"])))))
}

// laidOut gives JSON with its lines; what is none stays as it is.
func laidOut(raw string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(raw), "", "  ") != nil {
		return raw
	}
	return b.String()
}

// clearEvents deletes all events of a kind.
func clearEvents(name, api string) act {
	return act{
		path: "events/" + name + "/clear", menu: "events",
		ask: [3]string{"console.event.clear." + name + ".heading", "console.event.clear." + name + ".text", "console.event.clear." + name},
		do: func(v *visit) (string, string, error) {
			return v.path("events", name), "cleared", v.api(http.MethodDelete, api, nil, nil)
		},
		thing: func(v *visit) (string, error) { return v.of, nil },
		no:    func(v *visit) string { return v.path("events", name) },
	}
}
