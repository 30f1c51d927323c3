package web

import (
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"latchkey/internal/secret"
)

// compressFrom is the size from which compressing is worth its bytes. A page
// that goes out in a packet or three anyway arrives no sooner for it: there it
// is compressPageFrom. JSON that says how long it is, tokens for the most part,
// compresses badly and is of programs near by: there it is compressJSONFrom.
const (
	compressFrom     = 1 << 10
	compressPageFrom = 4 << 10
	compressJSONFrom = 8 << 10
)

// recorder remembers what was answered, holds the first kilobytes back until it
// is known whether compressing is worth it, and compresses HTML, CSS, JSON,
// SVG and scripts.
type recorder struct {
	http.ResponseWriter
	r       *http.Request
	status  int
	bytes   int64
	begun   bool // the handler has said its status
	decided bool // the header is on its way
	held    []byte
	gz      *gzip.Writer
}

func newRecorder(w http.ResponseWriter, r *http.Request) *recorder {
	return &recorder{ResponseWriter: w, r: r, status: http.StatusOK}
}

// WriteHeader notes the status; the header goes out with the first bytes.
// Informational ones pass through.
func (w *recorder) WriteHeader(status int) {
	if status < 200 {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if !w.begun {
		w.begun, w.status = true, status
	}
}

// Write holds back, compresses or passes on.
func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if !w.decided {
		if len(w.held)+len(p) < w.from() {
			w.held = append(w.held, p...)
			return len(p), nil
		}
		if err := w.decide(w.eligible()); err != nil {
			return 0, err
		}
	}
	return w.pass(p)
}

// from is the size from which this answer is compressed.
func (w *recorder) from() int {
	if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		return compressPageFrom
	}
	return compressFrom
}

func (w *recorder) pass(p []byte) (int, error) {
	if w.gz != nil {
		return w.gz.Write(p)
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// counter counts what the compressor puts out.
type counter struct{ w *recorder }

func (c counter) Write(p []byte) (int, error) {
	n, err := c.w.ResponseWriter.Write(p)
	c.w.bytes += int64(n)
	return n, err
}

// Compressors are large; they are kept.
var compressors = sync.Pool{New: func() any {
	gz, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is valid
	return gz
}}

func (w *recorder) decide(compress bool) error {
	w.decided = true
	h := w.Header()
	if compressible(h.Get("Content-Type")) {
		h.Add("Vary", "Accept-Encoding")
	}
	if compress {
		h.Del("Content-Length")
		h.Set("Content-Encoding", "gzip")
		if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
			h.Set("ETag", "W/"+tag)
		}
		w.gz = compressors.Get().(*gzip.Writer)
		w.gz.Reset(counter{w})
		if strings.HasPrefix(h.Get("Content-Type"), "text/html") {
			w.gz.Name = padding()
		}
	}
	w.ResponseWriter.WriteHeader(w.status)
	if len(w.held) == 0 {
		return nil
	}
	_, err := w.pass(w.held)
	w.held = nil
	return err
}

// padding is a file name of random length, 1 to 32, for the head of compressed
// pages: their size then tells an eavesdropper little about how well a guessed
// text compresses with a secret on the page (BREACH).
func padding() string {
	return strings.Repeat("x", 1+int(secret.Random(1)[0])%32)
}

func (w *recorder) eligible() bool {
	h := w.Header()
	whole := w.status == http.StatusOK || w.status >= 400 // no ranges, no answers without a body
	if size, err := strconv.Atoi(h.Get("Content-Length")); err == nil && size < compressJSONFrom && strings.HasPrefix(h.Get("Content-Type"), "application/json") {
		return false
	}
	return whole && w.r.Method != http.MethodHead && acceptsGzip(w.r) &&
		h.Get("Content-Encoding") == "" && compressible(h.Get("Content-Type"))
}

func compressible(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	switch strings.TrimSpace(kind) {
	case "text/html", "text/css", "text/plain", "text/javascript", "application/javascript", "application/json", "image/svg+xml":
		return true
	}
	return false
}

// acceptsGzip reads Accept-Encoding; gzip;q=0 is a no.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, q, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q = strings.ReplaceAll(q, " ", "")
			return !strings.HasPrefix(q, "q=0") || strings.Trim(q[3:], ".0") != ""
		}
	}
	return false
}

// finish sends what is held back and closes the compressor.
func (w *recorder) finish() {
	if !w.decided {
		h := w.Header()
		bodyAllowed := w.status != http.StatusNoContent && w.status != http.StatusNotModified
		if h.Get("Content-Length") == "" && bodyAllowed && (w.r.Method != http.MethodHead || len(w.held) > 0) {
			h.Set("Content-Length", strconv.Itoa(len(w.held)))
		}
		_ = w.decide(false)
	}
	if w.gz != nil {
		_ = w.gz.Close()
		compressors.Put(w.gz)
		w.gz = nil
	}
}

// FlushError sends what there is: for answers that come bit by bit.
func (w *recorder) FlushError() error {
	w.WriteHeader(http.StatusOK)
	if !w.decided {
		if err := w.decide(false); err != nil {
			return err
		}
	}
	if w.gz != nil {
		if err := w.gz.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush is FlushError for those who look for an http.Flusher.
func (w *recorder) Flush() { _ = w.FlushError() }

// Unwrap lets http.ResponseController reach the connection's deadlines.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
