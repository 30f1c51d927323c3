package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"latchkey/internal/page"
	"latchkey/internal/page/sample"
	"latchkey/internal/web"
)

// Everything that the index names is there, and is what it says.
func TestIndexLeadsToEveryPageAndMail(t *testing.T) {
	site, err := web.NewSite("http://localhost")
	if err != nil {
		t.Fatal(err)
	}
	h := handler(site)
	get := func(path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "http://localhost"+path, nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	index := get("/")
	links := regexp.MustCompile(`href="((?:pages|mails)/[^"]+)"`).FindAllStringSubmatch(index.Body.String(), -1)
	want := len(languages) * (len(pages()) + 2*len(sample.Mails()))
	if index.Code != http.StatusOK || len(links) != want {
		t.Fatalf("%d, %d links, want %d", index.Code, len(links), want)
	}
	for _, l := range links {
		w := get("/" + l[1])
		if w.Code != http.StatusOK || w.Body.Len() < 100 {
			t.Errorf("%s: %d, %d bytes", l[1], w.Code, w.Body.Len())
		}
		if plain := strings.HasSuffix(l[1], ".txt"); plain != strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
			t.Errorf("%s is %s", l[1], w.Header().Get("Content-Type"))
		}
	}
	for _, path := range []string{"/pages/en/nothing.html", "/mails/en/nothing.txt"} {
		if w := get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// Files on disk show what the server shows: what a page loads lies beside it.
func TestWriteFiles(t *testing.T) {
	dir := t.TempDir()
	if err := run([]string{"--out", dir}, io.Discard); err != nil {
		t.Fatal(err)
	}
	loads := regexp.MustCompile(`(?:href|src)="([^"]*resources/[^"]+)"`)
	seen := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".html" || strings.Contains(path, "mails") {
			return err
		}
		seen++
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found := loads.FindAllStringSubmatch(string(body), -1)
		if len(found) < 2 {
			t.Errorf("%s loads %d files", path, len(found))
		}
		for _, f := range found {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), f[1])); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	if err != nil || seen != 1+len(languages)*len(pages()) {
		t.Errorf("%d pages, %v", seen, err)
	}
}

func TestRunRefuses(t *testing.T) {
	if err := run([]string{"--nonsense"}, io.Discard); err == nil {
		t.Error("an unknown flag was taken")
	}
	if err := run([]string{"--listen", "256.0.0.1:1"}, io.Discard); err == nil {
		t.Error("an impossible address was taken")
	}
}

// The pages of the other packages keep what the sign-in pages promise.
func TestSamplesHaveTitlesOfTheirOwn(t *testing.T) {
	site, err := web.NewSite("http://localhost")
	if err != nil {
		t.Fatal(err)
	}
	kit := page.New(site)
	names := map[string]bool{}
	for _, s := range pages() {
		if names[s.Name] {
			t.Errorf("two samples are called %s", s.Name)
		}
		names[s.Name] = true
		if s.Page.Title(kit.Texts("ar")) == "" {
			t.Errorf("%s has no title", s.Name)
		}
	}
}
