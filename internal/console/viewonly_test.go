package console_test

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/console"
	"latchkey/internal/relyingparty"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// nobodys is the id of nothing.
const nobodys = "00000000-0000-4000-8000-000000000000"

var wildcard = regexp.MustCompile(`\{[^}]+\}`)

// everyPost gives an address for each of the console's POST routes of a realm:
// one that was met, or one of a thing that is not there.
func (w *world) everyPost(met []string) (list []string) {
	w.t.Helper()
	for _, route := range console.New(relyingparty.Deps{}).Routes() {
		path, ok := strings.CutPrefix(route.Pattern, "POST /admin/{realm}/console/realms/{of}/")
		if !ok {
			continue
		}
		var parts []string
		for part := range strings.SplitSeq(path, "/") {
			if wildcard.MatchString(part) {
				part = `[^/]+`
			} else {
				part = regexp.QuoteMeta(part)
			}
			parts = append(parts, part)
		}
		matches := regexp.MustCompile("/console/realms/" + w.of + "/" + strings.Join(parts, "/") + "$")
		i := slices.IndexFunc(met, func(address string) bool {
			u, err := url.Parse(address)
			return err == nil && matches.MatchString(u.Path)
		})
		if i >= 0 {
			u, _ := url.Parse(met[i])
			path = u.Path[strings.Index(u.Path, "/realms/"+w.of+"/")+len("/realms/"+w.of+"/"):]
			if u.RawQuery != "" {
				path += "?" + u.RawQuery
			}
		}
		list = append(list, wildcard.ReplaceAllString(path, nobodys))
	}
	return list
}

// Who may only look is offered nothing that changes anything, on every page that
// an administrator meets; every POST of theirs is refused, and afterwards every
// page says what it said before. One database is enough: the console asks the
// Admin REST API and nothing else, whose own tests run on both.
func TestViewOnly(t *testing.T) {
	w := newWorld(t)
	w.s.AddUser("demo", "ada@example.test", "", nil)
	w.made("web", "clientId", "shop", "redirectUris", "https://shop.example.test/")
	w.s.Change("demo", func(tx *store.Tx, snap *latchkey.Snapshot) error {
		return tx.CreateGroup(&latchkey.Group{RealmID: snap.Realm.ID, Name: "staff"})
	})
	v := w.as("view-realm", "view-users", "view-clients", "view-events", "view-identity-providers")
	before, met, sent := map[string]string{}, []string{}, map[string]url.Values{}
	w.crawl(func(p *servertest.Page) []string {
		path := strings.TrimPrefix(p.URL.RequestURI(), "/admin/master/console/realms/demo/")
		before[path] = p.Text()
		met = append(append(met, p.URL.String()), p.Links()...)
		for _, f := range p.Forms() {
			if f.Method == http.MethodPost {
				met = append(met, f.Action)
				if u, err := url.Parse(f.Action); err == nil {
					sent[u.Path] = f.Values
				}
			}
		}
		return nil
	})
	var code string
	offersNothing := func(p *servertest.Page) []string {
		for _, f := range p.Forms() {
			u, err := url.Parse(f.Action)
			if err != nil || f.Method != http.MethodPost {
				continue
			}
			if code = f.Values.Get("session_code"); f.HasButton() && !strings.HasSuffix(u.Path, "/sign-out") {
				t.Errorf("%s offers to send to %s: %s", p.URL, u.Path, p.Text())
			}
		}
		return nil
	}
	linked := v.crawl(offersNothing)
	for path := range before {
		p := v.b.Get(v.at(path))
		if p.Status != http.StatusOK && p.Status != http.StatusForbidden {
			t.Errorf("%s: %d", p.URL, p.Status)
		}
		offersNothing(p)
	}
	posts := w.everyPost(met)
	for _, path := range posts {
		values := maps.Clone(sent[mustPath(w.at(path))])
		if values == nil {
			values = url.Values{}
		}
		values.Set("session_code", code)
		values.Set("name", "changed")
		p := v.b.Do(http.MethodPost, v.at(path), values)
		if p.Status != http.StatusForbidden && (p.Status != http.StatusNotFound || !strings.Contains(path, nobodys)) {
			t.Errorf("POST %s: %d %s", path, p.Status, p.Text())
		}
	}
	for path, text := range before {
		if strings.Contains(path, "event") {
			continue // what was refused is told there
		}
		if now := w.b.Get(w.at(path)).Text(); now != text {
			t.Errorf("%s says %q, before %q", path, now, text)
		}
	}
	t.Logf("%d pages, %d of them linked; %d ways to send", len(before), linked, len(posts))
	if len(before) < 150 || len(posts) < 100 {
		t.Error("that is not all")
	}
}

func mustPath(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Path
}
