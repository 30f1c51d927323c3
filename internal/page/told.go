package page

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// told are the sentences of the Admin REST API in one language. The API speaks
// English, as Keycloak's does; who shows what it says shows it by these. They
// are found by the English sentence, in which {0}, {1}, ... stand for what it
// is about.
type told struct {
	whole    map[string]string
	patterns []toldPattern
}

// toldPattern is a sentence that is about something.
type toldPattern struct {
	literal string // the longest part that every such sentence has
	match   *regexp.Regexp
	args    []int // which argument each group is
	text    string
}

// mostTold bounds the sentences that are looked for, in bytes.
const mostTold = 2000

// loadTold reads what the API says in the languages that have it.
func loadTold(all []*catalogue) error {
	files, err := catalogueFiles.ReadDir("catalogue/told")
	if err != nil {
		return err
	}
	for _, f := range files {
		data, err := catalogueFiles.ReadFile("catalogue/told/" + f.Name())
		if err != nil {
			return err
		}
		var texts map[string]string
		if err := json.Unmarshal(data, &texts); err != nil {
			return fmt.Errorf("catalogue told/%s: %w", f.Name(), err)
		}
		code := strings.TrimSuffix(f.Name(), path.Ext(f.Name()))
		i := slices.IndexFunc(all, func(c *catalogue) bool { return c.code == code })
		if i < 0 {
			return fmt.Errorf("catalogue told/%s: there is no catalogue for it", f.Name())
		}
		all[i].told = newTold(texts)
	}
	return nil
}

func newTold(texts map[string]string) told {
	t := told{whole: map[string]string{}}
	for english, text := range texts {
		places := placeholder.FindAllStringIndex(english, -1)
		if places == nil {
			t.whole[english] = text
			continue
		}
		p, at := toldPattern{text: text}, 0
		var expression strings.Builder
		literal := func(part string) {
			expression.WriteString(regexp.QuoteMeta(part))
			if len(part) > len(p.literal) {
				p.literal = part
			}
		}
		for _, place := range places {
			literal(english[at:place[0]])
			expression.WriteString("(.*?)")
			p.args = append(p.args, int(english[place[0]+1]-'0'))
			at = place[1]
		}
		literal(english[at:])
		p.match = regexp.MustCompile(`(?s)\A` + expression.String() + `\z`)
		t.patterns = append(t.patterns, p)
	}
	// The most particular first: another one could be read into it.
	slices.SortFunc(t.patterns, func(a, b toldPattern) int {
		if d := len(b.literal) - len(a.literal); d != 0 {
			return d
		}
		return strings.Compare(a.match.String(), b.match.String())
	})
	return t
}

// Told gives a text of the Admin REST API in the language: a sentence, a name of
// something that Latchkey has, or a key in Keycloak's form ("${role_admin}").
// One that the catalogue does not have stays as it is.
func (t *Texts) Told(text string) string {
	if key, ok := catalogueKey(text); ok {
		if t.Has("profile." + key) {
			key = "profile." + key
		}
		said, _ := t.lookup(key, nil)
		return cmp.Or(said, key)
	}
	said, _ := t.told(text)
	return said
}

func (t *Texts) told(text string) (said string, ok bool) {
	c := &t.lang.told
	if said, ok := c.whole[text]; ok {
		return said, true
	}
	if len(text) > mostTold || !strings.Contains(text, " ") {
		return text, false
	}
	for _, p := range c.patterns {
		if !strings.Contains(text, p.literal) {
			continue
		}
		groups := p.match.FindStringSubmatch(text)
		if groups == nil {
			continue
		}
		return placeholder.ReplaceAllStringFunc(p.text, func(place string) string {
			i := slices.Index(p.args, int(place[1]-'0'))
			if i < 0 {
				return ""
			}
			if said, ok := c.whole[groups[i+1]]; ok { // the name of a step, for one
				return said
			}
			return isolate(groups[i+1], t.Dir())
		}), true
	}
	return text, false
}
