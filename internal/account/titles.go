package account

import (
	"cmp"
	"context"
	"io"

	"latchkey"
	"latchkey/internal/page"
)

// Title names the page.
func (Info) Title(t *page.Texts) string { return t.Say("account.info") }

// Render writes the page's main part.
func (p Info) Render(ctx context.Context, w io.Writer) error { return info(p).Render(ctx, w) }

// Title names the page.
func (SigningIn) Title(t *page.Texts) string { return t.Say("account.signing-in") }

// Render writes the page's main part.
func (p SigningIn) Render(ctx context.Context, w io.Writer) error { return signingIn(p).Render(ctx, w) }

// Title names the page.
func (Devices) Title(t *page.Texts) string { return t.Say("account.devices") }

// Render writes the page's main part.
func (p Devices) Render(ctx context.Context, w io.Writer) error { return devices(p).Render(ctx, w) }

// Title names the page.
func (Applications) Title(t *page.Texts) string { return t.Say("account.applications") }

// Render writes the page's main part.
func (p Applications) Render(ctx context.Context, w io.Writer) error {
	return applications(p).Render(ctx, w)
}

// Title names the page.
func (Groups) Title(t *page.Texts) string { return t.Say("account.groups") }

// Render writes the page's main part.
func (p Groups) Render(ctx context.Context, w io.Writer) error { return groups(p).Render(ctx, w) }

// Title names the page.
func (Activity) Title(t *page.Texts) string { return t.Say("account.activity") }

// Render writes the page's main part.
func (p Activity) Render(ctx context.Context, w io.Writer) error { return activity(p).Render(ctx, w) }

// Title names the page.
func (p Confirm) Title(t *page.Texts) string { return t.Say(p.Heading, p.plain()...) }

// plain are the arguments for a title, which holds text alone.
func (p Confirm) plain() []any {
	var out []any
	for _, a := range p.Args {
		if b, ok := a.(latchkey.Browser); ok {
			a = cmp.Or(b.Name, b.OS)
		}
		out = append(out, a)
	}
	return out
}

// Render writes the page's main part.
func (p Confirm) Render(ctx context.Context, w io.Writer) error { return confirm(p).Render(ctx, w) }

// Title names the page.
func (Closed) Title(t *page.Texts) string { return t.Say("account.closed.heading") }

// Render writes the page's main part.
func (p Closed) Render(ctx context.Context, w io.Writer) error { return closed().Render(ctx, w) }

// Title names the page.
func (Missing) Title(t *page.Texts) string { return t.Say("not-found.heading") }

// Render writes the page's main part.
func (p Missing) Render(ctx context.Context, w io.Writer) error { return missing().Render(ctx, w) }
