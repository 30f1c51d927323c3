package page

import (
	"context"
	"io"
)

// SelectAccount shows who is signed in and asks to go on or to use another
// account (prompt=select_account).
type SelectAccount struct {
	Form
	Account string
}

// Title names the page.
func (SelectAccount) Title(t *Texts) string { return t.Say("select-account.heading") }

// Render writes the page's main part.
func (p SelectAccount) Render(ctx context.Context, w io.Writer) error {
	return selectAccount(p).Render(ctx, w)
}

// Consent asks whether an application may have what it asks for. Items are
// texts, or keys of the catalogue in ${}; what an operator wrote is shown as
// it is.
type Consent struct {
	Form
	Account string
	Items   []string
}

// Title names the page.
func (Consent) Title(t *Texts) string { return t.Say("consent.title") }

// Render writes the page's main part.
func (p Consent) Render(ctx context.Context, w io.Writer) error { return consent(p).Render(ctx, w) }

// own gives the form of any page that has one.
func (f Form) own() Form { return f }

// givenUp is the form of a page whose question the person may give up.
func givenUp(p Page) (Form, bool) {
	with, ok := p.(interface{ own() Form })
	if !ok || !with.own().Cancel {
		return Form{}, false
	}
	return with.own(), true
}
