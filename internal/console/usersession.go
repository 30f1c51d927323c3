package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func userSessionRows() []row {
	return slices.Concat(userSessions.rows(), userConsents.rows(), userSessionActRows())
}

// userSessions are where a user is signed in.
var userSessions = list{
	path: "users/{id}/sessions", menu: "users",
	columns: []string{"console.session.started", "console.session.type", "console.session.last", "console.session.ip", "console.session.clients"},
	empty:   [2]string{"console.user.sessions.none", ""},
	filters: sessionList.filters,
	top:     userTab("sessions", link{Text: "console.user.sign-out", URL: "sign-out", Bad: true}),
	things:  sessionsOfUser,
	row: func(v *visit, rep map[string]any) tableRow {
		kind, end := "console.session.regular", userPath(v, "sessions", text(rep["id"]), "end")
		if rep["offline"] == true {
			kind, end = "console.session.offline", end+"?offline=true"
		}
		out := tableRow{Cells: []cell{since(rep["start"]), {Text: kind, Say: true}, since(rep["lastAccess"]), {Text: text(rep["ipAddress"]), Mono: true}, {Text: sessionClients(rep)}}}
		if v.may(mayManageUsers...) {
			out.Acts = []link{{Text: "console.session.end", URL: end, Bad: true}}
		}
		return out
	},
}

// sessionsOfUser are the sessions of a user, and then the offline ones, which
// the API lists client by client.
func sessionsOfUser(v *visit) (all []map[string]any, err error) {
	at, kind := "/users/"+userID(v), v.query.Get("type")
	if kind != "OFFLINE" {
		if err := v.api(http.MethodGet, at+"/sessions", nil, &all); err != nil {
			return nil, err
		}
	}
	if kind == "REGULAR" {
		return all, nil
	}
	var consents []struct {
		Grants []struct {
			Client string `json:"client"`
		} `json:"additionalGrants"`
	}
	if err := v.api(http.MethodGet, at+"/consents", nil, &consents); err != nil {
		return nil, err
	}
	seen := map[any]bool{} // one session may be of several clients
	for _, c := range consents {
		for _, g := range c.Grants {
			var offline []map[string]any
			if err := v.api(http.MethodGet, at+"/offline-sessions/"+url.PathEscape(g.Client), nil, &offline); err != nil {
				return nil, err
			}
			for _, rep := range offline {
				if !seen[rep["id"]] {
					seen[rep["id"]], rep["offline"] = true, true
					all = append(all, rep)
				}
			}
		}
	}
	return all, nil
}

