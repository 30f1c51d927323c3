package console

import (
	"net/http"
	"slices"
	"time"
)

func clientAccessRows() []row {
	return slices.Concat(accessList.rows(), createAccess.rows(), deleteAccess.rows())
}

// accessList are the initial accesses: what lets others register clients.
var accessList = list{
	path: "clients/initial-access", menu: "clients",
	columns: []string{"console.access.id", "console.access.made", "console.access.until", "console.access.count"},
	empty:   [2]string{"console.access.none", "console.access.none.help"},
	top: func(v *visit) top {
		t := clientsTop(v, "initial-access")
		if v.may(manageClients...) {
			t.Acts = []link{{Text: "console.access.create", URL: v.path("clients", "initial-access", "create")}}
		}
		return t
	},
	api: func(*visit) string { return "/clients-initial-access" },
	row: func(v *visit, rep map[string]any) tableRow {
		made := time.Unix(whole(rep["timestamp"]), 0)
		until := cell{Text: "console.access.forever", Say: true}
		if n := whole(rep["expiration"]); n > 0 {
			until = cell{At: made.Add(time.Duration(n) * time.Second)}
		}
		id := text(rep["id"])
		r := tableRow{Cells: []cell{{Text: id, Mono: true}, {At: made}, until,
			{Text: text(rep["remainingCount"]) + " / " + text(rep["count"])}}}
		if v.may(manageClients...) {
			r.Acts = []link{{Text: sayDelete, URL: v.path("clients-initial-access", id, "delete"), Bad: true}}
		}
		return r
	},
}

// whole is a whole number of JSON; 0 for what is none.
func whole(value any) int64 {
	n, _ := value.(float64)
	return int64(n)
}

var createAccess = form{
	path: "clients/initial-access/create", menu: "clients", prefix: "console.access", may: manageClients,
	top: func(v *visit, _ map[string]any) top {
		return top{Title: "console.access.create", Intro: "console.access.create.intro", Crumbs: []link{{Text: "console.clients", URL: v.path("clients")},
			{Text: "console.clients.tab.access", URL: v.path("clients", "initial-access")}}}
	},
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{
			{At: "expiration", Kind: kindDuration, Fallback: "86400", Least: 1, Most: 10 * 365 * 86400},
			{At: "count", Kind: kindNumber, Fallback: "1", Required: true, Least: 1, Most: 100_000},
			{At: "webOrigins", Kind: kindLines, LTR: true},
		}}}
	},
	button: "console.create",
	send: func(v *visit, rep map[string]any) (sent, error) {
		var said struct {
			Token string `json:"token"`
		}
		if err := v.api(http.MethodPost, "/clients-initial-access", rep, &said); err != nil {
			return sent{}, err
		}
		list := v.path("clients", "initial-access")
		return sent{page: oncePage{Frame: v.frame("clients"), Text: "console.access.once", OnURL: list,
			Top:   top{Title: "console.access.token", Crumbs: []link{{Text: "console.clients", URL: v.path("clients")}, {Text: "console.clients.tab.access", URL: list}}},
			Facts: []pasted{{Name: "console.access.token", Value: said.Token}, {Name: "console.access.at", Value: v.Site.RealmURL(v.of, "clients-registrations/openid-connect")}},
		}}, nil
	},
}

var deleteAccess = act{
	path: "clients-initial-access/{access}/delete", menu: "clients",
	ask:   [3]string{"console.access.delete.heading", "console.access.delete.text", sayDelete},
	thing: func(v *visit) (string, error) { return v.R.PathValue("access"), nil },
	do: func(v *visit) (address, notice string, err error) {
		return v.path("clients", "initial-access"), "deleted", v.api(http.MethodDelete, "/clients-initial-access/"+v.value("access"), nil, nil)
	},
	no: func(v *visit) string { return v.path("clients", "initial-access") },
}
