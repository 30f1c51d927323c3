package sample

import (
	"time"

	"latchkey"
	"latchkey/internal/page"
)

// Pages gives every page in every state worth looking at.
func Pages() []Page {
	var all []Page
	for _, group := range []func() []Page{start, entries, mailed, link, done, steps, security, states, ends} {
		all = append(all, group()...)
	}
	return all
}

var providers = []page.Provider{
	{Alias: "github", Label: "GitHub", URL: "/realms/acme/broker/github/login"},
	{Alias: "google", Label: "Google", URL: "/realms/acme/broker/google/login"},
}

func start() []Page {
	const g = "Sign in"
	email := page.EmailForm{Form: form(), RememberMe: true, RegisterToo: true}
	plain, social, bad, fixed := email, email, email, email
	plain.RegisterToo, plain.RememberMe = false, false
	social.Providers = providers
	social.TryAnotherURL = another().TryAnotherURL
	bad.Address, bad.Errors = "ada@exam ple", wrong("username", "error.address.invalid")
	fixed.Address, fixed.Fixed = address, true
	name := page.UsernameForm{Form: another(), RememberMe: true}
	pass := page.PasswordForm{Form: another(), Username: address}
	both := page.UsernamePasswordForm{Form: form(), RememberMe: true, Remembered: true, Providers: providers}
	badPass, badBoth, fixedBoth := pass, both, both
	badPass.Errors = wrong("password", "error.password.wrong")
	badBoth.Username, badBoth.Errors = "ada", wrong("", "error.credentials")
	fixedBoth.Fixed, fixedBoth.Username = true, "ada"
	return []Page{
		{Name: "email", Group: g, Page: email},
		{Name: "email-plain", Group: g, Page: plain},
		{Name: "email-social", Group: g, Page: social},
		{Name: "email-error", Group: g, Page: bad},
		{Name: "email-fixed", Group: g, Page: fixed},
		{Name: "email-accent", Group: g, Page: email, Accent: "#ffb000"},
		{Name: "username", Group: g, Page: name},
		{Name: "password", Group: g, Page: pass},
		{Name: "password-error", Group: g, Page: badPass},
		{Name: "username-password", Group: g, Page: both},
		{Name: "username-password-error", Group: g, Page: badBoth},
		{Name: "username-password-fixed", Group: g, Page: fixedBoth},
		{Name: "try-another", Group: g, Page: page.TryAnother{Form: bare(), Ways: []page.Way{
			{Execution: "e1", Label: "way.ext-magic-form"}, {Execution: "e2", Label: "way.auth-username-password-form"},
			{Execution: "e3", Label: "way.auth-password-form"}, {Execution: "e4", Label: "way.auth-username-form"},
		}}},
	}
}

// entries are the ways beside the sign-in: an account, a forgotten password.
func entries() []Page {
	const g = "Account and password"
	f := bare()
	f.BackURL = "/realms/acme/login-actions/authenticate?client_id=acme-shop&tab_id=q7Zs0v3nR1k"
	register := page.RegistrationForm{Form: f, Password: true, Terms: true, Text: "You may use Acme Shop for as long as you like.", Fields: []page.ProfileField{
		{Name: "username", Label: "${username}", Required: true, Autocomplete: "username"},
		{Name: "email", Label: "${email}", Required: true, Autocomplete: "email"},
		{Name: "firstName", Label: "${firstName}", Autocomplete: "given-name"},
		{Name: "lastName", Label: "${lastName}", Autocomplete: "family-name"},
	}}
	bad := register
	bad.Errors = append(wrong("password-confirm", "error.password.mismatch"), wrong("termsAccepted", "error.terms.required")...)
	doors := page.UsernamePasswordForm{Form: form()}
	doors.RegisterURL = "/realms/acme/login-actions/registration?client_id=acme-shop&tab_id=q7Zs0v3nR1k"
	doors.ForgotURL = "/realms/acme/login-actions/reset-credentials?client_id=acme-shop&tab_id=q7Zs0v3nR1k"
	return []Page{
		{Name: "sign-in-with-ways", Group: g, Page: doors},
		{Name: "register", Group: g, Page: register},
		{Name: "register-error", Group: g, Page: bad},
		{Name: "forgot", Group: g, Page: page.ChooseUser{Form: f}},
		{Name: "forgot-error", Group: g, Page: page.ChooseUser{Form: f, Errors: wrong("username", "error.username.missing")}},
	}
}

