package console

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"latchkey/internal/page"
	"latchkey/internal/relyingparty"
)

// form is a page of settings over one representation of the Admin REST API: it
// reads the representation, shows the settings, and puts it back with what was
// typed. Whatever else the representation says is left as it is.
type form struct {
	path string // below the realm, with {names}: "clients/{id}/settings"
	menu string // the entry of the menu that it belongs to
	// prefix is that of its texts: with the prefix console.x, attributes/y is called console.x.y.
	prefix string
	// api is what is read and put back, below the realm of the API.
	api func(*visit) string
	// load reads it where that takes more than one call; nil: api. One that gives
	// nil says that there is no such thing.
	load func(*visit) (map[string]any, error)
	// save is where it is put when that is another place; nil: api.
	save func(*visit) string
	// create makes a new thing of what was typed, in place of reading and
	// putting back one that is there, and says where it is to be seen.
	create func(v *visit, rep map[string]any) (address string, err error)
	// send does something else with what was typed, in place of putting it back.
	send func(v *visit, rep map[string]any) (sent, error)
	// button is a key: what it is sent with; empty: Create, or Save.
	button string
	// blame is the place that a refusal is about which names none; may be empty.
	// blames say so by its words, and come first.
	blame  string
	blames []blame
	bad    bool // it destroys
	// file is the place of a file, of whose members the API may say that they are
	// wrong; empty: there is none.
	file string
	// body is the most bytes that it may be, for files; 0: formBody.
	body int64
	// may are the roles that may change it; the others look.
	may      []string
	sections func(v *visit, rep map[string]any) []section
	top      func(v *visit, rep map[string]any) top
	// before has a say before the representation is put back; a fault is shown
	// at its field. It, create and send have a copy, which they may change.
	before func(v *visit, rep map[string]any) *page.FieldError
	// beneath is what stands beneath the settings; may be nil.
	beneath func(v *visit, rep map[string]any) (templ.Component, error)
	// acts are further buttons of the form: "test", with what is done with the
	// settings as they are typed, which are not saved. It says what came of it.
	acts []formAct
}

// blame says that a refusal with these words is about the place. says is the key
// of what a person is told in place of the words; empty: they are told the words.
type blame struct{ words, place, says string }

// faults reads what was refused of what was typed; one that names no field has
// the first place whose words it has. A 404 of a call that changes something is
// about what was typed, too: what the page itself is of was read before.
func (f form) faults(v *visit, rep map[string]any, err error) []page.FieldError {
	var no *relyingparty.Refusal
	if errors.As(err, &no) && no.Status == http.StatusNotFound && no.Method != http.MethodGet && no.Method != "" {
		err = &relyingparty.Refusal{Status: http.StatusBadRequest, Method: no.Method, Body: no.Body}
	}
	places := f.places(v, rep)
	faults := faultsOf(err, places)
	for i := range faults {
		for _, b := range append(slices.Clone(f.blames), blame{place: f.blame}) {
			if faults[i].Field == "" && strings.Contains(faults[i].Message, b.words) && slices.Contains(places, b.place) {
				faults[i].Field, faults[i].Message = b.place, cmp.Or(b.says, faults[i].Message)
			}
		}
		if named := no.Field(); f.file != "" && named != "" && placeOf(named, places) == "" {
			faults[i] = page.FieldError{Field: f.file, Message: "console.error.in-file", Args: []any{named, faults[i].Message}}
		}
	}
	return faults
}

// sent is what comes after a form: an address with a notice, or a page.
type sent struct {
	address, notice string
	page            page.Page
}

// formAct is a further button of a form.
type formAct struct {
	name, label string // label is a key
	do          func(v *visit, rep map[string]any) (note, error)
}

// note is a sentence that a page says of what was just tried.
type note struct {
	Kind string // good, warn or bad
	Text string // a key
	Args []any
}

// formPage is the page of a form.
type formPage struct {
	Frame
	Top      top
	Form     page.Form
	Sections []shownSection
	Errors   []page.FieldError
	Beneath  templ.Component
	Acts     []formAct
	Locked   bool
	Button   string // a key
	Bad      bool   // it destroys
	Files    bool   // it has files
	Note     note
	Was      string // what the settings were when they were shown: see digests
}

type shownSection struct {
	Title    string
	Settings []shown
}

