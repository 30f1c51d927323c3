package page_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"latchkey/internal/page"
	"latchkey/internal/page/sample"
	"latchkey/internal/web"
)

var update = flag.Bool("update", false, "write the golden files anew")

var languages = []string{"en", "de", "ar"}

func newKit(t testing.TB) *page.Kit {
	t.Helper()
	site, err := web.NewSite("https://id.acme.test")
	if err != nil {
		t.Fatal(err)
	}
	return page.New(site)
}

// render gives the document of a sample in a language.
func render(t testing.TB, k *page.Kit, s sample.Page, lang string) string {
	t.Helper()
	body, err := k.Render(context.Background(), sample.Meta(k, s, lang), s.Page, s.Policy)
	if err != nil {
		t.Fatalf("%s: %v", s.Name, err)
	}
	return string(body)
}

// each calls f for every sample in every language.
func each(t *testing.T, f func(t *testing.T, s sample.Page, lang, body string)) {
	t.Helper()
	k := newKit(t)
	all := sample.Pages()
	if len(all) < 60 {
		t.Fatalf("only %d samples", len(all))
	}
	for _, lang := range languages {
		for _, s := range all {
			t.Run(lang+"/"+s.Name, func(t *testing.T) { f(t, s, lang, render(t, k, s, lang)) })
		}
	}
}

var resourceHash = regexp.MustCompile(`/resources/[0-9a-f]{16}/`)

// Every page in every language is as it was looked at and found good. With
// -update they are written anew: read the difference.
func TestGoldenPages(t *testing.T) {
	k := newKit(t)
	for _, lang := range languages {
		var b strings.Builder
		for _, s := range sample.Pages() {
			body := resourceHash.ReplaceAllString(render(t, k, s, lang), "/resources/HASH/")
			body = regexp.MustCompile(` integrity="[^"]*"`).ReplaceAllString(body, ` integrity="HASH"`)
			fmt.Fprintf(&b, "-- %s --\n%s\n", s.Name, strings.ReplaceAll(body, "><", ">\n<"))
		}
		golden(t, "pages."+lang+".html", b.String())
	}
}

// golden compares with a file of testdata, line by line.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with -update)", err)
	}
	section := ""
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i, line := range gotLines {
		if strings.HasPrefix(line, "-- ") {
			section = line
		}
		if i >= len(wantLines) || line != wantLines[i] {
			was := "(nothing)"
			if i < len(wantLines) {
				was = wantLines[i]
			}
			t.Errorf("%s, %s, line %d:\n got %s\nwant %s", name, section, i+1, line, was)
			return
		}
	}
	if len(wantLines) > len(gotLines) {
		t.Errorf("%s: %d lines are missing at the end", name, len(wantLines)-len(gotLines))
	}
}

// A page with everything that it loads stays under 30 kB, uncompressed.
func TestPageSize(t *testing.T) {
	k := newKit(t)
	each(t, func(t *testing.T, s sample.Page, _, body string) {
		size := len(body)
		for _, url := range regexp.MustCompile(`"(/resources/[^"]+)"`).FindAllStringSubmatch(body, -1) {
			data, ok := k.Resource(url[1])
			if !ok {
				t.Errorf("there is no %s", url[1])
			}
			size += len(data)
		}
		if size > 30_000 {
			t.Errorf("%d bytes", size)
		}
	})
}

// walk calls f for every element.
func walk(n *html.Node, f func(*html.Node)) {
	if n.Type == html.ElementNode {
		f(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, f)
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func textOf(n *html.Node) string {
	var b strings.Builder
	var rec func(*html.Node)
	rec = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			rec(c)
		}
	}
	rec(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

func parse(t testing.TB, body string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// find gives the elements with the tag whose attribute has the value; an empty
// attribute finds all with the tag.
func find(doc *html.Node, tag, name, value string) []*html.Node {
	var found []*html.Node
	walk(doc, func(n *html.Node) {
		if n.Data == tag && (name == "" || (has(n, name) && attr(n, name) == value)) {
			found = append(found, n)
		}
	})
	return found
}

// nothing in a page runs or looks by itself; all that it loads
// is ours; what it leads to is a form's target, a link, and nothing else.
func TestNothingInline(t *testing.T) {
	each(t, func(t *testing.T, s sample.Page, _, body string) {
		scripts := 0
		walk(parse(t, body), func(n *html.Node) {
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("<%s> has %s", n.Data, a.Key)
				}
				if strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
					t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
				}
			}
			switch n.Data {
			case "style", "iframe", "object", "embed", "base", "img", "audio", "video":
				t.Errorf("there is a <%s>", n.Data)
			case "script":
				scripts++
				if textOf(n) != "" || !strings.HasPrefix(attr(n, "src"), "/resources/") || attr(n, "type") != "module" || attr(n, "integrity") == "" {
					t.Errorf("script %v %q", n.Attr, textOf(n))
				}
			case "link":
				if !strings.HasPrefix(attr(n, "href"), "/resources/") {
					t.Errorf("link to %s", attr(n, "href"))
				}
			}
		})
		if scripts > 0 && !s.Policy.Script {
			t.Error("a page loads a module that it may not have (R-002)")
		}
	})
}