func mailed() []Page {
	const g = "The mail"
	script := page.Policy{Script: true}
	w := waiting()
	late, again, badCode, closed, linkOnly, refused, reported, failed := w, w, w, w, w, w, w, w
	late.SentAt, late.ResendAt, late.ExpiresAt = Now.Add(-45*time.Second), Now.Add(-15*time.Second), Now.Add(555*time.Second)
	again.Resent = true
	badCode.Errors = wrong("code", "error.code.wrong", 3)
	closed.Code, closed.CodeClosed = false, true
	linkOnly.Code = false
	refused.Number = ""
	reported.Reported, reported.Number, reported.ResendAt, reported.CodeClosed = true, "", time.Time{}, true
	failed.Failed, failed.ResendAt = true, time.Time{}
	early := w
	early.Errors = wrong("", "error.resend.early", 24)
	return []Page{
		{Name: "waiting", Group: g, Page: w, Policy: script},
		{Name: "waiting-late", Group: g, Page: late, Policy: script},
		{Name: "waiting-resent", Group: g, Page: again, Policy: script},
		{Name: "waiting-early", Group: g, Page: early, Policy: script},
		{Name: "waiting-code-wrong", Group: g, Page: badCode, Policy: script},
		{Name: "waiting-code-closed", Group: g, Page: closed, Policy: script},
		{Name: "waiting-link-only", Group: g, Page: linkOnly, Policy: script},
		{Name: "waiting-no-number", Group: g, Page: refused, Policy: script},
		{Name: "waiting-reported", Group: g, Page: reported, Policy: script},
		{Name: "waiting-failed", Group: g, Page: failed, Policy: script},
	}
}

func link() []Page {
	const g = "The link"
	o := other()
	badNumber, lost, closed, code, refuse, reset := o, o, o, o, o, o
	reset.Reset = true
	badNumber.Errors, badNumber.TriesLeft = wrong("number", "error.number.wrong", 2), 2
	lost.Lost = true
	closed.NumberClosed = true
	code.Policy = page.OtherCode
	refuse.Policy = page.OtherRefuse
	same := page.LinkSameBrowser{Form: bare(), Account: address}
	return []Page{
		{Name: "link-same-browser", Group: g, Page: same},
		{Name: "link-same-browser-submits", Group: g, Page: same, Policy: page.Policy{Script: true}},
		{Name: "link-same-browser-verify", Group: g, Page: page.LinkSameBrowser{Form: bare(), Account: address, Verify: true}},
		{Name: "link-same-browser-reset", Group: g, Page: page.LinkSameBrowser{Form: bare(), Account: address, Reset: true}},
		{Name: "link-other-browser", Group: g, Page: o},
		{Name: "link-other-browser-reset", Group: g, Page: reset},
		{Name: "link-other-browser-wrong", Group: g, Page: badNumber},
		{Name: "link-other-browser-lost", Group: g, Page: lost},
		{Name: "link-other-browser-closed", Group: g, Page: closed},
		{Name: "link-other-browser-code", Group: g, Page: code},
		{Name: "link-other-browser-refuse", Group: g, Page: refuse},
		{Name: "confirm-here", Group: g, Page: page.ConfirmHere{Form: bare(), Account: address}},
		{Name: "other-user", Group: g, Page: page.OtherUser{Form: bare(), SignedIn: "grace@example.test", Account: address}},
		{Name: "api-link", Group: g, Page: page.APILink{Form: bare(), Account: address}},
		{Name: "actions-link", Group: g, Page: page.APILink{Form: bare(), Account: "a•••@example.test", AskAddress: true, Actions: true}},
		{Name: "actions-done", Group: g, Page: page.ActionsDone{ContinueURL: action}},
		{Name: "api-link-address", Group: g, Page: page.APILink{Form: bare(), Account: "a•••@example.test", AskAddress: true}},
		{Name: "api-link-address-wrong", Group: g, Page: page.APILink{Form: bare(), Account: "a•••@example.test", AskAddress: true, Address: "ada@example.com",
			Errors: wrong("address", "error.address.mismatch")}},
	}
}

