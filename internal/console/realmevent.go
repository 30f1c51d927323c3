package console

import "net/http"

// mayManageEvents are the roles that change what the realm records.
var mayManageEvents = []string{"manage-events"}

// realmEvents is what the realm records, and for how long.
var realmEvents = form{
	path: "realm-settings/events", menu: "realm-settings", prefix: "console.realm", may: mayManageEvents,
	top: func(v *visit, _ map[string]any) top {
		t := realmTop(v, "events")
		t.More = []link{{Text: "console.realm.events.see", URL: v.path("events")}}
		return t
	},
	load: func(v *visit) (rep map[string]any, err error) {
		if err = v.api(http.MethodGet, "/events/config", nil, &rep); err != nil {
			return nil, err
		}
		whole, err := v.realm() // Keycloak keeps one of these settings among the realm's attributes
		if err == nil {
			rep["attributes"] = whole["attributes"]
		}
		return rep, err
	},
	sections: func(v *visit, _ map[string]any) []section {
		admin := []setting{
			{At: "adminEventsEnabled", Kind: kindFlag},
			{At: "adminEventsDetailsEnabled", Kind: kindFlag, When: "adminEventsEnabled=on"},
		}
		if v.may(mayManageRealm...) {
			admin = append(admin, setting{At: "attributes/adminEventsExpiration", Kind: kindDuration, When: "adminEventsEnabled=on"})
		}
		return []section{
			{Title: "console.realm.events.user", Settings: []setting{
				{At: "eventsEnabled", Kind: kindFlag},
				{At: "eventsExpiration", Kind: kindDuration, When: "eventsEnabled=on"},
				{At: "enabledEventTypes", Kind: kindChecks, Options: v.toldChoices(v.server().Enums["eventType"]), When: "eventsEnabled=on"},
			}},
			{Title: "console.realm.events.admin", Settings: admin},
		}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		attributes, _ := rep["attributes"].(map[string]any)
		delete(rep, "attributes")
		err := v.api(http.MethodPut, "/events/config", rep, nil)
		if err == nil && v.may(mayManageRealm...) {
			err = v.putAttributes(map[string]any{"adminEventsExpiration": attributes["adminEventsExpiration"]})
		}
		return sent{address: v.R.URL.Path, notice: "saved"}, err
	},
}
