package console

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"latchkey/internal/page"
	"latchkey/internal/relyingparty"
)

func realmEmailRows() []row {
	return slices.Concat(realmEmail().rows(), relayForm("add-relay").rows(), relayForm("{relay}").rows(), deleteRelay.rows())
}

// realmEmail is how the realm sends mail.
func realmEmail() form {
	f := realmForm("email", func(*visit, map[string]any) []section {
		return []section{
			{Title: "console.realm.email.template", Settings: []setting{
				{At: "smtpServer/from", Kind: kindText, LTR: true},
				{At: "smtpServer/fromDisplayName", Kind: kindText},
				{At: "smtpServer/replyTo", Kind: kindText, LTR: true},
				{At: "smtpServer/replyToDisplayName", Kind: kindText},
				{At: "smtpServer/envelopeFrom", Kind: kindText, LTR: true},
			}},
			{Title: "console.realm.email.connection", Settings: relaySettings()},
			{Title: "console.realm.email.more", Settings: append([]setting{{At: "smtpServer/allowutf8", Kind: kindFlag}}, relayTimes()...)},
		}
	})
	f.top = func(v *visit, _ map[string]any) top {
		t := realmTop(v, "email")
		var route mailRoute
		if v.api(http.MethodGet, "/mail", nil, &route) == nil && route.Caught {
			t.Intro = "console.realm.email.caught"
		}
		return t
	}
	f.acts = []formAct{{name: "test", label: "console.realm.email.test", do: testMail}}
	f.beneath = relayTable
	return f
}

// relaySettings are those of one mail server.
func relaySettings() []setting {
	const (
		signsIn    = "smtpServer/auth=on"
		byPassword = signsIn + "&smtpServer/authType=basic"
		byToken    = signsIn + "&smtpServer/authType=token"
	)
	return []setting{
		{At: "smtpServer/host", Kind: kindText, LTR: true},
		{At: "smtpServer/port", Kind: kindNumber, Least: 1, Most: 65535},
		{At: "smtpServer/ssl", Kind: kindFlag},
		{At: "smtpServer/starttls", Kind: kindFlag},
		{At: "smtpServer/auth", Kind: kindFlag},
		{At: "smtpServer/user", Kind: kindText, LTR: true, When: signsIn},
		{At: "smtpServer/authType", Kind: kindChoice, Fallback: "basic", Options: choices("console.realm.authType.", "basic", "token"), When: signsIn},
		{At: "smtpServer/password", Kind: kindSecret, When: byPassword},
		{At: "smtpServer/authTokenUrl", Kind: kindText, LTR: true, When: byToken},
		{At: "smtpServer/authTokenScope", Kind: kindText, LTR: true, When: byToken},
		{At: "smtpServer/authTokenClientId", Kind: kindText, LTR: true, When: byToken},
		{At: "smtpServer/authTokenClientSecret", Kind: kindSecret, When: byToken},
	}
}

// relayTimes are how long a mail server may take, in milliseconds.
func relayTimes() []setting {
	return []setting{
		{At: "smtpServer/connectionTimeout", Kind: kindNumber},
		{At: "smtpServer/timeout", Kind: kindNumber},
		{At: "smtpServer/writeTimeout", Kind: kindNumber},
	}
}

// refusedMail is how the API begins to say that the relay took no mail; what
// follows are the relay's words.
const refusedMail = "Failed to send email: "

// testMail sends a mail to whoever is signed in, by the settings as they are
// typed.
func testMail(v *visit, rep map[string]any) (note, error) {
	server, _ := rep["smtpServer"].(map[string]any)
	err := v.api(http.MethodPost, "/testSMTPConnection", server, nil)
	var no *relyingparty.Refusal
	if errors.As(err, &no) {
		if words, ok := strings.CutPrefix(no.Message(), refusedMail); ok {
			return mailFault(server, words), nil
		}
	}
	return note{"good", "console.realm.email.test.sent", []any{v.Held.Who, text(server["host"])}}, err
}

// mailFaults are what can go wrong before a relay says anything, by how the API
// says it, and the relay's refusals by the step that it refused.
var mailFaults = []struct{ begins, key string }{
	{"connect: there is no server named ", "console.realm.email.test.no-host"},
	{"connect: connection refused", "console.realm.email.test.closed"},
	{"TLS: the certificate was not accepted: ", "console.realm.email.test.certificate"},
	{"TLS: the server does not speak TLS", "console.realm.email.test.plain"},
	{"TLS: the relay does not offer STARTTLS", "console.realm.email.test.no-starttls"},
	{"AUTH: the relay ", "console.realm.email.test.no-auth"},
	{"AUTH: ", "console.realm.email.test.auth"},
	{"MAIL: ", "console.realm.email.test.sender"},
}

// mailFault says in a sentence why the test mail did not go out.
func mailFault(server map[string]any, words string) note {
	host := text(server["host"])
	at := host
	if port := text(server["port"]); port != "" {
		at = net.JoinHostPort(host, port)
	}
	if strings.HasSuffix(words, ": no answer in time") {
		return note{"bad", "console.realm.email.test.slow", []any{at}}
	}
	for _, f := range mailFaults {
		if said, ok := strings.CutPrefix(words, f.begins); ok {
			return note{"bad", f.key, []any{at, said, host, text(server["from"])}}
		}
	}
	return note{"bad", "console.realm.email.test.refused", []any{at, words}}
}

