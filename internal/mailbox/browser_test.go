package mailbox

import (
	"net/http/httptest"
	"strings"
	"testing"

	"latchkey/internal/browsertest"
)

// open serves the page; pages that still watch do not hold up its end.
func open(t *testing.T, b *Mailbox) (url string) {
	site := httptest.NewServer(b.Handler())
	t.Cleanup(func() { _ = b.Close(); site.Close() })
	return strings.Replace(site.URL, "127.0.0.1", "localhost", 1)
}

// sandboxed takes the findings of a browser that has shown the sample: that the
// mail's own script was refused is one where the browser tells it, and wanted.
func sandboxed(t *testing.T, b *browsertest.Browser) {
	t.Helper()
	for _, f := range b.Findings() {
		if f.Kind != browsertest.Console || !strings.Contains(f.Text, "/html' because the document's frame is sandboxed") {
			t.Error(f)
		}
	}
}

// The page shows mails as they come, by itself; it has no barrier and breaks
// no policy.
func TestLivePage(t *testing.T) {
	b, send := serve(t, "")
	site := open(t, b)
	browser := browsertest.New(t)
	p := browser.Open(site)
	p.See("No mail yet")
	p.See("Live")
	p.Axe()
	mustSend(t, send("ada@example.test", sample))
	p.See("Grüße")
	p.Until("the mail is open", `document.querySelector("main iframe") !== null`)
	if title := p.Title(); title != "Mailbox (1)" {
		t.Errorf("the title is %q", title)
	}
	p.Axe()
	p.Prefer("prefers-color-scheme", "dark")
	p.Axe()
	p.Follow("#list li a")
	p.At("/messages/")
	mustSend(t, send("bob@example.test", strings.Replace(sample, "=C3=BC=C3=9Fe", "second", 1)))
	p.Until("the list has two", `document.querySelectorAll("#list li").length === 2`)
	if !strings.Contains(p.Text("h1"), "Grüße") {
		t.Error("the open mail was taken away")
	}
	p.Follow(`nav.tabs a[href$="view=source"]`)
	p.See("X-Entity-Ref-ID: 42")
	p.See("Live") // the list is new then
	p.Follow("#list form button")
	p.See("No mail yet")
	sandboxed(t, browser)
}

// A mail's HTML is styled and can do nothing.
func TestMailSandbox(t *testing.T) {
	b, send := serve(t, "")
	site := open(t, b)
	mustSend(t, send("ada@example.test", sample))
	browser := browsertest.New(t)
	p := browser.Open(site + "/messages/" + b.Messages()[0].ID + "/html")
	if title := p.Title(); title == "ran" {
		t.Error("the mail's script ran")
	}
	if color := browsertest.Eval[string](p, `getComputedStyle(document.querySelector("p")).color`); color != "rgb(0, 128, 128)" {
		t.Errorf("the mail's style sheet is not applied: %s", color)
	}
	if target := browsertest.Eval[string](p, `document.querySelector("base").target`); target != "_blank" {
		t.Errorf("links open in %q", target)
	}
	found := browser.Findings()
	if len(found) == 0 {
		t.Error("the script was not even refused")
	}
	for _, f := range found {
		if !strings.Contains(f.Text, "script") {
			t.Errorf("%v", f)
		}
	}
}

// without JavaScript the same by a reload.
func TestPageWithoutScripts(t *testing.T) {
	b, send := serve(t, "")
	site := open(t, b)
	browser := browsertest.New(t)
	p := browser.Tab()
	p.Scripts(false)
	p.Goto(site)
	p.See("No mail yet")
	mustSend(t, send("ada@example.test", sample))
	p.Reload()
	p.See("Grüße")
	p.Follow("#list li a")
	p.Follow(`nav.tabs a[href$="view=text"]`)
	p.See(".leading dot")
	p.Follow("#list form button")
	p.See("No mail yet")
	sandboxed(t, browser)
}
