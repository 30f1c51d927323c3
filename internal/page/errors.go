package page

// The keys of the sentences under a field that steps and doors may name in
// FieldError.Message, with what their arguments are. Any other text is shown
// as it is.
var fieldErrors = []string{
	"error.address.missing",
	"error.address.invalid",
	"error.address.did-you-mean", // the normalised address
	"error.address.mismatch",     // APILink: not the address that it was sent to
	"error.username.missing",
	"error.username.taken",
	"error.password.missing",
	"error.password.wrong",
	"error.password.mismatch",
	"error.password.short", // int: the least number of characters
	"error.password.policy",
	"error.password.used", // int: how many passwords are remembered
	"error.credentials",
	"error.account.disabled",
	"error.terms.required",
	"error.code.missing",
	"error.code.wrong", // int: tries left
	"error.number.missing",
	"error.number.wrong", // int: tries left
	"error.resend.early", // int: seconds
	"error.tries.many",   // int: seconds
	"error.otp.missing",
	"error.otp.wrong",
	"error.otp.setup",
	"error.otp.name.missing",
	"error.otp.name.taken",
	"error.address.same",
	"error.code.wrong.proof",
	"error.field.required",
	"error.field.long", // int: characters at most
	"error.field.invalid",
	// Keycloak's own keys for the attributes of a user profile, with its
	// arguments: the attribute's name, then what the rule says.
	"error-user-attribute-required",
	"error-user-attribute-read-only",
	"error-invalid-value",
	"error-invalid-length",           // least, most
	"error-invalid-length-too-short", // least
	"error-invalid-length-too-long",  // nothing, most
	"error-invalid-email",
	"error-invalid-number",
	"error-number-out-of-range", // least, most
	"error-number-out-of-range-too-small",
	"error-number-out-of-range-too-big",
	"error-invalid-uri",
	"error-invalid-uri-scheme",
	"error-invalid-uri-fragment",
	"error-pattern-no-match",
	"error-invalid-date",
	"error-person-name-invalid-character",
	"error-username-invalid-character",
	"error-invalid-multivalued-size",
	"error-username-exists",
	"error-email-exists",
}

// What an [Error] page can say: each name stands for a heading and a text,
// "error.page.<name>.heading" and "error.page.<name>.text". [ErrorPage] makes
// the page.
const (
	ErrorInvalid     = "invalid"     // the application's request is not valid
	ErrorClient      = "client"      // no such client, or it is disabled
	ErrorRedirect    = "redirect"    // redirect_uri is not registered
	ErrorRealm       = "realm"       // no such realm, or it is disabled
	ErrorExpired     = "expired"     // the login is over
	ErrorUnavailable = "unavailable" // try again later
	ErrorTooMany     = "too-many"    // a limit was reached
	ErrorForbidden   = "forbidden"   // a cross-origin post, a missing right
	ErrorSetup       = "setup"       // the flow cannot go on: a step is not built, or nothing is configured
	ErrorInternal    = "internal"    // our fault
	ErrorNoAccount   = "no-account"  // the mailbox is proven, and has no account
	ErrorCancelled   = "cancelled"   // the person decided not to sign in here
	ErrorAnswered    = "answered"    // the application was answered already, in another tab

	ErrorNoRegistration = "no-registration" // the realm lets nobody make an account
	ErrorNoReset        = "no-reset"        // the realm lets nobody set a new password by mail
)

// errorPages are the names of the constants above.
var errorPages = []string{
	ErrorInvalid, ErrorClient, ErrorRedirect, ErrorRealm, ErrorExpired, ErrorUnavailable, ErrorTooMany,
	ErrorForbidden, ErrorSetup, ErrorInternal, ErrorAnswered, ErrorCancelled, ErrorNoAccount, ErrorNoRegistration, ErrorNoReset,
}

// ErrorPage makes the error page of a name; a name that is none of them gets
// the one for our own faults. Reference is the request's id.
func ErrorPage(name, reference string) Error {
	if !contains(errorPages, name) {
		name = ErrorInternal
	}
	return Error{Heading: "error.page." + name + ".heading", Text: "error.page." + name + ".text", Reference: reference}
}
