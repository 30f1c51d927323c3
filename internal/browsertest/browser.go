package browsertest

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long a browser may take for one thing; the machine may be
// busy.
const patience = 30 * time.Second

// process is the one Chromium of a test program. Its users share the process
// and nothing else: each has a browser context of its own.
var process struct {
	sync.Mutex
	users int
	ctx   context.Context
	stop  func()
}

// Browser is one person's browser: a fresh profile, whose tabs share cookies
// and storage.
type Browser struct {
	t   testing.TB
	ctx context.Context
	rec *recorder

	mu    sync.Mutex
	pages []*Page
	used  bool // the first tab is given away
}

// New starts a browser for the test. When the test ends it is closed, and what
// was found and not taken fails the test.
func New(t testing.TB) *Browser {
	t.Helper()
	ctx, cancel := chromedp.NewContext(acquire(t), chromedp.WithNewBrowserContext())
	b := &Browser{t: t, ctx: ctx, rec: &recorder{}}
	t.Cleanup(func() {
		b.closeAll()
		for _, f := range b.Findings() {
			t.Errorf("browser: %s", f)
		}
		cancel()
	})
	// The first tab owns the profile: it stays, if only empty, until the test
	// ends.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("a new browser profile: %v", err)
	}
	return b
}

// Main runs the tests of a package and keeps one Chromium for all of them:
//
//	func TestMain(m *testing.M) { browsertest.Main(m) }
//
// Without it every test starts one.
func Main(m *testing.M) {
	process.Lock()
	process.users++
	process.Unlock()
	code := m.Run()
	release()
	os.Exit(code)
}

// acquire gives the context of the running Chromium, started when there is
// none; the test lets go of it when it ends.
func acquire(t testing.TB) context.Context {
	t.Helper()
	path := chromium(t)
	process.Lock()
	defer process.Unlock()
	if process.ctx == nil {
		if err := start(path); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	process.users++
	t.Cleanup(release)
	return process.ctx
}

// start starts Chromium; process is locked.
func start(path string) error {
	profile, err := os.MkdirTemp("", "latchkey-chromium-")
	if err != nil {
		return err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		chromedp.DisableGPU,
		chromedp.WindowSize(1280, 800),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		// One process less for every profile and every page that changes sites.
		chromedp.Flag("disable-features", "Translate,SpareRendererForSitePerProcess"),
		chromedp.Flag("no-pings", true),
		chromedp.Flag("lang", "en-US"),
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]"),
	)
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	stop := func() {
		cancel()
		cancelAllocator()
		_ = os.RemoveAll(profile)
	}
	if err := chromedp.Do(ctx); err != nil {
		stop()
		return err
	}
	process.ctx, process.stop = ctx, stop
	return nil
}

// release stops Chromium with its last user.
func release() {
	process.Lock()
	defer process.Unlock()
	process.users--
	if process.users > 0 || process.ctx == nil {
		return
	}
	process.stop()
	process.ctx, process.stop = nil, nil
}

// Open opens a tab at the URL and waits until it is loaded.
func (b *Browser) Open(url string) *Page {
	b.t.Helper()
	p := b.Tab()
	p.Goto(url)
	return p
}

// Tab opens an empty tab.
func (b *Browser) Tab() *Page {
	b.t.Helper()
	b.mu.Lock()
	first := !b.used
	b.used = true
	b.mu.Unlock()
	p := &Page{t: b.t, b: b}
	if first {
		p.ctx, p.cancel = b.ctx, p.empty
	} else {
		p.ctx, p.cancel = chromedp.NewContext(b.ctx)
	}
	if err := p.begin(); err != nil {
		b.t.Fatalf("a new tab: %v", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pages = append(b.pages, p)
	return p
}

// empty closes the tab that owns the profile, as far as it can be closed
// before the others.
func (p *Page) empty() {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	_, _ = chromedp.Run(ctx, chromedp.Navigate("about:blank"))
}

// closeAll closes the tabs; a failed test keeps a picture of each among its
// artifacts (go test -artifacts).
func (b *Browser) closeAll() {
	b.mu.Lock()
	pages := b.pages
	b.pages = nil
	b.mu.Unlock()
	for _, p := range pages {
		if b.t.Failed() {
			p.keepPicture()
		}
		p.cancel()
	}
}

// Findings gives what pages did wrong since it was last asked, and forgets it.
func (b *Browser) Findings() []Finding { return b.rec.takeFindings() }

// Requests gives every request that the browser's tabs made, in order.
func (b *Browser) Requests() []Request { return b.rec.allRequests() }
