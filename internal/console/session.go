package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/a-h/templ"
)

func sessionRows() []row {
	return slices.Concat(sessionList.rows(), revocation.rows(), sessionActRows())
}

// sessionTop is what stands above the two pages of sessions.
func sessionTop(v *visit, current string) top {
	t := top{Title: "console.sessions", Intro: "console.sessions.intro"}
	if v.may("view-realm", "manage-realm") {
		t.Tabs = []tab{{"console.sessions", v.path("sessions"), current == "sessions"}, {"console.revocation", v.path("sessions", "revocation"), current == "revocation"}}
	}
	return t
}

// sessionList is where people are signed in.
var sessionList = list{
	path: "sessions", menu: "sessions", search: "console.sessions.search",
	columns: []string{"console.session.user", "console.session.started", "console.session.last", "console.session.ip", "console.session.clients"},
	empty:   [2]string{"console.sessions.none", ""},
	filters: []filter{{name: "type", label: "console.session.type", options: []option{{"", "console.any"},
		{"REGULAR", "console.session.regular"}, {"OFFLINE", "console.session.offline"}}}},
	top: func(v *visit) top {
		t := sessionTop(v, "sessions")
		if v.may(mayManageUsers...) {
			t.Acts = []link{{Text: "console.sessions.end-all", URL: v.path("sessions", "end-all"), Bad: true}}
		}
		return t
	},
	api: func(*visit) string { return "/ui-ext/sessions" },
	row: func(v *visit, rep map[string]any) tableRow {
		id := text(rep["id"])
		who := cell{Text: text(rep["username"]), URL: v.path("users", text(rep["userId"]), "sessions")}
		end := v.path("sessions", id, "end") + endQuery(rep)
		if rep["type"] == "OFFLINE" {
			who.Tags = []string{"console.session.offline"}
		}
		out := tableRow{Cells: []cell{who, since(rep["start"]), since(rep["lastAccess"]), {Text: text(rep["ipAddress"]), Mono: true}, {Text: sessionClients(rep)}}}
		if v.may(mayManageUsers...) {
			out.Acts = []link{{Text: "console.session.end", URL: end, Bad: true}}
		}
		return out
	},
}

// revocation is when tokens became void that were issued before.
var revocation = detail{
	path: "sessions/revocation", menu: "sessions", api: func(*visit) string { return "" },
	top: func(v *visit, _ map[string]any) top {
		t := sessionTop(v, "revocation")
		t.Intro = "console.revocation.intro"
		if v.may(mayManageRealm...) {
			at := func(part string) string { return v.path("sessions", "revocation", part) }
			t.Acts = []link{{Text: "console.revocation.now", URL: at("now")}, {Text: "console.revocation.clear", URL: at("clear"), Post: true},
				{Text: "console.revocation.push", URL: at("push"), Post: true}}
		}
		return t
	},
	shown: func(_ *visit, realm map[string]any) templ.Component {
		since := cell{Text: "console.revocation.none", Say: true}
		if seconds, _ := realm["notBefore"].(float64); seconds > 0 {
			since = cell{At: moment(seconds * 1000)}
		}
		return factsView([]fact{{"console.revocation.notBefore", since}})
	},
}

// endQuery is what the page that asks before a session is ended knows of it: the
// API gives no session by its id.
func endQuery(rep map[string]any) string {
	q := url.Values{"name": {text(rep["username"])}, "user": {text(rep["userId"])}}
	if rep["type"] == "OFFLINE" {
		q.Set("offline", "true")
	}
	return "?" + q.Encode()
}

func endName(v *visit) (string, error) { return v.query.Get("name"), nil }

func losesMine(v *visit) string {
	if v.isMe(v.query.Get("user")) {
		return losesSession
	}
	return ""
}

// endSession ends the session of the page's path; its query says when it is an
// offline one.
func (v *visit) endSession() error {
	offline := strconv.FormatBool(v.query.Get("offline") == "true")
	return v.api(http.MethodDelete, "/sessions/"+v.value("session")+"?isOffline="+offline, nil, nil)
}

func sessionActRows() []row {
	back := func(v *visit) string { return v.path("sessions") }
	revoked := func(v *visit) string { return v.path("sessions", "revocation") }
	revoke := func(v *visit, notBefore int64) (string, string, error) {
		return revoked(v), "saved", v.api(http.MethodPut, "", map[string]any{"notBefore": notBefore}, nil)
	}
	return slices.Concat(
		act{path: "sessions/revocation/now", menu: "sessions", no: revoked, thing: func(v *visit) (string, error) { return v.of, nil },
			ask: [3]string{"console.revocation.now.heading", "console.revocation.now.text", "console.revocation.now"},
			do:  func(v *visit) (string, string, error) { return revoke(v, v.Now().Unix()) }}.rows(),
		act{path: "sessions/revocation/clear", menu: "sessions", no: revoked,
			do: func(v *visit) (string, string, error) { return revoke(v, 0) }}.rows(),
		act{path: "sessions/revocation/push", menu: "sessions", no: revoked,
			do: func(v *visit) (string, string, error) {
				return revoked(v), "done", v.api(http.MethodPost, "/push-revocation", nil, nil)
			}}.rows(),
		act{path: "sessions/{session}/end", menu: "sessions", no: back,
			ask:   [3]string{"console.session.end.heading", "console.session.end.text", "console.session.end"},
			thing: endName, warn: losesMine,
			do: func(v *visit) (string, string, error) {
				return back(v), "done", v.endSession()
			}}.rows(),
		act{path: "sessions/end-all", menu: "sessions", no: back, thing: func(v *visit) (string, error) { return v.of, nil },
			ask: [3]string{"console.sessions.end-all.heading", "console.sessions.end-all.text", "console.sessions.end-all"},
			do: func(v *visit) (string, string, error) {
				return back(v), "done", v.api(http.MethodPost, "/logout-all", nil, nil)
			}}.rows(),
	)
}
