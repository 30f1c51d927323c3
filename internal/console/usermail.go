package console

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/a-h/templ"
)

func userMailRows() []row {
	return slices.Concat(userMails.rows(), userMail.rows(), makeLink.rows(), mailActRows())
}

// mailKinds are the kinds of mails and of links, whose names the catalogue has.
var mailKinds = []string{"magic-link", "ext-magic-link", "api-link", "verify-email", "execute-actions", "reset-credentials", "register", "has-account",
	"no-account", "update-email", "revert-email", "address-taken", "email-changed", "otp-added", "credential-removed", "password-changed",
	"account-deleted", "first-admin", "test"}

// mailKind is the key of what a kind of mail or link is called.
func mailKind(rep map[string]any) string {
	if kind := text(rep["kind"]); !slices.Contains(mailKinds, kind) {
		return kind
	}
	return "console.user-mail.kind." + text(rep["kind"])
}

// mailOutcome is the key of what became of a try to hand a mail to a relay.
func mailOutcome(try map[string]any) string {
	switch outcome := text(try["outcome"]); outcome {
	case "accepted", "deferred", "refused", "unreachable":
		return "console.user-mail.outcome." + outcome
	default:
		return outcome
	}
}

// userMails are the mails to a user, with the links of theirs that are out
// beneath.
var userMails = list{
	path: "users/{id}/mail", menu: "users",
	columns: []string{"console.user-mail.kind", "console.user-mail.state", "console.user-mail.attempts", "console.created-at"},
	empty:   [2]string{"console.user-mail.none", "console.user-mail.none.help"},
	filters: []filter{{name: "state", label: "console.user-mail.state", options: append([]option{{"", "console.any"}},
		choices("console.user-mail.state.", "queued", "handed_over", "failed", "expired", "withheld")...)}},
	top: userTab("mail", link{Text: "console.make-link", URL: "mail/make-link"}),
	api: func(v *visit) string { return "/users/" + userID(v) + "/messages" },
	row: func(v *visit, rep map[string]any) tableRow {
		id := text(rep["id"])
		state := cell{Text: "console.user-mail.state." + text(rep["state"]), Say: true}
		if reason := text(rep["reason"]); reason != "" {
			state.Tags = []string{reason}
		}
		out := tableRow{Cells: []cell{
			{Text: mailKind(rep), Say: true, URL: userPath(v, "mail", id)}, state,
			{Text: text(rep["attempts"])}, since(rep["createdAt"])}}
		if v.may(mayManageUsers...) {
			out.Acts = []link{{Text: "console.user-mail.resend", URL: userPath(v, "mail", id, "resend"), Post: true}}
			if rep["state"] == "queued" {
				out.Acts = append(out.Acts, link{Text: "console.user-mail.cancel", URL: userPath(v, "mail", id, "cancel"), Bad: true})
			}
		}
		return out
	},
	beneath: func(v *visit) (templ.Component, error) {
		var links []map[string]any
		if err := v.api(http.MethodGet, "/users/"+userID(v)+"/links?max=100", nil, &links); err != nil {
			return nil, err
		}
		t := table{Label: "console.user-mail.links", Form: v.Post(""), Columns: []string{"console.user-mail.kind", "console.user-mail.client",
			"console.created-at", "console.user-mail.until", "console.user-mail.opens"}}
		revoke := ""
		if v.may(mayManageUsers...) {
			revoke = userPath(v, "mail", "links", "revoke")
		}
		for _, rep := range links {
			kind := cell{Text: mailKind(rep), Say: true}
			if rep["reusable"] == true {
				kind.Tags = []string{"console.user-mail.reusable"}
			}
			r := tableRow{Cells: []cell{kind, {Text: text(rep["clientId"])}, since(rep["createdAt"]), since(rep["expiresAt"]), {Text: text(rep["opens"])}}}
			if revoke != "" {
				r.Acts = []link{{Text: "console.user-mail.revoke", URL: userPath(v, "mail", "links", text(rep["id"]), "revoke"), Bad: true}}
			}
			t.Rows = append(t.Rows, r)
		}
		return pendingLinks(t, revoke), nil
	},
}

