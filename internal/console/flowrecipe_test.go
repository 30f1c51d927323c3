package console_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"latchkey/internal/realm"
	"latchkey/internal/servertest"
)

var (
	recipeLine  = regexp.MustCompile(`(?m)^\d+\. (.*)$`)
	recipeName  = regexp.MustCompile("`([^`]+)`")
	recipeStep  = regexp.MustCompile(`\*\*Add step → ([^*]+)\*\*`)
	recipeIs    = regexp.MustCompile(`[^*]\*(Required|Alternative)\*[^*]`)
	recipeTable = regexp.MustCompile(`(?m)^ +\| (\*.*?\*) \|`)
	recipeWord  = regexp.MustCompile(`\*([^*]+)\*`)
)

// row gives the id of the execution whose row in the editor says the name.
func (w *world) row(flow, name string) string {
	w.t.Helper()
	snap := w.s.Snapshot(realm.DemoRealm)
	var find func(alias string) string
	find = func(alias string) string {
		for _, e := range snap.FlowByAlias(alias).Executions {
			if sub := snap.Flow(e.FlowID); sub != nil {
				if sub.Alias == name {
					return e.ID
				}
				if id := find(sub.Alias); id != "" {
					return id
				}
			}
			if map[string]string{"auth-cookie": "Cookie", "identity-provider-redirector": "Identity Provider Redirector", "ext-magic-form": "Magic Link"}[e.Authenticator] == name {
				return e.ID
			}
		}
		return ""
	}
	id := find(flow)
	if id == "" {
		w.t.Fatalf("%s has no row %q", flow, name)
	}
	return id
}

