package page

import (
	"context"
	"io"
)

// Title and Render of every page. A title says what happened.

// Title names the page.
func (p EmailForm) Title(t *Texts) string {
	if p.Fixed {
		return t.Say("email.fixed.heading")
	}
	return t.Say(p.heading())
}

func (p EmailForm) heading() string {
	if p.RegisterToo {
		return "email.heading.register"
	}
	return "email.heading"
}

// Render writes the page's main part.
func (p EmailForm) Render(ctx context.Context, w io.Writer) error { return emailForm(p).Render(ctx, w) }

// Title names the page.
func (UsernameForm) Title(t *Texts) string { return t.Say("password.heading") }

// Render writes the page's main part.
func (p UsernameForm) Render(ctx context.Context, w io.Writer) error {
	return usernameForm(p).Render(ctx, w)
}

// Title names the page.
func (PasswordForm) Title(t *Texts) string { return t.Say("password.heading.password") }

// Render writes the page's main part.
func (p PasswordForm) Render(ctx context.Context, w io.Writer) error {
	return passwordForm(p).Render(ctx, w)
}

// Title names the page.
func (UsernamePasswordForm) Title(t *Texts) string { return t.Say("password.heading") }

// Render writes the page's main part.
func (p UsernamePasswordForm) Render(ctx context.Context, w io.Writer) error {
	return usernamePasswordForm(p).Render(ctx, w)
}

// Title names the page.
func (p Waiting) Title(t *Texts) string {
	if p.Failed {
		return t.Say("waiting.failed.heading")
	}
	return t.Say("waiting.heading")
}

// Render writes the page's main part.
func (p Waiting) Render(ctx context.Context, w io.Writer) error { return waiting(p).Render(ctx, w) }

func (p Waiting) module() string {
	if p.PollURL == "" {
		return ""
	}
	return "waiting.js"
}

// Title names the page.
func (p LinkSameBrowser) Title(t *Texts) string { return t.Say(p.heading()) }

// Render writes the page's main part.
func (p LinkSameBrowser) Render(ctx context.Context, w io.Writer) error {
	return linkSameBrowser(p).Render(ctx, w)
}

func (LinkSameBrowser) module() string { return "submit.js" }

// Title names the page.
func (p LinkOtherBrowser) Title(t *Texts) string {
	switch {
	case p.NumberClosed:
		return t.Say("link.closed.heading")
	case p.Policy == OtherCode:
		return t.Say("link.code.heading")
	case p.Policy == OtherRefuse:
		return t.Say("link.refuse.heading")
	}
	if p.Reset {
		return t.Say("link.reset.other-title")
	}
	return t.Say("link.other.title")
}

// Render writes the page's main part.
func (p LinkOtherBrowser) Render(ctx context.Context, w io.Writer) error {
	return linkOtherBrowser(p).Render(ctx, w)
}

// Title names the page.
func (ConfirmHere) Title(t *Texts) string { return t.Say("link.here.title") }

// Render writes the page's main part.
func (p ConfirmHere) Render(ctx context.Context, w io.Writer) error {
	return confirmHere(p).Render(ctx, w)
}

// Title names the page.
func (p LinkOver) Title(t *Texts) string { return t.Say(p.heading()) }

// heading is the same for every reason where the browser does not hold the
// login's cookie.
func (p LinkOver) heading() string {
	if p.Own {
		switch p.Why {
		case OverUsed:
			return "link.used.heading"
		case OverExpired:
			return "link.expired.heading"
		case OverEnded:
			return "link.ended.heading"
		}
	}
	return "link.over.heading"
}

// Render writes the page's main part.
func (p LinkOver) Render(ctx context.Context, w io.Writer) error { return linkOver(p).Render(ctx, w) }

// Title names the page.
func (LinkInvalid) Title(t *Texts) string { return t.Say("link.invalid.heading") }

// Render writes the page's main part.
func (p LinkInvalid) Render(ctx context.Context, w io.Writer) error {
	return linkInvalid().Render(ctx, w)
}

// Title names the page.
func (CookieMissing) Title(t *Texts) string { return t.Say("link.cookie.heading") }

