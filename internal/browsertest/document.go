package browsertest

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Cookie is a cookie that a browser holds.
type Cookie struct {
	Name, Value, Host string
	Stays             bool // when the browser is closed
	Hidden            bool // from scripts: HttpOnly
	SameSite          string
}

// Cookies gives every cookie that the browser holds, of every site.
func (b *Browser) Cookies() []Cookie {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	of, err := chromedp.Call(ctx, target.GetTargetInfo, target.GetTargetInfoParams{})
	if err != nil {
		b.t.Fatalf("the browser's profile: %v", err)
	}
	got, err := chromedp.CallBrowser(ctx, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: of.TargetInfo.BrowserContextID})
	if err != nil {
		b.t.Fatalf("the browser's cookies: %v", err)
	}
	out := make([]Cookie, len(got.Cookies))
	for i, c := range got.Cookies {
		out[i] = Cookie{Name: c.Name, Value: c.Value, Host: c.Domain, Stays: !c.Session, Hidden: c.HTTPOnly, SameSite: c.SameSite.String()}
	}
	return out
}

// Cache switches the cache of the tab: without it every document is visited
// for the first time.
func (p *Page) Cache(on bool) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: !on}); err != nil {
		p.t.Fatalf("switch the cache: %v", err)
	}
}

// Front makes the tab the one that has the keyboard, whatever other tabs do.
func (p *Page) Front() {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		p.t.Fatalf("give the tab the keyboard: %v", err)
	}
}

// Loaded gives the requests of the document that the tab shows and of
// everything that it loaded, once they are over. What the page asks by script
// is among them and not waited for: a long poll is never over.
func (p *Page) Loaded() []Request {
	p.t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	timeout := time.After(patience)
	for {
		out, open := p.b.rec.of(p.documents())
		if open == "" && len(out) > 0 {
			return out
		}
		select {
		case <-again.C:
		case <-timeout:
			p.t.Fatalf("waited in vain for the answer to %s%s", open, p.whereabouts())
		}
	}
}

// documents are those of the tab and of its frames.
func (p *Page) documents() map[cdp.LoaderID]bool {
	p.t.Helper()
	got, err := chromedp.Call(p.ctx, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		p.t.Fatalf("the tab's frames: %v", err)
	}
	out := map[cdp.LoaderID]bool{}
	var walk func(*page.FrameTree)
	walk = func(t *page.FrameTree) {
		out[t.Frame.LoaderID] = true
		for _, child := range t.ChildFrames {
			walk(child)
		}
	}
	walk(got.FrameTree)
	return out
}

// of gives the requests of the documents, and the address of one that is not
// over yet.
func (r *recorder) of(documents map[cdp.LoaderID]bool) (out []Request, open string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.requests {
		if !documents[q.document] {
			continue
		}
		out = append(out, *q)
		if !q.over && q.Type != network.ResourceTypeFetch.String() && q.Type != network.ResourceTypeEventSource.String() {
			open = q.URL
		}
	}
	return out, open
}
