package admin

import (
	"net/http"

	"latchkey"
)

// absentRoutes answer for what Latchkey has not as a Keycloak without it does:
// lists are empty, and making one is refused with a sentence.
func (d *Door) absentRoutes() []route {
	list := func(path, summary string, may []string) route {
		return route{method: "GET", path: path, may: may, summary: summary + ": there are none", gives: []struct{}{},
			act: func(c *call) error { return c.answer([]struct{}{}) }}
	}
	refuse := func(method, path, summary, sentence string, may []string) route {
		return route{method: method, path: path, may: may, summary: summary + ": refused", body: map[string]any{},
			act: func(*call) error { return tellError(http.StatusBadRequest, sentence) }}
	}
	noOrganizations := func(*call) error {
		return tellError(http.StatusNotFound, "Organizations not enabled for this realm.")
	}
	forget := func(path, what string) route {
		return route{method: "POST", path: path, may: mayManageRealm, summary: "Forget what is remembered of " + what, act: d.clearCache}
	}
	return []route{
		list("/workflows", "List workflows", mayManageRealm),
		refuse("POST", "/workflows", "Make a workflow", "Workflows are not part of this server.", mayManageRealm),
		{method: "GET", path: "/organizations", may: mayViewRealm, act: noOrganizations, summary: "List organizations: the feature is not here", gives: []struct{}{}},
		{method: "POST", path: "/organizations", may: mayManageRealm, act: noOrganizations, summary: "Make an organization: the feature is not here", body: map[string]any{}},
		noFeature("GET", "/users-management-permissions", mayViewUsers),
		noFeature("PUT", "/users-management-permissions", mayManageUsers),
		refuse("POST", "/testLDAPConnection", "Test a connection to LDAP", "User federation is not part of this server.", mayManageRealm),
		refuse("POST", "/ldap-server-capabilities", "Ask what an LDAP server can", "User federation is not part of this server.", mayManageRealm),
		list("/client-registration-policy/providers", "List policies of client registration", mayViewRealm),
		list("/client-types", "List types of clients", mayViewClients),
		{method: "GET", path: "/credential-registrators", may: mayViewRealm, summary: "List required actions that set up a credential",
			gives: []string{}, act: d.credentialRegistrators},
		forget("/clear-realm-cache", "the realm"), forget("/clear-user-cache", "users"), forget("/clear-keys-cache", "others' keys"),
		forget("/clear-crl-cache", "revoked certificates"),
	}
}

// noFeature is a route of the fine-grained permissions.
func noFeature(method, path string, may []string) route {
	return route{method: method, path: path, may: may, summary: "Fine-grained permissions: the feature is not here", gives: map[string]any{},
		act: func(*call) error {
			return &restError{status: http.StatusNotImplemented, Message: "Feature not enabled", Detail: "Fine-grained permissions are not part of this server."}
		}}
}

// credentialRegistrators are the required actions that set up a credential and
// that are built.
func (d *Door) credentialRegistrators(c *call) error {
	out := []string{}
	for _, alias := range []string{latchkey.ActionConfigureOTP, latchkey.ActionUpdatePassword} {
		if d.Registry.RequiredAction(alias) != nil {
			out = append(out, alias)
		}
	}
	return c.answer(out)
}

// clearCache has the realm read anew: of users nothing is remembered.
func (d *Door) clearCache(c *call) error {
	d.Realms.Invalidate(c.snap.Realm.ID)
	return c.done()
}
