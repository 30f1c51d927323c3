package browsertest_test

import (
	"fmt"
	"net/url"
	"testing"

	"latchkey"
	"latchkey/internal/browsertest"
	"latchkey/internal/realm"
	"latchkey/internal/store"
)

// ownFlow puts a flow of three steps into realm demo.
func (d *desk) ownFlow(alias string) *latchkey.Flow {
	f := &latchkey.Flow{ID: "own", Alias: alias, ProviderID: "basic-flow", TopLevel: true}
	for i, id := range []string{latchkey.AuthCookie, latchkey.AuthUsernamePasswordForm, latchkey.AuthMagicLink} {
		f.Executions = append(f.Executions, latchkey.Execution{ID: fmt.Sprintf("own-%d", i), Authenticator: id, Requirement: latchkey.Alternative, Priority: i})
	}
	d.s.Change(realm.DemoRealm, func(tx *store.Tx, snap *latchkey.Snapshot) error {
		f.RealmID = snap.Realm.ID
		return tx.CreateFlow(f)
	})
	return f
}

// By keyboard a requirement is chosen without being sent at each arrow: Enter
// sends it, and so does leaving the field; Escape takes it back. After that, and
// after a step was moved, the focus is where it was: in the row of the step.
func TestConsoleFlowKeyboard(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	p := d.p
	d.ownFlow("own")
	requirement := func() string {
		for _, e := range d.s.Snapshot(realm.DemoRealm).FlowByAlias("own").Executions {
			if e.ID == "own-2" {
				return string(e.Requirement)
			}
		}
		return ""
	}
	place := func() int {
		for i, e := range d.s.Snapshot(realm.DemoRealm).FlowByAlias("own").Executions {
			if e.ID == "own-2" {
				return i
			}
		}
		return -1
	}
	const row = "#step-own-2"
	in := func(what string) { p.Until(what, "document.activeElement.closest('"+row+"') !== null") }
	k := keys{p}
	p.Goto(d.at("authentication/flows/own"))
	k.reach(row + " select")
	p.Press("ArrowDown")
	p.Until("another choice", "document.activeElement.value === 'DISABLED'")
	if got := requirement(); got != "ALTERNATIVE" {
		t.Errorf("an arrow alone saved %s", got)
	}
	p.Press("Escape")
	p.Until("the choice as it was", "document.activeElement.value === 'ALTERNATIVE'")
	p.Press("ArrowUp")
	p.Until("another choice", "document.activeElement.value === 'REQUIRED'")
	k.follow(row + " select")
	p.See("Saved.")
	in("the focus in the row after Enter")
	if got := requirement(); got != "REQUIRED" {
		t.Errorf("Enter saved %s", got)
	}
	k.reach(row + " select")
	p.Press("ArrowDown")
	p.Lead("document.activeElement.blur()")
	in("the focus in the row after the field was left")
	if got := requirement(); got != "ALTERNATIVE" {
		t.Errorf("leaving the field saved %s", got)
	}
	for range 2 {
		p.Lead("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowUp', altKey: true, bubbles: true, cancelable: true}))")
		in("the focus in the row that was moved")
	}
	if got := place(); got != 0 {
		t.Errorf("moved to place %d", got)
	}
	// With the mouse a choice is sent at once.
	p.Lead(`(() => { const s = document.querySelector("` + row + ` select"); s.dispatchEvent(new PointerEvent("pointerdown", {bubbles: true})); s.value = "REQUIRED"; s.dispatchEvent(new Event("change", {bubbles: true})); })()`)
	in("the focus in the row after a choice with the mouse")
	if got := requirement(); got != "REQUIRED" {
		t.Errorf("the mouse saved %s", got)
	}
}

// The picture of a flow is whole at 1440 and 1280 px, where it stands beside the
// table; where it is wider than its place, its beginning is in view.
func TestConsoleFlowPicture(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	p := d.p
	d.ownFlow("own")
	const box, picture = "document.querySelector('.picture .scroll')", "document.querySelector('svg.diagram').getBoundingClientRect()"
	for _, alias := range []string{"magic link", "browser", "own"} {
		p.Goto(d.at("authentication/flows/" + url.PathEscape(d.s.Snapshot(realm.DemoRealm).FlowByAlias(alias).ID)))
		for _, width := range []int{1440, 1280, 360} {
			p.Size(width, 900)
			p.Reload()
			if width > 1000 && alias != "browser" && browsertest.Eval[bool](p, box+".scrollWidth > "+box+".clientWidth") {
				t.Errorf("%s at %d px: the picture takes %d of %d px", alias, width, browsertest.Eval[int](p, box+".scrollWidth"), browsertest.Eval[int](p, box+".clientWidth"))
			}
			if width > 1000 && !browsertest.Eval[bool](p, "document.querySelector('.tree').getBoundingClientRect().right <= "+box+".getBoundingClientRect().left") {
				t.Errorf("%s at %d px: the picture does not stand beside the table", alias, width)
			}
			p.Until("the beginning of "+alias+" in view", `(() => { const b = `+box+`.getBoundingClientRect(), s = document.querySelector("[data-start]").getBoundingClientRect(); return s.left >= b.left && s.right <= b.right; })()`)
			if size := browsertest.Eval[float64](p, picture+".width / document.querySelector('svg.diagram').viewBox.baseVal.width"); size < 0.69 {
				t.Errorf("%s at %d px: the letters are %.2f of their size", alias, width, size)
			}
			p.Picture(fmt.Sprintf("flow/%s-%d", alias, width))
		}
	}
}
