package realm

import "strings"

// quiet are members that say nothing that is not known otherwise: what
// Keycloak works out when it shows an object.
var quiet = map[string]bool{
	"clients.access": true, "clients.nodeReRegistrationTimeout": true, "clients.registeredNodes": true, "users.self": true, "users.origin": true,
	"roles.realm.access": true, "groups.access": true, "keycloakVersion": true,
}

// off are switches that say nothing where they are off.
var off = map[string]bool{
	"clients.implicitFlowEnabled": true, "clients.authorizationServicesEnabled": true,
	"clients.protocolMappers.consentRequired": true, "clientScopes.protocolMappers.consentRequired": true,
}

// reasons says why a member is not taken, by the beginning of its name; the
// first that fits counts.
var reasons = []struct{ prefix, why string }{
	{"identityProvider", "nobody can sign in through it yet"},
	{"users.federat", "user federation is not supported yet"},
	{"users.clientConsents", "people are asked again"},
	{"federatedUsers", "user federation is not supported yet"},
	{"userFederation", "user federation is not supported yet"},
	{"organizations", "organizations are not supported yet"},
	{"adminPermissions", "fine-grained permissions of administrators are not built"},
	{"verifiableCredentials", "verifiable credentials are not built"},
	{"scimApi", "the SCIM API is not built"},
	{"webAuthnPolicy", "passkeys are not supported yet"},
	{"maxSecondaryAuthFailures", "one count holds for passwords and codes (failureFactor)"},
	{"browserSecurityHeaders", "pages have headers of their own"},
	{"loginTheme", "themes are not supported yet"},
	{"accountTheme", "themes are not supported yet"},
	{"adminTheme", "themes are not supported yet"},
	{"emailTheme", "themes are not supported yet"},
	{"clients.implicitFlowEnabled", "there is no implicit flow"},
	{"accessTokenLifespanForImplicitFlow", "there is no implicit flow"},
	{"oauth2Device", "the device grant is not supported yet"},
	{"eventsListeners", "events are stored and logged; there are no other listeners yet"},
	{"privateKey", "Latchkey makes a realm's keys itself"},
	{"publicKey", "Latchkey makes a realm's keys itself"},
	{"certificate", "Latchkey makes a realm's keys itself"},
	{"codeSecret", "Latchkey makes a realm's keys itself"},
	{"clients.authorization", "authorization services are not supported yet"},
	{"clientPolicies", whyPolicies},
	{"clientProfiles", whyPolicies},
	{"applications", "an export of a version of Keycloak that is too old"},
	{"oauthClients", "an export of a version of Keycloak that is too old"},
	{"clientTemplates", "an export of a version of Keycloak that is too old"},
	{"components.org.keycloak.keys.KeyProvider", "Latchkey makes a realm's keys itself"},
	{"components.org.keycloak.services.clientregistration", "applications cannot register themselves yet"},
	{"components.org.keycloak.storage", "user federation is not supported yet"},
}

func reason(field string) string {
	for _, r := range reasons {
		if strings.HasPrefix(field, r.prefix) {
			return r.why
		}
	}
	return "not acted on"
}
