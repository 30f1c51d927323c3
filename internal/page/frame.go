package page

import (
	"bytes"
	"fmt"
	"html"
	"net/http"

	"latchkey/internal/web"
)

// Frame is a page without content that an application keeps in a hidden frame
// and speaks to by messages (frame.js).
type Frame struct {
	Kind   string // "status", "step" or "result"
	Cookie string // of status: the name of the cookie that is compared
	Next   string // of status: where it asks who may; of step: where it goes on
	Result string // of result: what it says
	// Ancestors are the origins that may frame it; "*" is every one.
	Ancestors []string
}

// WriteFrame answers with a frame.
func (k *Kit) WriteFrame(w http.ResponseWriter, f Frame) error {
	var b bytes.Buffer
	b.WriteString(`<!doctype html><html lang="en"`)
	for _, a := range [][2]string{{"frame", f.Kind}, {"cookie", f.Cookie}, {"next", f.Next}, {"result", f.Result}} {
		fmt.Fprintf(&b, ` data-%s="%s"`, a[0], html.EscapeString(a[1]))
	}
	fmt.Fprintf(&b, `><meta charset="utf-8"><title>Latchkey</title><script type="module" src="%s" integrity="%s"></script></html>`,
		html.EscapeString(k.url("frame.js")), k.integrity("frame.js"))
	web.FrameHeaders(w, f.Ancestors...)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := w.Write(b.Bytes())
	return err
}
