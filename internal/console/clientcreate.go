package console

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/page"
)

// clientKind is one of the usual kinds of application: what it is asked for,
// and what it is made with. All prove the code by PKCE S256 and come back to
// whole addresses alone.
type clientKind struct {
	name string
	// asks are the settings besides clientId and name.
	asks []setting
	// made is what the client is besides what was asked.
	made map[string]any
}

var (
	askRedirects = setting{At: "redirectUris", Kind: kindLines, Required: true, LTR: true}
	askHome      = setting{At: "baseUrl", Kind: kindText, LTR: true}
)

func withHelp(s setting, label string) setting {
	s.Label = label
	return s
}

// public are clients that can keep no secret: each refresh token works once.
func public(also map[string]any) map[string]any {
	return madeOf(also, map[string]any{"publicClient": true, "standardFlowEnabled": true, "attributes": map[string]any{
		"pkce.code.challenge.method": "S256", "latchkey.refresh.rotation": "true"}})
}

func madeOf(parts ...map[string]any) map[string]any {
	all := map[string]any{"protocol": "openid-connect", "enabled": true, "publicClient": false, "standardFlowEnabled": false,
		"directAccessGrantsEnabled": false, "serviceAccountsEnabled": false, "webOrigins": []any{}}
	for _, part := range parts {
		for k, v := range part {
			all[k] = v
		}
	}
	return all
}

var clientKinds = []clientKind{
	{"web", []setting{withHelp(askRedirects, "console.new-client.web.redirectUris"), askHome}, madeOf(map[string]any{
		"standardFlowEnabled": true, "clientAuthenticatorType": "client-secret", "attributes": map[string]any{"pkce.code.challenge.method": "S256"}})},
	{"spa", []setting{withHelp(askRedirects, "console.new-client.spa.redirectUris"), askHome, {At: "webOrigins", Kind: kindLines, LTR: true}},
		public(map[string]any{"webOrigins": []any{"+"}})},
	{"native", []setting{withHelp(askRedirects, "console.new-client.native.redirectUris")}, public(nil)},
	{"service", nil, madeOf(map[string]any{"serviceAccountsEnabled": true, "clientAuthenticatorType": "client-secret"})},
}

func clientCreateRows() []row {
	rows := []row{{method: http.MethodGet, path: "clients/create", handle: chooseKind}}
	for _, k := range clientKinds {
		rows = append(rows, k.form().rows()...)
	}
	return rows
}

// kindsPage asks what kind of application a new client is.
type kindsPage struct {
	Frame
	Top   top
	Kinds []link // the text is the kind's name
}

// Title names the page.
func (p kindsPage) Title(t *page.Texts) string { return titleOf(t, p.Top) }

// Render writes the page's main part.
func (p kindsPage) Render(ctx context.Context, w io.Writer) error { return kindsView(p).Render(ctx, w) }

func chooseKind(v *visit) error {
	p := kindsPage{Frame: v.frame("clients"), Top: createTop(v, "console.client.create", "console.client.create.intro")}
	for _, k := range clientKinds {
		p.Kinds = append(p.Kinds, link{Text: k.name, URL: v.path("clients", "create", k.name)})
	}
	return v.write(http.StatusOK, p)
}

func createTop(v *visit, title, intro string) top {
	return top{Title: title, Intro: intro, Crumbs: []link{{Text: "console.clients", URL: v.path("clients")}}}
}

func (k clientKind) form() form {
	return form{
		path: "clients/create/" + k.name, menu: "clients", prefix: "console.new-client", may: manageClients, blame: "clientId",
		top: func(v *visit, _ map[string]any) top {
			t := createTop(v, "console.kind."+k.name, "console.kind."+k.name+".text")
			t.Crumbs = append(t.Crumbs, link{Text: "console.client.create", URL: v.path("clients", "create")})
			return t
		},
		sections: func(*visit, map[string]any) []section {
			return []section{{Settings: slices.Concat([]setting{
				{At: "clientId", Kind: kindText, Required: true, LTR: true}, {At: "name", Kind: kindText}}, k.asks)}}
		},
		before: func(_ *visit, rep map[string]any) *page.FieldError { return k.strict(rep) },
		create: func(v *visit, rep map[string]any) (string, error) {
			id, err := v.create("/clients", k.client(rep))
			return v.path("clients", id, "connect"), err
		},
	}
}

// client is the new client.
func (k clientKind) client(rep map[string]any) map[string]any {
	all := madeOf(k.made)
	attributes := map[string]any{}
	if given, ok := k.made["attributes"].(map[string]any); ok {
		for name, value := range given {
			attributes[name] = value
		}
	}
	all["attributes"] = attributes
	for name, value := range rep {
		if list, ok := value.([]any); ok && len(list) == 0 || value == "" {
			continue // what the kind has when nothing is said
		}
		all[name] = value
	}
	if home := text(rep["baseUrl"]); home != "" {
		attributes["post.logout.redirect.uris"] = home
		all["rootUrl"] = originOf(home)
	}
	return all
}

// strict refuses addresses that are not whole, or that anybody could come back
// to. What needs it can be set on the client's own page.
func (k clientKind) strict(rep map[string]any) *page.FieldError {
	for _, field := range []string{"redirectUris", "webOrigins"} {
		for _, one := range texts(rep[field], "") {
			if fault := strictAddress(one, field, k.name == "native"); fault != "" {
				return &page.FieldError{Field: field, Message: fault, Args: []any{one}}
			}
		}
	}
	if home := text(rep["baseUrl"]); home != "" {
		if fault := strictAddress(home, "baseUrl", false); fault != "" {
			return &page.FieldError{Field: "baseUrl", Message: fault, Args: []any{home}}
		}
	}
	return nil
}

// strictAddress gives the key of what is wrong with an address; apps may have a
// scheme of their own (RFC 8252 7.1), which is a domain written backwards.
func strictAddress(address, field string, app bool) string {
	u, err := url.Parse(address)
	wrong := "console.error.address"
	if app {
		wrong = "console.error.address-app"
	}
	switch {
	case strings.Contains(address, "*"):
		return "console.error.wildcard"
	case field == "webOrigins" && address == "+":
		return ""
	case err != nil || u.Scheme == "" || u.Fragment != "" || strings.Contains(address, "#"):
		return wrong
	case app && u.Scheme != "http" && u.Scheme != "https":
		if !strings.Contains(u.Scheme, ".") {
			return "console.error.scheme"
		}
		return ""
	case u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return wrong
	case u.Scheme == "http" && !latchkey.Loopback(u.Hostname()):
		return "console.error.https"
	case field == "webOrigins" && u.Path != "" && u.Path != "/":
		return "console.error.origin"
	}
	return ""
}

// originOf is scheme, host and port of an address.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
}
