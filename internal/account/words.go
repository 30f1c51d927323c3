package account

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/a-h/templ"

	"latchkey"
	"latchkey/internal/page"
)

// kindWords are the keys of what is said of a kind of sign-in method.
var kindWords = map[string]struct{ name, help, none, add string }{
	"password": {"account.password", "account.password.help", "account.password.none", "account.password.add"},
	"otp":      {"account.otp", "account.otp.help", "account.otp.none", "account.otp.add"},
}

// otherKind is said of kinds that have no words of their own.
const otherKind = "account.method"

func (k Kind) name() string { return cmp.Or(kindWords[k.Type].name, otherKind) }
func (k Kind) help() string { return cmp.Or(kindWords[k.Type].help, "account.method.help") }
func (k Kind) none() string { return cmp.Or(kindWords[k.Type].none, "account.method.none") }
func (k Kind) add() string  { return cmp.Or(kindWords[k.Type].add, "account.method.add") }

// called is what the person knows the credential by.
func (k Kind) called(ctx context.Context, one Credential) string {
	if one.Label != "" {
		return page.Clean(one.Label)
	}
	return page.SayText(ctx, k.name())
}

// wrong is what is wrong with the name of a credential.
func (p SigningIn) wrong(id string) *page.FieldError {
	for i := range p.Errors {
		if p.Errors[i].Field == id {
			return &p.Errors[i]
		}
	}
	return nil
}

func (p SigningIn) labelOf(one Credential) string {
	if p.wrong(one.ID) != nil {
		return p.Typed
	}
	return one.Label
}

func invalid(wrong *page.FieldError, id string) templ.OrderedAttributes {
	if wrong == nil {
		return nil
	}
	return templ.OrderedAttributes{{Key: "aria-invalid", Value: "true"}, {Key: "aria-describedby", Value: id + "-error"}}
}

// shown are the arguments of the question as the page says them.
func (p Confirm) shown(ctx context.Context) []any {
	var out []any
	for _, a := range p.Args {
		switch a := a.(type) {
		case latchkey.Browser:
			out = append(out, page.BrowserName(ctx, a))
		case time.Time:
			out = append(out, page.When(ctx, a))
		default:
			out = append(out, a)
		}
	}
	return out
}

func joined(list []string) string { return strings.Join(list, ", ") }
