package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
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
		end := v.path("sessions", id, "end") + "?name=" + url.QueryEscape(who.Text)
		if rep["type"] == "OFFLINE" {
			who.Tags = []string{"console.session.offline"}
			end += "&offline=true"
		}
		out := tableRow{Cells: []cell{who, since(rep["start"]), since(rep["lastAccess"]), {Text: text(rep["ipAddress"]), Mono: true}, {Text: sessionClients(rep)}}}
		if v.may(mayManageUsers...) {
			out.Acts = []link{{Text: "console.session.end", URL: end, Bad: true}}
		}
		return out
	},
}

// revocation is when tokens became void that were issued before.
var revocation = form{
	path: "sessions/revocation", menu: "sessions", prefix: "console.revocation", may: mayManageRealm,
	load: func(v *visit) (map[string]any, error) {
		realm := map[string]any{}
		err := v.api(http.MethodGet, "", nil, &realm)
		seconds, _ := realm["notBefore"].(float64)
		return map[string]any{"notBefore": seconds * 1000}, err
	},
	top: func(v *visit, _ map[string]any) top {
		t := sessionTop(v, "revocation")
		t.Intro = "console.revocation.intro"
		return t
	},
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{{At: "notBefore", Kind: kindWhen}}}}
	},
	button: "console.revocation.now",
	send:   func(v *visit, _ map[string]any) (sent, error) { return v.revoke(v.Now().Unix()) },
	acts: []formAct{
		{name: "clear", label: "console.revocation.clear", do: func(v *visit, rep map[string]any) (note, error) {
			rep["notBefore"] = 0.0
			_, err := v.revoke(0)
			return note{Kind: "good", Text: "console.revocation.cleared"}, err
		}},
		{name: "push", label: "console.revocation.push", do: func(v *visit, _ map[string]any) (note, error) {
			return note{Kind: "good", Text: "console.revocation.pushed"}, v.api(http.MethodPost, "/push-revocation", nil, nil)
		}},
	},
}

// revoke makes tokens void that were issued before the time, in unix seconds; 0
// takes it back.
func (v *visit) revoke(notBefore int64) (sent, error) {
	return sent{address: v.path("sessions", "revocation"), notice: "saved"}, v.api(http.MethodPut, "", map[string]any{"notBefore": notBefore}, nil)
}

func sessionActRows() []row {
	back := func(v *visit) string { return v.path("sessions") }
	return slices.Concat(
		act{path: "sessions/{session}/end", menu: "sessions", no: back,
			ask:   [3]string{"console.session.end.heading", "console.session.end.text", "console.session.end"},
			thing: func(v *visit) (string, error) { return v.query.Get("name"), nil },
			do: func(v *visit) (string, string, error) {
				offline := strconv.FormatBool(v.query.Get("offline") == "true")
				return back(v), "done", v.api(http.MethodDelete, "/sessions/"+v.value("session")+"?isOffline="+offline, nil, nil)
			}}.rows(),
		act{path: "sessions/end-all", menu: "sessions", no: back, thing: func(v *visit) (string, error) { return v.of, nil },
			ask: [3]string{"console.sessions.end-all.heading", "console.sessions.end-all.text", "console.sessions.end-all"},
			do: func(v *visit) (string, string, error) {
				return back(v), "done", v.api(http.MethodPost, "/logout-all", nil, nil)
			}}.rows(),
	)
}
