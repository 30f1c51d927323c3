package latchkey

import (
	"strings"
	"testing"
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
		{"https://app.example.test/*", false, "https://app.example.test/" + strings.Repeat("x", MaxRedirectURI), false},
	} {
		if got := (&Client{PublicClient: c.native, RedirectURIs: strings.Fields(c.registered)}).AllowsRedirect(c.uri, "https://id.test"); got != c.want {
			t.Errorf("registered %q, native %v: %q is %v", c.registered, c.native, c.uri, got)
		}
	}
}

// Where an application's people may go after signing out.
func TestPostLogoutURIs(t *testing.T) {
	for attribute, want := range map[string]string{
		"": "https://a.test/cb https://id.test/rel", "+": "https://a.test/cb https://id.test/rel", "-": "",
		"https://a.test/bye": "https://a.test/bye", "https://a.test/bye##/out##+": "https://a.test/bye https://id.test/out https://a.test/cb https://id.test/rel",
		" https://a.test/bye ## ": "https://a.test/bye",
	} {
		c := &Client{RedirectURIs: []string{"https://a.test/cb", "/rel"}, Attributes: map[string]string{"post.logout.redirect.uris": attribute}}
		if got := strings.Join(c.postLogoutURIs("https://id.test"), " "); got != want {
			t.Errorf("%q gives %q, want %q", attribute, got, want)
		}
	}
}

// A client's URIs may lie below its root URL, or the server's own address.
func TestResolveURI(t *testing.T) {
	app := &Client{RootURL: "https://app.example.test/root"}
	for _, c := range []struct {
		client    *Client
		uri, want string
	}{
		{app, "/a/*", "https://app.example.test/root/a/*"},
		{app, "${authBaseUrl}/realms", "https://id.example.test/realms"},
		{app, "x:/y", "x:/y"},
		{app, "", ""},
		{&Client{RootURL: "${authAdminUrl}"}, "/admin/*", "https://id.example.test/admin/*"},
		{&Client{}, "/admin/*", "https://id.example.test/admin/*"},
	} {
		if got := c.client.ResolveURI("https://id.example.test", c.uri); got != c.want {
			t.Errorf("%q gives %q, want %q", c.uri, got, c.want)
		}
	}
}
