package latchkey

import "time"

// The types of one-time passwords: by the time (RFC 6238) and by a counter
// (RFC 4226).
const (
	OTPTime    = "totp"
	OTPCounter = "hotp"
)

// OTPPolicy says how a realm's one-time passwords are made, with Keycloak's
// words (otpPolicy*). It is what a new device is set up by; a device that is
// there keeps its own.
type OTPPolicy struct {
	Type            string `json:"type,omitempty"`      // totp or hotp
	Algorithm       string `json:"algorithm,omitempty"` // HmacSHA1, HmacSHA256, HmacSHA512
	InitialCounter  int    `json:"initialCounter,omitempty"`
	Digits          int    `json:"digits,omitempty"` // 6 or 8
	LookAheadWindow int    `json:"lookAheadWindow,omitempty"`
	Period          int    `json:"period,omitempty"` // seconds
	// CodeReusable lets a code of the time be used again while it is good: a
	// weakening.
	CodeReusable          bool     `json:"codeReusable,omitempty"`
	SupportedApplications []string `json:"supportedApplications,omitempty"`
}

// MaxOTPWindow is how many codes before or behind the expected one may be
// looked at, whatever the realm says: each more is one that a guess can hit.
const MaxOTPWindow = 100

// OrDefaults is the policy with Keycloak's values for what it does not say.
func (p OTPPolicy) OrDefaults() OTPPolicy {
	if p.Type == "" {
		p.Type, p.LookAheadWindow = OTPTime, max(p.LookAheadWindow, 1)
		p.SupportedApplications = []string{"totpAppFreeOTPName", "totpAppGoogleName", "totpAppMicrosoftAuthenticatorName"}
	}
	if p.Algorithm == "" {
		p.Algorithm = "HmacSHA1"
	}
	if p.Digits == 0 {
		p.Digits = 6
	}
	if p.Period <= 0 {
		p.Period = int((30 * time.Second).Seconds())
	}
	p.LookAheadWindow = min(max(p.LookAheadWindow, 0), MaxOTPWindow)
	return p
}
