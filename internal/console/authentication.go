package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/page"
	"latchkey/internal/web"
)

func authenticationRows() []row {
	return slices.Concat(
		[]row{{method: http.MethodGet, path: "authentication", handle: func(v *visit) error { return v.to("authentication", "flows") }}},
		flowList.rows(), createFlow.rows(), duplicateFlow.rows(), flowInfo.rows(), deleteFlow.rows(), bindRows(), flowEditorRows(), flowConfigRows(),
		requiredActionRows(), policyRows(),
	)
}

// mayFlows are the roles that change flows.
var mayFlows = []string{"manage-realm"}

// authenticationTop is what stands above the tabs.
func authenticationTop(v *visit, current string) top {
	t := top{Title: "console.authentication", Intro: "console.authentication." + current}
	for _, name := range []string{"flows", "required-actions", "policies"} {
		t.Tabs = append(t.Tabs, tab{"console.authentication.tab." + name, v.path("authentication", name), name == current})
	}
	return t
}

// bindings are what a flow can be bound as: the names of the realm's settings.
var bindings = []string{"browserFlow", "registrationFlow", "directGrantFlow", "resetCredentialsFlow", "clientAuthenticationFlow"}

// bound says what the realm's flows are bound as, by their aliases.
func (v *visit) bound() (map[string][]string, error) {
	var realm map[string]any
	if err := v.api(http.MethodGet, "", nil, &realm); err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for _, b := range bindings {
		alias := text(realm[b])
		out[alias] = append(out[alias], "console.binding."+b)
	}
	return out, nil
}

// flowList are the realm's flows.
var flowList = list{
	path: "authentication/flows", menu: "authentication", whole: true, search: "console.flows.search",
	columns: []string{"console.flow.alias", "console.flow.used-by", "console.flow.description"},
	top: func(v *visit) top {
		t := authenticationTop(v, "flows")
		if v.may(mayFlows...) {
			t.Acts = []link{{Text: "console.create-flow", URL: v.path("authentication", "create-flow")}}
		}
		return t
	},
	api:     func(*visit) string { return "/ui-ext/authentication-management/flows" },
	prepare: func(v *visit) (any, error) { return v.bound() },
	row: func(v *visit, rep map[string]any) tableRow {
		id, alias := text(rep["id"]), text(rep["alias"])
		uses, _ := v.prepared.(map[string][]string)
		name := cell{Text: alias, URL: v.path("authentication", "flows", id)}
		builtIn, said := rep["builtIn"] == true, v.Told(text(rep["description"]))
		if builtIn {
			name.Tags = []string{"console.flow.built-in"}
		}
		used := cell{Shown: usedBy(uses[alias], othersOf(rep))}
		row := tableRow{Cells: []cell{name, used, {Text: said}}, keys: alias + " " + said}
		if v.may(mayFlows...) {
			row.Acts = flowActs(v, id, builtIn, len(uses[alias]) > 0)
		}
		return row
	},
}

// othersOf are the clients and providers that a flow is used by.
func othersOf(rep map[string]any) []string {
	use, _ := rep["usedBy"].(map[string]any)
	if use == nil || use["type"] == "DEFAULT" {
		return nil
	}
	return texts(use["values"], "")
}

// flowActs are what can be done with a flow.
func flowActs(v *visit, id string, builtIn, isBound bool) []link {
	acts := []link{
		{Text: "console.flow.bind", URL: v.path("authentication", "flows", id, "bind")},
		{Text: "console.flow.duplicate", URL: v.path("authentication", "flows", id, "duplicate")},
	}
	if !builtIn {
		acts = append(acts, link{Text: "console.flow.edit-info", URL: v.path("authentication", "flows", id, "info")})
	}
	if !builtIn && !isBound {
		acts = append(acts, link{Text: "console.flow.delete", URL: v.path("authentication", "flows", id, "delete"), Bad: true})
	}
	return acts
}

// flowCrumbs lead from a page of a flow to the list.
func flowCrumbs(v *visit, more ...link) []link {
	return append([]link{{Text: "console.authentication.tab.flows", URL: v.path("authentication", "flows")}}, more...)
}

