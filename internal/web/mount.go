package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/secret"
)

// requestTime is how long a handler may take before its context ends;
// the server's write timeout comes later.
const requestTime = 20 * time.Second

// Served is what is known of a request when it is over, for metrics. Pattern
// is the route's, never the path: a path may hold what must not be kept.
type Served struct {
	Method, Pattern string
	Class           Class
	Status          int
	Bytes           int64 // of the body, as sent
	Duration        time.Duration
}

// Manners is what [Mount] needs besides the routes.
type Manners struct {
	Site   *Site
	Errors Errors // JSONErrors when nil
	Log    *slog.Logger
	Now    func() time.Time
	// Observe is told of every request; may be nil.
	Observe func(Served)
	// Drain, when set, ends the long polls when it is done, so that a server
	// that stops does not wait for them.
	Drain context.Context
	// InFlight is how many requests may be under way at once; 0 means
	// [DefaultInFlight].
	InFlight int
}

type front struct {
	Manners
	mux      *http.ServeMux
	programs *http.ServeMux // routes for requests that ask for JSON
	gate     *gate
	csrf     *http.CrossOriginProtection
	routes   map[string]Class // by the pattern in mux
}

// Mount puts the routes behind one front. Patterns that contradict each other
// end the program: they are a mistake in the list, which every start finds.
func Mount(routes []Route, m Manners) http.Handler {
	if m.Errors == nil {
		m.Errors = JSONErrors{}
	}
	f := &front{Manners: m, mux: http.NewServeMux(), programs: http.NewServeMux(), gate: newGate(m.InFlight),
		csrf: http.NewCrossOriginProtection(), routes: map[string]Class{}}
	// Behind a proxy that changes Host, Origin still names the configured one.
	_ = f.csrf.AddTrustedOrigin(m.Site.Base.Scheme + "://" + m.Site.Base.Host)
	for _, r := range routes {
		method, path, _ := strings.Cut(r.Pattern, " ")
		pattern := method + " " + strings.TrimRight(m.Site.Base.Path, "/") + path
		if r.Programs {
			f.programs.Handle(pattern, f.route(r))
			continue
		}
		f.routes[pattern] = r.Class
		f.mux.Handle(pattern, f.route(r))
	}
	f.mux.HandleFunc("/", f.missing)
	return f
}

type requestKey struct{}

// request is what the front knows of a request under way.
type request struct {
	id      string
	pattern string
	class   Class
	err     error
	problem any // what a handler panicked with
	stack   []byte
}

// RequestID is the id that the log line and the header X-Request-Id have; empty
// outside of a request.
func RequestID(ctx context.Context) string {
	if q, ok := ctx.Value(requestKey{}).(*request); ok {
		return q.id
	}
	return ""
}

var methods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions}

// ServeHTTP serves one request with all manners.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := f.Now()
	q := &request{id: secret.TabID(), pattern: "none", class: classByAccept(r)}
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, q))
	rec := newRecorder(w, r)
	rec.Header().Set("X-Request-Id", q.id)
	f.guard(rec, r, q)
	rec.finish()
	f.account(r, q, rec, f.Now().Sub(start))
}

// guard runs the request and answers for a handler that panicked.
func (f *front) guard(w *recorder, r *http.Request, q *request) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		q.problem, q.stack = p, debug.Stack()
		f.fail(w, r, q, latchkey.Errorf(latchkey.CodeInternal, "panic"))
	}()
	if err := tooLarge(r); err != nil {
		f.fail(w, r, q, err)
		return
	}
	if cleanPath(r.URL.Path) && known(r.Method) {
		f.muxFor(r).ServeHTTP(w, r)
		return
	}
	f.missing(w, r)
}

// muxFor gives the routes for programs when one of them is the request's.
func (f *front) muxFor(r *http.Request) *http.ServeMux {
	if AsksJSON(r) {
		if _, pattern := f.programs.Handler(r); pattern != "" {
			return f.programs
		}
	}
	return f.mux
}

// route wraps the handler of one route.
func (f *front) route(route Route) http.Handler {
	limit := route.Body
	if limit == 0 {
		limit = DefaultBody
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.Context().Value(requestKey{}).(*request)
		q.pattern, q.class = r.Pattern, route.Class
		f.Site.classHeaders(w.Header(), route.Class)
		if err := f.serve(w, r, route, limit); err != nil {
			f.fail(w, r, q, err)
		}
	})
}

func (f *front) serve(w http.ResponseWriter, r *http.Request, route Route, limit int64) error {
	if ok, err := f.Site.admit(w, r, route.Class); !ok {
		return err
	}
	if route.Class != ClassJSON && !route.AnyOrigin {
		if err := f.csrf.Check(r); err != nil {
			return latchkey.Errorf(latchkey.CodeForbidden, "This form was sent from another site. Open the page here and send it again.")
		}
	}
	if !route.Waits {
		leave, ok := f.gate.enter(r.Context(), route.Class)
		if !ok {
			w.Header().Set("Retry-After", "2")
			return latchkey.Errorf(latchkey.CodeUnavailable, "There is more to do than we can just now. Try again in a moment.")
		}
		defer leave()
		ctx, cancel := context.WithTimeout(r.Context(), requestTime)
		defer cancel()
		r = r.WithContext(ctx)
	} else if f.Drain != nil {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(f.Drain, cancel)()
		r = r.WithContext(ctx)
	}
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, limit)
	}
	return route.Handler(w, r)
}

