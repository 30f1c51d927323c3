package page

import (
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed catalogue/*.json catalogue/told/*.json
var catalogueFiles embed.FS

// catalogue holds the texts of one language.
type catalogue struct {
	code    string // BCP 47, the file's name
	tag     language.Tag
	entries map[string]entry
	told    told
}

// entry is one text by plural form; a text without plurals has only Other.
type entry map[plural.Form]string

// The names that CLDR gives the plural forms.
var pluralForms = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two,
	"few": plural.Few, "many": plural.Many, "other": plural.Other,
}

var placeholder = regexp.MustCompile(`\{([0-9])\}`)

// loadCatalogues reads every embedded catalogue, the fallback language first
// and the others by code. A language is one file (en.json), and one more for
// each part of the product with many texts of its own (account.en.json).
func loadCatalogues() ([]*catalogue, error) {
	files, err := catalogueFiles.ReadDir("catalogue")
	if err != nil {
		return nil, err
	}
	var all []*catalogue
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		data, err := catalogueFiles.ReadFile("catalogue/" + f.Name())
		if err != nil {
			return nil, err
		}
		code := strings.TrimSuffix(f.Name(), ".json")
		c, err := parseCatalogue(code[strings.LastIndexByte(code, '.')+1:], data)
		if err != nil {
			return nil, fmt.Errorf("catalogue %s: %w", f.Name(), err)
		}
		if all, err = addCatalogue(all, c); err != nil {
			return nil, fmt.Errorf("catalogue %s: %w", f.Name(), err)
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].code == fallbackLanguage && all[j].code != fallbackLanguage })
	if len(all) == 0 || all[0].code != fallbackLanguage {
		return nil, fmt.Errorf("there is no catalogue for %s", fallbackLanguage)
	}
	return all, loadTold(all)
}

// addCatalogue joins the parts of a language.
func addCatalogue(all []*catalogue, c *catalogue) ([]*catalogue, error) {
	for _, have := range all {
		if have.code != c.code {
			continue
		}
		for key, e := range c.entries {
			if _, ok := have.entries[key]; ok {
				return nil, fmt.Errorf("%s is said twice", key)
			}
			have.entries[key] = e
		}
		return all, nil
	}
	return append(all, c), nil
}

func parseCatalogue(code string, data []byte) (*catalogue, error) {
	tag, err := language.Parse(code)
	if err != nil {
		return nil, err
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, err
	}
	c := &catalogue{code: code, tag: tag, entries: make(map[string]entry, len(raw))}
	for key, value := range raw {
		var text string
		if json.Unmarshal(value, &text) == nil {
			c.entries[key] = entry{plural.Other: text}
			continue
		}
		var forms map[string]string
		if err := json.Unmarshal(value, &forms); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		e := entry{}
		for name, text := range forms {
			form, ok := pluralForms[name]
			if !ok {
				return nil, fmt.Errorf("%s: there is no plural form %q", key, name)
			}
			e[form] = text
		}
		if _, ok := e[plural.Other]; !ok {
			return nil, fmt.Errorf(`%s: the form "other" is missing`, key)
		}
		c.entries[key] = e
	}
	return c, nil
}

// text picks the form of the text for the arguments: the first number among
// them decides.
func (c *catalogue) text(key string, args []any) (string, bool) {
	e, ok := c.entries[key]
	if !ok {
		return "", false
	}
	if len(e) == 1 {
		return e[plural.Other], true
	}
	for _, a := range args {
		if n, ok := a.(int); ok {
			if text, ok := e[plural.Cardinal.MatchPlural(c.tag, max(n, -n), 0, 0, 0, 0)]; ok {
				return text, true
			}
			break
		}
	}
	return e[plural.Other], true
}

// Texts are the texts of one language; a key that it lacks is looked up in
// English.
type Texts struct {
	own      map[string]string // the realm's, before those of the catalogue
	lang     *catalogue
	fallback *catalogue
}

// Lang gives the language's BCP 47 code.
func (t *Texts) Lang() string { return t.lang.code }

// Dir gives the language's direction, "ltr" or "rtl".
func (t *Texts) Dir() string { return direction(t.lang.tag) }

// Has says whether there is a text for the key.
func (t *Texts) Has(key string) bool {
	_, ok := t.lookup(key, nil)
	return ok
}

func (t *Texts) lookup(key string, args []any) (string, bool) {
	if text, ok := t.own[key]; ok {
		return text, true
	}
	if text, ok := t.lang.text(key, args); ok {
		return text, true
	}
	return t.fallback.text(key, args)
}

// Say gives the text for the key as plain text, with {0}, {1}, ... replaced by
// the arguments (strings and ints). A string that is written in the other
// direction is isolated. A plain sentence may stand in for a key: it is
// given back as [Texts.Told] has it.
func (t *Texts) Say(key string, args ...any) string {
	text, ok := t.lookup(key, args)
	if !ok {
		return t.Told(key)
	}
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		i := int(p[1] - '0')
		if i >= len(args) {
			return ""
		}
		switch a := args[i].(type) {
		case phrase:
			return string(a)
		case string:
			return isolate(a, t.Dir())
		case int:
			return strconv.Itoa(a)
		default:
			return fmt.Sprint(a)
		}
	})
}

// phrase is an argument that is a text of the same catalogue already, such as
// "2 minutes": it needs no isolation.
type phrase string
