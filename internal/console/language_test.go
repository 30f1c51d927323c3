package console_test

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"latchkey"
	"latchkey/internal/servertest"
	"latchkey/internal/store"
)

// said are the texts that a person reads on a page, each with the name of what
// it stands in, in the page's order; what scripts read, and what is typed, is
// left out.
func said(t *testing.T, p *servertest.Page) (list []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		t.Fatal(err)
	}
	add := func(text string) {
		if text = strings.Join(strings.Fields(text), " "); text != "" {
			list = append(list, text)
		}
	}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			add(n.Data)
		}
		if n.Type == html.ElementNode {
			switch n.Data {
			case "script", "style", "textarea", "code", "pre", "output", "head":
				return
			}
			for _, a := range n.Attr {
				switch {
				case a.Key == "lang" && n.Data != "html": // the choice of languages
					return
				case slices.Contains([]string{"aria-label", "title", "placeholder", "alt"}, a.Key):
					add(a.Val)
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(root)
	return list
}

// own are the words of a language: whatever its catalogues say, and what is
// called the same in every language.
type own struct {
	whole    map[string]bool
	patterns []*regexp.Regexp
}

var (
	placeholder = regexp.MustCompile(`\\\{[0-9]\\\}`)
	isolates    = strings.NewReplacer("\u2066", "", "\u2067", "", "\u2068", "", "\u2069", "")
)

func (o *own) add(text string) {
	text = strings.Join(strings.Fields(text), " ")
	if strings.Contains(text, "{0}") {
		o.patterns = append(o.patterns, regexp.MustCompile(`(?s)\A`+placeholder.ReplaceAllString(regexp.QuoteMeta(text), ".*")+`\z`))
		// The parts between what it is about are texts of their own on a page.
		for _, part := range regexp.MustCompile(`\{[0-9]\}`).Split(text, -1) {
			o.whole[strings.TrimSpace(part)] = true
		}
	}
	o.whole[text] = true
}

func (o *own) has(text string) bool {
	return o.whole[text] || slices.ContainsFunc(o.patterns, func(p *regexp.Regexp) bool { return p.MatchString(text) })
}

func ownOf(t *testing.T, lang string) *own {
	t.Helper()
	o := &own{whole: map[string]bool{}}
	files, err := filepath.Glob("../page/catalogue/*" + lang + ".json")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, "../page/catalogue/told/"+lang+".json") {
		var all map[string]any
		data, err := os.ReadFile(f)
		if err == nil {
			err = json.Unmarshal(data, &all)
		}
		if err != nil {
			t.Fatal(f, err)
		}
		for _, value := range all {
			switch value := value.(type) {
			case string:
				o.add(value)
			case map[string]any:
				for _, form := range value {
					o.add(form.(string))
				}
			}
		}
	}
	return o
}

// nameLike is what somebody, or a specification, named: an identifier, an
// address, an algorithm, a number, JSON.
var nameLike = regexp.MustCompile(`^([A-Z]+[0-9]+ )?[^ ]*[0-9@/:_.=*+#-][^ ]*$|^\{`)

// ofNobody are the names of products, specifications and formats, and what is
// typed into a format.
var ofNobody = []string{
	"Latchkey", "Keycloak", "English", "Deutsch", "Android: AppAuth", "iOS: AppAuth", "EdDSA", "BitBucket", "Facebook", "GitHub", "GitLab", "Google", "LinkedIn",
	"Microsoft", "Openshift v4", "PayPal", "StackOverflow", "Twitter", "String", "long", "int", "integer", "boolean", "double", "JSON", "HTML", "plain", "reCAPTCHA",
}

// validators are Keycloak's names of the rules of a user profile.
var validators = []string{"length", "multivalued", "options", "pattern", "uri", "email", "number"}

// ofSomebody are the names of what a realm has: somebody chose them, or Keycloak
// did, and they are the same in every language.
func ofSomebody(snap *latchkey.Snapshot) (names []string) {
	for _, c := range snap.Clients {
		names = append(names, c.ClientID, c.Name)
		for _, m := range c.ProtocolMappers {
			names = append(names, m.Name)
		}
	}
	for _, r := range snap.Roles {
		names = append(names, r.Name)
	}
	for _, s := range snap.Scopes {
		names = append(names, s.Name)
		for _, m := range s.ProtocolMappers {
			names = append(names, m.Name)
		}
	}
	for _, f := range snap.Flows {
		names = append(names, f.Alias)
	}
	for _, c := range snap.Configs {
		names = append(names, c.Alias)
	}
	return append(names, "username", "email", "firstName", "lastName")
}

// known says that a text is one of the names, whole or as a picture cuts it.
func known(names []string, text string) bool {
	start, cut := strings.CutSuffix(text, "…")
	return slices.ContainsFunc(names, func(n string) bool { return n == text || cut && strings.HasPrefix(n, start) })
}

// inLatin says that a text has words, and none in the script of Arabic.
func inLatin(text string) bool {
	latin := false
	for _, r := range text {
		if unicode.Is(unicode.Arabic, r) {
			return false
		}
		latin = latin || unicode.IsLetter(r)
	}
	return latin
}

// No page of the console says anything in English alone: what it says in German
// and Arabic is in the catalogues, or is somebody's name.
func TestLanguages(t *testing.T) {
	w := newWorld(t)
	w.s.AddUser("demo", "ada@example.test", "", func(u *latchkey.User) { u.FirstName, u.LastName = "Ada", "Lovelace" })
	w.s.Change(latchkey.MasterRealm, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		r := *snap.Realm
		r.InternationalizationEnabled, r.SupportedLocales = true, []string{"en", "de", "ar"}
		return tx.UpdateRealm(&r)
	})
	words := map[string]*own{"de": ownOf(t, "de"), "ar": ownOf(t, "ar")}
	names := slices.Concat(ofNobody, validators, ofSomebody(w.s.Snapshot("demo")), []string{"demo", "master", "Ada Lovelace", "Ada", "Lovelace"})
	left := map[string]string{}
	in := func(address, lang string) *servertest.Page {
		u, _ := url.Parse(address)
		q := u.Query()
		q.Set("kc_locale", lang)
		u.RawQuery = q.Encode()
		return w.b.Get(u.String())
	}
	pages := w.crawl(func(p *servertest.Page) (more []string) {
		english := map[string]bool{}
		for _, text := range said(t, in(p.URL.String(), "en")) {
			english[isolates.Replace(text)] = true
		}
		for _, lang := range []string{"de", "ar"} {
			for _, text := range said(t, in(p.URL.String(), lang)) {
				plain := isolates.Replace(text)
				switch {
				case words[lang].has(text), nameLike.MatchString(plain), known(names, plain), !inLatin(plain):
				case !english[plain] && lang == "de":
				default:
					left[lang+": "+plain] = p.URL.Path
				}
			}
		}
		for _, link := range p.Links() {
			if u, err := url.Parse(link); err == nil && (flowPage.MatchString(u.Path) || u.Query().Has("what")) {
				more = append(more, link)
			}
		}
		return more
	})
	for text, at := range left {
		t.Errorf("%s says %q", at, text)
	}
	t.Logf("%d pages", pages)
}

var flowPage = regexp.MustCompile(`/authentication/flows/[^/]+(/executions/[^/]+/config)?$`)
