package console

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/page"
)

// offer is a step that can be added.
type offer struct {
	ID   string `json:"id"`
	Name string `json:"displayName"`
	Help string `json:"description"`
}

// addPage are the steps that can be added to a flow.
type addPage struct {
	Frame
	Top      top
	Form     page.Form
	To, What string
	Searched string
	Groups   []offerGroup
	Errors   []page.FieldError
}

// offerGroup are offers of one kind, under a heading (a key; "" for none).
type offerGroup struct {
	Title  string
	Offers []offer
}

// stepGroups are the kinds of steps, in the order in which they are offered.
var stepGroups = []string{"ask", "decide", "condition", "reset", "request"}

// groupOf says which kind a step is of, by its provider.
func groupOf(id string) string {
	switch {
	case strings.HasPrefix(id, "conditional-"):
		return "condition"
	case strings.HasPrefix(id, "direct-grant-"):
		return "request"
	case strings.HasPrefix(id, "reset-"):
		return "reset"
	}
	switch id {
	case latchkey.AuthCookie, latchkey.AuthIdentityProvider, latchkey.AuthAllowAccess, latchkey.AuthDenyAccess:
		return "decide"
	}
	return "ask"
}

// fits says whether steps of the kind are offered in the flow: conditions in
// sub-flows, steps for token requests where the flow is for these, or may be.
func (v *visit) fits(t *flowTree, to string) (func(group string) bool, error) {
	uses, err := v.bound()
	if err != nil {
		return nil, err
	}
	pages, requests := len(uses[t.Alias]) > 0, slices.Contains(uses[t.Alias], "console.binding.directGrantFlow")
	for _, e := range t.all {
		switch {
		case e.SubFlow && !e.isForm(), e.isCondition():
		case groupOf(e.Provider) == "request":
			requests = true
		default:
			pages = true
		}
	}
	return func(group string) bool {
		return (group != "condition" || to != t.Alias) && (group != "request" || requests || !pages)
	}, nil
}

// Title names the page.
func (p addPage) Title(t *page.Texts) string { return titleOf(t, p.Top) }

// Render writes the page's main part.
func (p addPage) Render(ctx context.Context, w io.Writer) error {
	return addView(p).Render(ctx, w)
}

// offers are the lists that the API has of what can be added.
var offers = map[string]string{
	"step": "authenticator-providers", "condition": "authenticator-providers", "part": "form-action-providers", "client": "client-authenticator-providers",
}

func showAddStep(v *visit) error { return v.addPage(nil) }

func (v *visit) addPage(errs []page.FieldError) error {
	f, err := v.flow()
	if err != nil {
		return err
	}
	what := v.query.Get("what")
	if offers[what] == "" {
		return v.missing()
	}
	var all []offer
	if err := v.api(http.MethodGet, "/authentication/"+offers[what], nil, &all); err != nil {
		return err
	}
	p := addPage{Frame: v.frame("authentication"), Form: v.Post(v.R.URL.RequestURI()), To: v.query.Get("to"), What: what, Searched: v.query.Get("search"), Errors: errs,
		Top: top{Title: "console.step.add." + what, Intro: "console.step.add.intro",
			Crumbs: flowCrumbs(v, link{Text: text(f["alias"]), URL: v.path("authentication", "flows", text(f["id"]))})}}
	fits := func(group string) bool { return what != "condition" || group == "condition" }
	if what == "step" {
		tree, err := v.tree(f)
		if err != nil {
			return err
		}
		if fits, err = v.fits(tree, p.To); err != nil {
			return err
		}
	}
	groups := map[string][]offer{}
	for _, o := range all {
		o.Name, o.Help = v.Told(o.Name), v.Told(o.Help)
		if group := groupOf(o.ID); fits(group) && (p.Searched == "" || contains(o.Name+" "+o.Help+" "+o.ID, p.Searched)) {
			groups[group] = append(groups[group], o)
		}
	}
	for _, name := range stepGroups {
		if len(groups[name]) > 0 {
			p.Groups = append(p.Groups, offerGroup{"console.step.group." + name, groups[name]})
		}
	}
	if what != "step" {
		for i := range p.Groups {
			p.Groups[i].Title = "" // all are of one kind
		}
	}
	status := http.StatusOK
	if len(errs) > 0 {
		status = http.StatusBadRequest
	}
	return v.write(status, p)
}

// addStep adds the step that was chosen. It is switched off at first, as in
// Keycloak, so that nobody meets it before it is configured.
func addStep(v *visit) error {
	id, err := v.create("/authentication/flows/"+url.PathEscape(v.query.Get("to"))+"/executions/execution", map[string]any{"provider": v.R.Form.Get("provider")})
	if faults := faultsOf(err, nil); faults != nil {
		return v.addPage(faults)
	}
	return v.edited(err, id)
}
