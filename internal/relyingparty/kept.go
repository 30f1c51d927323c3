package relyingparty

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/page"
)

// sessionCode is the field of every form that ties it to a sign-in.
const sessionCode = "session_code"

// codeLength is that of a code, as secret.Token draws it.
const codeLength = 43

// kept is the page for a form that was sent when its sign-in had ended. It was
// not taken, and what was typed is in the page: one signs in in another tab and
// sends it again. With the code of another sign-in it is not taken either,
// until somebody who sees the page sends it once more.
type kept struct {
	Form page.Form
	Sent url.Values
	// Secrets are fields whose values do not stand in the page: they are asked for
	// again, by what they are called.
	Secrets []secretField
	// SignInURL is where one signs in; empty: somebody is signed in already.
	SignInURL string
}

// secretField is the name of a secret's field, and what it is called.
type secretField struct{ Name, Label string }

// SecretField stands behind the name of a field in that of another one, by which
// a form says that the field is a secret, and what it is called.
const SecretField = "~secret"

func (p kept) heading() string {
	if p.SignInURL == "" {
		return "kept.again.heading"
	}
	return "kept.heading"
}

// Title names the page.
func (p kept) Title(t *page.Texts) string { return t.Say(p.heading()) }

// Render writes the page's main part.
func (p kept) Render(ctx context.Context, w io.Writer) error { return keptView(p).Render(ctx, w) }

// typed says that the request is a form that somebody has filled in: it has a
// code such as a sign-in here has.
func (v *Visit) typed() bool {
	return v.R.Method == http.MethodPost && len(v.R.Form.Get(sessionCode)) == codeLength && len(v.R.Form) > 1
}

// keepForm answers a form that is not taken with a page that has what was typed.
func (v *Visit) keepForm(signedIn bool) error {
	p := kept{Form: v.Post(v.R.URL.RequestURI()), Sent: url.Values{}}
	for name, values := range v.R.Form {
		if name != sessionCode {
			p.Sent[name] = values
		}
	}
	for _, marked := range slices.Sorted(maps.Keys(v.R.Form)) {
		name, is := strings.CutSuffix(marked, SecretField)
		if is && p.Sent.Get(name) != "" {
			p.Secrets = append(p.Secrets, secretField{name, v.R.Form.Get(marked)})
		}
		if is {
			delete(p.Sent, name)
		}
	}
	if !signedIn {
		p.SignInURL = v.URL(PathHome)
	}
	return v.Show(http.StatusForbidden, p, page.Policy{})
}
