package console

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"latchkey/internal/page"
)

// perPage is how many things a page of a list shows.
const perPage = 30

// list is a page of things, read from the Admin REST API page by page.
type list struct {
	path, menu string
	top        func(*visit) top
	// api gives what to ask, below the realm of the API, without the page.
	api func(*visit) string
	// whole says that the API gives all at once: search and pages are done here.
	whole bool
	// things reads all at once where that is more than one call; nil: api.
	things func(*visit) ([]map[string]any, error)
	// counted is where the API counts the things, below the realm; empty: nowhere.
	counted string
	// unfold puts further rows among those of the page: a tree; may be nil.
	unfold func(v *visit, things []map[string]any) ([]map[string]any, error)
	search string // a key: what can be searched for; empty: nothing
	// searched is the API's parameter for it; empty: search.
	searched string
	filters  []filter              // further narrowings, by a query of the page
	narrow   func(*visit) []filter // those that depend on the realm; may be nil
	columns  []string              // keys
	// prepare asks what the rows need besides, once; it is v.prepared then.
	prepare func(v *visit) (any, error)
	row     func(v *visit, rep map[string]any) tableRow
	empty   [2]string // keys: what is not there, and what to do
	beneath func(*visit) (templ.Component, error)
	// picks are what can be done with things that are chosen by their boxes, for
	// those who have one of the roles.
	picks []pick
	may   []string
}

// filter narrows a list by a query of the page: by one of the options, or by
// what is typed where there are none.
type filter struct {
	name, label string // label is a key
	options     []option
	example     string // of what is typed
	input       string // how it is typed: "date"; empty: text
	told        bool   // the options are in the API's words
	// ask gives what the API is asked for in place of what was typed.
	ask func(v *visit, typed string) (string, error)
}

// longText is how many bytes a cell may have before it is cut to three lines.
const longText = 120

// tableRow is one thing in a table.
type tableRow struct {
	Cells []cell
	Acts  []link // of the menu at its end
	Value string // what is sent when it is chosen; empty: it cannot be
	keys  string // what is searched in, where the page searches
}

// cell is one fact of a thing.
type cell struct {
	Text  string
	URL   string // leads to the thing
	Tags  []string
	Mono  bool
	Say   bool            // Text is a key
	At    time.Time       // a time, in place of the text
	Depth int             // how far it is set in, in a tree
	Shown templ.Component // in place of all
}

// table is things in rows.
type table struct {
	Label   string   // a key: what the table is of
	Columns []string // keys; an empty one is of acts
	Rows    []tableRow
	Form    page.Form // that acts which are sent use
	Picks   []pick    // what can be done with chosen rows
}

// listPage is the page of a list.
type listPage struct {
	Frame
	Top          top
	Table        table
	Search       string // a key; empty: there is no search
	Searched     string
	SearchAction string
	Filters      []shownFilter
	Empty        [2]string
	Older, Newer string
	Start, End   string // the first page and the last one, where it is known
	Total        int    // of things on all pages; 0: it is not known
	First        int
	Count        int  // of things on the page, without what is unfolded
	Narrowed     bool // a filter narrows it
	Errors       []page.FieldError
	Beneath      templ.Component
}

type shownFilter struct {
	filter
	Value string
}

// Title names the page.
func (p listPage) Title(t *page.Texts) string { return titleOf(t, p.Top) }

// Render writes the page's main part.
func (p listPage) Render(ctx context.Context, w io.Writer) error {
	return listView(p).Render(ctx, w)
}

func (l list) rows() []row {
	all := []row{{method: http.MethodGet, path: l.path, handle: func(v *visit) error { return l.show(v, http.StatusOK, nil) }}}
	if len(l.picks) > 0 {
		all = append(all, row{method: http.MethodPost, path: l.path, handle: l.pick})
	}
	return all
}

// firstOf is where the page begins.
func (v *visit) first() int {
	n, err := strconv.Atoi(v.query.Get("first"))
	if err != nil || n < 0 || n > 10_000_000 {
		return 0
	}
	return n
}

// at is the page's own address with another value of a query.
func (v *visit) at(name, value string) string {
	q := url.Values{}
	for k, list := range v.query {
		q[k] = list
	}
	q.Set(name, value)
	if value == "" {
		q.Del(name)
	}
	if len(q) == 0 {
		return v.R.URL.Path
	}
	return v.R.URL.Path + "?" + q.Encode()
}