// Render writes the page's main part.
func (p CookieMissing) Render(ctx context.Context, w io.Writer) error {
	return cookieMissing().Render(ctx, w)
}

// Title names the page.
func (OtherUser) Title(t *Texts) string { return t.Say("link.other-user.heading") }

// Render writes the page's main part.
func (p OtherUser) Render(ctx context.Context, w io.Writer) error { return otherUser(p).Render(ctx, w) }

// Title names the page.
func (UserDisabled) Title(t *Texts) string { return t.Say("disabled.heading") }

// Render writes the page's main part.
func (p UserDisabled) Render(ctx context.Context, w io.Writer) error {
	return userDisabled().Render(ctx, w)
}

// Title names the page.
func (WentOnThere) Title(t *Texts) string { return t.Say("went-on.heading") }

// Render writes the page's main part.
func (p WentOnThere) Render(ctx context.Context, w io.Writer) error {
	return wentOnThere().Render(ctx, w)
}

// Title names the page.
func (ContinueThereDone) Title(t *Texts) string { return t.Say("continue-there.heading") }

// Render writes the page's main part.
func (p ContinueThereDone) Render(ctx context.Context, w io.Writer) error {
	return continueThereDone().Render(ctx, w)
}

// Title names the page.
func (NotMeDone) Title(t *Texts) string { return t.Say("not-me.heading") }

// Render writes the page's main part.
func (p NotMeDone) Render(ctx context.Context, w io.Writer) error { return notMeDone(p).Render(ctx, w) }

// Title names the page.
func (LostScreen) Title(t *Texts) string { return t.Say("lost.heading") }

// Render writes the page's main part.
func (p LostScreen) Render(ctx context.Context, w io.Writer) error {
	return lostScreen().Render(ctx, w)
}

// Title names the page.
func (p APILink) Title(t *Texts) string {
	if p.Actions {
		return t.Say("actions.title")
	}
	return t.Say("api.title")
}

// Render writes the page's main part.
func (p APILink) Render(ctx context.Context, w io.Writer) error { return apiLink(p).Render(ctx, w) }

// Title names the page.
func (p ProfileForm) Title(t *Texts) string { return t.Say(p.heading()) }

func (p ProfileForm) heading() string {
	if p.New {
		return "profile.heading.new"
	}
	return "profile.heading"
}

// Render writes the page's main part.
func (p ProfileForm) Render(ctx context.Context, w io.Writer) error {
	return profileForm(p).Render(ctx, w)
}

// Title names the page.
func (RegistrationForm) Title(t *Texts) string { return t.Say("register.heading") }

// Render writes the page's main part.
func (p RegistrationForm) Render(ctx context.Context, w io.Writer) error {
	return registrationForm(p).Render(ctx, w)
}

// Title names the page.
func (ChooseUser) Title(t *Texts) string { return t.Say("forgot.heading") }

// Render writes the page's main part.
func (p ChooseUser) Render(ctx context.Context, w io.Writer) error {
	return chooseUser(p).Render(ctx, w)
}

// Title names the page.
func (VerifyEmail) Title(t *Texts) string { return t.Say("verify.heading") }

// Render writes the page's main part.
func (p VerifyEmail) Render(ctx context.Context, w io.Writer) error {
	return verifyEmail(p).Render(ctx, w)
}

func (VerifyEmail) module() string { return "waiting.js" }

// Title names the page.
func (PasswordUpdate) Title(t *Texts) string { return t.Say("password-update.heading") }

// Render writes the page's main part.
func (p PasswordUpdate) Render(ctx context.Context, w io.Writer) error {
	return passwordUpdate(p).Render(ctx, w)
}

// Title names the page.
func (Terms) Title(t *Texts) string { return t.Say("terms.heading") }

// Render writes the page's main part.
func (p Terms) Render(ctx context.Context, w io.Writer) error { return terms(p).Render(ctx, w) }

// Title names the page.
func (TryAnother) Title(t *Texts) string { return t.Say("try-another.heading") }

// Render writes the page's main part.
func (p TryAnother) Render(ctx context.Context, w io.Writer) error {
	return tryAnotherWay(p).Render(ctx, w)
}
