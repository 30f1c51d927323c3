package servertest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"latchkey/internal/representation"
	"latchkey/internal/servertest"
)

// lures are addresses off this site, in every way that a browser may read one
// and a careless check may not. HERE stands for our host, APP for the
// application's address.
var lures = []string{
	"https://evil.example", "http://evil.example/", "https://evil.example/callback", "HTTPS://EVIL.EXAMPLE", "hTTps://evil.example",
	"//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example", "/\\/evil.example", "/\t/evil.example",
	"/\n/evil.example", "/\r\n/evil.example", "\t//evil.example", " //evil.example", "\x00//evil.example", "\u00a0//evil.example", "https:evil.example", "https:/evil.example",
	"https:\\evil.example", "https:\\\\evil.example", "https:///evil.example", "http:\\\\evil.example", "//evil.example:443/x", "//evil%2eexample", "//evil.example%2f", "//evil。example",
	"//еvil.example", "https://HERE@evil.example", "https://HERE:80@evil.example", "https://HERE%40evil.example", "https://HERE\\@evil.example", "https://evil.example\\@HERE",
	"https://evil.example#HERE", "https://evil.example?HERE", "https://evil.example/HERE", "https://HERE.evil.example", "https://evil.example:80#@HERE/", "https://[::1]@evil.example",
	"APP@evil.example", "APP.evil.example", "APP:80@evil.example/", "APP\\@evil.example", "APP%00.evil.example", "APP%2f..%2f..%2f@evil.example", "APP/callback/../../evil",
	"APP/callback\\..\\..", "APP/callback%2f..", "APP/callback?x=//evil.example", "APP/callback;@evil.example", "APP/callback#@evil.example", "APP//evil.example",
	"javascript:location='https://evil.example'", "JaVaScRiPt:alert(1)//evil.example", "java\tscript:alert(1)//evil.example", "data:text/html,<script>location='https://evil.example'</script>", "vbscript:x", "file:///etc/passwd",
	"blob:https://evil.example/x", "view-source:https://evil.example", "about:blank", "ftp://evil.example", "ws://evil.example", "mailto:a@evil.example",
	"%2f%2fevil.example", "%5c%5cevil.example", "%09//evil.example", "%0d%0aLocation:%20https://evil.example", "/%0d%0aLocation:%20https://evil.example", "x\r\nLocation: https://evil.example\r\nX-Evil: 1",
	"x\r\nSet-Cookie: evil=1; Domain=evil.example\r\n", "x%0d%0aSet-Cookie:%20evil=1", "%E5%98%8A%E5%98%8DLocation:%20https://evil.example", "嘊嘍Location: https://evil.example",
	"//evil.example/%2e%2e", "/..//evil.example", "/.//evil.example", "/%2e//evil.example", "/realms//evil.example", "./\\evil.example", "?//evil.example", "#//evil.example", ".evil.example", "@evil.example",
	"<meta http-equiv=refresh content='0;url=https://evil.example'>", "\"><a href=https://evil.example>", "'><form action=https://evil.example>", "https://evil.example\" onload=\"x",
}

// places are every parameter of every address that redirects, or might.
var places = map[string][]string{
	"protocol/openid-connect/auth":              {"redirect_uri", "client_id", "state", "response_mode", "kc_locale", "ui_locales", "login_hint", "iss", "request_uri", "prompt", "kc_idp_hint", "kc_action", "id_token_hint", "tab_id"},
	"protocol/openid-connect/logout":            {"post_logout_redirect_uri", "redirect_uri", "id_token_hint", "client_id", "state", "ui_locales", "kc_locale"},
	"login-actions/authenticate":                {"tab_id", "client_id", "execution", "session_code", "redirect_uri", "client_data", "kc_locale"},
	"login-actions/required-action":             {"tab_id", "client_id", "execution", "redirect_uri", "kc_locale"},
	"login-actions/restart":                     {"tab_id", "client_id", "continue", "redirect_uri", "kc_locale", "skip_logout"},
	"login-actions/action-token":                {"key", "client_id", "tab_id", "redirect_uri", "kc_locale"},
	"login-actions/first-admin":                 {"key", "redirect_uri", "kc_locale"},
	"login-actions/link/AAAAAAAAAAAAAAAAAAAAAA": {"kc_locale", "client_id", "redirect_uri"},
	"": {"redirect_uri", "kc_locale"},
}

