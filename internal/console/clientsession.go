package console

import (
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
			end := v.path("clients", v.R.PathValue("id"), "sessions", text(rep["id"]), "end")
			r.Acts = []link{{Text: "console.client.session.end", URL: end + endQuery(rep), Bad: true}}
		}
		return r
	},
}

var endClientSession = act{
	path: "clients/{id}/sessions/{session}/end", menu: "clients",
	ask:   [3]string{"console.client.session.end.heading", "console.client.session.end.text", "console.client.session.end"},
	thing: endName, warn: losesMine,
	do: func(v *visit) (address, notice string, err error) {
		return sessionsURL(v), "done", v.endSession()
	},
	no: sessionsURL,
}

func sessionsURL(v *visit) string { return v.path("clients", v.R.PathValue("id"), "sessions") }
