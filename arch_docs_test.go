package latchkey_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every relative link and picture in the documentation leads somewhere.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)(#[^)\s]*)?\)`)
	pages := sources(".", ".md")
	if len(pages) < 8 {
		t.Fatalf("only %d pages of documentation were found", len(pages))
	}
	for page, text := range pages {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			target := path.Join(path.Dir(page), m[1])
			if _, err := os.Stat(filepath.FromSlash(target)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", page, m[1])
			}
		}
	}
}

// Every requirement that code or documentation names is in
// docs/requirements.md, and every one that is met there is named in a test.
func TestRequirements(t *testing.T) {
	states := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| (R-\d{3}) \| .* \| (met|in part|open) \|$`).FindAllStringSubmatch(read(t, "docs/requirements.md"), -1) {
		states[m[1]] = m[2]
	}
	if len(states) < 150 {
		t.Fatalf("only %d requirements were found", len(states))
	}
	id := regexp.MustCompile(`R-\d{3}\b`)
	proven := map[string]bool{}
	for name, text := range sources(".", ".go", ".templ", ".md", ".sql", ".txtar", ".js") {
		for _, r := range id.FindAllString(text, -1) {
			if states[r] == "" {
				t.Errorf("%s names %s, which docs/requirements.md does not have", name, r)
			}
			if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".txtar") || within(path.Dir(name), testSupport...) {
				proven[r] = true
			}
		}
	}
	for r, state := range states {
		if state == "met" && !proven[r] {
			t.Errorf("docs/requirements.md: %s is said to be met, and no test names it", r)
		}
	}
}