// Title names the page.
func (p formPage) Title(t *page.Texts) string { return titleOf(t, p.Top) }

// Render writes the page's main part.
func (p formPage) Render(ctx context.Context, w io.Writer) error {
	return formView(p).Render(ctx, w)
}

func titleOf(t *page.Texts, h top) string {
	if strings.HasPrefix(h.Title, "console.") && t.Has(h.Title) {
		return t.Say(h.Title)
	}
	return h.Title
}

// rows are the form's pages.
func (f form) rows() []row {
	return []row{
		{method: http.MethodGet, path: f.path, handle: f.show, body: 0},
		{method: http.MethodPost, path: f.path, handle: f.post, body: cmp.Or(f.body, formBody)},
	}
}

// formBody is the most bytes of a form of settings.
const formBody = 1 << 20

func (f form) read(v *visit) (rep map[string]any, err error) {
	rep = map[string]any{}
	switch {
	case f.load != nil:
		rep, err = f.load(v)
		if err == nil && rep == nil {
			err = &relyingparty.Refusal{Status: http.StatusNotFound}
		}
		return rep, err
	case f.api == nil:
		return rep, nil
	}
	err = v.api(http.MethodGet, f.api(v), nil, &rep)
	return rep, err
}

func (f form) show(v *visit) error {
	if f.locked(v) && f.fresh() {
		return v.closed() // there is nothing that could be looked at
	}
	rep, err := f.read(v)
	if err != nil {
		return err
	}
	p := formPage{}
	if !f.fresh() {
		p.Was = digestsOf(f.shown(v, rep)).encode()
	}
	return f.answer(v, rep, http.StatusOK, func(s setting) shown { return s.show(rep) }, p)
}

// answer shows the settings, with what the page p has besides.
func (f form) answer(v *visit, rep map[string]any, status int, show func(setting) shown, p formPage) error {
	p.Frame, p.Top, p.Form, p.Acts = v.frame(f.menu), f.top(v, rep), v.Post(v.R.URL.RequestURI()), f.acts
	p.Bad = f.bad
	p.Button = cmp.Or(f.button, "console.save")
	if f.button == "" && f.create != nil {
		p.Button = "console.create"
	}
	p.Locked = f.locked(v)
	for _, sec := range f.sections(v, rep) {
		out := shownSection{Title: sec.Title}
		for _, s := range sec.Settings {
			one := show(s)
			p.Files = p.Files || s.Kind == kindFile
			one.Label, one.Locked = f.label(s), p.Locked || s.only()
			for i, e := range p.Errors {
				if e.Field == s.At {
					one.Error = &p.Errors[i]
				}
			}
			out.Settings = append(out.Settings, one)
		}
		p.Sections = append(p.Sections, out)
	}
	if f.beneath != nil {
		var err error
		if p.Beneath, err = f.beneath(v, rep); err != nil {
			return err
		}
	}
	return v.write(status, p)
}

// fresh says that the form shows nothing that is there already.
func (f form) fresh() bool {
	return f.create != nil || f.button == "console.create" || f.api == nil && f.load == nil
}

// locked says that the person may only look.
func (f form) locked(v *visit) bool { return len(f.may) > 0 && !v.may(f.may...) }

// label is the key of what a setting is called.
func (f form) label(s setting) string {
	if s.Label != "" {
		return s.Label
	}
	names := s.place()
	return f.prefix + "." + names[len(names)-1]
}

// post takes what was typed: it is saved, or tried by one of the form's acts.
func (f form) post(v *visit) error {
	if f.locked(v) {
		return v.closed()
	}
	rep, err := f.read(v)
	if err != nil {
		return err
	}
	t := f.take(v, rep)
	// What is put back may be changed for it; what is shown again is not.
	kept := clone(rep)
	if f.before != nil && len(t.faults) == 0 {
		if fault := f.before(v, kept); fault != nil {
			t.faults = append(t.faults, *fault)
		}
	}
	typed := func(s setting) shown {
		before := t.before[s.At]
		if s.only() || t.others[s.At] {
			return before
		}
		out := s.typed(v.R.Form)
		out.Kept = before.Kept
		return out
	}
	if len(t.faults) > 0 {
		return f.answer(v, rep, t.status, typed, formPage{Errors: t.faults, Was: t.was})
	}
	for _, a := range f.acts {
		if v.R.Form.Get("act") == a.name {
			said, err := a.do(v, kept)
			if faults := f.faults(v, rep, err); faults != nil {
				return f.answer(v, rep, http.StatusBadRequest, typed, formPage{Errors: faults, Was: t.was})
			}
			if err != nil {
				return err
			}
			return f.answer(v, rep, http.StatusOK, typed, formPage{Note: said, Was: t.was})
		}
	}
	done, err := f.keep(v, kept)
	if faults := f.faults(v, rep, err); faults != nil {
		return f.answer(v, rep, http.StatusBadRequest, typed, formPage{Errors: faults, Was: t.was})
	}
	if err != nil {
		return err
	}
	if done.page != nil {
		return v.write(http.StatusOK, done.page)
	}
	return v.back(done.address, done.notice)
}

