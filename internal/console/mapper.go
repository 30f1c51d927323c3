package console

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/representation"
)

// mappers are the pages of the protocol mappers of a client or of a client
// scope: those that there are, and those that can be added.
type mappers struct {
	path, menu string              // of the list, below the realm
	api        func(*visit) string // of what has them, in the API
	top        func(*visit) top
}

// home is the address of the list, and of the pages below it.
func (m mappers) home(v *visit, more ...string) string { return addressOf(m.path)(v, more...) }

// mapperKind describes a kind of protocol mapper.
type mapperKind struct {
	ID         string                          `json:"id"`
	Name       string                          `json:"name"`
	Category   string                          `json:"category"`
	HelpText   string                          `json:"helpText"`
	Properties []representation.ConfigProperty `json:"properties"`
}

// mapperKinds reads what kinds there are, by their names, and the mappers that
// can be added as they are.
func (v *visit) mapperKinds() (kinds []mapperKind, ready []map[string]any, err error) {
	var said struct {
		Kinds map[string][]mapperKind     `json:"protocolMapperTypes"`
		Ready map[string][]map[string]any `json:"builtinProtocolMappers"`
	}
	err = v.serverInfo(&said)
	kinds = said.Kinds["openid-connect"]
	for i := range kinds {
		kinds[i].Name, kinds[i].HelpText = v.Told(kinds[i].Name), v.Told(kinds[i].HelpText)
	}
	slices.SortFunc(kinds, func(a, b mapperKind) int { return cmp.Compare(a.Name, b.Name) })
	return kinds, said.Ready["openid-connect"], err
}

func (v *visit) mapperKind(id string) (mapperKind, error) {
	kinds, _, err := v.mapperKinds()
	for _, k := range kinds {
		if k.ID == id {
			return k, err
		}
	}
	return mapperKind{ID: id, Name: id}, err
}

func (m mappers) rows() []row {
	return slices.Concat(m.list().rows(), m.kinds().rows(), m.predefined().rows(), m.add().rows(), m.edit().rows(), m.remove().rows())
}

func (m mappers) list() list {
	return list{
		path: m.path, menu: m.menu, search: "console.mappers.search",
		columns: []string{"console.mapper.name", "console.mapper.protocolMapper"},
		empty:   [2]string{"console.mappers.none", "console.mappers.none.help"},
		top: func(v *visit) top {
			t := m.top(v)
			if v.may(manageClients...) {
				t.Acts = []link{{Text: "console.mapper.add", URL: m.home(v, "add")}, {Text: "console.mapper.predefined", URL: m.home(v, "predefined")}}
			}
			return t
		},
		things: func(v *visit) ([]map[string]any, error) {
			kinds, _, err := v.mapperKinds()
			if err != nil {
				return nil, err
			}
			names := map[string]string{}
			for _, k := range kinds {
				names[k.ID] = k.Name
			}
			var all []map[string]any
			err = v.api(http.MethodGet, m.api(v)+"/protocol-mappers/models", nil, &all)
			for _, rep := range all {
				rep["kind"] = cmp.Or(names[text(rep["protocolMapper"])], text(rep["protocolMapper"]))
			}
			slices.SortFunc(all, func(a, b map[string]any) int { return cmp.Compare(text(a["name"]), text(b["name"])) })
			return all, err
		},
		row: func(v *visit, rep map[string]any) tableRow {
			id := text(rep["id"])
			r := tableRow{Cells: []cell{{Text: text(rep["name"]), URL: m.home(v, "mapper", id)}, {Text: text(rep["kind"])}},
				keys: text(rep["name"]) + " " + text(rep["kind"])}
			if v.may(manageClients...) {
				r.Acts = []link{{Text: "console.open", URL: m.home(v, "mapper", id)}, {Text: sayDelete, URL: m.home(v, "mapper", id, "delete"), Bad: true}}
			}
			return r
		},
	}
}

// belowTop stands above a page that is reached from the list.
func (m mappers) belowTop(v *visit, title, intro string) top {
	above := m.top(v)
	return top{Title: title, Intro: intro, Crumbs: append(above.Crumbs, link{Text: above.Title, URL: m.home(v)})}
}

// kinds are the kinds of mapper that can be added.
func (m mappers) kinds() list {
	return list{
		path: m.path + "/add", menu: m.menu, search: "console.mappers.search-kinds", columns: []string{"console.mapper.protocolMapper", "console.mapper.help"},
		empty: [2]string{"console.mappers.none", ""},
		top: func(v *visit) top {
			return m.belowTop(v, "console.mapper.add", "console.mapper.add.intro")
		},
		things: func(v *visit) (all []map[string]any, err error) {
			kinds, _, err := v.mapperKinds()
			for _, k := range kinds {
				all = append(all, map[string]any{"id": k.ID, "name": k.Name, "help": k.HelpText})
			}
			return all, err
		},
		row: func(v *visit, rep map[string]any) tableRow {
			return tableRow{Cells: []cell{{Text: text(rep["name"]), URL: m.home(v, "add", text(rep["id"]))}, {Text: text(rep["help"])}},
				keys: text(rep["name"]) + " " + text(rep["help"])}
		},
	}
}