func done() []Page {
	const g = "After the link"
	over := func(why string) page.LinkOver {
		return page.LinkOver{Form: form(), Own: true, Why: why, Address: address}
	}
	return []Page{
		{Name: "link-used", Group: g, Page: over(page.OverUsed)},
		{Name: "link-expired", Group: g, Page: over(page.OverExpired)},
		{Name: "link-ended", Group: g, Page: over(page.OverEnded)},
		{Name: "link-over", Group: g, Page: page.LinkOver{Form: bare(), Why: page.OverUsed}},
		{Name: "link-over-unknown-app", Group: g, Page: page.LinkOver{Form: bare()}, NoApp: true},
		{Name: "link-invalid", Group: g, Page: page.LinkInvalid{}},
		{Name: "link-cookie-missing", Group: g, Page: page.CookieMissing{}},
		{Name: "user-disabled", Group: g, Page: page.UserDisabled{}},
		{Name: "went-on-there", Group: g, Page: page.WentOnThere{}},
		{Name: "continue-there-done", Group: g, Page: page.ContinueThereDone{}},
		{Name: "not-me-done", Group: g, Page: page.NotMeDone{}},
		{Name: "not-me-ended", Group: g, Page: page.NotMeDone{Ended: true}},
		{Name: "lost-screen", Group: g, Page: page.LostScreen{}},
	}
}

// profileKinds are fields of every kind that a user profile can have.
func profileKinds() []page.ProfileField {
	return []page.ProfileField{
		{Name: "department", Label: "Department", Values: []string{"Engines"}, Required: true, Input: "select",
			Options: []latchkey.ProfileOption{{Value: "Engines", Label: "Engines"}, {Value: "Looms", Label: "Looms"}}},
		{Name: "about", Label: "About you", Input: "textarea", Rows: 3, After: "Shown to the people you work with."},
		{Name: "language", Label: "Language of letters", Required: true, Input: "select-radiobuttons", Group: "letters", GroupTitle: "Letters", GroupHelp: "How we write to you.",
			Options: []latchkey.ProfileOption{{Value: "en", Label: "English"}, {Value: "fr", Label: "French"}}},
		{Name: "topics", Label: "Topics", Values: []string{"news"}, Multivalued: true, Input: "multiselect-checkboxes", Group: "letters", GroupTitle: "Letters",
			Options: []latchkey.ProfileOption{{Value: "news", Label: "News"}, {Value: "offers", Label: "Offers"}}},
		{Name: "phones", Label: "Telephone numbers", Values: []string{"+44 20 7946 0000"}, Multivalued: true, Group: "letters", GroupTitle: "Letters"},
		{Name: "born", Label: "Day of birth", Input: "html5-date", Before: "Only to know your age.", Most: "2026-11-25", Group: "letters", GroupTitle: "Letters"},
	}
}

