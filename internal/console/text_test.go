package console_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"latchkey"
)

// catalogue gives the keys of the console.
func catalogue(t *testing.T) map[string]any {
	t.Helper()
	files, err := filepath.Glob("../page/catalogue/console*.en.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no catalogue", err)
	}
	all := map[string]any{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &all); err != nil {
			t.Fatal(f, err)
		}
	}
	return all
}

// source is all that could name a text.
func source(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, pattern := range []string{"*.go", "*.templ"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal("no files", err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") || strings.HasSuffix(f, "_templ.go") {
				continue
			}
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(data)
		}
	}
	return b.String()
}

var named = regexp.MustCompile(`"(console\.[a-z0-9.A-Z_-]+[a-z0-9A-Z])"`)

// prefixes are literals that a page puts more behind, and no texts.
func isPrefix(all map[string]any, text string) bool {
	for key := range all {
		if strings.HasPrefix(key, text+".") {
			return true
		}
	}
	return false
}

// No text of the console is left over, and none is named that is not there.
// A key may be made of a prefix and the last name of a setting's place, or of
// an option's value.
func TestTexts(t *testing.T) {
	all, text := catalogue(t), source(t)
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		if _, ok := all[m[1]]; !ok && !isPrefix(all, m[1]) && !strings.HasSuffix(m[1], ".js") && !strings.HasSuffix(m[1], ".css") {
			t.Errorf("%s is named and is not in the catalogue", m[1])
		}
	}
	kinds := map[string]bool{}
	for _, k := range latchkey.MessageKinds {
		kinds[mailKind+string(k)] = true
	}
	for _, k := range latchkey.TokenKinds {
		kinds[linkKind+string(k)] = true
	}
	for key := range all {
		base := strings.TrimSuffix(key, ".help")
		last := base[strings.LastIndexByte(base, '.')+1:]
		if strings.HasPrefix(key, "console.policy.password.") {
			continue // by the server's list of policies
		}
		if prefix, one, ok := cutKind(key); ok {
			if !kinds[prefix+one] {
				t.Errorf("%s is in the catalogue and there is no such kind", key)
			}
			delete(kinds, prefix+one)
			continue
		}
		if !strings.Contains(text, `"`+base+`"`) && !strings.Contains(text, `"`+last+`"`) && !strings.Contains(text, last+`"`) {
			t.Errorf("%s is in the catalogue and nobody says it", key)
		}
	}
	for key := range kinds {
		t.Errorf("%s has no name", key)
	}
}

// What the names of mails and links begin with.
const mailKind, linkKind = "console.mail.kind.", "console.mail-link.kind."

func cutKind(key string) (prefix, kind string, ok bool) {
	for _, prefix := range []string{mailKind, linkKind} {
		if kind, ok := strings.CutPrefix(key, prefix); ok {
			return prefix, kind, true
		}
	}
	return "", "", false
}