// attributeRelays is the realm's attribute with the relays that mail goes to
// when the first one does not take it: a list in JSON.
const attributeRelays = "latchkey.smtp.fallbacks"

func relaysOf(rep map[string]any) (list []map[string]any) {
	attributes, _ := rep["attributes"].(map[string]any)
	_ = json.Unmarshal([]byte(text(attributes[attributeRelays])), &list) // none, or the API's own list
	return list
}

func (v *visit) putRelays(list []map[string]any) error {
	kept := ""
	if len(list) > 0 {
		b, err := json.Marshal(list)
		if err != nil {
			return err
		}
		kept = string(b)
	}
	return v.putAttributes(map[string]any{attributeRelays: kept})
}

// relayTable are the further relays, beneath the first one.
func relayTable(v *visit, rep map[string]any) (templ.Component, error) {
	t := table{Label: "console.relays", Columns: []string{"console.realm.host", "console.realm.port", "console.realm.user"}, Form: v.Post("")}
	for i, relay := range relaysOf(rep) {
		at := v.path("realm-settings", "email", "relays", strconv.Itoa(i))
		r := tableRow{Cells: []cell{{Text: text(relay["host"]), URL: at}, {Text: text(relay["port"])}, {Text: text(relay["user"])}}}
		if v.may(mayManageRealm...) {
			r.Acts = []link{{Text: sayDelete, URL: at + "/delete", Bad: true}}
		}
		t.Rows = append(t.Rows, r)
	}
	b := beneathTable{Title: "console.relays", Intro: "console.relays.intro", Table: t}
	if v.may(mayManageRealm...) {
		b.Acts = []link{{Text: "console.relays.add", URL: v.path("realm-settings", "email", "relays", "add-relay")}}
	}
	return beneathView(b), nil
}

// relay finds the relay of the page's path.
func (v *visit) relay() (list []map[string]any, i int, err error) {
	rep, err := v.realm()
	if err != nil {
		return nil, 0, err
	}
	list = relaysOf(rep)
	i, err = strconv.Atoi(v.R.PathValue("relay"))
	if err != nil || i < 0 || i >= len(list) {
		return nil, 0, errMissing
	}
	return list, i, nil
}

// relayForm is a further relay; its last part says which, or that it is new.
func relayForm(last string) form {
	fresh := last == "add-relay"
	f := form{
		path: "realm-settings/email/relays/" + last, menu: "realm-settings", prefix: "console.realm", may: mayManageRealm,
		blames: []blame{{"host name", "smtpServer/host", ""}, {"token endpoint", "smtpServer/authTokenUrl", ""}},
		sections: func(*visit, map[string]any) []section {
			list := relaySettings()
			list[0].Required = true
			return []section{{Settings: append(list, relayTimes()...)}}
		},
		top: func(v *visit, _ map[string]any) top {
			return top{Title: "console.relays.one", Crumbs: crumbsTo(v, "email")}
		},
		send: func(v *visit, rep map[string]any) (sent, error) {
			list, i, err := v.relay()
			switch {
			case fresh:
				whole, err := v.realm()
				if err != nil {
					return sent{}, err
				}
				list, i = append(relaysOf(whole), nil), len(relaysOf(whole))
			case err != nil:
				return sent{}, err
			}
			list[i], _ = rep["smtpServer"].(map[string]any)
			return sent{address: v.path("realm-settings", "email"), notice: "saved"}, v.putRelays(list)
		},
	}
	if !fresh {
		f.load = func(v *visit) (map[string]any, error) {
			list, i, err := v.relay()
			if err != nil {
				return nil, err
			}
			return map[string]any{"smtpServer": list[i]}, nil
		}
		f.before = sameServer
	} else {
		f.button = "console.create"
	}
	return f
}

// sameServer asks for the password anew where it would go to another server.
func sameServer(v *visit, rep map[string]any) *page.FieldError {
	list, i, err := v.relay()
	now, _ := rep["smtpServer"].(map[string]any)
	if err != nil || v.R.Form.Get("smtpServer/password") != "" || text(now["password"]) == "" ||
		text(list[i]["host"]) == text(now["host"]) && text(list[i]["user"]) == text(now["user"]) {
		return nil
	}
	return &page.FieldError{Field: "smtpServer/password", Message: "console.relays.password"}
}

var deleteRelay = act{
	path: "realm-settings/email/relays/{relay}/delete", menu: "realm-settings",
	ask: [3]string{"console.relays.delete.heading", "console.relays.delete.text", sayDelete},
	thing: func(v *visit) (string, error) {
		list, i, err := v.relay()
		if err != nil {
			return "", err
		}
		return text(list[i]["host"]), nil
	},
	do: func(v *visit) (address, notice string, err error) {
		list, i, err := v.relay()
		if err != nil {
			return "", "", err
		}
		return v.path("realm-settings", "email"), "deleted", v.putRelays(slices.Delete(list, i, i+1))
	},
	no: func(v *visit) string { return v.path("realm-settings", "email") },
}