var createFlow = form{
	path: "authentication/create-flow", menu: "authentication", prefix: "console.flow", may: mayFlows, blame: "alias",
	top: func(v *visit, _ map[string]any) top {
		return top{Title: "console.create-flow", Intro: "console.create-flow.intro", Crumbs: flowCrumbs(v)}
	},
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{
			{At: "alias", Kind: kindText, Required: true},
			{At: "description", Kind: kindText},
			{At: "providerId", Kind: kindChoice, Fallback: "basic-flow", Options: choices("console.flow.kind.", "basic-flow", "client-flow")},
		}}}
	},
	before: func(v *visit, rep map[string]any) *page.FieldError {
		return v.taken("alias", text(rep["alias"]), "", "")
	},
	create: func(v *visit, rep map[string]any) (string, error) {
		rep["topLevel"], rep["builtIn"] = true, false
		id, err := v.create("/authentication/flows", rep)
		return v.path("authentication", "flows", id), err
	},
}

// flowOf reads the flow of the page.
func (v *visit) flow() (rep map[string]any, err error) {
	err = v.api(http.MethodGet, "/authentication/flows/"+v.value("id"), nil, &rep)
	return rep, err
}

// flowAlias is what the page's flow is called.
func flowAlias(v *visit) (string, error) {
	rep, err := v.flow()
	return text(rep["alias"]), err
}

var duplicateFlow = form{
	path: "authentication/flows/{id}/duplicate", menu: "authentication", prefix: "console.flow", may: mayFlows, blame: "newName",
	top: func(v *visit, _ map[string]any) top {
		return top{Title: "console.flow.duplicate", Intro: "console.flow.duplicate.intro", Crumbs: flowCrumbs(v)}
	},
	sections: func(v *visit, _ map[string]any) []section {
		alias, _ := flowAlias(v) // what is not there is said when it is copied
		return []section{{Settings: []setting{{At: "newName", Kind: kindText, Required: true, Fallback: "Copy of " + alias}}}}
	},
	before: func(v *visit, rep map[string]any) *page.FieldError {
		return v.taken("newName", text(rep["newName"]), "", "")
	},
	create: func(v *visit, rep map[string]any) (string, error) {
		alias, err := flowAlias(v)
		if err != nil {
			return "", err
		}
		id, err := v.create("/authentication/flows/"+url.PathEscape(alias)+"/copy", rep)
		return v.path("authentication", "flows", id), err
	},
}

var flowInfo = form{
	path: "authentication/flows/{id}/info", menu: "authentication", prefix: "console.flow", may: mayFlows, blame: "alias",
	api: func(v *visit) string { return "/authentication/flows/" + v.value("id") },
	top: func(v *visit, rep map[string]any) top {
		return top{Title: "console.flow.edit-info", Crumbs: flowCrumbs(v, link{text(rep["alias"]), v.path("authentication", "flows", text(rep["id"])), false, false})}
	},
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{{At: "alias", Kind: kindText, Required: true}, {At: "description", Kind: kindText}}}}
	},
	before: func(v *visit, rep map[string]any) *page.FieldError {
		own, _ := flowAlias(v) // a flow that is gone is said when it is changed
		return v.taken("alias", text(rep["alias"]), own, "")
	},
}

var deleteFlow = act{
	path: "authentication/flows/{id}/delete", menu: "authentication",
	ask:   [3]string{"console.flow.delete.heading", "console.flow.delete.text", "console.flow.delete"},
	thing: flowAlias,
	do: func(v *visit) (string, string, error) {
		err := v.api(http.MethodDelete, "/authentication/flows/"+v.value("id"), nil, nil)
		return v.path("authentication", "flows"), "deleted", err
	},
	no: func(v *visit) string { return v.path("authentication", "flows", v.R.PathValue("id")) },
}

// bindPage asks what a flow is to be bound as, and says what sign-in will be.
type bindPage struct {
	Frame
	Top      top
	Form     page.Form
	TryURL   string
	Alias    string
	Sentence flowSentence
	Warnings []string
	Options  []option
	Now      []string // what it is bound as
	Chosen   string
	Errors   []page.FieldError
}