func steps() []Page {
	const g = "Required actions"
	names := []page.ProfileField{
		{Name: "email", Label: "${email}", Values: []string{address}, ReadOnly: true, Autocomplete: "email"},
		{Name: "firstName", Label: "${firstName}", Required: true, Autocomplete: "given-name"},
		{Name: "lastName", Label: "${lastName}", Autocomplete: "family-name"},
	}
	profile := page.ProfileForm{Form: bare(), New: true, Fields: names}
	old := page.ProfileForm{Form: bare(), Fields: append([]page.ProfileField{{Name: "username", Label: "${username}", Values: []string{"ada"}, Required: true, Autocomplete: "username"}}, names...)}
	old.Errors = wrong("firstName", "error-user-attribute-required")
	kinds := page.ProfileForm{Form: bare(), Verify: true, Fields: profileKinds(), Errors: wrong("language", "error-invalid-value")}
	verify := page.VerifyEmail{Form: bare(), Address: address, ResendAt: Now.Add(24 * time.Second)}
	verifyLink, verifyReported := verify, verify
	verifyLink.CodeClosed = true
	verifyReported.CodeClosed, verifyReported.Reported = true, true
	password := page.PasswordUpdate{Form: bare(), Username: "ada"}
	badPassword := password
	badPassword.Errors = wrong("password-confirm", "error.password.mismatch")
	cancellable := password
	cancellable.Cancel = true
	return []Page{
		{Name: "password-update-asked", Group: g, Page: cancellable},
		{Name: "consent", Group: g, Page: page.Consent{Form: form(), Account: address, Items: []string{"${profileScopeConsentText}", "${emailScopeConsentText}", "Your orders of the last year"}}},
		{Name: "consent-nothing", Group: g, Page: page.Consent{Form: form(), Account: address}},
		{Name: "select-account", Group: g, Page: page.SelectAccount{Form: bare(), Account: address}},
		{Name: "profile-new", Group: g, Page: profile},
		{Name: "profile-error", Group: g, Page: old},
		{Name: "profile-kinds", Group: g, Page: kinds},
		{Name: "verify-email", Group: g, Page: verify, Policy: page.Policy{Script: true}},
		{Name: "verify-email-link-only", Group: g, Page: verifyLink, Policy: page.Policy{Script: true}},
		{Name: "verify-email-reported", Group: g, Page: verifyReported, Policy: page.Policy{Script: true}},
		{Name: "password-update", Group: g, Page: password},
		{Name: "password-update-error", Group: g, Page: badPassword},
		{Name: "terms", Group: g, Page: page.Terms{Form: bare(), Text: "You may use Acme Shop for as long as you like.\n\nAcme keeps your address to sign you in, and for nothing else."}},
		{Name: "terms-none", Group: g, Page: page.Terms{Form: bare()}},
	}
}

func states() []Page {
	const g = "In between"
	all := []Page{
		{Name: "page-expired", Group: g, Page: page.PageExpired{Form: form(), ContinueURL: action}},
		{Name: "already-signed-in", Group: g, Page: page.AlreadySignedIn{Account: address, ContinueURL: action}},
		{Name: "cookies-off", Group: g, Page: page.CookiesOff{RetryURL: action}},
		{Name: "not-found", Group: g, Page: page.NotFound{}, NoRealm: true},
	}
	for _, name := range []string{
		page.ErrorInvalid, page.ErrorClient, page.ErrorRedirect, page.ErrorRealm, page.ErrorExpired,
		page.ErrorUnavailable, page.ErrorTooMany, page.ErrorForbidden, page.ErrorSetup, page.ErrorInternal,
		page.ErrorAnswered, page.ErrorCancelled, page.ErrorNoAccount,
	} {
		all = append(all, Page{Name: "error-" + name, Group: g, Page: page.ErrorPage(name, "4f1c02b7")})
	}
	return all
}

func ends() []Page {
	const g = "Beginning and end"
	return []Page{
		{Name: "logout", Group: g, Page: page.LogoutConfirm{Form: bare(), Account: address}},
		{Name: "logged-out", Group: g, Page: page.LoggedOut{}},
		{Name: "form-post", Group: g, Page: page.FormPost{Action: "https://shop.acme.test/callback", Fields: []page.FormPostField{
			{Name: "code", Value: "sample-code"}, {Name: "state", Value: "xyz"}, {Name: "iss", Value: "https://id.acme.test/realms/acme"},
		}}, Policy: page.Policy{Script: true, FormTargets: []string{"https://shop.acme.test/callback"}}},
		{Name: "first-admin", Group: g, Page: page.FirstAdmin{Form: bare()}, NoApp: true},
		{Name: "first-admin-error", Group: g, Page: page.FirstAdmin{Form: bare(), Errors: wrong("email", "error.address.missing")}, NoApp: true},
		{Name: "first-admin-used", Group: g, Page: page.FirstAdminUsed{}, NoApp: true},
	}
}
