package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// roleMapping are the pages of the roles that something has, or that a role is
// composed of: those that it has, from which they are taken, and those that can
// be added.
type roleMapping struct {
	path, menu string // of the list, below the realm
	top        func(*visit) top
	of         func(*visit) (roleHolder, error)
	may        []string // the roles that may change it
	// warn says what whoever takes roles away loses themselves; may be nil.
	warn func(v *visit, chosen []string) string
}

// roleHolder is what has roles, in the API.
type roleHolder struct {
	// api is where its roles are, below the realm: "/users/{id}/role-mappings",
	// "/roles-by-id/{id}/composites".
	api string
	// kind and id name it in the API's lists of what could be added.
	kind, id string
	// composite says that it is a role: its roles are in one list.
	composite bool
}

// mappedRole is the value of a box: a role, and the client that it is of.
func mappedRole(rep map[string]any) string { return text(rep["id"]) + " " + text(rep["clientId"]) }

func (m roleMapping) rows() []row {
	has := m.list(m.path, m.top, m.has)
	has.empty = [2]string{"console.role-mapping.none", "console.role-mapping.none.help"}
	has.filters = []filter{{name: "inherited", label: "console.role-mapping.show", options: []option{{"", "console.role-mapping.direct"}, {"all", "console.role-mapping.inherited"}}}}
	has.picks = []pick{{name: "take", label: "console.role-mapping.take", bad: true, do: m.take, warn: m.warn,
		ask: [3]string{"console.role-mapping.take.heading", "console.role-mapping.take.text", "console.role-mapping.take"}}}
	more := m.list(m.path+"/assign", m.assignTop, m.available)
	more.empty = [2]string{"console.role-mapping.no-more", ""}
	more.filters = []filter{{name: "of", label: "console.role-mapping.of", options: []option{{"", "console.role-mapping.of-realm"}, {"clients", "console.role-mapping.of-clients"}}}}
	more.picks = []pick{{name: "give", label: "console.role-mapping.assign", do: m.give}}
	return slices.Concat(has.rows(), more.rows())
}

func (m roleMapping) list(path string, top func(*visit) top, things func(*visit) ([]map[string]any, error)) list {
	return list{
		path: path, menu: m.menu, top: top, things: things, may: m.may, search: "console.roles.search",
		columns: []string{"console.role.name", "console.role.description"},
		row: func(v *visit, rep map[string]any) tableRow {
			name := cell{Text: text(rep["name"])}
			if client := text(rep["client"]); client != "" {
				name.Tags = append(name.Tags, client)
			}
			said := v.Told(text(rep["description"]))
			r := tableRow{keys: text(rep["client"]) + " " + name.Text + " " + said}
			if rep["inherited"] == true {
				name.Tags = append(name.Tags, "console.role-mapping.by-another")
			} else {
				r.Value = mappedRole(rep)
			}
			r.Cells = []cell{name, {Text: said}}
			return r
		},
	}
}

// assignTop stands above the roles that can be added.
func (m roleMapping) assignTop(v *visit) top {
	above := m.top(v)
	list := strings.TrimSuffix(v.R.URL.Path, "/assign")
	return top{Title: "console.role-mapping.assign", Intro: "console.role-mapping.assign.intro",
		Crumbs: append(above.Crumbs, link{Text: above.Title, URL: list})}
}

// assignURL is the page of the roles that can be added, for the list's top.
func assignURL(v *visit) string { return v.R.URL.Path + "/assign" }

// has reads the roles that the thing has, or has also by others.
func (m roleMapping) has(v *visit) ([]map[string]any, error) {
	h, err := m.of(v)
	if err != nil {
		return nil, err
	}
	direct, err := h.direct(v)
	if err != nil || v.query.Get("inherited") == "" {
		return direct, err
	}
	all, err := h.effective(v)
	if err != nil {
		return nil, err
	}
	for _, rep := range all {
		if !slices.ContainsFunc(direct, func(d map[string]any) bool { return d["id"] == rep["id"] }) {
			rep["inherited"] = true
			direct = append(direct, rep)
		}
	}
	return direct, nil
}

