package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The requirements of executions, as the API has them.
const (
	required    = "REQUIRED"
	alternative = "ALTERNATIVE"
	conditional = "CONDITIONAL"
	disabled    = "DISABLED"
)

// execution is a row of a flow's tree, with what stands below it.
type execution struct {
	ID           string   `json:"id"`
	Requirement  string   `json:"requirement"`
	Name         string   `json:"displayName"`
	Alias        string   `json:"alias"` // of the configuration
	Description  string   `json:"description"`
	Choices      []string `json:"requirementChoices"`
	Configurable bool     `json:"configurable"`
	SubFlow      bool     `json:"authenticationFlow"`
	Provider     string   `json:"providerId"`
	ConfigID     string   `json:"authenticationConfig"`
	FlowID       string   `json:"flowId"`
	Level        int      `json:"level"`
	Index        int      `json:"index"`

	below    []*execution
	parent   *execution // nil at the top
	siblings []*execution
	warnings []string
	config   map[string]string
	where    *flowTree
}

// flowTree is a flow with all that stands below it.
type flowTree struct {
	ID, Alias, Description, Kind string
	BuiltIn                      bool
	top                          []*execution
	all                          []*execution // row by row
	whole                        []string     // warnings of the flow as a whole
	nobody                       bool         // nobody can sign in by it
}

// maxConfigs bounds how many configurations are read for the sentence of a flow.
const maxConfigs = 20

// tree reads the flow's tree, with its warnings and the configurations of its
// steps.
func (v *visit) tree(f map[string]any) (*flowTree, error) { return v.treeAs(f, "") }

// treeAs is the tree with the warnings of what it is to be bound as; empty: of
// what it is bound as.
func (v *visit) treeAs(f map[string]any, binding string) (*flowTree, error) {
	t := &flowTree{ID: text(f["id"]), Alias: text(f["alias"]), Description: v.Told(text(f["description"])), Kind: text(f["providerId"]), BuiltIn: f["builtIn"] == true}
	base := "/authentication/flows/" + url.PathEscape(t.Alias)
	if err := v.api(http.MethodGet, base+"/executions", nil, &t.all); err != nil {
		return nil, err
	}
	for _, e := range t.all {
		e.Description = v.Told(e.Description)
		if !e.SubFlow || e.isForm() { // the others are called what somebody called them
			e.Name = v.Told(e.Name)
		}
	}
	t.nest()
	var warnings []struct {
		ID     string `json:"executionId"`
		Text   string `json:"warning"`
		Nobody bool   `json:"nobody"`
	}
	as := ""
	if binding != "" && binding != "clientAuthenticationFlow" { // which nobody signs in by
		as = "?as=" + url.QueryEscape(binding)
	}
	if err := v.api(http.MethodGet, base+"/warnings"+as, nil, &warnings); err != nil {
		return nil, err
	}
	for _, w := range warnings {
		if w.Nobody {
			t.nobody = true // said by the sentence
		} else if e := t.find(w.ID); e != nil {
			e.warnings = append(e.warnings, v.Told(w.Text))
		} else {
			t.whole = append(t.whole, v.Told(w.Text))
		}
	}
	read := 0
	for _, e := range t.all {
		if e.ConfigID == "" || read == maxConfigs {
			continue
		}
		read++
		var c struct {
			Config map[string]string `json:"config"`
		}
		if err := v.api(http.MethodGet, "/authentication/config/"+url.PathEscape(e.ConfigID), nil, &c); err != nil {
			return nil, err
		}
		e.config = c.Config
	}
	return t, nil
}

// nest makes the tree of the rows by their levels.
func (t *flowTree) nest() {
	var above []*execution
	for _, e := range t.all {
		e.where = t
		level := min(max(e.Level, 0), len(above))
		above = above[:level]
		if level == 0 {
			t.top = append(t.top, e)
		} else {
			e.parent = above[level-1]
			e.parent.below = append(e.parent.below, e)
		}
		above = append(above, e)
	}
	for _, e := range t.all {
		e.siblings = t.top
		if e.parent != nil {
			e.siblings = e.parent.below
		}
	}
}

func (t *flowTree) find(id string) *execution {
	i := slices.IndexFunc(t.all, func(e *execution) bool { return e.ID == id })
	if i < 0 {
		return nil
	}
	return t.all[i]
}

// warnings are all that is said of the flow.
func (t *flowTree) warnings() (list []string) {
	list = append(list, t.whole...)
	for _, e := range t.all {
		list = append(list, e.warnings...)
	}
	return list
}

// isCondition says that the execution decides whether its sub-flow is run.
func (e *execution) isCondition() bool { return strings.HasPrefix(e.Provider, "conditional-") }

// on says that the execution, and all that it stands in, is switched on.
func (e *execution) on() bool {
	for ; e != nil; e = e.parent {
		if e.Requirement == disabled {
			return false
		}
	}
	return true
}

// container is the id of the flow that the execution stands in.
func (e *execution) container() string {
	if e.parent != nil {
		return e.parent.FlowID
	}
	return e.where.ID
}

// place is an execution's new place.
type place struct {
	Text  string // a key
	Arg   string
	Flow  string // id
	Index int
}

// places are where the execution can be moved to from where it stands: up, down,
// into the sub-flow before it, and out of the one that it stands in.
func (e *execution) places() (list []place) {
	at := slices.Index(e.siblings, e)
	if at > 0 {
		list = append(list, place{"console.step.up", "", e.container(), at - 1})
	}
	if at < len(e.siblings)-1 {
		list = append(list, place{"console.step.down", "", e.container(), at + 1})
	}
	for _, near := range []int{at - 1, at + 1} {
		if near < 0 || near >= len(e.siblings) || !e.siblings[near].SubFlow || e.siblings[near].isForm() {
			continue
		}
		into := e.siblings[near]
		index := len(into.below)
		if near > at {
			index = 0
		}
		list = append(list, place{"console.step.into", into.Name, into.FlowID, index})
	}
	if e.parent != nil && !e.parent.isForm() {
		list = append(list, place{"console.step.out", e.parent.Name, e.parent.container(), slices.Index(e.parent.siblings, e.parent) + 1})
	}
	return list
}

// isForm says that the sub-flow is a page, whose parts stand below it.
func (e *execution) isForm() bool { return e.SubFlow && e.Provider != "" }
