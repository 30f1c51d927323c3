package browsertest_test

import (
	"testing"

	"latchkey/internal/browsertest"
	"latchkey/internal/realm"
)

// leaving says whether the browser asks before the page is left.
func leaving(p *browsertest.Page) bool {
	return browsertest.Eval[bool](p, `(() => { const e = new Event("beforeunload", {cancelable: true}); dispatchEvent(e); return e.defaultPrevented; })()`)
}

// A table is walked by keyboard alone. What is typed and not saved is noticed:
// the bar says so, and the browser asks before the page is left. What was put
// back is not unsaved any more, nor is what was saved; the back button after it
// shows a page, and asks nothing.
func TestConsoleUnsaved(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	p := d.p
	role := d.s.Snapshot(realm.DemoRealm).RoleNamed("", "offline_access").ID
	p.Goto(d.at("roles"))
	k := keys{p}
	k.follow("tbody a[href*='" + role + "']")
	p.At("/roles/" + role)
	const noticed, forgotten = "!document.querySelector('.unsaved').hidden", "document.querySelector('.unsaved').hidden"
	p.Until("a form as it is saved", forgotten)
	if leaving(p) {
		t.Error("the browser asks though nothing was typed")
	}
	k.fill("#description", "May stay signed in")
	p.Until("a word of what is unsaved", noticed)
	if !leaving(p) {
		t.Error("the browser lets what was typed go without asking")
	}
	p.Click(".savebar [type=reset]")
	p.Until("nothing that is unsaved after it was put back", forgotten)
	if leaving(p) {
		t.Error("the browser asks though what was typed was put back")
	}
	k.fill("#description", "May stay signed in")
	p.Follow(".savebar button.main")
	p.See("Saved.")
	if leaving(p) {
		t.Error("the browser asks though everything is saved")
	}
	p.Back()
	p.Until("a page without an error after the back button", "document.querySelector('h1') && !document.querySelector('.savebar .unsaved:not([hidden])')")
	p.Goto(d.at("roles/" + role + "/details"))
	if got := browsertest.Eval[string](p, "document.querySelector('#description').value"); got != "May stay signed in" {
		t.Errorf("saved is %q", got)
	}
}
