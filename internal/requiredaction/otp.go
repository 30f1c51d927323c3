package requiredaction

import (
	"encoding/base64"
	"strings"
	"unicode"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/flow"
	"latchkey/internal/user"
)

// configureOTP sets a device up for one-time passwords: it shows a secret as a
// picture, and takes the device when it shows the code of it. Until then the
// secret is in the login alone, sealed.
type configureOTP struct{}

func (configureOTP) Provider() flow.Provider {
	return described(latchkey.ActionConfigureOTP, "Configure OTP")
}
func (configureOTP) Evaluate(*flow.Context) (bool, error) { return false, nil }

// noteSecret holds the secret, sealed; purposeSecret is what it is sealed for.
const (
	noteSecret    = "secret"
	purposeSecret = "login.otp" //nolint:gosec // a purpose, not a secret
	maxLabel      = 255         // characters of a device's name
)

// secret gives the login's secret, drawn when there is none.
func (configureOTP) secret(c *flow.Context) latchkey.Secret {
	if sealed, err := base64.StdEncoding.DecodeString(c.Note(noteSecret)); err == nil && len(sealed) > 0 {
		if plain, err := c.Tx.Keyring().Open(purposeSecret, c.Login.ID, sealed); err == nil {
			return latchkey.Secret(plain)
		}
	}
	s := credential.NewOTPSecret()
	c.SetNote(noteSecret, base64.StdEncoding.EncodeToString(c.Tx.Keyring().Seal(purposeSecret, c.Login.ID, []byte(s.Reveal()))))
	return s
}

func (a configureOTP) Challenge(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	screen, _, err := a.screen(c, u)
	return flow.Outcome{Kind: flow.Challenge, Screen: screen}, err
}

// screen is the page, with the user's other devices.
func (a configureOTP) screen(c *flow.Context, u *latchkey.User) (flow.OTPSetup, []*latchkey.Credential, error) {
	all, err := c.Tx.Credentials(u.RealmID, u.ID)
	if err != nil {
		return flow.OTPSetup{}, nil, err
	}
	var devices []*latchkey.Credential
	for _, cr := range all {
		if cr.Type == latchkey.CredentialOTP {
			devices = append(devices, cr)
		}
	}
	s, policy := a.secret(c), c.Realm.Realm.OTPPolicy.OrDefaults()
	account := u.Email
	if account == "" {
		account = u.Username
	}
	return flow.OTPSetup{
		URL: credential.OTPURL(policy, s, c.Realm.Realm.Title(), account), Key: s, Policy: policy,
		Label: label(c), Named: len(devices) > 0, LogoutOthers: c.Form.Get(fieldLogoutOthers) != "",
	}, devices, nil
}

// label is the device's name as it was typed, on one line.
func label(c *flow.Context) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, c.Form.Get("userLabel")))
}

func (a configureOTP) Action(c *flow.Context) (flow.Outcome, error) {
	u, err := userOf(c)
	if err != nil {
		return flow.Outcome{}, err
	}
	screen, devices, err := a.screen(c, u)
	if err != nil {
		return flow.Outcome{}, err
	}
	fresh, err := credential.NewOTP(screen.Policy, screen.Key, screen.Label)
	if err != nil {
		return flow.Outcome{}, err
	}
	if screen.Errors = a.wrong(c, screen, devices); len(screen.Errors) == 0 {
		m, right := credential.VerifyOTP(fresh, screen.Policy, c.Form.Get("totp"), c.Now)
		if right {
			fresh.Counter, fresh.CredentialData = m.Used+1, m.Data // that code is used
		} else {
			screen.Errors = []flow.FieldError{{Field: "totp", Message: "error.otp.setup"}}
		}
	}
	if len(screen.Errors) > 0 {
		return flow.Outcome{Kind: flow.Failure, Screen: screen, Code: "invalid_totp"}, nil
	}
	c.SetNote(noteSecret, "")
	if err := user.AddCredential(c.Tx, c.Realm, u, fresh, actOf(c)); err != nil {
		return flow.Outcome{}, err
	}
	if screen.LogoutOthers {
		return done, endOthers(c, u)
	}
	return done, nil
}

// wrong says what speaks against the form, but for whether the code is right.
func (configureOTP) wrong(c *flow.Context, screen flow.OTPSetup, devices []*latchkey.Credential) (errs []flow.FieldError) {
	if strings.TrimSpace(c.Form.Get("totp")) == "" {
		errs = append(errs, flow.FieldError{Field: "totp", Message: "error.otp.missing"})
	}
	switch {
	case len([]rune(screen.Label)) > maxLabel:
		return append(errs, flow.FieldError{Field: "userLabel", Message: "error.field.long", Args: []any{maxLabel}})
	case screen.Label == "" && screen.Named:
		return append(errs, flow.FieldError{Field: "userLabel", Message: "error.otp.name.missing"})
	}
	for _, d := range devices {
		if strings.EqualFold(d.UserLabel, screen.Label) {
			return append(errs, flow.FieldError{Field: "userLabel", Message: "error.otp.name.taken"})
		}
	}
	return errs
}
