package console_test

import (
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/servertest"
)

// told are the pages that show nothing of what was typed afterwards: what they
// say instead.
var told = map[string]string{
	"clients/initial-access/create": "Copy it now",
	"credentials/set-password":      "Saved.",
	"credentials/send-email":        "The mail is on its way",
	"mail/make-link":                "link",
	"keys/import":                   "Saved.",
}

// Everything that can be made on a page is made with good values: it is found
// where one is led to, or one link from there, and its form shows what was
// sent. With one bad value the error stands at the field, and the rest is kept;
// so it is when the same is made twice and may not be.
func TestCreate(t *testing.T) {
	w := newWorld(t)
	w.s.AddUser("demo", "ada@example.test", "", nil)
	n, made := 0, map[string]bool{}
	w.crawl(func(p *servertest.Page) []string {
		s := sheetOf(p)
		switch {
		case s == nil || s.bad || s.button == "Save":
			return nil
		case s.button == "Continue":
			return w.eachWay(p)
		}
		n++
		w.refuses(p, n)
		s = sheetOf(w.b.Get(p.URL.String()))
		w.fill(s, n)
		after := s.Submit()
		if after.Status != 200 {
			t.Errorf("%s (%s) takes not %v: %d %s", p.URL.Path, s.button, s.Values, after.Status, after.Text())
			return nil
		}
		made[shape(p.URL)] = true
		w.found(p, after, s.Values, n)
		w.twice(p, s.Values)
		return []string{after.URL.String()}
	})
	t.Logf("%d things", n)
	for _, page := range []string{"clients/create/web", "client-scopes/create", "client-scopes/ID/mappers/add/oidc-usermodel-attribute-mapper", "clients/ID/roles/new",
		"roles/new", "groups/new", "groups/ID/new", "users/add-user", "authentication/create-flow", "authentication/flows/ID/add-sub-flow", "identity-providers/oidc/discover",
		"identity-providers/oauth2/add", "identity-providers/NAME/new-mapper/oidc-role-idp-mapper", "realm-settings/keys/new/rsa",
		"realm-settings/email/relays/add-relay", "realm-settings/user-profile/attributes/add-attribute", "realm-settings/user-profile/attributes-group/new",
		"realm-settings/localization/texts/add-text", "clients/initial-access/create", "import-export/import"} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(made)), func(s string) bool { return strings.Contains(s, "/"+page+"?") }) {
			t.Errorf("nothing was made at %s", page)
		}
	}
}

// eachWay goes each way that a page lets one choose, and gives where they lead.
func (w *world) eachWay(p *servertest.Page) (addresses []string) {
	w.t.Helper()
	s := sheetOf(p)
	for _, c := range s.controls {
		for _, value := range c.options {
			s.Values.Set(c.name, value)
			on := s.Submit()
			if on.Status != 200 || on.URL.Path == p.URL.Path {
				w.t.Errorf("%s does not go on with %s: %d %s", p.URL, value, on.Status, on.Text())
			}
			addresses = append(addresses, on.URL.String())
		}
	}
	return addresses
}

// refuses sends the page's form with each kind of bad value that it has a field
// for.
func (w *world) refuses(p *servertest.Page, n int) {
	w.t.Helper()
	for _, bad := range []struct {
		of    func(control) bool
		value string
	}{
		{func(c control) bool { return c.numeric && !c.locked }, "many"},
		{func(c control) bool { return c.required && !c.locked }, ""},
	} {
		s := sheetOf(w.b.Get(p.URL.String()))
		i := slices.IndexFunc(s.controls, bad.of)
		if i < 0 {
			continue
		}
		w.fill(s, n)
		at := s.controls[i].name
		s.Values.Set(at, bad.value)
		after := s.Submit()
		if after.Status != 400 || !strings.Contains(after.Body, `id="`+at+`-error"`) {
			w.t.Errorf("%s takes %s=%q: %d %s", p.URL, at, bad.value, after.Status, after.Text())
			continue
		}
		w.kept(s, after)
	}
}

// kept holds that a page that was refused shows what was typed.
func (w *world) kept(typed *sheet, after *servertest.Page) {
	w.t.Helper()
	again := sheetOf(after)
	if again == nil {
		w.t.Errorf("%s shows no form: %s", after.URL, after.Text())
		return
	}
	for _, c := range typed.controls {
		if c.kind != "password" && c.kind != "file" && !c.locked && !slices.Equal(typed.Values[c.name], again.Values[c.name]) {
			w.t.Errorf("%s loses %s when it is refused: %q, was %q", after.URL, c.name, again.Values[c.name], typed.Values[c.name])
		}
	}
}

// twice sends the same again: where that may not be the error stands at a
// field, and what was typed is kept.
func (w *world) twice(p *servertest.Page, values url.Values) {
	w.t.Helper()
	s := sheetOf(w.b.Get(p.URL.String()))
	s.Values = values
	after := s.Submit()
	if after.Status == 200 {
		return
	}
	if after.Status != 400 || !strings.Contains(after.Body, `-error"`) {
		w.t.Errorf("%s made twice: %d %s", p.URL, after.Status, after.Text())
	}
	w.kept(s, after)
}

// found looks for what was made where one is led to, and at what that leads
// to.
func (w *world) found(from, p *servertest.Page, sent url.Values, n int) {
	w.t.Helper()
	for page, words := range told {
		if strings.HasSuffix(from.URL.Path, page) {
			if !p.Has(words) {
				w.t.Errorf("%s does not say %q: %s", p.URL, words, p.Text())
			}
			return
		}
	}
	links := []string{p.Link(token(n))}
	for _, link := range p.Links() {
		u, err := url.Parse(link)
		if err == nil && strings.HasPrefix(u.Path, path.Dir(p.URL.Path)+"/") && u.Path != p.URL.Path {
			links = append(links, link)
		}
	}
	if w.shows(p, sent, n) {
		return
	}
	for _, link := range links {
		if link != "" && w.shows(w.b.Get(link), sent, n) {
			return
		}
	}
	if !p.Has(token(n)) {
		w.t.Errorf("%s does not show what was made of %v: %s", p.URL, sent, p.Text())
	}
}

// holds says whether a value was typed for the nth thing: a suggestion that
// names it is none.
func holds(value string, n int) bool {
	return strings.Contains(value, token(n)) && !strings.Contains(value, " ")
}

// shows says whether the page's form is that of the nth thing, and holds what
// it shows against what was sent.
func (w *world) shows(p *servertest.Page, sent url.Values, n int) bool {
	s := sheetOf(p)
	if s == nil || !strings.Contains(p.Heading(), token(n)) && !slices.ContainsFunc(s.controls, func(c control) bool { return holds(s.Values.Get(c.name), n) }) {
		return false
	}
	for _, c := range s.controls {
		if sent.Has(c.name) && c.kind != "password" && c.kind != "file" && !slices.Equal(s.Values[c.name], sent[c.name]) {
			w.t.Errorf("%s: %s is %q, sent was %q", p.URL, c.name, s.Values[c.name], sent[c.name])
		}
	}
	return true
}
