package console

import (
	"context"
	"io"
	"net/http"

	"github.com/a-h/templ"

	"latchkey/internal/page"
)

// detail is a page that shows one thing, and changes nothing.
type detail struct {
	path, menu string
	api        func(*visit) string // below the realm of the API
	top        func(v *visit, rep map[string]any) top
	shown      func(v *visit, rep map[string]any) templ.Component
}

// detailPage is the page of one thing.
type detailPage struct {
	Frame
	Top   top
	Form  page.Form
	Shown templ.Component
}

// Title names the page.
func (p detailPage) Title(t *page.Texts) string { return titleOf(t, p.Top) }

// Render writes the page's main part.
func (p detailPage) Render(ctx context.Context, w io.Writer) error {
	return detailView(p).Render(ctx, w)
}

// rows are its pages.
func (d detail) rows() []row {
	return []row{{method: http.MethodGet, path: d.path, handle: func(v *visit) error {
		rep := map[string]any{}
		if err := v.api(http.MethodGet, d.api(v), nil, &rep); err != nil {
			return err
		}
		return v.write(http.StatusOK, v.detail(d.menu, d.top(v, rep), d.shown(v, rep)))
	}}}
}

// detail makes a page of what is shown.
func (v *visit) detail(menu string, t top, shown templ.Component) detailPage {
	return detailPage{Frame: v.frame(menu), Top: t, Form: v.Post(""), Shown: shown}
}

// fact is one line of what is known of a thing.
type fact struct {
	Label string // a key
	Value cell
}

// known leaves out what is not said.
func known(list ...fact) (out []fact) {
	for _, f := range list {
		if f.Value.Text != "" || !f.Value.At.IsZero() || f.Value.Shown != nil {
			out = append(out, f)
		}
	}
	return out
}
