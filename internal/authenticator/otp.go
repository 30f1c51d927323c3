package authenticator

import (
	"strings"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/flow"
	"latchkey/internal/ratelimit"
)

// otpForm asks for a one-time password of one of the user's devices.
type otpForm struct{}

func (otpForm) Provider() flow.Provider {
	return flow.Provider{
		ID: latchkey.AuthOTPForm, DisplayName: "OTP Form", Category: latchkey.CredentialOTP, Requirements: anyRequirement, NeedsUser: true,
		HelpText: "Asks for the code that the user's authenticator application shows.",
		Label:    "way.auth-otp-form",
	}
}

// ConfiguredFor says whether the user has a device.
func (otpForm) ConfiguredFor(c *flow.Context, u *latchkey.User) (bool, error) { return hasOTP(c, u) }

// SetUpBy is the required action that sets a device up.
func (otpForm) SetUpBy() string { return latchkey.ActionConfigureOTP }

func (otpForm) Authenticate(c *flow.Context) (flow.Outcome, error) {
	u, err := c.User()
	if err != nil || u == nil {
		return attempted, err
	}
	list, err := devices(c, u)
	if err != nil || len(list) == 0 {
		return attempted, err
	}
	return challenge(otpScreen(c, list))
}

// fieldDevice is the form's choice of a device, as Keycloak's page has it.
const fieldDevice = "selectedCredentialId"

func (otpForm) Action(c *flow.Context) (flow.Outcome, error) {
	u, err := c.User()
	if err != nil || u == nil {
		return attempted, err
	}
	list, err := devices(c, u)
	if err != nil || len(list) == 0 {
		return attempted, err
	}
	screen := otpScreen(c, list)
	code := c.Form.Get("otp")
	if strings.TrimSpace(code) == "" {
		if c.Form.Has(fieldDevice) && !c.Form.Has("otp") {
			return challenge(screen) // another device was picked
		}
		screen.Errors = []flow.FieldError{{Field: "otp", Message: "error.otp.missing"}}
		return refuse(codeWrong, screen)
	}
	chosen := list[:1]
	for _, d := range list {
		if d.ID == screen.Chosen {
			chosen = []*latchkey.Credential{d}
		}
	}
	r, err := checkOTP(c, u, chosen, code)
	if err != nil {
		return flow.Outcome{}, err
	}
	if r.code != "" {
		screen.Errors = []flow.FieldError{r.told("otp", "error.otp.wrong")}
		return refuse(r.code, screen)
	}
	return passed, nil
}

func otpScreen(c *flow.Context, list []*latchkey.Credential) flow.OTPForm {
	screen := flow.OTPForm{Chosen: list[0].ID}
	for _, d := range list {
		screen.Devices = append(screen.Devices, flow.OTPDevice{ID: d.ID, Label: d.UserLabel})
		if d.ID == c.Form.Get(fieldDevice) {
			screen.Chosen = d.ID
		}
	}
	return screen
}

func hasOTP(c *flow.Context, u *latchkey.User) (bool, error) {
	list, err := devices(c, u)
	return len(list) > 0, err
}

// devices are the user's devices for one-time passwords, the preferred first.
func devices(c *flow.Context, u *latchkey.User) ([]*latchkey.Credential, error) {
	return ofType(c.Tx, u, latchkey.CredentialOTP)
}

// codeWrong is the code of what was wrong, whatever it was.
const codeWrong = "invalid_user_credentials"

// codeLocked is the code of a guess that was not compared.
const codeLocked = "user_temporarily_disabled"

// checkOTP compares the code with the devices' and uses it up. The try is
// counted before, against the limits and the realm's brute-force protection,
// and a right code that nobody used is taken back from both.
func checkOTP(c *flow.Context, u *latchkey.User, list []*latchkey.Credential, code string) (refusal, error) {
	realm := c.Realm.Realm
	who := guesser(c, u, u.Username)
	limits := ratelimit.OTP(c.Tx.Keyring(), realm.ID, u.ID, c.Browser.IP, who.Known)
	hit, retry, err := ratelimit.Take(c.Tx, realm.ID, limits...)
	if err != nil || hit != "" {
		return refusal{flow.CodeLimited, retry}, err
	}
	guess, err := ratelimit.BeginGuess(c.Tx, realm, who)
	switch {
	case err != nil:
		return refusal{}, err
	case !guess.Allowed:
		return refusal{code: codeLocked}, nil
	}
	for _, d := range list {
		m, right := credential.VerifyOTP(d, realm.OTPPolicy, code, c.Now)
		if !right {
			continue
		}
		if !m.Reusable {
			if right, err = c.Tx.UseOTP(d.RealmID, d.ID, m.Used, m.Data); err != nil {
				return refusal{}, err
			}
		}
		if right {
			c.Login.FromCookie = false
			c.Login.AddAMR(latchkey.AMROTP)
			if err := ratelimit.Give(c.Tx, realm.ID, limits...); err != nil {
				return refusal{}, err
			}
			return refusal{}, guess.Right()
		}
	}
	return refusal{code: codeWrong}, guess.Wrong()
}