func bindRows() []row {
	return []row{
		{method: http.MethodGet, path: "authentication/flows/{id}/bind", handle: func(v *visit) error { return showBind(v, nil) }},
		{method: http.MethodPost, path: "authentication/flows/{id}/bind", handle: bindFlow},
		{method: http.MethodPost, path: "authentication/flows/{id}/try", handle: tryFlow},
	}
}

func showBind(v *visit, errs []page.FieldError) error {
	if !v.may(mayFlows...) {
		return v.closed()
	}
	f, err := v.flow()
	if err != nil {
		return err
	}
	uses, err := v.bound()
	if err != nil {
		return err
	}
	alias, id := text(f["alias"]), text(f["id"])
	var options []string
	for _, b := range bindings {
		if (b == "clientAuthenticationFlow") == (f["providerId"] == "client-flow") {
			options = append(options, b)
		}
	}
	chosen := v.R.Form.Get("binding")
	if !slices.Contains(options, chosen) {
		chosen = options[0]
		for _, b := range options {
			if slices.Contains(uses[alias], "console.binding."+b) {
				chosen = b
				break
			}
		}
	}
	tree, err := v.treeAs(f, chosen)
	if err != nil {
		return err
	}
	p := bindPage{Frame: v.frame("authentication"), Form: v.Post(v.R.URL.Path), TryURL: v.path("authentication", "flows", id, "try"), Alias: alias,
		Sentence: tree.sentence(), Warnings: tree.warnings(), Now: uses[alias], Errors: errs, Chosen: chosen,
		Top: top{Title: "console.flow.bind", Intro: "console.flow.bind.intro", Crumbs: flowCrumbs(v, link{Text: alias, URL: v.path("authentication", "flows", id)})}}
	p.Options = choices("console.binding.", options...)
	status := http.StatusOK
	if len(errs) > 0 {
		status = http.StatusBadRequest
	}
	return v.write(status, p)
}

// bindFlow binds the flow as what was chosen. It asks again before one by which
// nobody can sign in.
func bindFlow(v *visit) error {
	if !v.may(mayFlows...) {
		return v.closed()
	}
	f, err := v.flow()
	if err != nil {
		return err
	}
	alias, binding := text(f["alias"]), v.R.Form.Get("binding")
	if !slices.Contains(bindings, binding) {
		return showBind(v, []page.FieldError{{Field: "binding", Message: "console.error.choice"}})
	}
	uses, err := v.bound()
	if err != nil {
		return err
	}
	if slices.Contains(uses[alias], "console.binding."+binding) {
		return v.back(v.path("authentication", "flows"), "bound-already")
	}
	if v.R.Form.Get("anyway") == "" {
		tree, err := v.treeAs(f, binding)
		if err != nil {
			return err
		}
		if tree.nobody {
			return v.write(http.StatusOK, confirm{Frame: v.frame("authentication"), Form: v.Post(v.R.URL.Path), Thing: alias,
				Ask:   [3]string{"console.flow.nobody.heading", "console.flow.nobody.text", "console.flow.nobody.bind"},
				NoURL: v.path("authentication", "flows", text(f["id"])), Sent: []option{{"binding", binding}, {"anyway", "on"}}})
		}
	}
	err = v.api(http.MethodPut, "", map[string]any{binding: alias}, nil)
	if faults := faultsOf(err, nil); faults != nil {
		return showBind(v, faults)
	}
	if err != nil {
		return err
	}
	return v.back(v.path("authentication", "flows"), "bound")
}

// tryFlow goes through the flow before it is bound, in the tab that the form
// opens.
func tryFlow(v *visit) error {
	alias, err := flowAlias(v)
	if err != nil {
		return err
	}
	var trial struct {
		URL string `json:"url"`
	}
	err = v.api(http.MethodPost, "/authentication/flows/"+url.PathEscape(alias)+"/trial", nil, &trial)
	if faults := faultsOf(err, nil); faults != nil {
		return showBind(v, faults)
	}
	if err != nil || !strings.HasPrefix(trial.URL, v.Site.URL()) {
		return err
	}
	return web.Redirect(v.W, v.R, trial.URL)
}
