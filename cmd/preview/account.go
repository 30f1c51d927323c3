package main

import (
	"time"

	"latchkey"
	"latchkey/internal/account"
	"latchkey/internal/page"
	"latchkey/internal/page/sample"
)

const accountURL = "/realms/acme/account/"

// accountFrame is the menu beside a page of the account console.
func accountFrame(path, notice string) account.Frame {
	m := page.Menu{Label: "account.menu", Account: "ada@example.test", SignOut: page.Form{Action: accountURL + "sign-out", SessionCode: "x"},
		BackURL: "https://shop.acme.test/start", BackTo: "Acme Shop", Notice: notice, NoticeKind: "good"}
	for _, e := range [][2]string{{"", "account.info"}, {"account-security/signing-in", "account.signing-in"}, {"account-security/device-activity", "account.devices"},
		{"applications", "account.applications"}, {"groups", "account.groups"}, {"activity", "account.activity"}} {
		m.Items = append(m.Items, page.MenuItem{Text: e[1], URL: accountURL + e[0], Current: e[0] == path})
	}
	return account.Frame{Menu: m}
}

func accountPages() []sample.Page {
	const g = "Account"
	form := page.Form{Action: accountURL, SessionCode: "x"}
	ago := func(d time.Duration) time.Time { return sample.Now.Add(-d) }
	info := account.Info{Frame: accountFrame("", ""), Form: form, EmailURL: accountURL + "begin", DeleteURL: accountURL + "begin", Fields: []page.ProfileField{
		{Name: "email", Label: "${email}", Values: []string{"ada@example.test"}, ReadOnly: true},
		{Name: "firstName", Label: "${firstName}", Values: []string{"Ada"}}, {Name: "lastName", Label: "${lastName}", Values: []string{"Lovelace"}},
		{Name: "locale", Label: "account.language", Input: "select", Values: []string{"en"}, Options: []latchkey.ProfileOption{{Value: "en", Label: "English"}, {Value: "de", Label: "Deutsch"}}}}}
	saved, wrong := info, info
	saved.Frame = accountFrame("", "account.saved")
	wrong.Errors = []page.FieldError{{Field: "firstName", Message: "error-person-name-invalid-character"}}
	signing := account.SigningIn{Frame: accountFrame("account-security/signing-in", ""), Form: form, Kinds: []account.Kind{
		{Type: "password", Credentials: []account.Credential{{ID: "p", CreatedAt: ago(40 * 24 * time.Hour), ChangeURL: accountURL + "begin"}}},
		{Type: "otp", AddURL: accountURL + "begin", Credentials: []account.Credential{{ID: "o", Label: "My phone", CreatedAt: ago(24 * time.Hour), RemoveURL: accountURL + "begin"}}}}}
	bare := signing
	bare.Kinds = []account.Kind{{Type: "password", AddURL: accountURL + "begin"}, {Type: "otp", AddURL: accountURL + "begin"}}
	session := func(browser, os string, current bool) account.Session {
		return account.Session{Browser: latchkey.Browser{Name: browser, OS: os}, IPAddress: "192.0.2.7", Started: ago(3 * time.Hour), LastAccess: ago(2 * time.Minute),
			Expires: sample.Now.Add(7 * time.Hour), Applications: []string{"Acme Shop", "Account console"}, Current: current, EndURL: accountURL}
	}
	devices := account.Devices{Frame: accountFrame("account-security/device-activity", ""), Others: accountURL, All: accountURL, Devices: []account.Device{
		{OS: "Linux", Current: true, Sessions: []account.Session{session("Firefox", "Linux", true)}},
		{OS: "iOS", Sessions: []account.Session{session("Safari", "iOS", false)}}}}
	return []sample.Page{
		{Name: "account-info", Group: g, Page: info, NoApp: true},
		{Name: "account-saved", Group: g, Page: saved, NoApp: true},
		{Name: "account-wrong", Group: g, Page: wrong, NoApp: true},
		{Name: "account-signing-in", Group: g, Page: signing, NoApp: true},
		{Name: "account-signing-in-empty", Group: g, Page: bare, NoApp: true},
		{Name: "account-devices", Group: g, Page: devices, NoApp: true},
		{Name: "account-end-one", Group: g, NoApp: true, Page: account.Confirm{Frame: accountFrame("account-security/device-activity", ""), Heading: "account.end-one.heading",
			Text: "account.end-one.text", Args: []any{latchkey.Browser{Name: "Safari", OS: "iOS"}, ago(3 * time.Hour)}, Form: form, Yes: "account.session.end", NoURL: accountURL}},
		{Name: "account-applications", Group: g, NoApp: true, Page: account.Applications{Frame: accountFrame("applications", ""), Applications: []account.Application{
			{Name: "Acme Shop", Description: "Where Acme sells", URL: "https://shop.acme.test/", InUse: true, Offline: true, AgreedAt: ago(40 * 24 * time.Hour),
				Agreed: []string{"Email address", "User profile"}, RevokeURL: accountURL, PolicyURL: "https://shop.acme.test/privacy"}, {Name: "Account console", InUse: true}}}},
		{Name: "account-applications-empty", Group: g, Page: account.Applications{Frame: accountFrame("applications", "")}, NoApp: true},
		{Name: "account-groups", Group: g, NoApp: true, Page: account.Groups{Frame: accountFrame("groups", ""), Groups: []account.Group{{Name: "crew", Path: []string{"staff"}}}}},
		{Name: "account-groups-empty", Group: g, Page: account.Groups{Frame: accountFrame("groups", "")}, NoApp: true},
		{Name: "account-activity-off", Group: g, NoApp: true, Page: account.Activity{Frame: accountFrame("activity", ""), Off: true}},
		{Name: "account-activity", Group: g, NoApp: true, Page: account.Activity{Frame: accountFrame("activity", ""), Older: accountURL, Events: []account.Event{
			{What: "account.event.login", At: ago(2 * time.Minute), Application: "Acme Shop", IPAddress: "192.0.2.7"},
			{What: "account.event.reported", At: ago(3 * time.Hour), IPAddress: "198.51.100.4", Bad: true},
			{What: "account.event.profile", At: ago(50 * time.Hour), Application: "Account console", IPAddress: "192.0.2.7"}}}},
		{Name: "account-activity-empty", Group: g, Page: account.Activity{Frame: accountFrame("activity", "")}, NoApp: true},
		{Name: "account-closed", Group: g, Page: account.Closed{Frame: accountFrame("groups", "")}, NoApp: true},
		{Name: "account-missing", Group: g, Page: account.Missing{Frame: accountFrame("-", "")}, NoApp: true},
	}
}
