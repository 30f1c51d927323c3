// Package page is what people see of Latchkey before they are in their
// application: the sign-in pages and the mails, their one stylesheet, their
// icons, their texts in several languages, and the choice of the language.
//
// A page is a struct of data (a [Page]); a door fills it and hands it to
// [Kit.Write], which renders it into the layout in the person's language with
// the headers that belong to it. The structs have the shape of the screens of
// package flow, and in addition the URLs that only a door knows. A mail is
// made by [Kit.Compose].
//
// Routes: GET /resources/<hash>/<file> (stylesheet, icon, modules), served by
// [Kit.Resources] and cached for a year, since the hash changes with the
// content.
//
// Every page works without JavaScript, with a keyboard, from 320 px up, in
// light and dark, from right to left; a page with everything it loads stays
// under 30 kB.
//
// # Fields of forms
//
// Every form of a login posts session_code. Besides:
//
//	EmailForm             username, rememberMe=on
//	UsernameForm          username, rememberMe=on
//	PasswordForm          password
//	UsernamePasswordForm  username, password, rememberMe=on
//	Waiting               code | resend=on | opened=on (one form each)
//	LinkOtherBrowser      number, reference (not seen by people: a machine fills it),
//	                      choice=continue|here|notme|lost
//	LinkSameBrowser       (nothing: the button alone)
//	ConfirmHere           choice=yes|cancel
//	LinkOver              resend=on
//	OtherUser             choice=switch|stay
//	APILink               address (only when it is asked for)
//	ProfileForm           the names of its fields
//	RegistrationForm      the names of its fields, password, password-confirm, termsAccepted=on
//	ChooseUser            username
//	VerifyEmail           code | resend=on (one form each)
//	PasswordUpdate        password-new, password-confirm, logout-sessions=on
//	Terms                 accept=on | cancel=on
//	OTPForm               otp, selectedCredentialId (when there are several devices)
//	OTPSetup              totp, userLabel, logout-sessions=on
//	DeleteAccount         confirm=on
//	DeleteCredential      accept=on
//	EmailUpdate           email, logout-sessions=on
//	EmailUpdateSent       code | resend=on | again=on (one form each)
//	EmailRevert           choice=revert
//	TryAnother            authenticationExecution=<execution id>
//	LogoutConfirm         confirmLogout=on | cancel=on
//	FirstAdmin            email
//
// The restart icon beside an address posts to Form.RestartURL.
//
// Nevers: it never imports a door or a verb, never sets an inline style or
// script, never loads anything from another origin, and never shows text that
// a stranger chose except the address that the same person typed.
package page
