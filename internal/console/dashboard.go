package console

import (
	"context"
	"io"
	"net/http"

	"latchkey/internal/page"
)

func dashboardRows() []row {
	return []row{{method: http.MethodGet, path: "{$}", handle: showDashboard}}
}

// dashboard says at a glance how the realm is.
type dashboard struct {
	Frame
	Top top
}

// Title names the page.
func (p dashboard) Title(t *page.Texts) string { return titleOf(t, p.Top) }

// Render writes the page's main part.
func (p dashboard) Render(ctx context.Context, w io.Writer) error {
	return headOf(p.Top, page.Form{}).Render(ctx, w)
}

func showDashboard(v *visit) error {
	return v.write(http.StatusOK, dashboard{Frame: v.frame(""), Top: top{Title: "console.dashboard"}})
}
