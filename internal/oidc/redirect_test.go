package oidc

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey"
)

// Which redirect URI is one of the registered.
func TestRedirectAllowed(t *testing.T) {
	for _, c := range []struct {
		registered string // several with a blank between
		native     bool
		uri        string
		want       bool
	}{
		{"https://app.example.test/cb", false, "https://app.example.test/cb", true},
		{"https://app.example.test/cb", false, "https://app.example.test/cb#/deep/link", true},
		{"https://app.example.test/cb", false, "https://app.example.test/cb#", true},
		{"https://app.example.test/cb?a=b", false, "https://app.example.test/cb?a=b", true},
		{"https://a.test/cb https://b.test/cb", false, "https://b.test/cb", true},
		{"com.example.app:/cb", true, "com.example.app:/cb", true},
		{"myapp://callback", true, "myapp://callback", true},
		// everything but the same text
		{"https://app.example.test/cb", false, "https://app.example.test/cb/", false},
		{"https://app.example.test/cb", false, "https://app.example.test/cb?x=1", false},
		{"https://app.example.test/cb", false, "https://app.example.test/cb?", false},
		{"https://app.example.test/cb", false, "https://app.example.test/", false},
		{"https://app.example.test/cb", false, "https://app.example.test:443/cb", false},
		{"https://app.example.test/cb", false, "http://app.example.test/cb", false},
		{"https://app.example.test/cb", false, "HTTPS://app.example.test/cb", false},
		{"https://app.example.test/cb", false, "https://APP.example.test/cb", false},
		{"https://app.example.test/cb", false, "https://app.example.test./cb", false},
		{"https://app.example.test/cb", false, "https://app.example.test/CB", false},
		{"https://app.example.test/cb", false, "https://app.example.test/%63b", false},
		{"https://app.example.test/cb", false, "https://app.example.test/x/../cb", false},
		{"https://app.example.test/cb", false, "https://app.example.test//cb", false},
		{"https://app.example.test/cb", false, "https://user@app.example.test/cb", false},
		{"https://app.example.test/cb", false, "https://app.example.test@evil.test/cb", false},
		{"https://app.example.test/cb", false, "https://evil.test/https://app.example.test/cb", false},
		{"https://app.example.test/cb", false, "//app.example.test/cb", false},
		{"https://app.example.test/cb", false, `https:\\app.example.test/cb`, false},
		{"https://app.example.test/cb", false, "https:/app.example.test/cb", false},
		{"https://app.example.test/cb", false, " https://app.example.test/cb", false},
		{"https://app.example.test/cb", false, "https://app.example.test/cb\r\nX: y", false},
		{"https://app.example.test/cb", false, "https://app.example.test/cb\x00", false},
		{"https://app.example.test/cb", false, "/cb", false},
		{"https://app.example.test/cb", false, "", false},
		{"", false, "", false},
		// another port only for public clients on loopback
		{"http://127.0.0.1/cb", true, "http://127.0.0.1:51004/cb", true},
		{"http://127.0.0.1:1234/cb", true, "http://127.0.0.1:51004/cb", true},
		{"http://127.0.0.1:1234/cb", true, "http://127.0.0.1/cb", true},
		{"http://[::1]/cb", true, "http://[::1]:51004/cb", true},
		{"http://localhost/cb", true, "http://localhost:51004/cb", true},
		{"http://127.0.0.1/cb?a=b", true, "http://127.0.0.1:9/cb?a=b", true},
		{"http://127.0.0.1/cb", false, "http://127.0.0.1:51004/cb", false},
		{"http://127.0.0.1/cb", true, "http://127.0.0.1:51004/other", false},
		{"http://127.0.0.1/cb", true, "http://127.0.0.1:51004/cb?x=1", false},
		{"http://127.0.0.1/cb", true, "http://localhost:51004/cb", false},
		{"http://127.0.0.1/cb", true, "http://127.0.0.2:51004/cb", false},
		{"http://127.0.0.1/cb", true, "https://127.0.0.1:51004/cb", false},
		{"http://127.0.0.1/cb", true, "HTTP://127.0.0.1:51004/cb", false},
		{"https://127.0.0.1/cb", true, "https://127.0.0.1:51004/cb", false},
		{"http://127.0.0.1/cb", true, "http://127.0.0.1:51004@evil.test/cb", false},
		{"http://127.0.0.1/cb", true, "http://127.0.0.1:x/cb", false},
		{"http://127.0.0.1/cb", true, "http://127.0.0.1.evil.test:80/cb", false},
		{"http://app.example.test/cb", true, "http://app.example.test:81/cb", false},
		{"http://localhost.evil.test/cb", true, "http://localhost.evil.test:81/cb", false},
		// Keycloak's trailing star
		{"https://app.example.test/*", false, "https://app.example.test/", true},
		{"https://app.example.test/*", false, "https://app.example.test", true},
		{"https://app.example.test/*", false, "https://app.example.test/a/b?c=d", true},
		{"https://app.example.test/*", false, "https://app.example.test/a#/deep", true},
		{"https://app.example.test/app/*", false, "https://app.example.test/app", true},
		{"https://app.example.test/app*", false, "https://app.example.test/application", true},
		{"https://app.example.test/app/*", false, "https://app.example.test/application", false},
		{"https://app.example.test/app/*", false, "https://app.example.test/app/../admin", false},
		{"https://app.example.test/app/*", false, "https://app.example.test/app/..", false},
		{"https://app.example.test/app/*", false, "https://app.example.test/app/./x", false},
		{"https://app.example.test/app/*", false, "https://app.example.test/app/%2e%2e/admin", false},
		{"https://app.example.test/app/*", false, "https://app.example.test/app/%2E%2e%2fadmin", false},
		{"https://app.example.test/app/*", false, "https://app.example.test/app/%252e%252e/admin", false},
		{"https://app.example.test/app/*", false, "https://app.example.test/app/..;/admin", false},
		{"https://app.example.test/app/*", false, "https://app.example.test/app//evil.test", false},
		{"https://app.example.test/app/*", false, "https://app.example.test/app/%5cevil.test", false},
		{"https://app.example.test/*", false, "https://app.example.test:444/", false},
		{"https://app.example.test/*", false, "http://app.example.test/", false},
		{"https://app.example.test*", false, "https://app.example.test.evil.test/", false},
		{"https://app.example.test*", false, "https://app.example.test@evil.test/", false},
		{"https://app.example.test*", false, "https://app.example.test/x", true},
		{"https://*", false, "https://evil.test/", false},
		{"https://*.example.test/", false, "https://app.example.test/", false},
		{"https://app.example.test/cb?x=*", false, "https://app.example.test/cb?x=1", false},
		{"http://localhost:*", false, "http://localhost:3000/cb", true},
		{"http://localhost*", false, "http://localhost:3000/cb", true},
		{"http://localhost:*", false, "http://localhost:3000@evil.test/cb", false},
		{"http://localhost:*", false, "http://localhost.evil.test:3000/cb", false},
		{"http://localhost*", false, "http://localhost.evil.test/cb", false},
		{"https://app.example.test:*", false, "https://app.example.test:444/", false},
		{"myapp://*", true, "myapp://x", true},
		{"com.example.app:/*", true, "com.example.app:/cb", true},
		{"com.example.app:/*", true, "com.example.evil:/cb", false},
		{":*", true, "myapp:/cb", false},
		{"*", false, "https://anywhere.example.test/x", true},
		{"*", false, "myapp://x", false},
		{"*", false, "javascript:alert(1)", false},
		// what nobody may register either
		{"javascript:alert(1)", false, "javascript:alert(1)", false},
		{"JavaScript:alert(1)", false, "JavaScript:alert(1)", false},
		{"data:text/html,x", false, "data:text/html,x", false},
		{"file:///etc/passwd", false, "file:///etc/passwd", false},
		{"http:cb", false, "http:cb", false},
		{"https:///cb", false, "https:///cb", false},
		{"https://u:p@app.example.test/cb", false, "https://u:p@app.example.test/cb", false},
		// an answer in the question
		{"https://app.example.test/*", false, "https://app.example.test/cb?code=x", false},
		{"https://app.example.test/*", false, "https://app.example.test/cb?state=x", false},
		{"https://app.example.test/*", false, "https://app.example.test/cb?a=b&error=x", false},
		{"https://app.example.test/*", false, "https://app.example.test/cb?a=%zz", false},
		{"https://app.example.test/*", false, "https://app.example.test/" + strings.Repeat("x", maxRedirectURI), false},
	} {
		if got := redirectAllowed(strings.Fields(c.registered), c.native, c.uri); got != c.want {
			t.Errorf("registered %q, native %v: %q is %v", c.registered, c.native, c.uri, got)
		}
	}
}

