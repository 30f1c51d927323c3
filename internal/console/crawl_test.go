package console_test

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/servertest"
)

var (
	anyID   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}`)
	rawKey  = regexp.MustCompile(`\bconsole\.[a-z][a-zA-Z0-9._-]+`)
	numeric = regexp.MustCompile(`<input type="text" inputmode="numeric" id="([^"]+)"[^>]*>`)
	typedIn = regexp.MustCompile(`<input type="text" id="([^"]+)"[^>]*>`)
	needed  = regexp.MustCompile(`<input type="text" id="([^"]+)"[^>]* required[^>]*>`)
)

// anyNamed are things that addresses have by their names, each of which has the
// same pages.
var anyNamed = []*regexp.Regexp{
	regexp.MustCompile(`(user-profile/attributes)/[^/]+(/)`), regexp.MustCompile(`(identity-providers)/[^/]+/[^/]+(/)`),
	regexp.MustCompile(`(.)/made-[0-9]+(.?)`),
}

// shape is what pages of a kind have in common: one of each is looked at.
func shape(u *url.URL) string {
	q := u.Query()
	for _, name := range slices.Collect(maps.Keys(q)) {
		q.Set(name, "")
	}
	where := anyID.ReplaceAllString(u.Path, "ID")
	for _, named := range anyNamed {
		where = named.ReplaceAllString(where, "$1/NAME$2")
	}
	return where + "?" + q.Encode()
}

// crawl visits one page of each shape that can be reached by links of the
// console, breadth first, and by what a visit gives besides. Each link has to
// lead somewhere, those out of the console too.
func (w *world) crawl(visit func(p *servertest.Page) []string) (pages int) {
	w.t.Helper()
	seen, from := map[string]bool{}, map[string]string{}
	queue, stranger := []string{w.at("")}, w.s.Browser()
	for len(queue) > 0 {
		address := queue[0]
		queue = queue[1:]
		b := w.b
		if !strings.Contains(address, "/admin/") {
			b = stranger // to follow it signed in would be a sign-in there
		}
		p := b.Get(address)
		if p.Status != http.StatusOK {
			w.t.Errorf("%s, of which %s told: %d", address, from[address], p.Status)
			continue
		}
		if !w.own(p.URL) {
			continue // it leads out of the console, and is there
		}
		pages++
		for _, given := range visit(p) {
			if !seen[given] {
				seen[given] = true
				from[given] = address
				queue = append(queue, given)
			}
		}
		for _, link := range p.Links() {
			u, err := p.URL.Parse(link)
			if err != nil || u.Host != p.URL.Host || u.Query().Has("kc_locale") && w.own(u) {
				continue
			}
			u.Fragment = ""
			if s := shape(u); !seen[s] {
				seen[s] = true
				from[u.String()] = address
				queue = append(queue, u.String())
			}
		}
	}
	return pages
}

// own says that an address is of the realm that is looked at.
func (w *world) own(u *url.URL) bool {
	return strings.HasPrefix(u.Path, "/admin/"+w.home+"/console/realms/"+w.of+"/")
}

// Every link leads somewhere: in master and in a realm that has nothing yet,
// whose overview offers what others do not.
func TestLinks(t *testing.T) {
	w := newWorld(t, servertest.RealmRelays())
	w.b.Get(w.s.Base+"/admin/master/console/create-realm").FormWith("realm").Set("realm", "fresh").Submit()
	for _, w.of = range []string{"master", "fresh"} {
		if pages := w.crawl(func(*servertest.Page) []string { return nil }); pages < 20 {
			t.Errorf("only %d pages of %s were met", pages, w.of)
		}
	}
}

// settings is the form of settings of a page, by which something is saved; nil
// when there is none.
func settings(p *servertest.Page) *servertest.Form {
	for _, f := range p.Forms() {
		if u, err := url.Parse(f.Action); err == nil && f.Has("Save") && u.Path == p.URL.Path {
			return f
		}
	}
	return nil
}

func same(a, b url.Values) string {
	for name := range a {
		if name != "session_code" && name != "~shown" && !slices.Equal(a[name], b[name]) {
			return name
		}
	}
	return ""
}

