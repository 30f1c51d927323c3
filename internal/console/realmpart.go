package console

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"latchkey/internal/page"
	"latchkey/internal/relyingparty"
	"latchkey/internal/representation"
)

// errMissing is for things that the path names and that are not there, and
// errClosed for pages of those who may do what they offer.
var (
	errMissing = &relyingparty.Refusal{Status: http.StatusNotFound}
	errClosed  = &relyingparty.Refusal{Status: http.StatusForbidden}
)

// describedComponent is a kind of component, with its options.
type describedComponent struct {
	ID         string                          `json:"id"`
	HelpText   string                          `json:"helpText"`
	Properties []representation.ConfigProperty `json:"properties"`
}

// beneathTable is a table with a heading, beneath something else.
type beneathTable struct {
	Title, Intro string // keys
	Acts         []link
	Table        table
	Empty        string // a key
}

// codePage shows a text that machines read.
type codePage struct {
	Frame
	Top  top
	Code string
}

// Title names the page.
func (p codePage) Title(t *page.Texts) string { return titleOf(t, p.Top) }

// Render writes the page's main part.
func (p codePage) Render(ctx context.Context, w io.Writer) error {
	return codeView(p).Render(ctx, w)
}

// wholeOf reads a number of JSON, or one that is kept as a text; 0 for none.
func wholeOf(value any) int {
	n, _ := strconv.Atoi(text(value)) // what is no number counts as none
	return n
}
