package console

import (
	"net/http"
	"net/url"

	"latchkey/internal/page"
)

// taken says at the field that a flow, or a sub-flow, has the name that was
// typed there, which one, and what to do. own is the name that may stay, and
// within a name that another can be made of; both may be empty. A name that is
// taken in the same moment, or cannot be asked about, is refused by the API.
func (v *visit) taken(field, name, own, within string) *page.FieldError {
	if name == own || v.api(http.MethodGet, "/authentication/flows/"+url.PathEscape(name)+"/executions", nil, nil) != nil {
		return nil
	}
	say := func(key string, args ...any) *page.FieldError {
		return &page.FieldError{Field: field, Message: key, Args: args}
	}
	if within == "" {
		within = "my"
	}
	other := within + " " + name
	var flows []map[string]any
	if v.api(http.MethodGet, "/authentication/flows", nil, &flows) != nil {
		return nil
	}
	for _, f := range flows {
		alias := text(f["alias"])
		if alias == name {
			return say("console.flow.taken", name, other)
		}
		var steps []*execution
		if v.api(http.MethodGet, "/authentication/flows/"+url.PathEscape(alias)+"/executions", nil, &steps) != nil {
			continue
		}
		for _, e := range steps {
			if e.SubFlow && e.Name == name {
				return say("console.flow.taken-below", name, other, alias)
			}
		}
	}
	return say("console.flow.taken", name, other) // it stands in no flow
}