// shown are the settings as they are, by their places.
func (f form) shown(v *visit, rep map[string]any) map[string]shown {
	out := map[string]shown{}
	for _, sec := range f.sections(v, rep) {
		for _, s := range sec.Settings {
			out[s.At] = s.show(rep)
		}
	}
	return out
}

// clone is a copy of what JSON says, of which nothing is shared.
func clone[T any](value T) T {
	switch v := any(value).(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, one := range v {
			out[name] = clone(one)
		}
		return any(out).(T)
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = clone(one)
		}
		return any(out).(T)
	}
	return value
}

// keep puts the representation back, or makes the new thing.
func (f form) keep(v *visit, rep map[string]any) (sent, error) {
	switch {
	case f.send != nil:
		return f.send(v, rep)
	case f.create != nil:
		address, err := f.create(v, rep)
		return sent{address: address, notice: "created"}, err
	}
	save := f.save
	if save == nil {
		save = f.api
	}
	return sent{address: v.R.URL.Path, notice: "saved"}, v.api(http.MethodPut, save(v), rep, nil)
}

// places are the fields of the form.
func (f form) places(v *visit, rep map[string]any) (list []string) {
	for _, sec := range f.sections(v, rep) {
		for _, s := range sec.Settings {
			list = append(list, s.At)
		}
	}
	return list
}

// barred is what the API says to who lacks the role for a call. What it says
// else of what somebody may not do names the reason.
const barred = "HTTP 403 Forbidden"

// faultsOf reads what the API refused (400, 409, and 403 with a reason): at the
// fields that it names when they are among the places, else above the form. Nil
// for every other error, and for none.
func faultsOf(err error, places []string) (list []page.FieldError) {
	var no *relyingparty.Refusal
	if !errors.As(err, &no) {
		return nil
	}
	switch no.Status {
	case http.StatusBadRequest, http.StatusConflict:
	case http.StatusForbidden:
		if m := no.Message(); m == "" || m == barred {
			return nil
		}
	default:
		return nil
	}
	type fault struct {
		Field        string `json:"field"`
		ErrorMessage string `json:"errorMessage"`
		Params       []any  `json:"params"`
	}
	var said struct {
		fault
		Errors []fault `json:"errors"` // of a user's profile
	}
	_ = json.Unmarshal(no.Body, &said) // one that names no field stands above the form
	for _, one := range said.Errors {
		list = append(list, page.FieldError{Field: placeOf(one.Field, places), Message: one.ErrorMessage, Args: plainArgs(one.Params)})
	}
	if list != nil {
		return list
	}
	return []page.FieldError{{Field: placeOf(said.Field, places), Message: cmp.Or(no.Message(), "console.error.refused"), Args: plainArgs(said.Params)}}
}

// placeOf finds the place of a form that the API means by a field; empty when
// it is none of them.
func placeOf(field string, places []string) string {
	if field == "" {
		return ""
	}
	for _, at := range places {
		first, below, _ := strings.Cut(at, "/")
		if field == first+"["+strconv.Quote(below)+"]" || strings.HasSuffix(field, "]."+at) { // a name with dots in a map; a member of one in a list
			return at
		}
		last := at[strings.LastIndexByte(at, '/')+1:]
		if field == at || strings.ReplaceAll(at, "/", ".") == field || below == field || last == field {
			return at
		}
	}
	return ""
}

// plainArgs are arguments of JSON for a text of the catalogue.
func plainArgs(list []any) (args []any) {
	for _, p := range list {
		if n, ok := p.(float64); ok {
			p = int(n)
		}
		args = append(args, p)
	}
	return args
}
