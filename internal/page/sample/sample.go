package sample

import (
	"net/http"
	"net/url"
	"time"

	"latchkey"
	"latchkey/internal/page"
)

// Page is a page with sample data. Name is unique and fit for a file's name.
type Page struct {
	Name   string
	Group  string
	Page   page.Page
	Policy page.Policy
	// NoApp shows it without an application.
	NoApp bool
	// NoRealm shows it without a realm, as pages of the whole server are.
	NoRealm bool
	// Accent gives the realm a colour of its own.
	Accent string
}

// Mail is a mail with sample data.
type Mail struct {
	Name  string
	Facts func(lang string) page.Facts
}

// Now is the time that every sample is shown at.
var Now = time.Date(2026, 3, 14, 14, 4, 6, 0, time.UTC)

// Realm is the realm of the samples, with every language.
func Realm() *latchkey.Realm {
	return &latchkey.Realm{
		ID: "0190a000-0000-7000-8000-000000000001", Name: "acme", Enabled: true, DisplayName: "Acme",
		RememberMe: true, InternationalizationEnabled: true, SupportedLocales: []string{"en", "de", "ar"}, DefaultLocale: "en",
		Attributes: map[string]string{},
	}
}

// Client is the application of the samples.
func Client() *latchkey.Client {
	return &latchkey.Client{
		ID: "0190a000-0000-7000-8000-000000000002", ClientID: "acme-shop", Enabled: true, Name: "Acme Shop",
		RootURL: "https://shop.acme.test", BaseURL: "/start",
	}
}

// Meta is what the layout needs for a sample in a language.
func Meta(k *page.Kit, p Page, lang string) page.Meta {
	realm, client := Realm(), Client()
	if p.Accent != "" {
		realm.Attributes[page.AccentAttribute] = p.Accent
	}
	if p.NoApp {
		client = nil
	}
	if p.NoRealm {
		realm, client = nil, nil
	}
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/realms/acme/login-actions/authenticate", RawQuery: "client_id=acme-shop&tab_id=q7Zs0v3nR1k"}}
	return k.Meta(r, realm, client, lang, Now)
}

const (
	address = "ada@example.test"
	action  = "/realms/acme/login-actions/authenticate?execution=e1&client_id=acme-shop&tab_id=q7Zs0v3nR1k"
)

func form() page.Form {
	return page.Form{Action: action, SessionCode: "hN2b7cSampleSessionCode0Zq", RestartURL: "/realms/acme/login-actions/restart?client_id=acme-shop&tab_id=q7Zs0v3nR1k"}
}

func another() page.Form {
	f := form()
	f.TryAnotherURL = action + "&tryAnotherWay=on"
	return f
}

// bare is a form without the icon that begins again.
func bare() page.Form {
	f := form()
	f.RestartURL = ""
	return f
}

func wrong(field, key string, args ...any) []page.FieldError {
	return []page.FieldError{{Field: field, Message: key, Args: args}}
}

func waiting() page.Waiting {
	return page.Waiting{
		Form: form(), Address: address, Number: "472", Code: true,
		SentAt: Now.Add(-6 * time.Second), ResendAt: Now.Add(24 * time.Second), ExpiresAt: Now.Add(594 * time.Second),
		PollURL: "/realms/acme/login-actions/waiting?tab_id=q7Zs0v3nR1k",
	}
}

func other() page.LinkOtherBrowser {
	return page.LinkOtherBrowser{
		Form: bare(), Masked: "a•••@example.test",
		From: latchkey.Browser{Name: "Firefox", OS: "Linux", Place: "Vienna"}, AskedAt: Now.Add(-126 * time.Second),
	}
}