// userMail is one mail, with what the relays answered.
var userMail = detail{
	path: "users/{id}/mail/{message}", menu: "users",
	api: func(v *visit) string { return "/messages/" + v.value("message") },
	top: func(v *visit, rep map[string]any) top {
		t := below(userTop(v, "mail"), mailKind(rep), "")
		t.Tags = []string{"console.user-mail.state." + text(rep["state"])}
		if v.may(mayManageUsers...) {
			t.Acts = []link{{Text: "console.user-mail.resend", URL: userPath(v, "mail", text(rep["id"]), "resend"), Post: true}}
			if rep["state"] == "queued" {
				t.Acts = append(t.Acts, link{Text: "console.user-mail.cancel", URL: userPath(v, "mail", text(rep["id"]), "cancel"), Bad: true})
			}
		}
		return t
	},
	shown: func(v *visit, rep map[string]any) templ.Component {
		facts := known(
			fact{"console.user-mail.address", cell{Text: text(rep["address"])}},
			fact{"console.user-mail.reason", cell{Text: text(rep["reason"])}},
			fact{"console.user-mail.client", cell{Text: text(rep["clientId"])}},
			fact{"console.created-at", cell{At: moment(rep["createdAt"])}},
			fact{"console.user-mail.handed-over", cell{At: moment(rep["handedOverAt"])}},
			fact{"console.user-mail.next", cell{At: moment(rep["nextAttemptAt"])}},
			fact{"console.user-mail.until", cell{At: moment(rep["expiresAt"])}},
			fact{"console.user-mail.asked-from", cell{Text: text(rep["ipAddress"]), Mono: true}},
			fact{"console.user-mail.message-id", cell{Text: text(rep["messageId"]), Mono: true}},
		)
		t := table{Label: "console.user-mail.tries", Columns: []string{"console.user-mail.at", "console.user-mail.relay", "console.user-mail.outcome", "console.user-mail.reply", "console.user-mail.took"}}
		tries, _ := rep["tries"].([]any)
		for _, one := range tries {
			try, _ := one.(map[string]any)
			took, _ := try["duration"].(float64)
			t.Rows = append(t.Rows, tableRow{Cells: []cell{since(try["time"]), {Text: text(try["relay"])},
				{Text: mailOutcome(try), Say: true}, {Text: text(try["reply"]), Mono: true},
				{Text: strconv.Itoa(int(took)) + " ms"}}})
		}
		return mailView(facts, t)
	},
}

func mailActRows() []row {
	back := func(v *visit) string { return userPath(v, "mail") }
	post := func(method, notice string, path func(*visit) string) func(*visit) (string, string, error) {
		return func(v *visit) (string, string, error) { return back(v), notice, v.api(method, path(v), nil, nil) }
	}
	return slices.Concat(
		act{path: "users/{id}/mail/{message}/resend", menu: "users", no: back,
			do: post(http.MethodPost, "mailed", func(v *visit) string { return "/messages/" + v.value("message") + "/resend" })}.rows(),
		act{path: "users/{id}/mail/{message}/cancel", menu: "users", no: back, thing: username,
			ask: [3]string{"console.user-mail.cancel.heading", "console.user-mail.cancel.text", "console.user-mail.cancel"},
			do:  post(http.MethodPost, "done", func(v *visit) string { return "/messages/" + v.value("message") + "/cancel" })}.rows(),
		act{path: "users/{id}/mail/links/{link}/revoke", menu: "users", no: back, thing: username,
			ask: [3]string{"console.user-mail.revoke.heading", "console.user-mail.revoke.text", "console.user-mail.revoke"},
			do:  post(http.MethodDelete, "done", func(v *visit) string { return "/links/" + v.value("link") })}.rows(),
		act{path: "users/{id}/mail/links/revoke", menu: "users", no: back, thing: username,
			ask: [3]string{"console.user-mail.revoke-all.heading", "console.user-mail.revoke-all.text", "console.user-mail.revoke-all"},
			do:  post(http.MethodDelete, "done", func(v *visit) string { return "/users/" + userID(v) + "/links" })}.rows(),
	)
}

// makeLink makes a link that signs the user in to an application, which is
// shown once.
var makeLink = form{
	path: "users/{id}/mail/make-link", menu: "users", prefix: "console.make-link", may: mayManageUsers, button: "console.make-link",
	blames: []blame{{"redirect", "redirect_uri"}, {"Client with ID", "client_id"}, {"expiration_seconds", "expiration_seconds"}},
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
