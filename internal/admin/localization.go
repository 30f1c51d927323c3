package admin

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"latchkey"
	"latchkey/internal/store"
)

func (d *Door) localizationRoutes() []route {
	return []route{
		{method: "GET", path: "/localization", act: d.locales, summary: "List the languages that the realm has texts of its own for", gives: []string{}},
		{method: "GET", path: "/localization/{locale}", act: d.localeTexts, summary: "Read the realm's texts in a language", gives: map[string]string{},
			query: []param{{"useRealmDefaultLocaleFallback", flag, "the texts of the realm's default language where the language lacks them"}}},
		{method: "POST", path: "/localization/{locale}", may: mayManageRealm, act: d.addTexts, summary: "Add or change texts in a language",
			body: map[string]string{}},
		{method: "DELETE", path: "/localization/{locale}", may: mayManageRealm, act: d.deleteTexts, summary: "Delete the realm's texts in a language"},
		{method: "GET", path: "/localization/{locale}/{key}", act: d.localeText, summary: "Read one text, as plain text"},
		{method: "PUT", path: "/localization/{locale}/{key}", may: mayManageRealm, act: d.putText, summary: "Add or change one text: the body is the text"},
		{method: "DELETE", path: "/localization/{locale}/{key}", may: mayManageRealm, act: d.deleteText, summary: "Delete one text"},
	}
}

// The most that a realm's own texts may be: every node holds them in memory.
const (
	maxTexts = 5_000 // in a language
	maxText  = 4_000 // bytes
)

func noText() error { return answerError(http.StatusNotFound, "Localization text not found") }

func (d *Door) locales(c *call) error {
	all := slices.Sorted(maps.Keys(c.snap.Realm.Localization))
	if all == nil {
		all = []string{}
	}
	return c.answer(all)
}

func (d *Door) localeTexts(c *call) error {
	realm := c.snap.Realm
	texts := map[string]string{}
	if c.flag("useRealmDefaultLocaleFallback", false) {
		maps.Copy(texts, realm.Localization[realm.DefaultLocale])
	}
	maps.Copy(texts, realm.Localization[c.path("locale")])
	return c.answer(texts)
}

func (d *Door) localeText(c *call) error {
	text, ok := c.snap.Realm.Localization[c.path("locale")][c.path("key")]
	if !ok {
		return noText()
	}
	c.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := c.w.Write([]byte(text))
	return err
}

func (d *Door) addTexts(c *call) error {
	var body map[string]string
	if err := c.read(&body); err != nil {
		return err
	}
	return d.changeTexts(c, func(texts map[string]string) error {
		maps.Copy(texts, body)
		return nil
	})
}

func (d *Door) putText(c *call) error {
	body, err := c.bytes()
	if err != nil {
		return err
	}
	return d.changeTexts(c, func(texts map[string]string) error {
		texts[c.path("key")] = string(body)
		return nil
	})
}

func (d *Door) deleteTexts(c *call) error {
	return d.changeTexts(c, func(texts map[string]string) error {
		if len(texts) == 0 {
			return answerError(http.StatusNotFound, "No localization texts for locale "+c.path("locale")+" found.")
		}
		clear(texts)
		return nil
	})
}

func (d *Door) deleteText(c *call) error {
	return d.changeTexts(c, func(texts map[string]string) error {
		if _, ok := texts[c.path("key")]; !ok {
			return noText()
		}
		delete(texts, c.path("key"))
		return nil
	})
}

// changeTexts changes the texts of the call's language.
func (d *Door) changeTexts(c *call, change func(texts map[string]string) error) error {
	locale := c.path("locale")
	if _, err := language.Parse(locale); err != nil {
		return latchkey.Invalid("locale", "Expected a language, such as en or pt-BR.")
	}
	operation := operationUpdate
	if c.r.Method == http.MethodDelete {
		operation = operationDelete
	}
	err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		changed := *snap.Realm
		texts := maps.Clone(changed.Localization[locale])
		if texts == nil {
			texts = map[string]string{}
		}
		if err := change(texts); err != nil {
			return err
		}
		if err := checkTexts(texts); err != nil {
			return err
		}
		var shown any
		if operation == operationUpdate {
			shown = texts
		}
		changed.Localization = maps.Clone(changed.Localization)
		if changed.Localization == nil {
			changed.Localization = map[string]map[string]string{}
		}
		if changed.Localization[locale] = texts; len(texts) == 0 {
			delete(changed.Localization, locale)
		}
		if err := tx.UpdateRealm(&changed); err != nil {
			return err
		}
		return c.record(tx, act{operation, "REALM", strings.TrimSuffix("localization/"+locale+"/"+c.path("key"), "/"), shown})
	})
	if err != nil {
		return err
	}
	return c.done()
}

func checkTexts(texts map[string]string) error {
	if len(texts) > maxTexts {
		return latchkey.Errorf(latchkey.CodeInvalid, "A language has at most %d texts.", maxTexts)
	}
	for key, text := range texts {
		if key == "" || len(key) > 255 || len(text) > maxText {
			return latchkey.Invalid(key, "A key has 1 to 255 bytes, a text at most %d.", maxText)
		}
	}
	return nil
}