// FuzzRedirect: what is allowed is on the registered host, by every reading
// that we know of, and can stand in a Location.
func FuzzRedirect(f *testing.F) {
	for _, s := range []string{"https://app.example.test/app/x", "https://app.example.test/app/../x", "http://127.0.0.1:1/cb", "https://app.example.test@evil/app/",
		`https://app.example.test\@evil/app/`, "https://app.example.test/app/%2e%2e/", "HTTPS://APP.EXAMPLE.TEST/app/", "https://app.example.test/app/#\r\n", "myapp:/cb"} {
		f.Add(s)
	}
	list := []string{"https://app.example.test/app/*", "http://127.0.0.1/cb", "https://exact.example.test/cb"}
	f.Fuzz(func(t *testing.T, uri string) {
		if !redirectAllowed(list, true, uri) {
			return
		}
		u, err := url.Parse(uri)
		if err != nil || u.User != nil {
			t.Fatalf("%q is allowed", uri)
		}
		ok := uri == "https://exact.example.test/cb" || strings.HasPrefix(uri, "https://exact.example.test/cb#") ||
			(u.Scheme == "https" && u.Host == "app.example.test" && (u.Path == "/app" || strings.HasPrefix(u.Path, "/app/")) && !strings.Contains(u.Path, "/..")) ||
			(u.Scheme == "http" && u.Hostname() == "127.0.0.1" && u.Path == "/cb")
		if !ok || strings.ContainsAny(uri, "\r\n\\\x00 ") {
			t.Fatalf("%q is allowed", uri)
		}
		for _, mode := range modes {
			to := withFields(uri, mode, []Field{{"code", "a b&c#d"}, {"state", "ü"}})
			v, err := url.Parse(to)
			if err != nil || v.Host != u.Host || v.Scheme != u.Scheme || v.Path != u.Path {
				t.Fatalf("%q becomes %q", uri, to)
			}
			if mode == modeQuery && (v.Query().Get("code") != "a b&c#d" || v.Query().Get("state") != "ü") {
				t.Fatalf("%q becomes %q", uri, to)
			}
		}
	})
}

