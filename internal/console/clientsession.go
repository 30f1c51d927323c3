package console

import (
	"net/http"
	"net/url"
	"slices"
)

func clientSessionRows() []row {
	return slices.Concat(sessionsOfClient.rows(), endClientSession.rows())
}

// sessionsOfClient are the sign-ins that the client has a part in.
var sessionsOfClient = list{
	path: "clients/{id}/sessions", menu: "clients", search: "console.client.sessions.search",
	filters: []filter{{name: "type", label: "console.client.session.type", options: []option{{"", "console.client.session.all"}, {"REGULAR", "console.client.session.regular"},
		{"OFFLINE", "console.client.session.offline"}}}},
	columns: []string{"console.client.session.user", "console.client.session.type", "console.client.session.started", "console.client.session.last", "console.client.session.ip"},
	empty:   [2]string{"console.client.sessions.none", ""},
	top:     func(v *visit) top { return clientTop(v, "sessions") },
	api: func(v *visit) string {
		return "/ui-ext/sessions/client?type=ALL&clientId=" + url.QueryEscape(v.R.PathValue("id"))
	},
	row: func(v *visit, rep map[string]any) tableRow {
		kind := cell{Text: "console.client.session.regular", Say: true}
		if rep["type"] == "OFFLINE" {
			kind.Text = "console.client.session.offline"
		}
		who := cell{Text: text(rep["username"])}
		if v.may("view-users", "query-users", "manage-users") {
			who.URL = v.path("users", text(rep["userId"]), "sessions")
		}
		r := tableRow{Cells: []cell{who, kind, since(rep["start"]),
			since(rep["lastAccess"]), {Text: text(rep["ipAddress"]), Mono: true}}}
		if v.may("manage-users") {
			r.Acts = []link{{Text: "console.client.session.end", URL: v.path("clients", v.R.PathValue("id"), "sessions", text(rep["id"]), "end"), Bad: true}}
		}
		return r
	},
}

// sessionOfClient finds the session of the page among those of the client.
func sessionOfClient(v *visit) (map[string]any, error) {
	var all []map[string]any
	err := v.api(http.MethodGet, sessionsOfClient.api(v)+"&max=10000", nil, &all)
	for _, rep := range all {
		if rep["id"] == v.R.PathValue("session") {
			return rep, err
		}
	}
	return map[string]any{}, err
}

var endClientSession = act{
	path: "clients/{id}/sessions/{session}/end", menu: "clients",
	ask: [3]string{"console.client.session.end.heading", "console.client.session.end.text", "console.client.session.end"},
	thing: func(v *visit) (string, error) {
		rep, err := sessionOfClient(v)
		return text(rep["username"]), err
	},
	do: func(v *visit) (address, notice string, err error) {
		rep, err := sessionOfClient(v)
		if err != nil {
			return "", "", err
		}
		at := "/sessions/" + v.value("session")
		if rep["type"] == "OFFLINE" {
			at += "?isOffline=true"
		}
		return sessionsURL(v), "done", v.api(http.MethodDelete, at, nil, nil)
	},
	no: sessionsURL,
}

func sessionsURL(v *visit) string { return v.path("clients", v.R.PathValue("id"), "sessions") }
