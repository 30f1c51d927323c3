package representation

import (
	"slices"
	"strings"

	"latchkey"
)

// Masked stands for a secret that is not shown; given back, it means
// "unchanged".
const Masked = "**********"

// IsMasked says whether a secret was given back as it was shown.
func IsMasked(s string) bool { return s == Masked }

// set takes over a value that is given.
func set[T any](dst, src *T) {
	if src != nil {
		*dst = *src
	}
}

// Value gives a value, or the zero value when none is given.
func Value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// list makes sure that an empty list is written as [].
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// optional shows a text that may be absent.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// binding ties a setting of the representation to the same of the noun.
type binding[T any] struct {
	name string
	rep  **T
	noun *T
}

func (r *Realm) texts(n *latchkey.Realm) []binding[string] {
	return []binding[string]{
		{"displayName", &r.DisplayName, &n.DisplayName},
		{"displayNameHtml", &r.DisplayNameHTML, &n.DisplayNameHTML},
		{"sslRequired", &r.SSLRequired, &n.SSLRequired},
		{"defaultSignatureAlgorithm", &r.DefaultSignatureAlgorithm, &n.DefaultSignatureAlgorithm},
		{"passwordPolicy", &r.PasswordPolicy, &n.PasswordPolicy},
		{"defaultLocale", &r.DefaultLocale, &n.DefaultLocale},
		{"otpPolicyType", &r.OTPPolicyType, &n.OTPPolicy.Type},
		{"otpPolicyAlgorithm", &r.OTPPolicyAlgorithm, &n.OTPPolicy.Algorithm},
		{"bruteForceStrategy", &r.BruteForceStrategy, &n.BruteForce.Strategy},
	}
}

func (r *Realm) flows(n *latchkey.Realm) []binding[string] {
	return []binding[string]{
		{"browserFlow", &r.BrowserFlow, &n.BrowserFlow},
		{"registrationFlow", &r.RegistrationFlow, &n.RegistrationFlow},
		{"directGrantFlow", &r.DirectGrantFlow, &n.DirectGrantFlow},
		{"resetCredentialsFlow", &r.ResetCredentialsFlow, &n.ResetCredentialsFlow},
		{"clientAuthenticationFlow", &r.ClientAuthenticationFlow, &n.ClientAuthenticationFlow},
		{"dockerAuthenticationFlow", &r.DockerAuthenticationFlow, &n.DockerAuthenticationFlow},
		{"firstBrokerLoginFlow", &r.FirstBrokerLoginFlow, &n.FirstBrokerLoginFlow},
	}
}

// BoundFlows are the aliases of the flows that the realm is given, by the names
// of the settings.
func (r *Realm) BoundFlows() map[string]string {
	var blank latchkey.Realm
	out := map[string]string{}
	for _, b := range r.flows(&blank) {
		if *b.rep != nil {
			out[b.name] = **b.rep
		}
	}
	return out
}

