package console

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/page"
)

// mailRows are the pages of what was mailed, to whom, and what became of it.
func mailRows() []row {
	return slices.Concat(
		[]row{{method: http.MethodGet, path: "mail", handle: func(v *visit) error { return v.to("mail", v.mailTabs()[0].path) }}},
		mailList.rows(), linkList.rows(), revokeLink.rows(),
		[]row{{method: http.MethodGet, path: "mail/statistics", handle: showMailStatistics},
			{method: http.MethodGet, path: "mail/messages/{id}", handle: showMail}},
		resendMail.rows(), cancelMail.rows(),
	)
}

// mailTab is a tab of the pages of mail.
type mailTab struct {
	path, text string
	may        []string
}

var mailTabList = []mailTab{
	{"messages", "console.mail.tab.messages", []string{"view-users", "manage-users"}},
	{"links", "console.mail.tab.links", []string{"view-users", "manage-users"}},
	{"statistics", "console.mail.tab.statistics", nil},
}

// mailTabs are the tabs that the person may see.
func (v *visit) mailTabs() (list []mailTab) {
	for _, t := range mailTabList {
		if t.may == nil || v.may(t.may...) {
			list = append(list, t)
		}
	}
	return list
}

// mailTop is what stands above the pages of mail.
func mailTop(v *visit, current string) top {
	t := top{Title: "console.mail", Intro: "console.mail.intro." + current}
	for _, one := range v.mailTabs() {
		t.Tabs = append(t.Tabs, tab{one.text, v.path("mail", one.path), one.path == current})
	}
	return t
}

// mailStates and mailKinds are what a mail can be; linkKinds what a link can.
var (
	mailStates = append([]option{{"", "console.mail.any"}}, choices("console.mail.state.", "queued", "handed_over", "failed", "expired", "withheld")...)
	mailKinds  = append([]option{{"", "console.mail.any"}}, choices("console.mail.kind.", "magic-link", "no-account", "verify-email", "api-link",
		"execute-actions", "reset-credentials", "register", "has-account", "update-email", "address-taken", "email-changed",
		"otp-added", "credential-removed", "password-changed", "account-deleted")...)
	linkKinds = append([]option{{"", "console.mail.any"}}, choices("console.link.kind.", "magic-link", "ext-magic-link", "verify-email",
		"execute-actions", "reset-credentials", "update-email", "revert-email")...)
)

var mailList = list{
	path: "mail/messages", menu: "mail", search: "console.mail.search",
	columns: []string{"console.mail.to", "console.mail.kind", "console.mail.state", "console.mail.at", "console.mail.client"},
	filters: []filter{{name: "state", label: "console.mail.state", options: mailStates}, {name: "kind", label: "console.mail.kind", options: mailKinds}},
	empty:   [2]string{"console.mail.none", "console.mail.none.help"},
	top:     func(v *visit) top { return mailTop(v, "messages") },
	api:     func(*visit) string { return "/messages" },
	row:     mailRow,
}

// mailRow is a mail in a list of mails.
func mailRow(v *visit, rep map[string]any) tableRow {
	id, state := text(rep["id"]), text(rep["state"])
	r := tableRow{Cells: []cell{
		{Text: text(rep["address"]), URL: v.path("mail", "messages", id)},
		{Text: "console.mail.kind." + text(rep["kind"]), Say: true},
		{Shown: stateTag("console.mail.state."+state, mailTone(state))},
		since(rep["createdAt"]), {Text: text(rep["clientId"])},
	}}
	if v.may("manage-users") {
		r.Acts = mailActs(v, id, state)
	}
	return r
}

// mailActs are what can be done with a mail.
func mailActs(v *visit, id, state string) []link {
	if state == "queued" {
		return []link{{Text: "console.mail.cancel", URL: v.path("mail", "messages", id, "cancel"), Bad: true}}
	}
	return []link{{Text: "console.mail.resend", URL: v.path("mail", "messages", id, "resend"), Post: true}}
}