func (l list) show(v *visit, status int, errs []page.FieldError) error {
	p := listPage{Frame: v.frame(l.menu), Top: l.top(v), Search: l.search, Searched: v.query.Get("search"), SearchAction: v.R.URL.Path,
		Empty: l.empty, First: v.first(), Errors: errs}
	p.Table = table{Label: p.Top.Title, Columns: l.columns, Form: v.Post(v.R.URL.RequestURI())}
	if l.may == nil || v.may(l.may...) {
		p.Table.Picks = l.picks
	}
	if l.narrow != nil {
		l.filters = slices.Concat(l.filters, l.narrow(v))
	}
	for _, f := range l.filters {
		value := v.query.Get(f.name)
		if f.told {
			f.options = slices.Clone(f.options)
			for i := range f.options {
				f.options[i].Label = v.Told(f.options[i].Label)
			}
		}
		p.Filters = append(p.Filters, shownFilter{f, value})
		p.Narrowed = p.Narrowed || value != ""
	}
	if l.prepare != nil {
		var err error
		if v.prepared, err = l.prepare(v); err != nil {
			return err
		}
	}
	things, more, err := l.ask(v, p.First, p.Searched)
	if faults := faultsOf(err, nil); faults != nil && p.Narrowed {
		status, p.Errors, err = http.StatusBadRequest, append(p.Errors, faults...), nil
	}
	if err != nil {
		return err
	}
	p.Count = len(things)
	if l.unfold != nil {
		if things, err = l.unfold(v, things); err != nil {
			return err
		}
	}
	for _, rep := range things {
		p.Table.Rows = append(p.Table.Rows, l.row(v, rep))
	}
	if more {
		p.Older = v.at("first", strconv.Itoa(p.First+perPage))
	}
	if p.First > 0 {
		p.Newer = v.at("first", strconv.Itoa(max(0, p.First-perPage)))
	}
	if p.Total = v.total; p.Total > 0 {
		p.Start, p.End = v.at("first", ""), v.at("first", strconv.Itoa((p.Total-1)/perPage*perPage))
	}
	if l.beneath != nil {
		if p.Beneath, err = l.beneath(v); err != nil {
			return err
		}
	}
	return v.write(status, p)
}

// ask reads one page of things.
func (l list) ask(v *visit, first int, search string) (things []map[string]any, more bool, err error) {
	if l.things != nil {
		if things, err = l.things(v); err != nil {
			return nil, false, err
		}
		things, more = cut(l.page(v, things, first, search))
		return things, more, nil
	}
	address, err := url.Parse(l.api(v))
	if err != nil {
		return nil, false, err
	}
	q := address.Query()
	if !l.whole {
		q.Set("first", strconv.Itoa(first))
		q.Set("max", strconv.Itoa(perPage+1))
		if search != "" {
			q.Set(cmp.Or(l.searched, "search"), search)
		}
	}
	for _, f := range l.filters {
		value := strings.TrimSpace(v.query.Get(f.name))
		if value != "" && f.ask != nil {
			if value, err = f.ask(v, value); err != nil {
				return nil, false, err
			}
		}
		if value != "" {
			q.Set(f.name, value)
		}
	}
	address.RawQuery = q.Encode()
	if err := v.api(http.MethodGet, address.String(), nil, &things); err != nil {
		return nil, false, err
	}
	if l.whole {
		things = l.page(v, things, first, search)
	}
	things, more = cut(things)
	if l.counted == "" || !more && first == 0 {
		return things, more, nil
	}
	q.Del("first")
	q.Del("max")
	return things, more, v.api(http.MethodGet, l.counted+"?"+q.Encode(), nil, &v.total)
}

// cut leaves one page of things.
func cut(things []map[string]any) (list []map[string]any, more bool) {
	if len(things) > perPage {
		return things[:perPage], true
	}
	return things, false
}

// page narrows what the API gave at once.
func (l list) page(v *visit, all []map[string]any, first int, search string) (out []map[string]any) {
	for _, rep := range all {
		if search == "" || contains(l.row(v, rep).keys, search) {
			out = append(out, rep)
		}
	}
	v.total = len(out)
	if first >= len(out) {
		return nil
	}
	return out[first:min(len(out), first+perPage+1)]
}
