package page

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"rsc.io/qr"

	"latchkey"
)

// OTPForm asks for a one-time password.
type OTPForm struct {
	Form
	Devices []OTPDevice // shown when there are several
	Chosen  string
	Errors  []FieldError
}

// OTPDevice is one device of a user.
type OTPDevice struct{ ID, Label string }

// OTPSetup shows how to set a device up for one-time passwords.
type OTPSetup struct {
	Form
	URL          latchkey.Secret // otpauth:, in the picture
	Key          latchkey.Secret // the same to be typed
	Policy       latchkey.OTPPolicy
	Label        string
	Named        bool // the device needs a name
	LogoutOthers bool // the box is ticked
	Errors       []FieldError
}

// DeleteAccount asks whether the account is to be deleted.
type DeleteAccount struct {
	Form
	Account string
}

// AccountDeleted says that the account is gone.
type AccountDeleted struct{}

// DeleteCredential asks whether a way to sign in is to be removed.
type DeleteCredential struct {
	Form
	Kind  string
	Label string
}

// AccessDenied says that the account may not sign in here.
type AccessDenied struct {
	Form
	Text string // the operator's own; empty for Latchkey's
}

// EmailUpdate asks for another address.
type EmailUpdate struct {
	Form
	Address      string // the account's
	Typed        string
	LogoutOthers bool
	Errors       []FieldError
}

// EmailUpdateSent says that a mail to the new address was sent.
type EmailUpdateSent struct {
	Form
	Address    string
	CodeClosed bool
	Reported   bool // someone said "It was not me" elsewhere
	ResendAt   time.Time
	Resent     bool
	Errors     []FieldError
}

// EmailRevert asks whether the account gets its earlier address back: the page
// of the link in the notice to it.
type EmailRevert struct {
	Form
	Address string // the earlier one
}

// EmailReverted says that it was done.
type EmailReverted struct{ Address string }

// name is what the page calls what it removes.
func (p DeleteCredential) name(ctx context.Context) string {
	if p.Label != "" {
		return clean(p.Label)
	}
	key := "credential." + p.Kind
	if t := from(ctx).texts; t.Has(key) {
		return t.Say(key)
	}
	return SayText(ctx, "credential.other")
}

// name of a device: its label, else a number.
func (p OTPForm) name(ctx context.Context, i int) string {
	if p.Devices[i].Label != "" {
		return clean(p.Devices[i].Label)
	}
	return SayText(ctx, "otp.device", i+1)
}

// key is the secret in groups of four, to be read off.
func (p OTPSetup) key() string {
	var groups []string
	for text := p.Key.Reveal(); text != ""; {
		n := min(4, len(text))
		groups, text = append(groups, text[:n]), text[n:]
	}
	return strings.Join(groups, " ")
}

// unusual says that the device has to be told more than the key.
func (p OTPSetup) unusual() bool {
	return p.Policy.Type != latchkey.OTPTime || p.Policy.Digits != 6 || p.Policy.Period != 30 || p.Policy.Algorithm != "HmacSHA1"
}

var applicationNames = map[string]string{
	"totpAppFreeOTPName": "FreeOTP", "totpAppGoogleName": "Google Authenticator", "totpAppMicrosoftAuthenticatorName": "Microsoft Authenticator",
}

// applications names what the realm says that its codes can be made with.
func (p OTPSetup) applications() string {
	var names []string
	for _, key := range p.Policy.SupportedApplications {
		if name, known := applicationNames[key]; known {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// picture is a QR code as a path of strokes, one for each run of dark squares.
type picture struct {
	size int // with the quiet zone
	path string
}

// quiet is the width of the light edge that a reader needs (ISO/IEC 18004
// 9.1).
const quiet = 4

// draw makes the picture of a text; the path is empty when the text is too
// long for one.
func draw(text string) picture {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return picture{}
	}
	var b strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			if !code.Black(x, y) {
				continue
			}
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			b.WriteString("M" + strconv.Itoa(from+quiet) + " " + strconv.Itoa(y+quiet) + ".5h" + strconv.Itoa(x-from))
		}
	}
	return picture{size: code.Size + 2*quiet, path: b.String()}
}

func (p picture) box() string { return "0 0 " + strconv.Itoa(p.size) + " " + strconv.Itoa(p.size) }

// Title names the page.
func (OTPForm) Title(t *Texts) string { return t.Say("otp.heading") }

// Render writes the page's main part.
func (p OTPForm) Render(ctx context.Context, w io.Writer) error { return otpForm(p).Render(ctx, w) }

// Title names the page.
func (OTPSetup) Title(t *Texts) string { return t.Say("otp.setup.heading") }

// Render writes the page's main part.
func (p OTPSetup) Render(ctx context.Context, w io.Writer) error { return otpSetup(p).Render(ctx, w) }

// Title names the page.
func (DeleteAccount) Title(t *Texts) string { return t.Say("delete-account.heading") }

// Render writes the page's main part.
func (p DeleteAccount) Render(ctx context.Context, w io.Writer) error {
	return deleteAccount(p).Render(ctx, w)
}

// Title names the page.
func (AccountDeleted) Title(t *Texts) string { return t.Say("account-deleted.heading") }

// Render writes the page's main part.
func (p AccountDeleted) Render(ctx context.Context, w io.Writer) error {
	return accountDeleted().Render(ctx, w)
}

// Title names the page.
func (AccessDenied) Title(t *Texts) string { return t.Say("denied.heading") }

// Render writes the page's main part.
func (p AccessDenied) Render(ctx context.Context, w io.Writer) error {
	return accessDenied(p).Render(ctx, w)
}

// Title names the page.
func (DeleteCredential) Title(t *Texts) string { return t.Say("delete-credential.heading") }

// Render writes the page's main part.
func (p DeleteCredential) Render(ctx context.Context, w io.Writer) error {
	return deleteCredential(p).Render(ctx, w)
}

// Title names the page.
func (EmailUpdate) Title(t *Texts) string { return t.Say("email-update.heading") }

// Render writes the page's main part.
func (p EmailUpdate) Render(ctx context.Context, w io.Writer) error {
	return emailUpdate(p).Render(ctx, w)
}

// Title names the page.
func (EmailUpdateSent) Title(t *Texts) string { return t.Say("email-update.sent.heading") }

// Render writes the page's main part.
func (p EmailUpdateSent) Render(ctx context.Context, w io.Writer) error {
	return emailUpdateSent(p).Render(ctx, w)
}

func (EmailUpdateSent) module() string { return "waiting.js" }

// Title names the page.
func (EmailRevert) Title(t *Texts) string { return t.Say("email-revert.heading") }

// Render writes the page's main part.
func (p EmailRevert) Render(ctx context.Context, w io.Writer) error {
	return emailRevert(p).Render(ctx, w)
}

// Title names the page.
func (EmailReverted) Title(t *Texts) string { return t.Say("email-reverted.heading") }

// Render writes the page's main part.
func (p EmailReverted) Render(ctx context.Context, w io.Writer) error {
	return emailReverted(p).Render(ctx, w)
}
