package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Page is a tab. Its methods end the test when the page does not do what they
// say within 30 s. Selectors are CSS.
type Page struct {
	t      testing.TB
	b      *Browser
	ctx    context.Context
	cancel context.CancelFunc
}

// begin opens the tab and switches on what the recorder listens to.
func (p *Page) begin() error {
	if err := chromedp.Listen(p.ctx, p.b.rec.event); err != nil {
		return err
	}
	if _, err := chromedp.Call(p.ctx, network.Enable, network.EnableParams{}); err != nil {
		return err
	}
	if _, err := chromedp.Call(p.ctx, log.Enable, struct{}{}); err != nil {
		return err
	}
	_, err := chromedp.Call(p.ctx, audits.Enable, struct{}{})
	return err
}

// run runs one action within the time that a browser may take.
func run[T any](p *Page, what string, action chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		p.t.Fatalf("%s: %v%s", what, err, p.whereabouts())
	}
	return value
}

// whereabouts says what the tab shows, for a message of failure.
func (p *Page) whereabouts() string {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	at, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + (document.body ? document.body.innerText : "")`))
	if err != nil {
		return ""
	}
	if len(at) > 800 {
		at = at[:800] + "..."
	}
	return "\nthe tab is at " + at
}

// Goto loads the URL.
func (p *Page) Goto(url string) {
	p.t.Helper()
	run(p, "go to "+url, chromedp.Navigate(url))
}

// Reload loads the page again.
func (p *Page) Reload() {
	p.t.Helper()
	run(p, "reload", chromedp.Reload())
}

// Back goes one step back in the tab's history, and does not wait for what
// comes: it may be a page that the browser kept as it was. Such a page is
// waited for with See, and used with Eval and Lead only.
func (p *Page) Back() {
	p.t.Helper()
	Eval[*string](p, "(setTimeout(() => history.back()), null)") // the answer comes before the page goes
}

// URL is where the tab is.
func (p *Page) URL() string {
	p.t.Helper()
	return run(p, "the URL", chromedp.Location())
}

// Title is the document's title.
func (p *Page) Title() string {
	p.t.Helper()
	return run(p, "the title", chromedp.Title())
}

// Text is the visible text of the first element of the selector.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	return run(p, "the text of "+selector, chromedp.Text(chromedp.CSS(selector)))
}

// Has says whether the page has an element of the selector now.
func (p *Page) Has(selector string) bool {
	p.t.Helper()
	return Eval[bool](p, fmt.Sprintf("document.querySelector(%q) !== null", selector))
}

// Type puts the text into a field, in place of what is there.
func (p *Page) Type(selector, text string) {
	p.t.Helper()
	run(p, "clear "+selector, chromedp.Clear(chromedp.CSS(selector)))
	run(p, "type into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Press presses a key where the focus is: "Enter", "Tab", "Escape", or a
// character.
func (p *Page) Press(key string) {
	p.t.Helper()
	if special, ok := map[string]string{
		"Enter": kb.Enter, "Tab": kb.Tab, "Escape": kb.Escape, "Space": " ",
		"ArrowUp": kb.ArrowUp, "ArrowDown": kb.ArrowDown, "ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight,
	}[key]; ok {
		key = special
	}
	run(p, "press a key", chromedp.KeyEvent(key))
}

// Click clicks an element once it can be seen. Use Follow when the click leads
// to another page.
func (p *Page) Click(selector string) {
	p.t.Helper()
	run(p, "click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Follow clicks an element and waits until the page that it leads to is
// loaded; it gives that page's status.
func (p *Page) Follow(selector string) int {
	p.t.Helper()
	return p.lead("follow "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Enter presses Enter in a field and waits until the next page is loaded; it
// gives that page's status.
func (p *Page) Enter(selector string) int {
	p.t.Helper()
	return p.lead("press Enter in "+selector, chromedp.SendKeys(chromedp.CSS(selector), kb.Enter))
}

// Lead runs JavaScript that leads to another page, and waits until that page
// is loaded; it gives that page's status.
func (p *Page) Lead(script string) int {
	p.t.Helper()
	return p.lead("run "+script, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := chromedp.Evaluate[*string]("{"+script+"}; null")(ctx, t)
		return err
	}))
}

func (p *Page) lead(what string, step chromedp.Action[chromedp.Void]) int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, step)
	if err != nil {
		p.t.Fatalf("%s: %v%s", what, err, p.whereabouts())
	}
	if response == nil {
		return 0
	}
	return int(response.Status)
}

// See waits until the page's visible text holds the words.
func (p *Page) See(words string) {
	p.t.Helper()
	p.Until("the words "+words, fmt.Sprintf("document.body.innerText.includes(%q)", words))
}

// At waits until the tab's URL holds the text.
func (p *Page) At(text string) {
	p.t.Helper()
	p.Until("a URL with "+text, fmt.Sprintf("location.href.includes(%q)", text))
}

// Until waits until the JavaScript expression is true. It looks again every
// 25 ms and lets pages come and go meanwhile.
func (p *Page) Until(what, expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	again := time.NewTicker(25 * time.Millisecond)
	defer again.Stop()
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!(document.body && ("+expression+"))"))
		if err == nil && ok {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			p.t.Fatalf("waited in vain for %s%s", what, p.whereabouts())
		}
	}
}

// Eval gives the value of a JavaScript expression; a promise is waited for.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	return run(p, "evaluate "+expression, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Size sets the size of the window in CSS pixels.
func (p *Page) Size(width, height int) {
	p.t.Helper()
	run(p, "the window's size", chromedp.EmulateViewport(int64(width), int64(height)))
}

// Prefer sets media features, such as "prefers-color-scheme", "dark". Those
// that are not named are as the browser has them.
func (p *Page) Prefer(pairs ...string) {
	p.t.Helper()
	params := emulation.SetEmulatedMediaParams{}
	for i := 0; i+1 < len(pairs); i += 2 {
		params.Features = append(params.Features, &emulation.MediaFeature{Name: pairs[i], Value: pairs[i+1]})
	}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, params); err != nil {
		p.t.Fatalf("prefer %v: %v", pairs, err)
	}
}

// Scripts switches the scripts of pages that are loaded from now on.
func (p *Page) Scripts(on bool) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
		p.t.Fatalf("switch scripts: %v", err)
	}
}

// Language sets what the browser asks pages for, such as "de".
func (p *Page) Language(language string) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Accept-Language": language},
	}); err != nil {
		p.t.Fatalf("set the language: %v", err)
	}
}

// Picture takes a picture of the whole page as PNG. When LK_SCREENSHOTS names
// a folder, it is kept there as name.png.
func (p *Page) Picture(name string) []byte {
	p.t.Helper()
	png := run(p, "take a picture", chromedp.FullScreenshot(100))
	if dir := os.Getenv("LK_SCREENSHOTS"); dir != "" {
		path := filepath.Join(dir, filepath.FromSlash(name)+".png")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			p.t.Fatal(err)
		}
		if err := os.WriteFile(path, png, 0o644); err != nil {
			p.t.Fatal(err)
		}
	}
	return png
}

// keepPicture keeps what the tab shows among the artifacts of a failed test.
func (p *Page) keepPicture() {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		return
	}
	file, err := os.CreateTemp(p.t.ArtifactDir(), "page-*.png")
	if err != nil {
		return
	}
	_, _ = file.Write(png)
	_ = file.Close()
	p.t.Logf("the tab when the test failed: %s", strings.TrimSpace(file.Name()))
}

// Close closes the tab.
func (p *Page) Close() {
	p.t.Helper()
	p.b.mu.Lock()
	for i, q := range p.b.pages {
		if q == p {
			p.b.pages = append(p.b.pages[:i], p.b.pages[i+1:]...)
			break
		}
	}
	p.b.mu.Unlock()
	p.cancel()
}