func (r *Realm) numbers(n *latchkey.Realm) []binding[int] {
	return []binding[int]{
		{"refreshTokenMaxReuse", &r.RefreshTokenMaxReuse, &n.RefreshTokenMaxReuse},
		{"accessTokenLifespan", &r.AccessTokenLifespan, &n.AccessTokenLifespan},
		{"ssoSessionIdleTimeout", &r.SSOSessionIdleTimeout, &n.SSOSessionIdleTimeout},
		{"ssoSessionMaxLifespan", &r.SSOSessionMaxLifespan, &n.SSOSessionMaxLifespan},
		{"ssoSessionIdleTimeoutRememberMe", &r.SSOSessionIdleTimeoutRememberMe, &n.SSOSessionIdleTimeoutRememberMe},
		{"ssoSessionMaxLifespanRememberMe", &r.SSOSessionMaxLifespanRememberMe, &n.SSOSessionMaxLifespanRememberMe},
		{"offlineSessionIdleTimeout", &r.OfflineSessionIdleTimeout, &n.OfflineSessionIdleTimeout},
		{"offlineSessionMaxLifespan", &r.OfflineSessionMaxLifespan, &n.OfflineSessionMaxLifespan},
		{"clientSessionIdleTimeout", &r.ClientSessionIdleTimeout, &n.ClientSessionIdleTimeout},
		{"clientSessionMaxLifespan", &r.ClientSessionMaxLifespan, &n.ClientSessionMaxLifespan},
		{"clientOfflineSessionIdleTimeout", &r.ClientOfflineSessionIdleTimeout, &n.ClientOfflineSessionIdleTimeout},
		{"clientOfflineSessionMaxLifespan", &r.ClientOfflineSessionMaxLifespan, &n.ClientOfflineSessionMaxLifespan},
		{"accessCodeLifespan", &r.AccessCodeLifespan, &n.AccessCodeLifespan},
		{"accessCodeLifespanUserAction", &r.AccessCodeLifespanUserAction, &n.AccessCodeLifespanUserAction},
		{"accessCodeLifespanLogin", &r.AccessCodeLifespanLogin, &n.AccessCodeLifespanLogin},
		{"actionTokenGeneratedByAdminLifespan", &r.ActionTokenGeneratedByAdminLifespan, &n.ActionTokenGeneratedByAdminLifespan},
		{"actionTokenGeneratedByUserLifespan", &r.ActionTokenGeneratedByUserLifespan, &n.ActionTokenGeneratedByUserLifespan},
		{"otpPolicyInitialCounter", &r.OTPPolicyInitialCounter, &n.OTPPolicy.InitialCounter},
		{"otpPolicyDigits", &r.OTPPolicyDigits, &n.OTPPolicy.Digits},
		{"otpPolicyLookAheadWindow", &r.OTPPolicyLookAheadWindow, &n.OTPPolicy.LookAheadWindow},
		{"otpPolicyPeriod", &r.OTPPolicyPeriod, &n.OTPPolicy.Period},
		{"maxTemporaryLockouts", &r.MaxTemporaryLockouts, &n.BruteForce.MaxTemporaryLockouts},
		{"maxFailureWaitSeconds", &r.MaxFailureWaitSeconds, &n.BruteForce.MaxFailureWait},
		{"minimumQuickLoginWaitSeconds", &r.MinimumQuickLoginWaitSeconds, &n.BruteForce.MinimumQuickLoginWait},
		{"waitIncrementSeconds", &r.WaitIncrementSeconds, &n.BruteForce.WaitIncrement},
		{"maxDeltaTimeSeconds", &r.MaxDeltaTimeSeconds, &n.BruteForce.MaxDeltaTime},
		{"failureFactor", &r.FailureFactor, &n.BruteForce.FailureFactor},
	}
}

func (r *Realm) switches(n *latchkey.Realm) []binding[bool] {
	return []binding[bool]{
		{"revokeRefreshToken", &r.RevokeRefreshToken, &n.RevokeRefreshToken},
		{"offlineSessionMaxLifespanEnabled", &r.OfflineSessionMaxLifespanEnabled, &n.OfflineSessionMaxLifespanEnabled},
		{"registrationAllowed", &r.RegistrationAllowed, &n.RegistrationAllowed},
		{"registrationEmailAsUsername", &r.RegistrationEmailAsUsername, &n.RegistrationEmailAsUsername},
		{"rememberMe", &r.RememberMe, &n.RememberMe},
		{"verifyEmail", &r.VerifyEmail, &n.VerifyEmail},
		{"loginWithEmailAllowed", &r.LoginWithEmailAllowed, &n.LoginWithEmailAllowed},
		{"duplicateEmailsAllowed", &r.DuplicateEmailsAllowed, &n.DuplicateEmailsAllowed},
		{"resetPasswordAllowed", &r.ResetPasswordAllowed, &n.ResetPasswordAllowed},
		{"editUsernameAllowed", &r.EditUsernameAllowed, &n.EditUsernameAllowed},
		{"otpPolicyCodeReusable", &r.OTPPolicyCodeReusable, &n.OTPPolicy.CodeReusable},
		{"bruteForceProtected", &r.BruteForceProtected, &n.BruteForce.Protected},
		{"permanentLockout", &r.PermanentLockout, &n.BruteForce.PermanentLockout},
		{"internationalizationEnabled", &r.InternationalizationEnabled, &n.InternationalizationEnabled},
		{"eventsEnabled", &r.EventsEnabled, &n.EventsEnabled},
		{"adminEventsEnabled", &r.AdminEventsEnabled, &n.AdminEventsEnabled},
		{"adminEventsDetailsEnabled", &r.AdminEventsDetailsEnabled, &n.AdminEventsDetailsEnabled},
	}
}