// sessionClients are the applications of a session.
func sessionClients(rep map[string]any) string {
	of, _ := rep["clients"].(map[string]any)
	var names []string
	for _, name := range of {
		names = append(names, text(name))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// userConsents are what a user said yes to, and who holds offline tokens.
var userConsents = list{
	path: "users/{id}/consents", menu: "users", whole: true,
	columns: []string{"console.consent.client", "console.consent.scopes", "console.created-at", "console.updated-at"},
	empty:   [2]string{"console.consent.none", ""},
	top:     userTab("consents"),
	api:     func(v *visit) string { return "/users/" + userID(v) + "/consents" },
	row: func(v *visit, rep map[string]any) tableRow {
		client := cell{Text: text(rep["clientId"])}
		if grants, _ := rep["additionalGrants"].([]any); len(grants) > 0 {
			client.Tags = []string{"console.consent.offline"}
		}
		out := tableRow{Cells: []cell{client, {Text: strings.Join(texts(rep["grantedClientScopes"], ""), ", ")},
			since(rep["createdDate"]), since(cmp.Or(rep["lastUpdatedDate"], rep["createdDate"]))}}
		if v.may(mayManageUsers...) {
			out.Acts = []link{{Text: "console.consent.revoke", URL: userPath(v, "consents", text(rep["clientId"]), "revoke"), Bad: true}}
		}
		return out
	},
}

func userSessionActRows() []row {
	sessions := func(v *visit) string { return userPath(v, "sessions") }
	consents := func(v *visit) string { return userPath(v, "consents") }
	return slices.Concat(
		act{path: "users/{id}/sign-out", menu: "users", thing: username, warn: mine(losesSession), no: sessions,
			ask: [3]string{"console.user.sign-out.heading", "console.user.sign-out.text", "console.user.sign-out"},
			do: func(v *visit) (string, string, error) {
				return sessions(v), "done", v.api(http.MethodPost, "/users/"+userID(v)+"/logout", nil, nil)
			}}.rows(),
		act{path: "users/{id}/sessions/{session}/end", menu: "users", thing: username, warn: mine(losesSession), no: sessions,
			ask: [3]string{"console.session.end.heading", "console.session.end.text", "console.session.end"},
			do: func(v *visit) (string, string, error) {
				return sessions(v), "done", v.endSession()
			}}.rows(),
		act{path: "users/{id}/consents/{client}/revoke", menu: "users", no: consents,
			ask:   [3]string{"console.consent.revoke.heading", "console.consent.revoke.text", "console.consent.revoke"},
			thing: func(v *visit) (string, error) { return v.R.PathValue("client"), nil },
			do: func(v *visit) (string, string, error) {
				return consents(v), "done", v.api(http.MethodDelete, "/users/"+userID(v)+"/consents/"+v.value("client"), nil, nil)
			}}.rows(),
	)
}

func userLinkRows() []row {
	return slices.Concat(userLinks.rows(), linkIdentity.rows(), unlinkIdentity.rows())
}

// userLinks are a user's accounts at identity providers.
var userLinks = list{
	path: "users/{id}/identity-provider-links", menu: "users", whole: true,
	columns: []string{"console.link.provider", "console.link.userName", "console.link.userId"},
	empty:   [2]string{"console.link.none", ""},
	top:     userTab("identity-provider-links", link{Text: "console.link.add", URL: "identity-provider-links/add"}),
	api:     func(v *visit) string { return "/users/" + userID(v) + "/federated-identity" },
	row: func(v *visit, rep map[string]any) tableRow {
		out := tableRow{Cells: []cell{{Text: text(rep["identityProvider"])}, {Text: text(rep["userName"])}, {Text: text(rep["userId"]), Mono: true}}}
		if v.may(mayManageUsers...) {
			out.Acts = []link{{Text: "console.link.remove", URL: userPath(v, "identity-provider-links", text(rep["identityProvider"]), "remove"), Bad: true}}
		}
		return out
	},
}

// linkIdentity links a user with an account at an identity provider.
var linkIdentity = form{
	path: "users/{id}/identity-provider-links/add", menu: "users", prefix: "console.link", may: mayManageUsers, button: "console.link.add",
	blames: []blame{{"already linked", "identityProvider", ""}},
	top: func(v *visit, _ map[string]any) top {
		return below(userTop(v, "identity-provider-links"), "console.link.add", "console.link.add.intro")
	},
	sections: func(v *visit, _ map[string]any) []section {
		var all []map[string]any
		provider := setting{At: "identityProvider", Kind: kindText, Label: "console.link.provider", Required: true, LTR: true}
		if v.api(http.MethodGet, "/identity-provider/instances", nil, &all) == nil && len(all) > 0 { // who may not read them types an alias
			provider.Kind = kindChoice
			for _, p := range all {
				provider.Options = append(provider.Options, option{text(p["alias"]), cmp.Or(text(p["displayName"]), text(p["alias"]))})
			}
		}
		return []section{{Settings: []setting{provider, {At: "userId", Kind: kindText, Required: true, LTR: true}, {At: "userName", Kind: kindText}}}}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		err := v.api(http.MethodPost, "/users/"+userID(v)+"/federated-identity/"+url.PathEscape(text(rep["identityProvider"])), rep, nil)
		return sent{address: userPath(v, "identity-provider-links"), notice: "saved"}, err
	},
}

var unlinkIdentity = act{path: "users/{id}/identity-provider-links/{provider}/remove", menu: "users",
	ask:   [3]string{"console.link.remove.heading", "console.link.remove.text", "console.link.remove"},
	thing: func(v *visit) (string, error) { return v.R.PathValue("provider"), nil },
	do: func(v *visit) (string, string, error) {
		return userPath(v, "identity-provider-links"), "done", v.api(http.MethodDelete, "/users/"+userID(v)+"/federated-identity/"+v.value("provider"), nil, nil)
	},
	no: func(v *visit) string { return userPath(v, "identity-provider-links") },
}