// FuzzRequest: any query becomes a request whose values are bounded, or is not
// taken; the checks never panic on it.
func FuzzRequest(f *testing.F) {
	f.Add("client_id=a&redirect_uri=b&response_type=code&scope=openid&max_age=1&prompt=none")
	f.Add("max_age=-1&prompt=%20&state=" + strings.Repeat("x", 5000))
	f.Add("max_age=99999999999999999999&id_token_hint=a.b.c&request=x&claims={}")
	f.Fuzz(func(t *testing.T, raw string) {
		v, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		r := parseRequest(v)
		if len(r.State) > most["state"] || len(r.Nonce) > most["nonce"] || len(r.RedirectURI) > most["redirect_uri"] || (r.MaxAge != nil && *r.MaxAge < 0) {
			t.Fatalf("%+v", r)
		}
		if r.MaxAge != nil && time.Duration(*r.MaxAge)*time.Second < 0 {
			t.Fatalf("max_age %d overflows", *r.MaxAge)
		}
		for _, v := range append(append([]string{}, r.Prompt...), r.ACRValues...) {
			if v == "" || strings.Contains(v, " ") {
				t.Fatalf("%q", v)
			}
		}
	})
}

// Where an application's people may go after signing out.
func TestPostLogoutURIs(t *testing.T) {
	for attribute, want := range map[string]string{
		"": "https://a.test/cb https://id.test/rel", "+": "https://a.test/cb https://id.test/rel", "-": "",
		"https://a.test/bye": "https://a.test/bye", "https://a.test/bye##/out##+": "https://a.test/bye https://id.test/out https://a.test/cb https://id.test/rel",
		" https://a.test/bye ## ": "https://a.test/bye",
	} {
		c := clientOf([]string{"https://a.test/cb", "/rel"}, map[string]string{"post.logout.redirect.uris": attribute})
		if got := strings.Join(postLogoutURIs(c, "https://id.test"), " "); got != want {
			t.Errorf("%q gives %q, want %q", attribute, got, want)
		}
	}
}

func clientOf(uris []string, attributes map[string]string) *latchkey.Client {
	return &latchkey.Client{RedirectURIs: uris, Attributes: attributes}
}