// direct reads the roles that the thing was given.
func (h roleHolder) direct(v *visit) (list []map[string]any, err error) {
	if h.composite {
		if err := v.api(http.MethodGet, h.api, nil, &list); err != nil {
			return nil, err
		}
		for _, rep := range list {
			if rep["clientRole"] == true {
				rep["clientId"] = rep["containerId"]
				client, err := v.thing("/clients/" + url.PathEscape(text(rep["containerId"])))
				if err == nil { // who may not see clients sees their roles by name alone
					rep["client"] = client["clientId"]
				}
			}
		}
		return list, nil
	}
	var said struct {
		Realm  []map[string]any `json:"realmMappings"`
		Client map[string]struct {
			ID       string           `json:"id"`
			Client   string           `json:"client"`
			Mappings []map[string]any `json:"mappings"`
		} `json:"clientMappings"`
	}
	if err := v.api(http.MethodGet, h.api, nil, &said); err != nil {
		return nil, err
	}
	list = said.Realm
	var names []string
	for name := range said.Client {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		of := said.Client[name]
		for _, rep := range of.Mappings {
			rep["client"], rep["clientId"] = of.Client, of.ID
			list = append(list, rep)
		}
	}
	return list, nil
}

// ofClients reads one of the API's lists of clients' roles.
func (h roleHolder) ofClients(v *visit, which string) (list []map[string]any, err error) {
	err = v.api(http.MethodGet, "/ui-ext/"+which+"-roles/"+h.kind+"/"+url.PathEscape(h.id)+"?max=10000&search="+url.QueryEscape(v.query.Get("search")), nil, &list)
	for _, rep := range list {
		rep["name"] = rep["role"]
	}
	return list, err
}

// effective reads the roles that the thing has by whichever way.
func (h roleHolder) effective(v *visit) (list []map[string]any, err error) {
	if !h.composite {
		if err := v.api(http.MethodGet, h.api+"/realm/composite", nil, &list); err != nil {
			return nil, err
		}
	}
	clients, err := h.ofClients(v, "effective")
	return append(list, clients...), err
}

// available reads the roles that could be added.
func (m roleMapping) available(v *visit) (list []map[string]any, err error) {
	h, err := m.of(v)
	if err != nil {
		return nil, err
	}
	if v.query.Get("of") == "clients" {
		return h.ofClients(v, "available")
	}
	if !h.composite {
		err = v.api(http.MethodGet, h.api+"/realm/available", nil, &list)
		return list, err
	}
	has, err := h.direct(v)
	if err != nil {
		return nil, err
	}
	if err := v.api(http.MethodGet, "/roles", nil, &list); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(rep map[string]any) bool {
		return rep["id"] == h.id || slices.ContainsFunc(has, func(d map[string]any) bool { return d["id"] == rep["id"] })
	}), nil
}

func (m roleMapping) take(v *visit, chosen []string) (address, notice string, err error) {
	return v.R.URL.Path, "saved", m.change(v, http.MethodDelete, chosen)
}

func (m roleMapping) give(v *visit, chosen []string) (address, notice string, err error) {
	return strings.TrimSuffix(v.R.URL.Path, "/assign"), "saved", m.change(v, http.MethodPost, chosen)
}

// change sends the roles to where those of the realm and of each client are.
func (m roleMapping) change(v *visit, method string, chosen []string) error {
	h, err := m.of(v)
	if err != nil {
		return err
	}
	sent := map[string][]map[string]any{}
	var order []string
	for _, value := range chosen {
		id, client, _ := strings.Cut(value, " ")
		at := h.api
		switch {
		case h.composite:
		case client == "":
			at += "/realm"
		default:
			at += "/clients/" + url.PathEscape(client)
		}
		if sent[at] == nil {
			order = append(order, at)
		}
		sent[at] = append(sent[at], map[string]any{"id": id})
	}
	for _, at := range order {
		if err := v.api(method, at, sent[at], nil); err != nil {
			return err
		}
	}
	return nil
}