// whatever a parameter says, nobody is led off this site and off what
// the application registered, by a redirect, a link, a form or a header that
// was smuggled in.
func TestNoOpenRedirect(t *testing.T) {
	s := servertest.Start(t)
	exact := s.RP("demo")
	below := s.RP("demo", func(c *representation.Client) { // as Keycloak's realms have them
		c.RedirectURIs = []string{*c.RootURL + "/*"}
		c.Attributes["post.logout.redirect.uris"] = "+"
	})
	b := s.Browser()
	exact.Start(b) // with a login under way
	tab := b.Get(exact.URL()).URL.Query().Get("tab_id")
	allowed := []string{s.Site().Base.Host, hostOf(exact.OAuth.RedirectURL), hostOf(below.OAuth.RedirectURL)}
	n := 0
	for path, params := range places {
		for _, rp := range []*servertest.RP{exact, below} {
			for _, param := range params {
				if rp == below && !strings.HasSuffix(param, "redirect_uri") {
					continue // only those look at what is registered
				}
				for _, lure := range lures {
					n++
					lure = strings.NewReplacer("HERE", s.Site().Base.Host, "APP", strings.TrimSuffix(rp.OAuth.RedirectURL, "/callback")).Replace(lure)
					q := url.Values{"client_id": {rp.OAuth.ClientID}, "tab_id": {tab}}
					if strings.HasSuffix(path, "/auth") {
						u, err := url.Parse(rp.URL())
						if err != nil {
							t.Fatal(err)
						}
						q = u.Query()
					}
					q.Set(param, lure)
					address := s.Base + "/realms/demo/" + path + "?" + q.Encode()
					visitor := b.Copy()
					visitor.Follow = false
					p, err := visitor.Try(http.MethodGet, address, nil)
					if err != nil {
						t.Fatalf("%s=%q: %v", param, lure, err)
					}
					if off := offSite(p, allowed); off != "" {
						t.Errorf("%s?%s=%q leads to %s", path, param, lure, off)
					}
					if p.Status >= 500 {
						t.Errorf("%s?%s=%q: %d", path, param, lure, p.Status)
					}
				}
			}
		}
		s.Clock.Advance(time.Second)
	}
	if n < 2000 {
		t.Errorf("only %d requests were made", n)
	}
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// offSite gives where an answer leads that is none of the hosts.
func offSite(p *servertest.Page, hosts []string) string {
	for name := range p.Header {
		if strings.Contains(strings.ToLower(name), "evil") {
			return "a header " + name
		}
	}
	for _, line := range p.Header.Values("Set-Cookie") {
		if strings.Contains(line, "evil") {
			return "a cookie " + line
		}
	}
	targets := append(p.Header.Values("Location"), p.Header.Values("Refresh")...)
	for _, policy := range p.Header.Values("Content-Security-Policy") {
		if strings.Contains(policy, "evil") {
			return "the policy " + policy
		}
	}
	doc, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		return err.Error()
	}
	for n := range doc.Descendants() {
		for _, a := range n.Attr {
			switch a.Key {
			case "href", "action", "formaction", "src", "data-poll", "poster", "srcset", "ping", "manifest":
				targets = append(targets, a.Val)
			case "content":
				if n.Data == "meta" && strings.Contains(strings.ToLower(a.Val), "url=") {
					targets = append(targets, a.Val[strings.Index(strings.ToLower(a.Val), "url=")+4:])
				}
			}
			if strings.HasPrefix(a.Key, "on") {
				return "a script in " + a.Key
			}
		}
	}
	for _, to := range targets {
		if host := browserHost(to, p.URL); !slices.Contains(hosts, host) {
			return fmt.Sprintf("%q, that is %s", to, host)
		}
	}
	return ""
}

// browserHost is the host that a browser would go to: it drops tabs and line
// ends, trims what is not visible, and reads a backslash as a slash.
func browserHost(to string, from *url.URL) string {
	to = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(strings.TrimFunc(to, func(r rune) bool { return r <= ' ' }))
	scheme, rest, _ := strings.Cut(to, ":")
	if s := strings.ToLower(scheme); s == "http" || s == "https" {
		to = s + "://" + strings.TrimLeft(strings.ReplaceAll(rest, "\\", "/"), "/")
	} else if before, query, ok := strings.Cut(to, "?"); ok {
		to = strings.ReplaceAll(before, "\\", "/") + "?" + query
	} else {
		to = strings.ReplaceAll(to, "\\", "/")
	}
	if strings.HasPrefix(to, "//") {
		to = from.Scheme + "://" + strings.TrimLeft(to, "/")
	}
	u, err := from.Parse(to)
	if err != nil {
		return "what cannot be read: " + err.Error()
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return u.Scheme + ":"
	}
	return u.Host
}

// nor by a path, or by what a request says of its host.
func TestNoOpenRedirectByPath(t *testing.T) {
	s := servertest.Start(t)
	host := s.Site().Base.Host
	for _, target := range []string{"//evil.example", "//evil.example/", "//evil.example/%2e%2e", "//evil.example/..", "/\\evil.example", "/\\evil.example/", "/%5cevil.example/", "/%2fevil.example",
		"/%2f/evil.example/", "/.//evil.example/", "/..//evil.example", "/realms//evil.example", "/realms/demo//evil.example/", "/realms/demo/..//..//evil.example", "/admin//evil.example",
		"/admin/..//evil.example/", "/realms/demo/", "/realms/demo/login-actions/authenticate/?x=//evil.example", "//evil.example/realms/demo", "https://evil.example/realms/demo", "http://evil.example/",
		"/;@evil.example", "/@evil.example", "/.evil.example", "/%0d%0aLocation:%20//evil.example", "/?redirect=//evil.example", "/admin?//evil.example", "/admin/?\\\\evil.example"} {
		for _, headers := range []string{"Host: " + host, "Host: evil.example", "Host: " + host + "\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example",
			"Host: " + host + "@evil.example", "Host: 127.0.0.1:1", "Host: " + host + "\r\nX-Original-URL: //evil.example\r\nX-Rewrite-URL: //evil.example\r\nReferer: https://evil.example/"} {
			status, header, body := raw(t, s, "GET "+target+" HTTP/1.1\r\n"+headers+"\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
			page := &servertest.Page{Status: status, Header: header, Body: body, URL: s.Site().Base}
			if off := offSite(page, []string{host}); off != "" {
				t.Errorf("%s with %q leads to %s", target, headers, off)
			}
		}
	}
}
