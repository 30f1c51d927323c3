package console

import (
	"cmp"
	"maps"
	"net/http"
	"slices"

	"latchkey/internal/representation"
)

func providerMapperRows() []row {
	return slices.Concat(brokerMapperList.rows(), chooseBrokerMapper.rows(), newBrokerMapper.rows(), brokerMapperForm.rows(), deleteBrokerMapper.rows())
}

// brokerMapper is a kind of mapper, with its options.
type brokerMapper struct {
	ID         string                          `json:"id"`
	Name       string                          `json:"name"`
	HelpText   string                          `json:"helpText"`
	Properties []representation.ConfigProperty `json:"properties"`
}

// brokerMappers are those that the provider of the page's path can have.
func (v *visit) brokerMappers() map[string]brokerMapper {
	var all map[string]brokerMapper
	_ = v.api(http.MethodGet, providerAPI(v)+"/mapper-types", nil, &all) // the page's own call says what is wrong
	for id, m := range all {
		m.Name, m.HelpText = v.Told(m.Name), v.Told(m.HelpText)
		all[id] = m
	}
	return all
}

var brokerMapperList = list{
	path: "identity-providers/{kind}/{alias}/mappers", menu: "identity-providers", whole: true, search: "console.broker-mappers.search",
	columns: []string{"console.broker-mapper.name", "console.broker-mapper.kind"},
	empty:   [2]string{"console.broker-mappers.none", "console.broker-mappers.none.help"},
	top: func(v *visit) top {
		t := providerTop(v, nil, "mappers")
		if v.may(mayManageProviders...) {
			t.Acts = []link{{Text: "console.broker-mapper.add", URL: providerURL(v, "add-mapper")}}
		}
		return t
	},
	api:     func(v *visit) string { return providerAPI(v) + "/mappers" },
	prepare: func(v *visit) (any, error) { return v.brokerMappers(), nil },
	row: func(v *visit, rep map[string]any) tableRow {
		at, kind := providerURL(v, "mappers", text(rep["id"])), text(rep["identityProviderMapper"])
		if known, _ := v.prepared.(map[string]brokerMapper); known[kind].Name != "" {
			kind = known[kind].Name
		}
		r := tableRow{keys: text(rep["name"]), Cells: []cell{{Text: text(rep["name"]), URL: at}, {Text: kind}}}
		if v.may(mayManageProviders...) {
			r.Acts = []link{{Text: sayDelete, URL: at + "/delete", Bad: true}}
		}
		return r
	},
}

func brokerMapperCrumbs(v *visit) []link {
	return []link{{Text: "console.identity-providers", URL: providersURL(v)}, {Text: v.R.PathValue("alias"), URL: providerURL(v, "mappers")}}
}

var chooseBrokerMapper = form{
	path: "identity-providers/{kind}/{alias}/add-mapper", menu: "identity-providers", prefix: "console.broker-mapper", may: mayManageProviders, button: "console.continue",
	top: func(v *visit, _ map[string]any) top {
		return top{Title: "console.broker-mapper.add", Crumbs: brokerMapperCrumbs(v)}
	},
	sections: func(v *visit, _ map[string]any) []section {
		var kinds []option
		for _, k := range slices.SortedFunc(maps.Values(v.brokerMappers()), func(a, b brokerMapper) int { return cmp.Compare(a.Name, b.Name) }) {
			kinds = append(kinds, option{k.ID, k.Name})
		}
		return []section{{Settings: []setting{{At: "identityProviderMapper", Kind: kindChoice, Options: kinds}}}}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		return sent{address: providerURL(v, "new-mapper", text(rep["identityProviderMapper"]))}, nil
	},
}

// brokerMapperSettings are those of a kind of mapper.
func brokerMapperSettings(v *visit, kind string, fresh bool) []section {
	name := setting{At: "name", Kind: kindText, Required: true}
	if !fresh {
		name = setting{At: "name", Kind: kindShown}
	}
	sync := setting{At: "config/syncMode", Kind: kindChoice, Label: "console.provider.syncMode", Fallback: "INHERIT",
		Options: choices("console.provider.syncMode.", "INHERIT", "LEGACY", "IMPORT", "FORCE")}
	return []section{{Settings: append([]setting{name, sync}, v.propertySettings("config", v.brokerMappers()[kind].Properties)...)}}
}

var newBrokerMapper = form{
	path: "identity-providers/{kind}/{alias}/new-mapper/{mapper}", menu: "identity-providers", prefix: "console.broker-mapper", may: mayManageProviders,
	blames: []blame{{"Failed to add mapper", "name", ""}},
	top: func(v *visit, _ map[string]any) top {
		kind := v.brokerMappers()[v.R.PathValue("mapper")]
		return top{Title: "console.broker-mapper.add", Tags: []string{kind.Name}, Intro: kind.HelpText, Crumbs: brokerMapperCrumbs(v)}
	},
	sections: func(v *visit, _ map[string]any) []section {
		return brokerMapperSettings(v, v.R.PathValue("mapper"), true)
	},
	create: func(v *visit, rep map[string]any) (string, error) {
		rep["identityProviderMapper"], rep["identityProviderAlias"] = v.R.PathValue("mapper"), v.R.PathValue("alias")
		_, err := v.create(providerAPI(v)+"/mappers", rep)
		return providerURL(v, "mappers"), err
	},
}

func brokerMapperAPI(v *visit) string { return providerAPI(v) + "/mappers/" + v.value("id") }

var brokerMapperForm = form{
	path: "identity-providers/{kind}/{alias}/mappers/{id}", menu: "identity-providers", prefix: "console.broker-mapper", may: mayManageProviders,
	api: brokerMapperAPI,
	top: func(v *visit, rep map[string]any) top {
		return top{Title: text(rep["name"]), Tags: []string{v.brokerMappers()[text(rep["identityProviderMapper"])].Name}, Crumbs: brokerMapperCrumbs(v)}
	},
	sections: func(v *visit, rep map[string]any) []section {
		return brokerMapperSettings(v, text(rep["identityProviderMapper"]), false)
	},
}

var deleteBrokerMapper = act{
	path: "identity-providers/{kind}/{alias}/mappers/{id}/delete", menu: "identity-providers",
	ask: [3]string{"console.broker-mapper.delete.heading", "console.broker-mapper.delete.text", sayDelete},
	thing: func(v *visit) (string, error) {
		rep, err := v.thing(brokerMapperAPI(v))
		return text(rep["name"]), err
	},
	do: func(v *visit) (address, notice string, err error) {
		return providerURL(v, "mappers"), "deleted", v.api(http.MethodDelete, brokerMapperAPI(v), nil, nil)
	},
	no: func(v *visit) string { return providerURL(v, "mappers") },
}
