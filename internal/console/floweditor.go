package console

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/page"
)

// flowPage is the editor of a flow.
type flowPage struct {
	Frame
	Top      top
	Tree     *flowTree
	Form     page.Form
	MoveURL  string // where a step that was dragged is sent to
	Fixed    bool   // built in: its steps stay where they are
	Locked   bool   // the person may only look
	Sentence flowSentence
	Diagram  diagram
	Uses     []string // what it is bound as
	v        *visit
}

// Title names the page.
func (p flowPage) Title(t *page.Texts) string { return titleOf(t, p.Top) }

// Module is what the editor adds where scripts run.
func (flowPage) Module() string { return "flow.js" }

// Render writes the page's main part.
func (p flowPage) Render(ctx context.Context, w io.Writer) error {
	return flowView(p).Render(ctx, w)
}

// Title names the page.
func (p bindPage) Title(t *page.Texts) string { return titleOf(t, p.Top) }

// Render writes the page's main part.
func (p bindPage) Render(ctx context.Context, w io.Writer) error {
	return bindView(p).Render(ctx, w)
}

func flowEditorRows() []row {
	const one = "authentication/flows/{id}"
	return slices.Concat([]row{
		{method: http.MethodGet, path: one, handle: showFlow},
		{method: http.MethodPost, path: one + "/requirement", handle: setRequirement},
		{method: http.MethodPost, path: one + "/move", handle: moveStep},
		{method: http.MethodGet, path: one + "/add", handle: showAddStep},
		{method: http.MethodPost, path: one + "/add", handle: addStep},
	}, addSubFlow.rows(), deleteStep.rows())
}

func showFlow(v *visit) error {
	f, err := v.flow()
	if err != nil {
		return err
	}
	t, err := v.tree(f)
	if err != nil {
		return err
	}
	uses, err := v.bound()
	if err != nil {
		return err
	}
	here := func(parts ...string) string {
		return v.path(append([]string{"authentication", "flows", t.ID}, parts...)...)
	}
	p := flowPage{Frame: v.frame("authentication"), Tree: t, Form: v.Post(""), MoveURL: here("move"), Fixed: t.BuiltIn, Locked: !v.may(mayFlows...),
		Sentence: t.sentence(), Diagram: t.diagram(), Uses: uses[t.Alias], v: v}
	p.Top = top{Title: t.Alias, Crumbs: flowCrumbs(v)}
	if !p.Locked {
		p.Top.More = flowActs(v, t.ID, t.BuiltIn, len(p.Uses) > 0)
	}
	if t.BuiltIn {
		p.Top.Tags = []string{"console.flow.built-in"}
	}
	return v.write(http.StatusOK, p)
}

// here is the address of something of the page's flow.
func (p flowPage) here(parts ...string) string {
	return p.v.path(append([]string{"authentication", "flows", p.Tree.ID}, parts...)...)
}

// canArrange says that steps can be added, moved and taken away.
func (p flowPage) canArrange() bool { return !p.Fixed && !p.Locked }

// gear is where a step is configured; empty when there is nothing to configure.
func (p flowPage) gear(e *execution) string {
	if !e.Configurable {
		return ""
	}
	return p.here("executions", e.ID, "config")
}

// stepActs are what can be done with a step, besides moving it.
func (p flowPage) stepActs(e *execution) (list []link) {
	if !p.canArrange() {
		return nil
	}
	if e.SubFlow {
		list = append(list, p.adds(e.Name, e.isForm(), p.Tree.Kind)...)
	}
	return append(list, link{Text: "console.step.delete", URL: p.here("executions", e.ID, "delete"), Bad: true})
}

// adds are the ways to put something into a flow, or a sub-flow, by its alias.
func (p flowPage) adds(alias string, form bool, kind string) []link {
	to := func(what string) string {
		return p.here("add") + "?" + url.Values{"to": {alias}, "what": {what}}.Encode()
	}
	if form {
		return []link{{Text: "console.step.add-part", URL: to("part")}}
	}
	if kind == "client-flow" {
		return []link{{Text: "console.step.add", URL: to("client")}}
	}
	return []link{
		{Text: "console.step.add", URL: to("step")},
		{Text: "console.step.add-flow", URL: p.here("add-sub-flow") + "?" + url.Values{"to": {alias}}.Encode()},
		{Text: "console.step.add-condition", URL: to("condition")},
	}
}