// mailTone is how a state is coloured; the word says it.
func mailTone(state string) string {
	switch state {
	case "handed_over", "used":
		return "good"
	case "failed", "expired":
		return "bad"
	case "queued", "pending":
		return "warn"
	}
	return ""
}

var linkList = list{
	path: "mail/links", menu: "mail", search: "console.link.search",
	columns: []string{"console.mail.to", "console.link.kind", "console.mail.state", "console.link.made", "console.link.ends", "console.link.opened", "console.mail.client"},
	filters: []filter{{name: "all", label: "console.link.show", options: []option{{"", "console.link.pending"}, {"true", "console.link.all"}}},
		{name: "kind", label: "console.link.kind", options: linkKinds}},
	empty: [2]string{"console.link.none", "console.link.none.help"},
	top:   func(v *visit) top { return mailTop(v, "links") },
	api:   func(*visit) string { return "/links" },
	row:   linkRow,
	may:   []string{"manage-users"},
	picks: []pick{{name: "revoke", label: "console.link.revoke", bad: true,
		ask: [3]string{"console.link.revoke.heading", "console.link.revoke.text", "console.link.revoke"}, do: revokeLinks}},
}

// linkRow is a link in a list of links.
func linkRow(v *visit, rep map[string]any) tableRow {
	id, state := text(rep["id"]), text(rep["state"])
	to := cell{Text: cmp.Or(text(rep["address"]), text(rep["userId"]), "–")}
	if user := text(rep["userId"]); user != "" {
		to.URL = v.path("users", user, "settings")
	}
	r := tableRow{Cells: []cell{
		to, {Text: "console.link.kind." + text(rep["kind"]), Say: true}, {Shown: stateTag("console.link.state."+state, mailTone(state))},
		since(rep["createdAt"]), since(rep["expiresAt"]), since(rep["openedAt"]), {Text: text(rep["clientId"])},
	}}
	if state == "pending" && v.may("manage-users") {
		r.Value, r.Acts = id, []link{{Text: "console.link.revoke", URL: v.path("mail", "links", id, "revoke"), Bad: true}}
	}
	return r
}

func revokeLinks(v *visit, chosen []string) (address, notice string, err error) {
	for _, id := range chosen {
		if err := v.api(http.MethodDelete, "/links/"+url.PathEscape(id), nil, nil); err != nil {
			return "", "", err
		}
	}
	return v.path("mail", "links"), "revoked", nil
}

var revokeLink = act{
	path: "mail/links/{id}/revoke", menu: "mail",
	ask: [3]string{"console.link.revoke.heading", "console.link.revoke.text", "console.link.revoke"},
	thing: func(v *visit) (string, error) {
		var rep map[string]any
		err := v.api(http.MethodGet, "/links/"+v.value("id"), nil, &rep)
		return cmp.Or(text(rep["address"]), text(rep["clientId"]), text(rep["id"])), err
	},
	do: func(v *visit) (string, string, error) {
		return v.path("mail", "links"), "revoked", v.api(http.MethodDelete, "/links/"+v.value("id"), nil, nil)
	},
	no: func(v *visit) string { return v.path("mail", "links") },
}

var resendMail = act{
	path: "mail/messages/{id}/resend", menu: "mail",
	do: func(v *visit) (string, string, error) {
		id, err := v.create("/messages/"+v.value("id")+"/resend", nil)
		return v.path("mail", "messages", id), "promised", err
	},
	no: func(v *visit) string { return v.path("mail", "messages", v.R.PathValue("id")) },
}