// WCAG 2.2 A and AA as far as the markup shows it.
func TestAccessibleMarkup(t *testing.T) {
	each(t, func(t *testing.T, s sample.Page, lang, body string) {
		doc := parse(t, body)
		root := find(doc, "html", "", "")[0]
		if attr(root, "lang") != lang || attr(root, "dir") != map[string]string{"en": "ltr", "de": "ltr", "ar": "rtl"}[lang] {
			t.Errorf("lang %q dir %q", attr(root, "lang"), attr(root, "dir"))
		}
		if n := len(find(doc, "h1", "", "")); n != 1 {
			t.Errorf("%d headings", n)
		}
		if len(find(doc, "main", "", "")) != 1 || len(find(doc, "title", "", "")) != 1 {
			t.Error("no main or no title")
		}
		title := textOf(find(doc, "title", "", "")[0])
		realm := " · Acme"
		if lang == "ar" {
			realm = " · \u2068Acme\u2069"
		}
		if !s.NoRealm && !strings.HasSuffix(title, realm) || strings.HasPrefix(title, " ") {
			t.Errorf("title %q", title)
		}
		checkIDs(t, doc)
		walk(doc, func(n *html.Node) { checkControl(t, doc, n) })
	})
}

func checkIDs(t *testing.T, doc *html.Node) {
	t.Helper()
	ids := map[string]int{}
	walk(doc, func(n *html.Node) {
		if has(n, "id") {
			ids[attr(n, "id")]++
		}
	})
	for id, n := range ids {
		if n > 1 {
			t.Errorf("the id %s is there %d times", id, n)
		}
	}
	walk(doc, func(n *html.Node) {
		for _, name := range []string{"for", "aria-describedby", "aria-labelledby"} {
			for _, id := range strings.Fields(attr(n, name)) {
				if ids[id] == 0 {
					t.Errorf("<%s %s> names %s, which is not there", n.Data, name, id)
				}
			}
		}
	})
}

// checkControl: every field has a label, every button and link has words,
// every form posts.
func checkControl(t *testing.T, doc, n *html.Node) {
	t.Helper()
	switch n.Data {
	case "input":
		labelled := has(n, "aria-label") || attr(n, "type") == "hidden" || attr(n, "aria-hidden") == "true"
		for p := n.Parent; p != nil; p = p.Parent {
			labelled = labelled || p.Data == "label"
		}
		if !labelled && (attr(n, "id") == "" || len(find(doc, "label", "for", attr(n, "id"))) != 1) {
			t.Errorf("the field %s has no label", attr(n, "name"))
		}
		if attr(n, "aria-invalid") == "true" && attr(n, "aria-describedby") == "" {
			t.Errorf("the field %s is wrong and does not say why", attr(n, "name"))
		}
	case "button", "a", "label", "h1":
		if textOf(n) == "" {
			t.Errorf("<%s> without words", n.Data)
		}
	case "form":
		if attr(n, "method") != "post" || attr(n, "action") == "" {
			t.Errorf("form %v", n.Attr)
		}
	case "svg":
		if attr(n, "aria-hidden") != "true" {
			t.Error("an icon speaks")
		}
	}
}

// Every kind of page has a title of its own; states of one kind may share it.
func TestTitlesAreTheirOwn(t *testing.T) {
	k := newKit(t)
	for _, lang := range languages {
		seen := map[string]string{}
		for _, s := range sample.Pages() {
			kind := fmt.Sprintf("%T", s.Page)
			title := s.Page.Title(k.Texts(lang))
			if title == "" || strings.Contains(title, "{") {
				t.Errorf("%s %s: title %q", lang, s.Name, title)
			}
			if other, ok := seen[title]; ok && other != kind && !sameDoor[kind+other] {
				t.Errorf("%s: %s and %s are both called %q", lang, other, kind, title)
			}
			seen[title] = kind
		}
	}
}

// sameDoor are kinds that a person meets as the same thing.
var sameDoor = func() map[string]bool {
	m := map[string]bool{}
	for _, pair := range [][2]string{
		{"page.EmailForm", "page.UsernameForm"}, {"page.EmailForm", "page.UsernamePasswordForm"}, {"page.UsernameForm", "page.UsernamePasswordForm"},
		{"page.LinkSameBrowser", "page.VerifyEmail"}, {"page.LinkOver", "page.FirstAdminUsed"},
	} {
		m[pair[0]+pair[1]], m[pair[1]+pair[0]] = true, true
	}
	return m
}()