// Every form that is saved as it is shown shows the same again; each, with one
// bad value, says so at the field and keeps the rest.
func TestForms(t *testing.T) {
	w := newWorld(t)
	w.s.AddUser("demo", "ada@example.test", "", nil)
	forms := 0
	pages := w.crawl(func(p *servertest.Page) []string {
		if settings(p) == nil {
			tooLong(t, w, p) // what makes something new
		}
		if raw := rawKey.FindString(p.Text()); raw != "" {
			t.Errorf("%s shows the key %s", p.URL, raw)
		}
		f := settings(p)
		if f == nil {
			return nil
		}
		forms++
		shown := maps.Clone(f.Values)
		tooLong(t, w, p)
		// What was taken of it is undone, by a page that knows of it.
		now := settings(w.b.Get(p.URL.String()))
		for name := range now.Values {
			if name != "session_code" && name != "~shown" {
				now.Values[name] = shown[name]
			}
		}
		for name, values := range shown {
			if now.Values[name] == nil {
				now.Values[name] = values
			}
		}
		f = now
		for _, kind := range []struct {
			fields *regexp.Regexp
			value  string
		}{{numeric, "many"}, {needed, ""}} {
			m := kind.fields.FindStringSubmatch(p.Body)
			if m == nil || strings.Contains(m[0], "readonly") {
				continue
			}
			bad := w.b.Get(p.URL.String())
			bf := settings(bad).Set(m[1], kind.value)
			bad = bf.Submit()
			again := settings(bad)
			if bad.Status != 400 || again == nil || !strings.Contains(bad.Body, `id="`+m[1]+`-error"`) {
				t.Errorf("%s takes %s=%q: %d %s", p.URL, m[1], kind.value, bad.Status, bad.Text())
			} else if lost := same(bf.Values, again.Values); lost != "" {
				t.Errorf("%s loses %s when %s is wrong: %q, was %q", p.URL, lost, m[1], again.Values[lost], bf.Values[lost])
			}
		}
		saved := f.Submit()
		if saved.Status != 200 {
			t.Errorf("%s is not saved as it is shown: %d %s", p.URL, saved.Status, saved.Text())
			return nil
		}
		after := settings(w.b.Get(p.URL.String()))
		if after == nil {
			t.Errorf("%s has no form any more", p.URL)
		} else if lost := same(shown, after.Values); lost != "" {
			t.Errorf("%s: %s was %q, and is %q", p.URL, lost, shown[lost], after.Values[lost])
		}
		return nil
	})
	t.Logf("%d pages, %d forms", pages, forms)
	if pages < 20 || forms < 3 {
		t.Errorf("only %d pages and %d forms were met", pages, forms)
	}
}

// tooLong sends the form of a page with much in each of its fields, one by one:
// one that the API refuses is shown again with every field that it had.
func tooLong(t *testing.T, w *world, p *servertest.Page) {
	t.Helper()
	own := func(p *servertest.Page) *servertest.Form {
		for _, f := range p.Forms() {
			if u, err := url.Parse(f.Action); err == nil && f.Method == "POST" && u.Path == p.URL.Path && len(typedIn.FindAllString(p.Body, -1)) > 0 {
				return f
			}
		}
		return nil
	}
	for _, m := range typedIn.FindAllStringSubmatch(p.Body, -1) {
		f := own(w.b.Get(p.URL.String()))
		if strings.Contains(m[0], "readonly") || f == nil || !slices.Contains(f.Fields(), m[1]) {
			continue
		}
		bad := f.Set(m[1], strings.Repeat("x", 5000)).Submit()
		if bad.Status != 400 {
			continue
		}
		if again := own(bad); again == nil {
			t.Errorf("%s shows no form any more when %s is refused", p.URL, m[1])
		} else if had, has := f.Fields(), again.Fields(); !slices.Equal(had, has) {
			t.Errorf("%s has other fields when %s is refused:\n%v\n%v", p.URL, m[1], had, has)
		}
	}
}
