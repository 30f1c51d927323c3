package servertest_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"latchkey/internal/servertest"
)

// mistakes sends secrets to where they do not belong, and requests that are
// wrong in every way: what a server writes down of those is what leaks.
func (w *spied) mistakes() {
	secrets := map[string]string{}
	for _, c := range w.cage.all() {
		secrets[c.kind] = c.value // one of each kind
	}
	for _, kind := range []string{linkSecret, bearer, password, wholeAddress} {
		w.misdirect(kind, secrets[kind])
	}
	token := "/realms/demo/protocol/openid-connect/token"
	basic := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(w.rp.OAuth.ClientID+":"+w.rp.OAuth.ClientSecret))
	form := "Content-Type: application/x-www-form-urlencoded"
	for _, body := range []string{
		"grant_type=authorization_code&code=" + secrets[authCode],
		"grant_type=refresh_token&refresh_token=" + url.QueryEscape(secrets[bearer]),
		"grant_type=password&username=" + url.QueryEscape(ownerAddress) + "&password=" + url.QueryEscape(rightPassword),
		"grant_type=client_credentials&client_id=" + w.service.OAuth.ClientID + "&client_secret=" + robotSecret + "&client_secret=" + robotSecret,
		"client_secret=" + robotSecret + "&%zz",
	} {
		w.s.Send(http.MethodPost, token, body, form)
		w.s.Send(http.MethodPost, token, body, form, basic)
		w.s.Send(http.MethodPost, token+"?"+strings.ReplaceAll(body, "%zz", ""), "", form, basic)
		w.s.Send(http.MethodPost, token, `{"secret":"`+robotSecret+`"}`, "Content-Type: application/json", basic)
		w.s.Send(http.MethodPost, token, body, form, basic+"%")
	}
	for _, body := range []string{`{"email":"` + ownerAddress + `"`, `{"email":"` + ownerAddress + `","client_id":"nobody's"}`} {
		w.s.Send(http.MethodPost, "/realms/demo/magic-link", body, "Content-Type: application/json", "Authorization: Bearer "+secrets[bearer])
	}
	w.misuseLinks(secrets)
}

// misdirect puts a secret into every part of a request that a log likes. Only
// what an application calls itself (client_id, redirect_uri) is left out: that
// is written down, as Keycloak does.
func (w *spied) misdirect(kind, value string) {
	q, p := url.QueryEscape(value), url.PathEscape(value)
	paths := []string{"/" + p, "/realms/" + p, "/realms/demo/" + p, "/resources/" + p, "/admin/" + p, "/admin/realms/" + p,
		"/realms/demo/login-actions/action-token?key=" + q}
	if kind != linkSecret {
		paths = append(paths, "/?"+q, "/realms/demo/protocol/openid-connect/auth?client_secret="+q+"&client_secret="+q,
			"/realms/demo/protocol/openid-connect/token?client_secret="+q, "/realms/demo/protocol/openid-connect/userinfo?access_token="+q,
			"/realms/demo/protocol/openid-connect/logout?id_token_hint="+q, "/realms/demo/login-actions/authenticate?tab_id="+q+"&execution="+q,
			"/realms/demo/login-actions/wait?tab_id="+q, "/realms/demo/login-actions/link/"+p, "/realms/demo/login-actions/first-admin/"+p)
	}
	for _, path := range paths {
		w.s.Get(path, "Accept: text/html")
		w.s.Send(http.MethodPut, path, value, "Content-Type: text/plain")
	}
	header := strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, value)
	for _, name := range []string{"Authorization: Bearer ", "Authorization: Basic ", "Authorization: ", "Cookie: session-demo=", "Cookie: ", "User-Agent: ", "Referer: " + w.s.Base + "/?key=",
		"X-Forwarded-For: ", "X-Request-Id: ", "Traceparent: ", "Origin: https://", "Accept-Language: ", "DPoP: "} {
		w.s.Get("/realms/demo/protocol/openid-connect/userinfo", name+header)
		w.s.Get("/realms/demo/login-actions/authenticate?tab_id=x", "Accept: text/html", name+header)
	}
	for _, path := range []string{"/realms/demo/protocol/openid-connect/introspect", "/realms/demo/protocol/openid-connect/token/introspect", "/realms/demo/protocol/openid-connect/revoke"} {
		w.s.Send(http.MethodPost, path, "token="+q, "Content-Type: application/x-www-form-urlencoded")
	}
	w.s.Send(http.MethodPost, "/realms/demo/login-actions/authenticate?tab_id=x", "username="+q+"&code="+q, "Content-Type: application/x-www-form-urlencoded", "Origin: https://evil.example")
}

// misuseLinks opens links that are damaged, and forms that are another's.
func (w *spied) misuseLinks(secrets map[string]string) {
	b := w.s.Browser()
	p := w.ask(b, "mistaken@example.test")
	m := w.mail("mistaken@example.test")
	id, sec, _ := strings.Cut(m.Link[strings.Index(m.Link, "key=")+4:], ".")
	for _, link := range []string{
		m.Link + "x", strings.Replace(m.Link, sec, sec[1:], 1), strings.Replace(m.Link, id, id[1:], 1), strings.ToUpper(m.Link),
		m.Link[:len(m.Link)-4], m.Link + "&key=" + secrets[linkSecret], strings.Replace(m.Link, "key=", "key=%00", 1),
		strings.Replace(m.Link, "/demo/", "/master/", 1), strings.Replace(m.Link, "action-token", "first-admin", 1),
		strings.Replace(m.Link, "action-token", "link/"+id, 1), w.s.Base + "/realms/demo/login-actions/first-admin?key=" + id + "." + sec,
	} {
		if u, err := url.Parse(link); err != nil || !strings.EqualFold(u.Host, w.s.Site().Base.Host) {
			continue
		}
		for _, visitor := range []*servertest.Browser{b.Copy(), w.s.Browser()} {
			visitor.Get(link)
			visitor.Do(http.MethodPost, link, url.Values{"key": {sec}, "session_code": {sec}})
		}
	}
	f := p.FormWith("code")
	for name, value := range map[string]string{"code": m.Code + " " + m.Code, "session_code": secrets[cookie], "unknown": sec} {
		values := url.Values{"code": f.Values["code"], "session_code": f.Values["session_code"]}
		values.Set(name, value)
		b.Copy().Do(http.MethodPost, f.Action, values)
	}
	b.Copy().Do(http.MethodPost, f.Action, url.Values{"code": {m.Code}, "session_code": {f.Values.Get("session_code")}}, "Origin: https://evil.example", "Sec-Fetch-Site: cross-site")
}
