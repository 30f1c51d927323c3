package page

import (
	"context"
	"io"

	"github.com/a-h/templ"
)

// Title names the page.
func (PageExpired) Title(t *Texts) string { return t.Say("page-expired.heading") }

// Render writes the page's main part.
func (p PageExpired) Render(ctx context.Context, w io.Writer) error {
	return pageExpired(p).Render(ctx, w)
}

// Title names the page.
func (AlreadySignedIn) Title(t *Texts) string { return t.Say("already.heading") }

// Render writes the page's main part.
func (p AlreadySignedIn) Render(ctx context.Context, w io.Writer) error {
	return alreadySignedIn(p).Render(ctx, w)
}

// Title names the page.
func (ActionsDone) Title(t *Texts) string { return t.Say("actions.done.heading") }

// Render writes the page's main part.
func (p ActionsDone) Render(ctx context.Context, w io.Writer) error {
	return actionsDone(p).Render(ctx, w)
}

// Title names the page.
func (CookiesOff) Title(t *Texts) string { return t.Say("cookies-off.heading") }

// Render writes the page's main part.
func (p CookiesOff) Render(ctx context.Context, w io.Writer) error {
	return cookiesOff(p).Render(ctx, w)
}

// Title names the page.
func (p Error) Title(t *Texts) string { return t.Say(p.Heading, p.Args...) }

// Render writes the page's main part.
func (p Error) Render(ctx context.Context, w io.Writer) error { return errorPage(p).Render(ctx, w) }

// Title names the page.
func (NotFound) Title(t *Texts) string { return t.Say("not-found.heading") }

// Render writes the page's main part.
func (p NotFound) Render(ctx context.Context, w io.Writer) error { return notFound().Render(ctx, w) }

// Title names the page.
func (LogoutConfirm) Title(t *Texts) string { return t.Say("logout.heading") }

// Render writes the page's main part.
func (p LogoutConfirm) Render(ctx context.Context, w io.Writer) error {
	return logoutConfirm(p).Render(ctx, w)
}

// Title names the page.
func (LoggedOut) Title(t *Texts) string { return t.Say("logged-out.heading") }

// Render writes the page's main part.
func (p LoggedOut) Render(ctx context.Context, w io.Writer) error { return loggedOut().Render(ctx, w) }

// Title names the page.
func (FormPost) Title(t *Texts) string { return t.Say("form-post.heading") }

// Render writes the page's main part.
func (p FormPost) Render(ctx context.Context, w io.Writer) error { return formPost(p).Render(ctx, w) }

func (FormPost) module() string { return "submit.js" }

// Title names the page.
func (FirstAdmin) Title(t *Texts) string { return t.Say("first-admin.heading") }

// Render writes the page's main part.
func (p FirstAdmin) Render(ctx context.Context, w io.Writer) error {
	return firstAdmin(p).Render(ctx, w)
}

// Title names the page.
func (FirstAdminUsed) Title(t *Texts) string { return t.Say("first-admin-used.heading") }

// Render writes the page's main part.
func (p FirstAdminUsed) Render(ctx context.Context, w io.Writer) error {
	return firstAdminUsed().Render(ctx, w)
}

// Custom is a page whose content another package makes: the console, the
// mailbox, the demo. Its components may use [Say] with keys of their own texts
// or plain sentences.
type Custom struct {
	// Heading is the document's title: a key of the catalogue or a plain text.
	Heading string
	Content templ.Component
	// Broad gives it 720 px instead of a form's 400.
	Broad bool
}

// Title names the page.
func (p Custom) Title(t *Texts) string { return t.Say(p.Heading) }

// Render writes the page's main part.
func (p Custom) Render(ctx context.Context, w io.Writer) error { return p.Content.Render(ctx, w) }

// Wide says whether it has the width of a table.
func (p Custom) Wide() bool { return p.Broad }
