package demo

import (
	"bytes"
	_ "embed"
	"net/http"

	"github.com/a-h/templ"
)

//go:embed style.css
var stylesheet []byte

// show renders a page whole before anything is sent, so that a page that
// cannot be rendered becomes an error.
func (a *App) show(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	var b bytes.Buffer
	if err := c.Render(r.Context(), &b); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the browser is gone; nobody is left to tell
	return nil
}

func style(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(stylesheet)
	return nil
}