// setRequirement changes the requirement of a step.
func setRequirement(v *visit) error {
	alias, err := flowAlias(v)
	if err != nil {
		return err
	}
	id := v.R.Form.Get("execution")
	err = v.api(http.MethodPut, "/authentication/flows/"+url.PathEscape(alias)+"/executions",
		map[string]any{"id": id, "requirement": v.R.Form.Get("requirement")}, nil)
	return v.edited(err, id)
}

// edited goes back to the step in the editor, or says why nothing was changed.
func (v *visit) edited(err error, id string) error {
	address := v.path("authentication", "flows", v.R.PathValue("id"))
	if faults := faultsOf(err, nil); faults != nil {
		return v.write(http.StatusBadRequest, refused{Frame: v.frame("authentication"), Errors: faults, BackURL: address})
	}
	if err != nil {
		return err
	}
	return v.back(address+"#"+url.PathEscape("step-"+id), "saved")
}

// moveStep puts a step into another place: it was dragged there, or a button
// says where.
func moveStep(v *visit) error {
	id, to := v.R.Form.Get("execution"), v.R.Form.Get("place")
	flow, at, ok := strings.Cut(to, ":")
	index, err := strconv.Atoi(at)
	if !ok || err != nil {
		return v.to("authentication", "flows", v.R.PathValue("id"))
	}
	err = v.api(http.MethodPost, "/authentication/executions/"+url.PathEscape(id)+"/move", map[string]any{"parentFlow": flow, "index": index}, nil)
	return v.edited(err, id)
}

var deleteStep = act{
	path: "authentication/flows/{id}/executions/{execution}/delete", menu: "authentication",
	ask: [3]string{"console.step.delete.heading", "console.step.delete.text", "console.step.delete"},
	thing: func(v *visit) (string, error) {
		f, err := v.flow()
		if err != nil {
			return "", err
		}
		t, err := v.tree(f)
		if err != nil {
			return "", err
		}
		if e := t.find(v.R.PathValue("execution")); e != nil {
			return e.Name, nil
		}
		return "", nil
	},
	do: func(v *visit) (string, string, error) {
		err := v.api(http.MethodDelete, "/authentication/executions/"+v.value("execution"), nil, nil)
		return v.path("authentication", "flows", v.R.PathValue("id")), "deleted", err
	},
	no: func(v *visit) string { return v.path("authentication", "flows", v.R.PathValue("id")) },
}

var addSubFlow = form{
	path: "authentication/flows/{id}/add-sub-flow", menu: "authentication", prefix: "console.sub-flow", may: mayFlows, blame: "alias",
	top: func(v *visit, _ map[string]any) top {
		alias, _ := flowAlias(v) // a flow that is gone is said when something is added
		return top{Title: "console.step.add-flow", Intro: "console.step.add-flow.intro",
			Crumbs: flowCrumbs(v, link{Text: alias, URL: v.path("authentication", "flows", v.R.PathValue("id"))})}
	},
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{
			{At: "alias", Kind: kindText, Required: true},
			{At: "description", Kind: kindText},
			{At: "type", Kind: kindChoice, Fallback: "basic-flow", Options: choices("console.sub-flow.type.", "basic-flow", "form-flow")},
		}}}
	},
	before: func(v *visit, rep map[string]any) *page.FieldError {
		alias, _ := flowAlias(v)
		return v.taken("alias", text(rep["alias"]), "", alias)
	},
	create: func(v *visit, rep map[string]any) (string, error) {
		if rep["type"] == "form-flow" {
			rep["provider"] = "registration-page-form"
		}
		_, err := v.create("/authentication/flows/"+url.PathEscape(v.query.Get("to"))+"/executions/flow", rep)
		return v.path("authentication", "flows", v.R.PathValue("id")), err
	},
}

// holds is the id of the flow that steps can be dragged into; empty when the
// row takes none.
func holds(e *execution) string {
	if e.SubFlow {
		return e.FlowID
	}
	return ""
}

func draggable(yes bool) string {
	if yes {
		return "true"
	}
	return "false"
}

// isOffered says that the requirement of a step is among its choices.
func isOffered(e *execution) bool { return slices.Contains(e.Choices, e.Requirement) }
