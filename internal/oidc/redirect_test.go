package oidc

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"latchkey"
)

// FuzzRedirect: what is allowed is on the registered host, by every reading
// that we know of, and can stand in a Location.
func FuzzRedirect(f *testing.F) {
	for _, s := range []string{"https://app.example.test/app/x", "https://app.example.test/app/../x", "http://127.0.0.1:1/cb", "https://app.example.test@evil/app/",
		`https://app.example.test\@evil/app/`, "https://app.example.test/app/%2e%2e/", "HTTPS://APP.EXAMPLE.TEST/app/", "https://app.example.test/app/#\r\n", "myapp:/cb"} {
		f.Add(s)
	}
	list := []string{"https://app.example.test/app/*", "http://127.0.0.1/cb", "https://exact.example.test/cb"}
	client := &latchkey.Client{PublicClient: true, RedirectURIs: list}
	f.Fuzz(func(t *testing.T, uri string) {
		if !client.AllowsRedirect(uri, "https://id.test") {
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
