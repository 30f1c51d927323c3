package browsertest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

// Barrier is something on a page that shuts people out, as axe-core sees it.
type Barrier struct {
	Rule   string   // axe's rule id, such as "color-contrast"
	Impact string   // minor, moderate, serious or critical
	Help   string   // what to do about it
	Where  []string // CSS selectors
}

// String gives the barrier in one line.
func (b Barrier) String() string {
	return fmt.Sprintf("%s (%s): %s: %s", b.Rule, b.Impact, b.Help, strings.Join(b.Where, ", "))
}

// Axe looks at the page as it is now with the rules for WCAG 2.2 A and AA and
// axe's best practices. A serious or critical barrier fails the test; the
// lesser ones are logged. All are returned.
func (p *Page) Axe() []Barrier {
	p.t.Helper()
	barriers := p.barriers()
	for _, b := range barriers {
		if b.Impact == "serious" || b.Impact == "critical" {
			p.t.Errorf("accessibility of %s: %s", p.URL(), b)
		} else {
			p.t.Logf("accessibility of %s: %s", p.URL(), b)
		}
	}
	return barriers
}

// barriers runs axe-core in the page, and not in its frames: those of ours are
// sandboxes in which nothing runs. Style sheets are not fetched once more for
// it: none of the rules reads them.
func (p *Page) barriers() []Barrier {
	p.t.Helper()
	if !Eval[bool](p, "!!window.axe") {
		run(p, "load axe-core", chromedp.Evaluate[*string](string(Module(p.t, "axe-core/axe.min.js"))+"\n; null"))
	}
	text := Eval[string](p, `axe.run(document, {
		resultTypes: ["violations"], iframes: false, preload: false,
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
	}).then(r => JSON.stringify(r.violations.map(v => ({
		Rule: v.id, Impact: v.impact, Help: v.help, Where: v.nodes.map(n => n.target.flat(9).join(" ")),
	}))))`)
	var barriers []Barrier
	if err := json.Unmarshal([]byte(text), &barriers); err != nil {
		p.t.Fatalf("what axe-core said: %v", err)
	}
	return barriers
}