// read fills the bound settings from the noun.
func (r *Realm) read(n *latchkey.Realm) {
	for _, b := range append(r.texts(n), r.flows(n)...) {
		*b.rep = optional(*b.noun)
	}
	for _, b := range r.numbers(n) {
		*b.rep = new(*b.noun)
	}
	for _, b := range r.switches(n) {
		*b.rep = new(*b.noun)
	}
}

// write puts the bound settings that are given into the noun.
func (r *Realm) write(n *latchkey.Realm) {
	for _, b := range append(r.texts(n), r.flows(n)...) {
		set(b.noun, *b.rep)
	}
	for _, b := range r.numbers(n) {
		set(b.noun, *b.rep)
	}
	for _, b := range r.switches(n) {
		set(b.noun, *b.rep)
	}
	n.SSLRequired = strings.ToLower(n.SSLRequired)
}

// check refuses what no realm can have. It changes nothing.
func (r *Realm) check(in *latchkey.Snapshot) error {
	var blank latchkey.Realm
	var faults []error
	wrong := func(field, format string, args ...any) {
		faults = append(faults, latchkey.Invalid(field, format, args...))
	}
	for _, b := range r.numbers(&blank) {
		if *b.rep != nil && **b.rep < 0 {
			wrong(b.name, "A lifespan or count cannot be negative.")
		}
	}
	if r.EventsExpiration != nil && *r.EventsExpiration < 0 {
		wrong("eventsExpiration", "A lifespan cannot be negative.")
	}
	if r.NotBefore != nil && *r.NotBefore < 0 {
		wrong("notBefore", "A time cannot be negative.")
	}
	if r.SSLRequired != nil {
		switch strings.ToLower(*r.SSLRequired) {
		case "all", "external", "none":
		default:
			wrong("sslRequired", "Expected all, external or none.")
		}
	}
	if r.QuickLoginCheckMilliSeconds != nil && *r.QuickLoginCheckMilliSeconds < 0 {
		wrong("quickLoginCheckMilliSeconds", "A lifespan or count cannot be negative.")
	}
	for _, c := range []struct {
		field   string
		value   *string
		choices []string
	}{
		{"otpPolicyType", r.OTPPolicyType, []string{latchkey.OTPTime, latchkey.OTPCounter}},
		{"otpPolicyAlgorithm", r.OTPPolicyAlgorithm, []string{"HmacSHA1", "HmacSHA256", "HmacSHA512"}},
		{"bruteForceStrategy", r.BruteForceStrategy, []string{latchkey.StrategyMultiple, latchkey.StrategyLinear}},
	} {
		if c.value != nil && !slices.Contains(c.choices, *c.value) {
			wrong(c.field, "Expected one of: %s.", strings.Join(c.choices, ", "))
		}
	}
	if d := r.OTPPolicyDigits; d != nil && *d != 6 && *d != 8 {
		wrong("otpPolicyDigits", "A code has 6 or 8 digits.")
	}
	if p := r.OTPPolicyPeriod; p != nil && *p == 0 {
		wrong("otpPolicyPeriod", "A code is good for a second at least.")
	}
	if n := r.OTPPolicyLookAheadWindow; n != nil && *n > latchkey.MaxOTPWindow {
		wrong("otpPolicyLookAheadWindow", "At most %d codes are looked at.", latchkey.MaxOTPWindow)
	}
	faults = append(faults, r.checkFlows(in)...)
	if r.PasswordPolicy != nil && *r.PasswordPolicy != in.Realm.PasswordPolicy {
		if _, err := latchkey.ParsePasswordPolicy(*r.PasswordPolicy); err != nil {
			faults = append(faults, err)
		}
	}
	return Join(faults...)
}

// checkFlows refuses flows that there are none of, and those that cannot do
// what they are bound to; what is bound already may be given back as it is.
func (r *Realm) checkFlows(in *latchkey.Snapshot) (faults []error) {
	now := *in.Realm
	for _, b := range r.flows(&now) {
		if *b.rep == nil {
			continue
		}
		f := in.FlowByAlias(**b.rep)
		if f == nil || !f.TopLevel {
			faults = append(faults, latchkey.Invalid(b.name, "There is no flow with the alias %q.", clip(**b.rep)))
			continue
		}
		if *b.noun != f.Alias && !latchkey.CanBind(b.name, f) {
			faults = append(faults, latchkey.Invalid(b.name, "%s", latchkey.WhyNotBound(b.name, f)))
		}
	}
	return faults
}