// missing answers for a path without a route: 405 with Allow when other methods
// have one, the same route without a slash at its end, or 404.
func (f *front) missing(w http.ResponseWriter, r *http.Request) {
	q := r.Context().Value(requestKey{}).(*request)
	allowed, class := f.allowed(r)
	if len(allowed) > 0 {
		q.class = class
	}
	f.Site.classHeaders(w.Header(), q.class)
	if ok, err := f.Site.admit(w, r, q.class); !ok {
		if err != nil {
			f.fail(w, r, q, err)
		}
		return
	}
	if len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		f.fail(w, r, q, &Failure{Status: http.StatusMethodNotAllowed, Code: latchkey.CodeInvalid, Message: "HTTP 405 Method Not Allowed"})
		return
	}
	if trimmed, ok := strings.CutSuffix(r.URL.Path, "/"); ok && trimmed != "" && cleanPath(trimmed) && known(r.Method) {
		u := *r.URL
		u.Path, u.RawPath = trimmed, strings.TrimSuffix(u.RawPath, "/")
		again := r.Clone(r.Context())
		again.URL = &u
		mux := f.muxFor(again)
		if _, pattern := mux.Handler(again); pattern != "/" {
			mux.ServeHTTP(w, again)
			return
		}
	}
	if !strings.HasSuffix(r.URL.Path, "/") && cleanPath(r.URL.Path) && r.Method == http.MethodGet {
		// A folder's address without its slash leads to the folder.
		u := *r.URL
		u.Path, u.RawPath = u.Path+"/", ""
		again := r.Clone(r.Context())
		again.URL = &u
		if _, pattern := f.mux.Handler(again); pattern != "/" && strings.HasSuffix(pattern, "/{$}") {
			_ = Redirect(w, r, u.RequestURI()) // a path of ours always parses
			return
		}
	}
	f.fail(w, r, q, latchkey.Errorf(latchkey.CodeNotFound, "There is nothing at this address."))
}

// allowed lists the methods that have a route at the path.
func (f *front) allowed(r *http.Request) (list []string, class Class) {
	if !cleanPath(r.URL.Path) {
		return nil, 0
	}
	for _, method := range methods {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host, Header: http.Header{
			"Accept": r.Header["Accept"], "Content-Type": r.Header["Content-Type"]}}
		mux := f.muxFor(probe)
		_, pattern := mux.Handler(probe)
		if pattern == "/" || pattern == "" {
			continue
		}
		if class = ClassJSON; mux == f.mux {
			class = f.routes[pattern]
		}
		list = append(list, method)
		if method == http.MethodGet {
			list = append(list, http.MethodHead)
		}
	}
	return list, class
}

// fail answers with an error, unless the answer has begun.
func (f *front) fail(w http.ResponseWriter, r *http.Request, q *request, err error) {
	if q.err == nil {
		q.err = err
	}
	if rec, ok := w.(*recorder); ok && rec.begun {
		return
	}
	var self Responder
	if errors.As(err, &self) {
		self.Respond(w, r)
		return
	}
	failure := failureOf(err)
	failure.Class, failure.RequestID = q.class, q.id
	if q.class == ClassPage || q.class == ClassRedirect {
		PageHeaders(w)
		failure.Class = ClassPage
	} else {
		w.Header().Set("Cache-Control", "no-store")
	}
	f.Errors.ServeError(w, r, failure)
}

// account writes the one log line of a request and tells the metrics. It says
// the route's pattern and never the path, the query or a header.
func (f *front) account(r *http.Request, q *request, rec *recorder, took time.Duration) {
	if f.Observe != nil {
		f.Observe(Served{Method: r.Method, Pattern: q.pattern, Class: q.class, Status: rec.status, Bytes: rec.bytes, Duration: took})
	}
	if f.Log == nil {
		return
	}
	method := r.Method
	if !known(method) && method != http.MethodHead {
		method = "other"
	}
	attrs := []slog.Attr{slog.String("request", q.id), slog.String("method", method), slog.String("route", q.pattern),
		slog.Int("status", rec.status), slog.Float64("ms", float64(took.Microseconds())/1000), slog.Int64("bytes", rec.bytes),
		slog.String("ip", f.Site.ClientIP(r))}
	level := slog.LevelInfo
	if q.err != nil {
		switch latchkey.ErrorCode(q.err) {
		case latchkey.CodeInternal:
			level = slog.LevelError
			attrs = append(attrs, slog.Any("error", q.err))
		case latchkey.CodeUnavailable:
			level = slog.LevelWarn
			attrs = append(attrs, slog.Any("error", q.err))
		default: // the text of the others may hold what somebody typed
			attrs = append(attrs, slog.String("code", string(latchkey.ErrorCode(q.err))))
		}
	}
	if q.problem != nil {
		attrs = append(attrs, slog.String("panic", secret.PanicText(q.problem)), slog.String("stack", string(q.stack)))
	}
	f.Log.LogAttrs(context.WithoutCancel(r.Context()), level, "request", attrs...)
}

func known(method string) bool {
	for _, m := range methods {
		if method == m {
			return true
		}
	}
	return method == http.MethodHead
}

// cleanPath says that the path is absolute and would stay as it is: ServeMux
// would answer others with redirects of its own.
func cleanPath(path string) bool {
	if path == "" || path[0] != '/' || strings.Contains(path, "//") || strings.IndexByte(path, 0) >= 0 {
		return false
	}
	for seg := range strings.SplitSeq(path, "/") {
		if seg == "." || seg == ".." {
			return false
		}
	}
	return true
}

// classByAccept guesses who asks for a path without a route.
func classByAccept(r *http.Request) Class {
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		return ClassPage
	}
	return ClassJSON
}