// predefined are the mappers that can be added as they are.
func (m mappers) predefined() list {
	return list{
		path: m.path + "/predefined", menu: m.menu, search: "console.mappers.search", may: manageClients,
		columns: []string{"console.mapper.name", "console.mapper.claim"}, empty: [2]string{"console.mappers.all-there", ""},
		top: func(v *visit) top {
			return m.belowTop(v, "console.mapper.predefined", "console.mapper.predefined.intro")
		},
		things: func(v *visit) ([]map[string]any, error) {
			_, ready, err := v.mapperKinds()
			if err != nil {
				return nil, err
			}
			var has []map[string]any
			err = v.api(http.MethodGet, m.api(v)+"/protocol-mappers/models", nil, &has)
			return slices.DeleteFunc(ready, func(rep map[string]any) bool {
				return slices.ContainsFunc(has, func(h map[string]any) bool { return h["name"] == rep["name"] })
			}), err
		},
		row: func(_ *visit, rep map[string]any) tableRow {
			config, _ := rep["config"].(map[string]any)
			name := text(rep["name"])
			return tableRow{Cells: []cell{{Text: name}, {Text: text(config["claim.name"]), Mono: text(config["claim.name"]) != ""}}, keys: name, Value: name}
		},
		picks: []pick{{name: "add", label: "console.mapper.add-chosen", do: func(v *visit, chosen []string) (address, notice string, err error) {
			_, ready, err := v.mapperKinds()
			if err != nil {
				return "", "", err
			}
			add := slices.DeleteFunc(ready, func(rep map[string]any) bool { return !slices.Contains(chosen, text(rep["name"])) })
			return m.home(v), "saved", v.api(http.MethodPost, m.api(v)+"/protocol-mappers/add-models", add, nil)
		}}},
	}
}

// mapperSections are the name of a mapper and what its kind has to be told.
func mapperSections(v *visit, kind mapperKind) []section {
	all := []section{{Settings: []setting{{At: "name", Kind: kindText, Required: true}}}}
	options := v.propertySettings("config", kind.Properties)
	if len(options) > 0 {
		all = append(all, section{Title: kind.Name, Settings: options})
	}
	return all
}

func (m mappers) add() form {
	return form{
		path: m.path + "/add/{kind}", menu: m.menu, prefix: "console.mapper", may: manageClients, blame: "name",
		top: func(v *visit, _ map[string]any) top {
			kind, err := v.mapperKind(v.R.PathValue("kind"))
			if err != nil {
				kind.HelpText = "" // the page's sections say what is wrong
			}
			t := m.belowTop(v, kind.Name, kind.HelpText)
			t.Crumbs = append(t.Crumbs, link{Text: "console.mapper.add", URL: m.home(v, "add")})
			return t
		},
		sections: func(v *visit, _ map[string]any) []section {
			kind, err := v.mapperKind(v.R.PathValue("kind"))
			if err != nil {
				return nil
			}
			return mapperSections(v, kind)
		},
		create: func(v *visit, rep map[string]any) (string, error) {
			rep["protocol"], rep["protocolMapper"] = "openid-connect", v.R.PathValue("kind")
			return m.home(v), v.api(http.MethodPost, m.api(v)+"/protocol-mappers/models", rep, nil)
		},
	}
}

func (m mappers) at(v *visit) string {
	return m.api(v) + "/protocol-mappers/models/" + url.PathEscape(v.R.PathValue("mapper"))
}

func (m mappers) edit() form {
	return form{
		path: m.path + "/mapper/{mapper}", menu: m.menu, prefix: "console.mapper", may: manageClients, api: m.at,
		top: func(v *visit, rep map[string]any) top {
			t := m.belowTop(v, text(rep["name"]), "")
			if v.may(manageClients...) {
				t.More = []link{{Text: sayDelete, URL: m.home(v, "mapper", v.R.PathValue("mapper"), "delete"), Bad: true}}
			}
			return t
		},
		sections: func(v *visit, rep map[string]any) []section {
			kind, err := v.mapperKind(text(rep["protocolMapper"]))
			if err != nil || kind.Properties == nil {
				return []section{{Settings: []setting{{At: "name", Kind: kindText, Required: true}, {At: "protocolMapper", Kind: kindShown}}}}
			}
			return mapperSections(v, kind)
		},
	}
}

func (m mappers) remove() act {
	return act{
		path: m.path + "/mapper/{mapper}/delete", menu: m.menu,
		ask: [3]string{"console.mapper.delete.heading", "console.mapper.delete.text", sayDelete},
		thing: func(v *visit) (string, error) {
			rep, err := v.thing(m.at(v))
			return text(rep["name"]), err
		},
		do: func(v *visit) (address, notice string, err error) {
			return m.home(v), "deleted", v.api(http.MethodDelete, m.at(v), nil, nil)
		},
		no: func(v *visit) string { return m.home(v) },
	}
}

// addressOf gives the addresses of a list whose path is known, and of pages below
// it: the names in the path are those of the page.
func addressOf(path string) func(*visit, ...string) string {
	return func(v *visit, more ...string) string {
		parts := strings.Split(path, "/")
		for i, p := range parts {
			if name, ok := strings.CutPrefix(p, "{"); ok {
				parts[i] = v.R.PathValue(strings.TrimSuffix(name, "}"))
			}
		}
		return v.path(append(parts, more...)...)
	}
}
