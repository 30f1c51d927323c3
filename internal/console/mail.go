package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"latchkey"
)

// mailRows are the pages of what was mailed, to whom, and what became of it.
func mailRows() []row {
	return slices.Concat(
		[]row{{method: http.MethodGet, path: "mail", handle: func(v *visit) error { return v.to("mail", v.mailTabs()[0].path) }}},
		mailList.rows(), linkList.rows(), revokeLink.rows(),
		[]row{{method: http.MethodGet, path: "mail/statistics", handle: showMailStatistics}},
		mailDetail.rows(), resendMail.rows(), cancelMail.rows(),
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

// What a mail can be, and a link.
var (
	mailStates = append([]option{{"", "console.any"}}, choices("console.mail.state.", "queued", "handed_over", "failed", "expired", "withheld")...)
	mailSorts  = append([]option{{"", "console.any"}}, choices("console.mail.kind.", kinds(latchkey.MessageKinds)...)...)
	linkSorts  = append([]option{{"", "console.any"}}, choices("console.mail-link.kind.", kinds(latchkey.TokenKinds)...)...)
)

// kinds are the names of kinds.
func kinds[T ~string](list []T) (names []string) {
	for _, k := range list {
		names = append(names, string(k))
	}
	return names
}

var mailList = list{
	path: "mail/messages", menu: "mail", search: "console.mail.search",
	columns: []string{"console.mail.to", "console.mail.kind", "console.mail.state", "console.mail.at", "console.mail.client"},
	filters: []filter{{name: "state", label: "console.mail.state", options: mailStates}, {name: "kind", label: "console.mail.kind", options: mailSorts}},
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
	path: "mail/links", menu: "mail", search: "console.mail-link.search",
	columns: []string{"console.mail.to", "console.mail-link.kind", "console.mail.state", "console.mail-link.made", "console.mail-link.ends", "console.mail-link.opened", "console.mail.client"},
	filters: []filter{{name: "all", label: "console.mail-link.show", options: []option{{"", "console.mail-link.pending"}, {"true", "console.mail-link.all"}}},
		{name: "kind", label: "console.mail-link.kind", options: linkSorts}},
	empty: [2]string{"console.mail-link.none", "console.mail-link.none.help"},
	top:   func(v *visit) top { return mailTop(v, "links") },
	api:   func(*visit) string { return "/links" },
	row:   linkRow,
	may:   []string{"manage-users"},
	picks: []pick{{name: "revoke", label: "console.mail-link.revoke", bad: true,
		ask: [3]string{"console.mail-link.revoke.heading", "console.mail-link.revoke.text", "console.mail-link.revoke"}, do: revokeLinks}},
}

// linkRow is a link in a list of links.
func linkRow(v *visit, rep map[string]any) tableRow {
	id, state := text(rep["id"]), text(rep["state"])
	to := cell{Text: cmp.Or(text(rep["address"]), text(rep["userId"]), "–")}
	if user := text(rep["userId"]); user != "" {
		to.URL = v.path("users", user, "settings")
	}
	kind := cell{Text: "console.mail-link.kind." + text(rep["kind"]), Say: true}
	if rep["reusable"] == true {
		kind.Tags = []string{"console.mail-link.reusable"}
	}
	r := tableRow{Cells: []cell{
		to, kind, {Shown: stateTag("console.mail-link.state."+state, mailTone(state))},
		since(rep["createdAt"]), since(rep["expiresAt"]), since(rep["openedAt"]), {Text: text(rep["clientId"])},
	}}
	if state == "pending" && v.may("manage-users") {
		r.Value, r.Acts = id, []link{{Text: "console.mail-link.revoke", URL: v.path("mail", "links", id, "revoke"), Bad: true}}
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
	ask: [3]string{"console.mail-link.revoke.heading", "console.mail-link.revoke.text", "console.mail-link.revoke"},
	thing: func(v *visit) (string, error) {
		var rep map[string]any
		err := v.api(http.MethodGet, "/links/"+v.value("id"), nil, &rep)
		return cmp.Or(text(rep["address"]), text(rep["clientId"]), text(rep["id"])), err
	},
	do: func(v *visit) (string, string, error) {
		return linksHome(v), "revoked", v.api(http.MethodDelete, "/links/"+v.value("id"), nil, nil)
	},
	no: linksHome,
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

// mailDetail is one mail, and what became of it.
var mailDetail = detail{
	path: "mail/messages/{id}", menu: "mail",
	api: func(v *visit) string { return "/messages/" + v.value("id") },
	top: func(v *visit, rep map[string]any) top {
		t := top{Title: cmp.Or(text(rep["subject"]), text(rep["address"])), Crumbs: []link{{Text: "console.mail", URL: v.path("mail", "messages")}}}
		if v.may("manage-users") {
			t.Acts = mailActs(v, text(rep["id"]), text(rep["state"]))
		}
		return t
	},
	shown: func(v *visit, rep map[string]any) templ.Component {
		state := text(rep["state"])
		facts := []fact{{"console.mail.state", cell{Shown: stateTag("console.mail.state."+state, mailTone(state))}}}
		if state != "handed_over" {
			facts = append(facts, known(fact{"console.mail.reason", cell{Text: reasonOf(text(rep["reason"])), Say: true}})...)
		}
		facts = append(facts, known(
			fact{"console.mail.to", cell{Text: text(rep["address"])}}, fact{"console.mail.recipient", cell{Text: recipient(rep)}},
			fact{"console.mail.user", v.account(text(rep["userId"]))},
			fact{"console.mail.kind", cell{Text: "console.mail.kind." + text(rep["kind"]), Say: true}},
			fact{"console.mail.client", cell{Text: text(rep["clientId"])}}, fact{"console.mail.ip", cell{Text: text(rep["ipAddress"]), Mono: true}},
			fact{"console.mail.locale", cell{Text: text(rep["locale"])}}, fact{"console.mail.promised-at", cell{At: moment(rep["createdAt"])}},
			fact{"console.mail.handed-over-at", cell{At: moment(rep["handedOverAt"])}}, fact{"console.mail.waited", cell{Text: waited(rep)}},
			fact{"console.mail.next-try", cell{At: moment(rep["nextAttemptAt"])}}, fact{"console.mail.ends", cell{At: moment(rep["expiresAt"])}},
			fact{"console.mail.message-id", cell{Text: text(rep["messageId"]), Mono: true}})...)
		m := toldMail{Facts: facts, Tries: mailTries(rep)}
		if text(rep["linkId"]) != "" {
			m.LinksURL = v.linksOf(text(rep["address"]))
			m.Link = known(fact{"console.mail.opened-at", cell{At: moment(rep["openedAt"])}}, fact{"console.mail.opens", cell{Text: text(rep["opens"])}},
				fact{"console.mail.redeemed-at", cell{At: moment(rep["redeemedAt"])}})
		}
		return mailStory(m)
	},
}

// toldMail is a mail as its page tells it.
type toldMail struct {
	Facts, Link []fact
	LinksURL    string // leads to the links of its address; empty for a mail without one
	Tries       table
}

// recipient is the account's own address where it is another one.
func recipient(rep map[string]any) string {
	if to := text(rep["recipient"]); to != text(rep["address"]) {
		return to
	}
	return ""
}

// account is the account with the id, by its name where the person may see it.
func (v *visit) account(id string) cell {
	if id == "" {
		return cell{}
	}
	c := cell{Text: id, URL: v.path("users", id, "settings")}
	if user, err := v.thing("/users/" + url.PathEscape(id)); err == nil {
		c.Text = text(user["username"])
	}
	return c
}

// mailTries is each try to hand a mail to a relay, with its answer.
func mailTries(rep map[string]any) table {
	t := table{Label: "console.mail.tries", Columns: []string{"console.mail.try", "console.mail.at", "console.mail.relay",
		"console.mail.outcome", "console.mail.took", "console.mail.reply"}}
	tries, _ := rep["tries"].([]any)
	for _, one := range tries {
		try, _ := one.(map[string]any)
		outcome := text(try["outcome"])
		t.Rows = append(t.Rows, tableRow{Cells: []cell{
			{Text: text(try["number"])}, since(try["time"]), {Text: text(try["relay"]), Mono: true},
			{Shown: stateTag("console.mail.outcome."+outcome, outcomeTone(outcome))},
			{Text: milliseconds(try["duration"])}, {Text: text(try["reply"]), Mono: true},
		}})
	}
	return t
}

// waited is how long a mail waited until a relay had it.
func waited(rep map[string]any) string {
	from, to := moment(rep["createdAt"]), moment(rep["handedOverAt"])
	if from.IsZero() || to.IsZero() {
		return ""
	}
	return milliseconds(float64(to.Sub(from).Milliseconds()))
}

// milliseconds says a length of time in the unit that fits.
func milliseconds(value any) string {
	ms, _ := value.(float64)
	switch {
	case ms < 1000:
		return strconv.Itoa(int(ms)) + " ms"
	case ms < 60_000:
		return strconv.FormatFloat(ms/1000, 'f', 1, 64) + " s"
	}
	return strconv.FormatFloat(ms/60_000, 'f', 1, 64) + " min"
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
