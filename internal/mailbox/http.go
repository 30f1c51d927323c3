package mailbox

import (
	"bytes"
	"embed"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"latchkey/internal/web"
)

//go:embed style.css mailbox.js icon.svg
var assets embed.FS

// The pages' policy: their own style sheet, script and frames, nothing else.
const pagePolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; frame-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

const (
	maxWatchers = 64               // pages that watch at once
	heartbeat   = 15 * time.Second // so that a page that is gone is noticed
	maxSource   = 256 << 10        // of a mail's source on its page
)

// Handler is the mailbox page and its API.
func (b *Mailbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.home)
	mux.HandleFunc("GET /messages/{id}", b.message)
	mux.HandleFunc("GET /messages/{id}/html", b.html)
	mux.HandleFunc("GET /messages/{id}/raw", b.raw)
	mux.HandleFunc("POST /clear", b.clear)
	mux.HandleFunc("GET /events", b.events)
	mux.HandleFunc("GET /assets/{name}", b.asset)
	mux.HandleFunc("GET /api/messages", b.apiList)
	mux.HandleFunc("GET /api/messages/{id}", b.apiOne)
	mux.HandleFunc("DELETE /api/messages", b.apiClear)
	return b.guard(http.NewCrossOriginProtection().Handler(mux))
}

// guard answers loopback names only: a stranger's page that made its own name
// lead here (DNS rebinding) still sends that name.
func (b *Mailbox) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !web.IsLoopback(host) {
			http.Error(w, "The mailbox is open under localhost only.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (b *Mailbox) home(w http.ResponseWriter, r *http.Request) {
	p := screen{mails: b.newestFirst()}
	if len(p.mails) > 0 {
		p.mail, p.view = &p.mails[0], defaultView(p.mails[0])
	}
	b.show(w, r, http.StatusOK, p)
}

func (b *Mailbox) message(w http.ResponseWriter, r *http.Request) {
	p := screen{mails: b.newestFirst(), chosen: true}
	status := http.StatusNotFound
	if m, ok := b.Message(r.PathValue("id")); ok {
		status, p.mail, p.view = http.StatusOK, &m, defaultView(m)
		switch v := r.URL.Query().Get("view"); {
		case v == viewText, v == viewSource, v == viewHTML && m.HTML != "":
			p.view = v
		}
	}
	b.show(w, r, status, p)
}

func (b *Mailbox) show(w http.ResponseWriter, r *http.Request, status int, p screen) {
	templ.Handler(document(p), templ.WithStatus(status), templ.WithErrorHandler(func(*http.Request, error) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		})
	})).ServeHTTP(w, r)
}

// html gives a mail's HTML under a policy that lets it do nothing: no script,
// no request, no form; its links open elsewhere.
func (b *Mailbox) html(w http.ResponseWriter, r *http.Request) {
	m, ok := b.Message(r.PathValue("id"))
	if !ok || m.HTML == "" {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Del("Cross-Origin-Opener-Policy") // a sandboxed document with one is a network error
	h.Set("Content-Security-Policy", mailPolicy(m.HTML))
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Type", "text/html; charset=utf-8")
	// What follows merges into this head; a second doctype is passed over.
	_, _ = w.Write([]byte("<!DOCTYPE html><meta charset=\"utf-8\"><base target=\"_blank\">" + m.HTML))
}

func (b *Mailbox) raw(w http.ResponseWriter, r *http.Request) {
	m, ok := b.Message(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Del("Cross-Origin-Opener-Policy")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(m.Raw)
}

func (b *Mailbox) clear(w http.ResponseWriter, r *http.Request) {
	b.Clear()
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// events tells a page that something changed, until the page is gone.
func (b *Mailbox) events(w http.ResponseWriter, r *http.Request) {
	if b.watchers.Add(1) > maxWatchers {
		b.watchers.Add(-1)
		http.Error(w, "Too many pages watch.", http.StatusServiceUnavailable)
		return
	}
	defer b.watchers.Add(-1)
	out := http.NewResponseController(w)
	_ = out.SetWriteDeadline(time.Time{}) // the server's own is for answers that end
	w.Header().Set("Content-Type", "text/event-stream")
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for line := "retry: 1000\n\n"; ; {
		mails, changed := b.look()
		if line == "" {
			line = "data: " + strconv.Itoa(len(mails)) + "\n\n"
		}
		if _, err := w.Write([]byte(line)); err != nil || out.Flush() != nil {
			return
		}
		select {
		case <-changed:
			line = ""
		case <-beat.C:
			line = ":\n\n"
		case <-r.Context().Done():
			return
		case <-b.ended:
			return
		}
	}
}

func (b *Mailbox) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	data, err := assets.ReadFile(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	kinds := map[string]string{"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
	w.Header().Set("Content-Type", kinds[name[strings.LastIndexByte(name, '.')+1:]])
	_, _ = w.Write(data)
}

func (b *Mailbox) apiList(w http.ResponseWriter, _ *http.Request) { writeJSON(w, b.newestFirst()) }

func (b *Mailbox) apiOne(w http.ResponseWriter, r *http.Request) {
	m, ok := b.Message(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	writeJSON(w, m)
}

func (b *Mailbox) apiClear(w http.ResponseWriter, _ *http.Request) {
	b.Clear()
	w.WriteHeader(http.StatusNoContent)
}

func writeJSON(w http.ResponseWriter, v any) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		http.Error(w, "The answer could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(buf.Bytes())
}