// The recipe of docs/flows.md works as it is written, and what it makes signs
// somebody in.
func TestFlowRecipe(t *testing.T) {
	doc, err := os.ReadFile("../../docs/flows.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(doc), "## Create the magic link flow")
	text, _, _ = strings.Cut(text, "\n## ")
	lines := recipeLine.FindAllStringSubmatch(text, -1)
	if len(lines) != 8 {
		t.Fatalf("the recipe has %d steps", len(lines))
	}
	w := newWorld(t)
	var p *servertest.Page
	alias := ""
	set := func(row, line string) {
		if is := recipeIs.FindStringSubmatch(line + " "); is != nil {
			if p = formFor(p, w.row(alias, row), "requirement").Set("requirement", strings.ToUpper(is[1])).Submit(); p.Status != 200 {
				t.Fatalf("%s: %s", line, p.Text())
			}
		}
	}
	for _, l := range lines {
		line := l[1]
		name := recipeName.FindStringSubmatch(line)
		step := recipeStep.FindStringSubmatch(line)
		switch {
		case strings.Contains(line, "Create flow"):
			alias = name[1]
			p = w.open("authentication/flows").Click("Create flow").FormWith("alias").Set("alias", alias).Submit()
		case strings.Contains(line, "**Add sub-flow**"):
			p = p.Click("Add sub-flow").FormWith("alias").Set("alias", name[1]).Submit()
			if p.Status == 200 {
				set(name[1], line)
			}
		case step != nil:
			words, to, kind := "Add step", alias, strings.TrimSuffix(step[1], ".")
			if name != nil {
				to = name[1]
			}
			p = pressProvider(t, w.b.Get(w.at("authentication/flows/"+w.flowID(alias)+"/add?"+"to="+strings.ReplaceAll(to, " ", "+")+"&what=step")),
				map[string]string{"Cookie": "auth-cookie", "Identity Provider Redirector": "identity-provider-redirector", "Magic Link": "ext-magic-form"}[kind])
			if p.Status == 200 && !p.Has(words) {
				t.Errorf("%s: %s", line, p.Text())
			}
			set(kind, line)
		case strings.Contains(line, "**gear**"):
			gear := w.open("authentication/flows/" + w.flowID(alias) + "/executions/" + w.row(alias, "Magic Link") + "/config")
			for _, cell := range recipeTable.FindAllStringSubmatch(text, -1) {
				for _, label := range recipeWord.FindAllStringSubmatch(cell[1], -1) {
					if !gear.Has(label[1]) {
						t.Errorf("the gear has no %q", label[1])
					}
				}
			}
			if p = gear.FormWith("alias").Submit(); p.Status != 200 {
				t.Fatal(p.Text())
			}
		case strings.Contains(line, "**Try it.**"):
			p = p.Click("Bind flow")
			if tried := p.Press("Try it in a new tab"); tried.Status != 200 || tried.FormWith("username") == nil {
				t.Errorf("tried: %s", tried.Text())
			}
		case strings.Contains(line, "**Bind it.**"):
			p = p.FormWith("binding").Set("binding", "browserFlow").Submit()
		}
		if p.Status != 200 {
			t.Fatalf("%s: %d %s", line, p.Status, p.Text())
		}
	}
	if got := w.s.Snapshot(realm.DemoRealm).Realm.BrowserFlow; got != alias || alias == "" {
		t.Fatalf("bound is %q", got)
	}
	w.as("view-realm") // signs in by a mail
}

// What the API says of a name stands at its field; one that is taken says whose
// it is, and what to do.
func TestFlowNames(t *testing.T) {
	w := newWorld(t)
	p := w.open("authentication/create-flow").FormWith("alias").Set("alias", "mine").Submit()
	id := w.flowID("mine")
	pressProvider(t, p.Click("Add step"), "ext-magic-form")
	gear := "authentication/flows/" + id + "/executions/" + w.step("mine", "ext-magic-form").ID + "/config"
	sub := "authentication/flows/" + id + "/add-sub-flow?to=mine"
	for _, test := range []struct{ path, field, value, says string }{
		{"authentication/create-flow", "alias", "a&b", "Character '&' not allowed."},
		{"authentication/create-flow", "alias", "browser", "There is a flow browser already"},
		{"authentication/create-flow", "alias", "forms", "The flow browser has a sub-flow forms"},
		{"authentication/flows/" + id + "/duplicate", "newName", "a&b", "Character '&' not allowed."},
		{"authentication/flows/" + id + "/duplicate", "newName", "browser", "There is a flow browser already"},
		{"authentication/flows/" + id + "/info", "alias", "a&b", "Character '&' not allowed."},
		{"authentication/flows/" + id + "/info", "alias", "browser", "There is a flow browser already"},
		{sub, "alias", "a&b", "Character '&' not allowed."},
		{sub, "alias", "forms", "The flow browser has a sub-flow forms"},
		{sub, "alias", "forms", "Choose another name, such as mine forms."},
		{sub, "alias", "mine", "There is a flow mine already"},
		{gear, "alias", "a&b", "Character '&' not allowed."},
		{gear, "config/ext-magic-token-life-span", "99999", "Expected a whole number, 1 to 3600."},
		{gear, "config/latchkey-allowed-domains", "example.com\nnot a domain!", "\"not a domain!\" is no domain"},
		{gear, "config/latchkey-denied-domains", "b_d.example", "is no domain"},
	} {
		p := w.open(test.path).FormWith(test.field).Set(test.field, test.value).Submit()
		if p.Status != 400 || !strings.Contains(p.Error(test.field), test.says) {
			t.Errorf("%s: %s %q: %d, at the field %q: %s", test.path, test.field, test.value, p.Status, p.Error(test.field), p.Text())
		}
	}
	if p := w.open("authentication/flows/"+id+"/info").FormWith("alias").Set("description", "Mine").Submit(); !p.Has("Saved.") {
		t.Errorf("a name that stays: %s", p.Text())
	}
	// Helps are said whole.
	if p := w.open(gear); !p.Has("Off by default in the realm master.") || !p.Has("tells to type the mail's code there, or refuses.") {
		t.Errorf("helps are cut: %s", p.Text())
	}
}
