package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/page"
	"latchkey/internal/page/sample"
	"latchkey/internal/web"
)

// pages are the samples of every package that shows pages.
func pages() []sample.Page {
	return slices.Concat(sample.Pages(), accountPages())
}

func routes(kit *page.Kit) []web.Route {
	return []web.Route{
		{Pattern: "GET /{$}", Class: web.ClassPage, Handler: func(w http.ResponseWriter, r *http.Request) error {
			return kit.Write(w, r, page.Answer{Status: http.StatusOK, Meta: page.Meta{Lang: "en", Now: sample.Now}, Page: index(kit)})
		}},
		{Pattern: "GET /pages/{lang}/{name}", Class: web.ClassPage, Handler: func(w http.ResponseWriter, r *http.Request) error {
			for _, s := range pages() {
				if s.Name == strings.TrimSuffix(r.PathValue("name"), ".html") {
					return kit.Write(w, r, page.Answer{Status: http.StatusOK, Meta: meta(kit, s, r.PathValue("lang")), Page: s.Page, Policy: s.Policy})
				}
			}
			return latchkey.Errorf(latchkey.CodeNotFound, "There is no such sample.")
		}},
		{Pattern: "GET /mails/{lang}/{name}", Class: web.ClassPage, Handler: func(w http.ResponseWriter, r *http.Request) error {
			name := r.PathValue("name")
			for _, m := range sample.Mails() {
				c, err := kit.Compose(m.Facts(r.PathValue("lang")))
				if err != nil {
					return err
				}
				switch name {
				case m.Name + ".txt":
					w.Header().Set("Content-Type", "text/plain; charset=utf-8")
					_, err = fmt.Fprintf(w, "Subject: %s\n\n%s", c.Subject, c.Text)
					return err
				case m.Name + ".html":
					// A mail carries its styles on its elements.
					w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
					w.Header().Set("Content-Type", "text/html; charset=utf-8")
					_, err = w.Write([]byte(c.HTML))
					return err
				}
			}
			return latchkey.Errorf(latchkey.CodeNotFound, "There is no such sample.")
		}},
	}
}

// meta is the sample's, with the choice of languages leading to the sample in
// the other languages.
func meta(kit *page.Kit, s sample.Page, lang string) page.Meta {
	m := sample.Meta(kit, s, lang)
	for i := range m.Languages {
		m.Languages[i].URL = "../" + m.Languages[i].Code + "/" + s.Name + ".html"
	}
	return m
}

func index(kit *page.Kit) page.Custom {
	var groups []group
	for _, s := range pages() {
		if len(groups) == 0 || groups[len(groups)-1].name != s.Group {
			groups = append(groups, group{name: s.Group})
		}
		g := &groups[len(groups)-1]
		g.rows = append(g.rows, row{name: s.Name, title: s.Page.Title(kit.Texts("en")), path: "pages", suffixes: []string{".html"}})
	}
	mails := group{name: "Mails"}
	for _, m := range sample.Mails() {
		title := ""
		if c, err := kit.Compose(m.Facts("en")); err == nil {
			title = c.Subject
		}
		mails.rows = append(mails.rows, row{name: m.Name, title: title, path: "mails", suffixes: []string{".html", ".txt"}})
	}
	return page.Custom{Heading: "Every page and mail", Content: list(append(groups, mails)), Broad: true}
}

// group and row are the index.
type group struct {
	name string
	rows []row
}

type row struct {
	name, title, path string
	suffixes          []string
}

var languages = []string{"en", "de", "ar"}

// write renders every sample into files under dir, with what they load beside
// them, so that a browser can open index.html from the disk.
func write(dir string) (files int, err error) {
	site, err := web.NewSite("http://localhost")
	if err != nil {
		return 0, err
	}
	kit := page.New(site)
	save := func(name string, data []byte) {
		if err != nil {
			return
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err = os.MkdirAll(filepath.Dir(path), 0o755); err == nil {
			err = os.WriteFile(path, data, 0o644)
			files++
		}
	}
	saved := map[string]bool{}
	render := func(name string, m page.Meta, p page.Page, policy page.Policy) {
		body, renderErr := kit.Render(context.Background(), m, p, policy)
		if err == nil {
			err = renderErr
		}
		for _, url := range resourceURLs(body) {
			if data, ok := kit.Resource(url); ok && !saved[url] {
				saved[url] = true
				save(strings.TrimPrefix(url, "/"), data)
			}
		}
		up := strings.Repeat("../", strings.Count(name, "/"))
		save(name, bytes.ReplaceAll(body, []byte(`"/resources/`), []byte(`"`+up+`resources/`)))
	}
	render("index.html", page.Meta{Lang: "en", Now: sample.Now}, index(kit), page.Policy{})
	for _, lang := range languages {
		for _, s := range pages() {
			render("pages/"+lang+"/"+s.Name+".html", meta(kit, s, lang), s.Page, s.Policy)
		}
		for _, m := range sample.Mails() {
			c, composeErr := kit.Compose(m.Facts(lang))
			if err == nil {
				err = composeErr
			}
			save("mails/"+lang+"/"+m.Name+".html", []byte(c.HTML))
			save("mails/"+lang+"/"+m.Name+".txt", []byte("Subject: "+c.Subject+"\n\n"+c.Text))
		}
	}
	return files, err
}

// resourceURLs finds what a page loads.
func resourceURLs(body []byte) []string {
	var all []string
	for _, part := range strings.Split(string(body), `"`) {
		if strings.HasPrefix(part, "/resources/") {
			all = append(all, part)
		}
	}
	return all
}

func linkText(lang, suffix string) string {
	if suffix == ".txt" {
		return lang + " text"
	}
	return lang
}