var cancelMail = act{
	path: "mail/messages/{id}/cancel", menu: "mail",
	ask: [3]string{"console.mail.cancel.heading", "console.mail.cancel.text", "console.mail.cancel"},
	thing: func(v *visit) (string, error) {
		var rep map[string]any
		err := v.api(http.MethodGet, "/messages/"+v.value("id"), nil, &rep)
		return text(rep["address"]), err
	},
	do: func(v *visit) (string, string, error) {
		return v.path("mail", "messages", v.R.PathValue("id")), "withheld", v.api(http.MethodPost, "/messages/"+v.value("id")+"/cancel", nil, nil)
	},
	no: func(v *visit) string { return v.path("mail", "messages", v.R.PathValue("id")) },
}

// mailPage is one mail, and what became of it.
type mailPage struct {
	Frame
	Top   top
	Form  page.Form
	Mail  map[string]any
	Tries table
	// UserURL leads to whose account it is; empty when it is nobody's yet.
	UserURL, User string
	// LinksURL leads to the links that its address was mailed.
	LinksURL string
}

// Title names the page.
func (p mailPage) Title(t *page.Texts) string {
	return t.Say("console.mail.one", text(p.Mail["address"]))
}

// Render writes the page's main part.
func (p mailPage) Render(ctx context.Context, w io.Writer) error { return mailView(p).Render(ctx, w) }

func showMail(v *visit) error {
	p := mailPage{Frame: v.frame("mail"), Form: v.Post(v.R.URL.RequestURI())}
	if err := v.api(http.MethodGet, "/messages/"+v.value("id"), nil, &p.Mail); err != nil {
		return err
	}
	p.Top = top{Title: cmp.Or(text(p.Mail["subject"]), text(p.Mail["address"])), Crumbs: []link{{Text: "console.mail", URL: v.path("mail", "messages")}}}
	if v.may("manage-users") {
		p.Top.Acts = mailActs(v, text(p.Mail["id"]), text(p.Mail["state"]))
	}
	p.LinksURL = v.linksOf(text(p.Mail["address"]))
	if id := text(p.Mail["userId"]); id != "" {
		p.UserURL, p.User = v.path("users", id, "settings"), id
		if user, err := v.thing("/users/" + url.PathEscape(id)); err == nil { // else it is gone, and the id says it
			p.User = text(user["username"])
		}
	}
	p.Tries = table{Label: "console.mail.tries", Columns: []string{"console.mail.try", "console.mail.at", "console.mail.relay",
		"console.mail.outcome", "console.mail.took", "console.mail.reply"}}
	tries, _ := p.Mail["tries"].([]any)
	for _, one := range tries {
		rep, _ := one.(map[string]any)
		outcome := text(rep["outcome"])
		p.Tries.Rows = append(p.Tries.Rows, tableRow{Cells: []cell{
			{Text: text(rep["number"])}, since(rep["time"]), {Text: text(rep["relay"]), Mono: true},
			{Shown: stateTag("console.mail.outcome."+outcome, outcomeTone(outcome))},
			{Text: milliseconds(rep["duration"])}, {Text: text(rep["reply"]), Mono: true},
		}})
	}
	return v.write(http.StatusOK, p)
}

func outcomeTone(outcome string) string {
	if outcome == "accepted" {
		return "good"
	}
	return "bad"
}

// reasons are why a mail is not sent, as the API says it in a word.
var reasons = []string{"no_account", "user_disabled", "user_gone", "address_taken", "address_changed", "no_address", "suppressed", "realm_disabled",
	"client_disabled", "ended", "bad_address", "no_secret", "cancelled", "voided", "denied_domain", "limit", "relay", "expired"}

// reasonOf is what says why a mail was not sent: a key, or a relay's own words.
func reasonOf(reason string) string {
	word, _, _ := strings.Cut(reason, ":") // limit:address and the like
	if slices.Contains(reasons, word) {
		return "console.mail.reason." + word
	}
	return reason
}

// linksOf is where the links that were mailed to an address are listed.
func (v *visit) linksOf(address string) string {
	return v.path("mail", "links") + "?all=true&search=" + url.QueryEscape(address)
}
