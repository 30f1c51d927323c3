package console

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/a-h/templ"
)

func userMailRows() []row {
	return slices.Concat(userMails.rows(), makeLink.rows(), revokeUserLinks.rows())
}

// userMails are the mails to a user, as in the list of all mails, with the links
// of theirs that are out beneath.
var userMails = list{
	path: "users/{id}/mail", menu: "users", columns: mailList.columns, filters: mailList.filters, row: mailRow,
	empty: [2]string{"console.user-mail.none", "console.user-mail.none.help"},
	top:   userTab("mail", link{Text: "console.make-link", URL: "mail/make-link"}),
	api:   func(v *visit) string { return "/users/" + userID(v) + "/messages" },
	beneath: func(v *visit) (templ.Component, error) {
		var links []map[string]any
		if err := v.api(http.MethodGet, "/users/"+userID(v)+"/links?max=100", nil, &links); err != nil {
			return nil, err
		}
		t := table{Label: "console.user-mail.links", Form: v.Post(""), Columns: linkList.columns}
		for _, rep := range links {
			r := linkRow(v, rep)
			r.Value = ""
			for i := range r.Acts {
				r.Acts[i].URL += "?" + url.Values{fromUser: {v.R.PathValue("id")}}.Encode()
			}
			t.Rows = append(t.Rows, r)
		}
		revoke := ""
		if v.may(mayManageUsers...) {
			revoke = userPath(v, "mail", "links", "revoke")
		}
		return pendingLinks(t, revoke), nil
	},
}

// fromUser is the query of a page of mail that says from which user's tab
// somebody came.
const fromUser = "user"

// linksHome is where somebody goes on who is done with a link.
func linksHome(v *visit) string {
	if id := v.query.Get(fromUser); id != "" {
		return v.path("users", id, "mail")
	}
	return v.path("mail", "links")
}

var revokeUserLinks = act{path: "users/{id}/mail/links/revoke", menu: "users", thing: username,
	no:  func(v *visit) string { return userPath(v, "mail") },
	ask: [3]string{"console.user-mail.revoke-all.heading", "console.user-mail.revoke-all.text", "console.user-mail.revoke-all"},
	do: func(v *visit) (string, string, error) {
		return userPath(v, "mail"), "done", v.api(http.MethodDelete, "/users/"+userID(v)+"/links", nil, nil)
	}}

// makeLink makes a link that signs the user in to an application, which is
// shown once.
var makeLink = form{
	path: "users/{id}/mail/make-link", menu: "users", prefix: "console.make-link", may: mayManageUsers, button: "console.make-link",
	blames: []blame{{"redirectUri", "redirect_uri", "console.error.redirect"}, {"not found", "client_id", "console.error.no-client"},
		{"standard flow", "client_id", "console.error.no-flow"}, {"expiration_seconds", "expiration_seconds", ""}},
	top: func(v *visit, _ map[string]any) top {
		return below(userTop(v, "mail"), "console.make-link", "console.make-link.intro")
	},
	sections: func(v *visit, _ map[string]any) []section {
		return []section{{Settings: []setting{
			{At: "client_id", Kind: kindText, Required: true, LTR: true, Options: v.clientNames()},
			{At: "redirect_uri", Kind: kindText, Required: true, LTR: true, Input: "url"},
			{At: "expiration_seconds", Kind: kindDuration, Required: true, Fallback: "86400", Least: 1, Most: 30 * 86400},
			{At: "send_email", Kind: kindFlag}, {At: "reusable", Kind: kindFlag},
		}}}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		user := map[string]any{}
		if err := v.api(http.MethodGet, "/users/"+userID(v), nil, &user); err != nil {
			return sent{}, err
		}
		rep["username"] = user["username"]
		var made struct {
			Link string `json:"link"`
			Sent bool   `json:"sent"`
		}
		if err := v.Call(http.MethodPost, v.Site.RealmURL(v.of, "magic-link"), rep, &made); err != nil {
			return sent{}, err
		}
		return sent{page: v.detail("users", below(userTop(v, "mail"), "console.make-link.made", ""), madeLink(made.Link, made.Sent, userPath(v, "mail")))}, nil
	},
}
