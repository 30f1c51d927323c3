package servertest_test

// What several recordings of the Admin REST API have in common.
const (
	noServerFault = "what is wrong with a request is the caller's to mend: the 4xx that says what, naming the field"
	notConfigured = "the headers of pages are not configured"
	notBuiltHere  = "what is not built is not listed"
	noAddress     = "the list holds somebody without an address"
)

// nothingHere is the answer where no call is.
var nothingHere = difference{`error is "There is nothing at this address."`, "a sentence instead of a number"}

// noTokenHere is the answer to who has no valid token.
var noTokenHere = difference{`WWW-Authenticate: Bearer realm="admin", not ""`, "RFC 6750 3 asks for it"}

// adminDifferences are those of the Admin REST API, by the name of the
// recording.
var adminDifferences = map[string]difference{
	"admin-error-no-token": noTokenHere, "admin-error-bad-token": noTokenHere,
	"admin-error-empty-body":             {"400, not 500; lacks error, error_description; adds errorMessage", noServerFault},
	"admin-error-unknown-field":          {"201, not 400; Location: made; no JSON", "clients of several versions must work: what is not known is passed over"},
	"admin-error-invalid-json":           {`error_description is "Cannot parse the JSON (line 1, after character 12): it is incomplete or malformed."`, "it says where"},
	"admin-error-wrong-type":             {"lacks error, error_description; adds errorMessage, field", noServerFault},
	"admin-error-wrong-content-type":     {`error is "HTTP 415 Unsupported Media Type"`, "another wording of the same refusal"},
	"realm-list":                         {"lacks [].browserSecurityHeaders; adds [].defaultLocale, [].eventsExpiration, [].supportedLocales", notConfigured + "; the demo realm has settings that none of the recorded ones had"},
	"realm-get":                          {"adds displayName, displayNameHtml", "the realm was made of an export, which was recorded later and has them"},
	"realm-put-bad-browser-flow":         {`400, not 500; adds field; errorMessage is "There is no flow with the alias \"nope\"."`, noServerFault},
	"realm-put-bad-sslrequired":          {`400, not 500; adds field; errorMessage is "Expected all, external or none."`, noServerFault},
	"realm-create-bad-name":              {"lacks error; adds errorMessage, field", noServerFault},
	"realm-throwaway-get":                {"lacks browserSecurityHeaders", notConfigured},
	"realm-users-management-permissions": {`error_description is "Fine-grained permissions are not part of this server."`, "it says what is missing"},
	"admin-error-unknown-path":           nothingHere, "server-console-config": nothingHere,
	"client-create-bad-redirect": {"adds field", noServerFault},
	"client-permissions":         {`error_description is "Fine-grained permissions are not part of this server."`, "it says what is missing"},
	"server-serverinfo": {"lacks parameterizedScopeTypes, systemInfo.javaHome, systemInfo.javaRuntime, systemInfo.javaVendor, systemInfo.javaVersion, systemInfo.javaVm, systemInfo.javaVmVersion, systemInfo.osVersion, systemInfo.userDir, systemInfo.userName",
		"there is no Java; parameterized scopes are not built"},
	"flow-per-client-config-description":   {"lacks client-x509, federated-jwt", notBuiltHere},
	"flow-config-description-magic":        {"adds properties[].options; properties[].defaultValue is text, not bool", "the step has options of its own behind those of the extension"},
	"flow-execution-update-bad":            {"400, not 500; lacks error, error_description; adds errorMessage, field", noServerFault},
	"events-list":                          {"lacks [].ipAddress", "events of the mail worker come from no address"},
	"smtp-test-refused":                    {`400, not 500; errorMessage is "Failed to send email: connect: connection refused"`, noServerFault},
	"smtp-test-no-host":                    {"400, not 204; Content-Type: application/json", "without a host there is nobody to ask; Keycloak tries its own machine"},
	"user-list":                            {"lacks [].email", noAddress},
	"user-execute-actions-email-smtp-down": {"204, not 500; no JSON", "a mail is a promise: it goes out when the relay is back"},
}
