package oidc_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"
)

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	json   map[string]any
	page   shown
}

func (a *answer) text(name string) string { s, _ := a.json[name].(string); return s }

func (a *answer) location(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil || a.header.Get("Location") == "" {
		t.Fatalf("status %d without a location: %s", a.status, a.body)
	}
	return u
}

// browser keeps cookies and follows nothing.
type browser struct {
	w    *world
	http *http.Client
}

func (w *world) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{w, &http.Client{Jar: jar, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) do(r *http.Request) *answer {
	b.w.t.Helper()
	res, err := b.http.Do(r)
	if err != nil {
		b.w.t.Fatal(err)
	}
	defer res.Body.Close()
	a := &answer{status: res.StatusCode, header: res.Header}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		b.w.t.Fatal(err)
	}
	_ = json.Unmarshal(a.body, &a.json)
	_ = json.Unmarshal(a.body, &a.page)
	return a
}

func (b *browser) get(url string) *answer {
	b.w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		b.w.t.Fatal(err)
	}
	return b.do(r)
}

func (b *browser) post(url string, form url.Values, header ...string) *answer {
	b.w.t.Helper()
	return b.postBody(url, form.Encode(), header...)
}

func (b *browser) postBody(url, body string, header ...string) *answer {
	b.w.t.Helper()
	r, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		b.w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

func (b *browser) cookie(name string) string {
	u, _ := url.Parse(b.w.base)
	for _, c := range b.http.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// finish says how the login ends that a location names, and gives where the
// browser goes for it.
func (b *browser) finish(location *url.URL, p person) string {
	b.w.t.Helper()
	if p.realm == "" {
		p.realm = "bench"
	}
	tab := location.Query().Get("tab_id")
	b.w.desk.mu.Lock()
	defer b.w.desk.mu.Unlock()
	b.w.desk.ends[tab] = p
	return b.w.site.RealmURL(p.realm, "login-actions/end") + "?" + url.Values{"tab_id": {tab}}.Encode()
}

// signIn runs an authorization request to its end as the user.
func (b *browser) signIn(user string, v url.Values) url.Values {
	b.w.t.Helper()
	return b.signInAs(person{user: user}, v)
}

func (b *browser) signInAs(p person, v url.Values) url.Values {
	b.w.t.Helper()
	if p.realm == "" {
		p.realm = "bench"
	}
	a := b.get(b.w.authURL(p.realm, v))
	if a.status != http.StatusFound {
		b.w.t.Fatalf("auth: status %d: %s", a.status, a.body)
	}
	a = b.get(b.finish(a.location(b.w.t), p))
	if a.status != http.StatusFound {
		b.w.t.Fatalf("answer: status %d: %s", a.status, a.body)
	}
	return a.location(b.w.t).Query()
}
