package console

import (
	"net/http"
	"slices"
	"strings"

	"latchkey/internal/page"
)

// pick is something that is done with things of a list that were chosen by the
// boxes beside them.
type pick struct {
	name, label string // label is a key
	bad         bool   // it takes something away
	one         bool   // only one can be chosen
	// ask are the keys of the question before it is done, as those of an act;
	// its argument are the names of what was chosen. Empty: there is none.
	ask [3]string
	// warn is as that of an act; may be nil.
	warn func(v *visit, chosen []string) string
	// do does it, and says where to go on and with which notice.
	do func(v *visit, chosen []string) (address, notice string, err error)
}

// chosen is the name of the boxes, and sure that of the answer to a question.
const (
	chosenField = "chosen"
	sureField   = "sure"
)

// pick does what was sent of a list, and shows the list with what is wrong.
func (l list) pick(v *visit) error {
	if l.may != nil && !v.may(l.may...) {
		return v.closed()
	}
	chosen := v.R.Form[chosenField]
	i := slices.IndexFunc(l.picks, func(p pick) bool { return p.name == v.R.Form.Get("act") })
	switch {
	case i < 0:
		return l.show(v, http.StatusBadRequest, []page.FieldError{{Message: "console.error.choice"}})
	case len(chosen) == 0:
		return l.show(v, http.StatusBadRequest, []page.FieldError{{Message: "console.error.none-chosen"}})
	}
	p := l.picks[i]
	if p.one && len(chosen) > 1 {
		return l.show(v, http.StatusBadRequest, []page.FieldError{{Message: "console.error.choice"}})
	}
	if p.ask[0] != "" && v.R.Form.Get(sureField) == "" {
		return l.question(v, p, chosen)
	}
	address, notice, err := p.do(v, chosen)
	if faults := faultsOf(err, nil); faults != nil {
		return l.show(v, http.StatusBadRequest, faults)
	}
	if err != nil {
		return err
	}
	return v.back(address, notice)
}

// question asks before something is done with what was chosen, by name.
func (l list) question(v *visit, p pick, chosen []string) error {
	things, _, err := l.ask(v, v.first(), v.query.Get("search"))
	if err != nil {
		return err
	}
	var names []string
	for _, rep := range things {
		if r := l.row(v, rep); slices.Contains(chosen, r.Value) {
			names = append(names, r.name())
		}
	}
	q := confirm{Frame: v.frame(l.menu), Ask: p.ask, Thing: strings.Join(names, ", "), Form: v.Post(v.R.URL.RequestURI()), NoURL: v.R.URL.RequestURI(),
		Sent: []option{{"act", p.name}, {sureField, "yes"}}}
	for _, value := range chosen {
		q.Sent = append(q.Sent, option{chosenField, value})
	}
	if p.warn != nil {
		q.Warn = p.warn(v, chosen)
	}
	return v.write(http.StatusOK, q)
}
