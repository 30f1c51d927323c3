package servertest_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/Nerzal/gocloak/v14"

	"latchkey/internal/server"
	"latchkey/internal/servertest"
)

// operator is gocloak, signed in as an administrator of everything.
type operator struct {
	*testing.T
	*gocloak.GoCloak
	s     *servertest.Server
	ctx   context.Context
	token string
}

func newOperator(t *testing.T) *operator {
	s := servertest.Start(t, servertest.With(func(c *server.Config) {
		c.Bootstrap = server.Bootstrap{Username: "admin", Password: adminPassword}
	}))
	o := &operator{T: t, GoCloak: gocloak.NewClient(s.Base), s: s, ctx: t.Context()}
	jwt, err := o.LoginAdmin(o.ctx, "admin", adminPassword, "master")
	if err != nil {
		t.Fatal(err)
	}
	o.token = jwt.AccessToken
	return o
}

// ok gives what a call gave, or ends the test.
func ok[T any](o *operator) func(T, error) T {
	return func(v T, err error) T {
		o.Helper()
		if err != nil {
			o.Fatal(err)
		}
		return v
	}
}

func (o *operator) no(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// refused says that a call was refused with the status.
func (o *operator) refused(err error, status int) {
	o.Helper()
	if apiErr, is := err.(*gocloak.APIError); !is || apiErr.Code != status { //nolint:errorlint // gocloak gives it as it is
		o.Errorf("expected %d, got %v", status, err)
	}
}

func named[T any](list []*T, name func(*T) *string) []string {
	var out []string
	for _, one := range list {
		out = append(out, gocloak.PString(name(one)))
	}
	return out
}

// Realms, their settings and keys, as gocloak sees them.
func TestGocloakRealms(t *testing.T) {
	o := newOperator(t)
	id := ok[string](o)(o.CreateRealm(o.ctx, o.token, gocloak.RealmRepresentation{Realm: gocloak.StringP("garden"), Enabled: gocloak.BoolP(true)}))
	if id != "garden" {
		t.Errorf("the realm's address ends in %q", id)
	}
	_, err := o.CreateRealm(o.ctx, o.token, gocloak.RealmRepresentation{Realm: gocloak.StringP("garden")})
	o.refused(err, http.StatusConflict)
	o.no(o.UpdateRealm(o.ctx, o.token, gocloak.RealmRepresentation{Realm: gocloak.StringP("garden"), DisplayName: gocloak.StringP("The garden"),
		AccessTokenLifespan: gocloak.IntP(120), RegistrationAllowed: gocloak.BoolP(true)}))
	r := ok[*gocloak.RealmRepresentation](o)(o.GetRealm(o.ctx, o.token, "garden"))
	if gocloak.PString(r.DisplayName) != "The garden" || gocloak.PInt(r.AccessTokenLifespan) != 120 || !gocloak.PBool(r.Enabled) {
		t.Errorf("%+v", r)
	}
	all := ok[[]*gocloak.RealmRepresentation](o)(o.GetRealms(o.ctx, o.token))
	if names := named(all, func(r *gocloak.RealmRepresentation) *string { return r.Realm }); !slices.Contains(names, "garden") || !slices.Contains(names, "master") {
		t.Errorf("realms: %v", names)
	}
	keys := ok[*gocloak.KeyStoreConfig](o)(o.GetKeyStoreConfig(o.ctx, o.token, "garden"))
	if keys.ActiveKeys == nil || len(keys.Key) == 0 {
		t.Errorf("keys: %+v", keys)
	}
	key := ok[string](o)(o.CreateComponent(o.ctx, o.token, "garden", gocloak.Component{Name: gocloak.StringP("ec"), ProviderID: gocloak.StringP("ecdsa-generated"),
		ProviderType: gocloak.StringP("org.keycloak.keys.KeyProvider"), ComponentConfig: map[string][]string{"ecdsaEllipticCurveKey": {"P-256"}, "priority": {"50"}}}))
	c := ok[*gocloak.Component](o)(o.GetComponent(o.ctx, o.token, "garden", key))
	if gocloak.PString(c.Name) != "ec" {
		t.Errorf("component: %+v", c)
	}
	o.no(o.DeleteComponent(o.ctx, o.token, "garden", key))
	o.no(o.ClearRealmCache(o.ctx, o.token, "garden"))
	info := ok[*gocloak.ServerInfoRepresentation](o)(o.GetServerInfo(o.ctx, o.token))
	if info.SystemInfo == nil || !strings.HasPrefix(gocloak.PString(info.SystemInfo.Version), "26.") {
		t.Errorf("server: %+v", info.SystemInfo)
	}
	certs := ok[*gocloak.CertResponse](o)(o.GetCerts(o.ctx, "garden"))
	if len(certs.Keys) == 0 {
		t.Error("no certs")
	}
	o.no(o.DeleteRealm(o.ctx, o.token, "garden"))
	_, err = o.GetRealm(o.ctx, o.token, "garden")
	o.refused(err, http.StatusNotFound)
}

// Users, groups and roles, as gocloak sees them.
func TestGocloakPeople(t *testing.T) {
	o := newOperator(t)
	const realm = "demo"
	ada := ok[string](o)(o.CreateUser(o.ctx, o.token, realm, gocloak.User{Username: gocloak.StringP("ada"), Email: gocloak.StringP("ada@example.test"),
		Enabled: gocloak.BoolP(true), EmailVerified: gocloak.BoolP(true), FirstName: gocloak.StringP("Ada")}))
	_, err := o.CreateUser(o.ctx, o.token, realm, gocloak.User{Username: gocloak.StringP("ada")})
	o.refused(err, http.StatusConflict)
	u := ok[*gocloak.User](o)(o.GetUserByID(o.ctx, o.token, realm, ada))
	u.LastName = gocloak.StringP("Lovelace")
	o.no(o.UpdateUser(o.ctx, o.token, realm, *u))
	found := ok[[]*gocloak.User](o)(o.GetUsers(o.ctx, o.token, realm, gocloak.GetUsersParams{Search: gocloak.StringP("lovel")}))
	if len(found) != 1 || gocloak.PString(found[0].ID) != ada || gocloak.PString(found[0].FirstName) != "Ada" {
		t.Errorf("found %+v", found)
	}
	if n := ok[int](o)(o.GetUserCount(o.ctx, o.token, realm, gocloak.GetUsersParams{Email: gocloak.StringP("ada@example.test")})); n != 1 {
		t.Errorf("counted %d", n)
	}
	o.no(o.SetPassword(o.ctx, o.token, ada, realm, "correct horse battery", false))
	o.s.Mail.Wait("ada@example.test")

	group := ok[string](o)(o.CreateGroup(o.ctx, o.token, realm, gocloak.Group{Name: gocloak.StringP("staff"), Attributes: map[string][]string{"k": {"v"}}}))
	child := ok[string](o)(o.CreateChildGroup(o.ctx, o.token, realm, group, gocloak.Group{Name: gocloak.StringP("night")}))
	o.no(o.AddUserToGroup(o.ctx, o.token, realm, ada, child))
	if in := ok[[]*gocloak.Group](o)(o.GetUserGroups(o.ctx, o.token, realm, ada, gocloak.GetGroupsParams{})); len(in) != 1 || gocloak.PString(in[0].Path) != "/staff/night" {
		t.Errorf("her groups: %+v", in)
	}
	if by := ok[*gocloak.Group](o)(o.GetGroupByPath(o.ctx, o.token, realm, "/staff/night")); gocloak.PString(by.ID) != child {
		t.Errorf("by path: %+v", by)
	}
	if in := ok[[]*gocloak.User](o)(o.GetGroupMembers(o.ctx, o.token, realm, child, gocloak.GetGroupsParams{})); len(in) != 1 {
		t.Errorf("members: %+v", in)
	}
	if n := ok[int](o)(o.GetGroupsCount(o.ctx, o.token, realm, gocloak.GetGroupsParams{})); n < 2 {
		t.Errorf("%d groups", n)
	}

	if at := ok[string](o)(o.CreateRealmRole(o.ctx, o.token, realm, gocloak.Role{Name: gocloak.StringP("reader"), Description: gocloak.StringP("reads")})); at != "reader" {
		t.Errorf("a role's address ends in its name, not in %q", at)
	}
	reader := ok[*gocloak.Role](o)(o.GetRealmRole(o.ctx, o.token, realm, "reader"))
	o.no(o.AddRealmRoleToUser(o.ctx, o.token, realm, ada, []gocloak.Role{*reader}))
	o.no(o.AddRealmRoleToGroup(o.ctx, o.token, realm, group, []gocloak.Role{*reader}))
	hers := ok[[]*gocloak.Role](o)(o.GetRealmRolesByUserID(o.ctx, o.token, realm, ada))
	if names := named(hers, func(r *gocloak.Role) *string { return r.Name }); !slices.Contains(names, "reader") {
		t.Errorf("her roles: %v", names)
	}
	if who := ok[[]*gocloak.User](o)(o.GetUsersByRoleName(o.ctx, o.token, realm, "reader", gocloak.GetUsersByRoleParams{})); len(who) != 1 {
		t.Errorf("readers: %+v", who)
	}
	if who := ok[[]*gocloak.Group](o)(o.GetGroupsByRole(o.ctx, o.token, realm, "reader")); len(who) != 1 {
		t.Errorf("groups that read: %+v", who)
	}
	ok[string](o)(o.CreateRealmRole(o.ctx, o.token, realm, gocloak.Role{Name: gocloak.StringP("boss")}))
	o.no(o.AddRealmRoleComposite(o.ctx, o.token, realm, "boss", []gocloak.Role{*reader}))
	if parts := ok[[]*gocloak.Role](o)(o.GetCompositeRealmRoles(o.ctx, o.token, realm, "boss")); len(parts) != 1 {
		t.Errorf("parts: %+v", parts)
	}
	o.no(o.DeleteRealmRoleFromUser(o.ctx, o.token, realm, ada, []gocloak.Role{*reader}))
	o.no(o.DeleteRealmRole(o.ctx, o.token, realm, "boss"))

	// Mail that asks her for something, and what she has open.
	o.no(o.ExecuteActionsEmail(o.ctx, o.token, realm, gocloak.ExecuteActionsEmail{UserID: gocloak.StringP(ada), Actions: []string{"UPDATE_PROFILE"}}))
	if mail := o.s.Mail.Wait("ada@example.test"); mail.Link == "" {
		t.Errorf("no link in %s", mail.Text)
	}
	if open := ok[[]*gocloak.UserSessionRepresentation](o)(o.GetUserSessions(o.ctx, o.token, realm, ada)); len(open) != 0 {
		t.Errorf("sessions: %+v", open)
	}
	o.no(o.LogoutAllSessions(o.ctx, o.token, realm, ada))
	status := ok[*gocloak.BruteForceStatus](o)(o.GetUserBruteForceDetectionStatus(o.ctx, o.token, realm, ada))
	if gocloak.PInt(status.NumFailures) != 0 {
		t.Errorf("%+v", status)
	}
	o.no(o.DeleteUserFromGroup(o.ctx, o.token, realm, ada, child))
	o.no(o.DeleteGroup(o.ctx, o.token, realm, group))
	o.no(o.DeleteUser(o.ctx, o.token, realm, ada))
	_, err = o.GetUserByID(o.ctx, o.token, realm, ada)
	o.refused(err, http.StatusNotFound)
}

// Flows and identity providers, as gocloak sees them.
func TestGocloakFlows(t *testing.T) {
	o := newOperator(t)
	const realm = "demo"
	o.no(o.CreateAuthenticationFlow(o.ctx, o.token, realm, gocloak.AuthenticationFlowRepresentation{Alias: gocloak.StringP("mine"),
		ProviderID: gocloak.StringP("basic-flow"), TopLevel: gocloak.BoolP(true), BuiltIn: gocloak.BoolP(false)}))
	o.no(o.CreateAuthenticationExecution(o.ctx, o.token, realm, "mine", gocloak.CreateAuthenticationExecutionRepresentation{Provider: gocloak.StringP("ext-magic-form")}))
	o.no(o.CreateAuthenticationExecutionFlow(o.ctx, o.token, realm, "mine", gocloak.CreateAuthenticationExecutionFlowRepresentation{
		Alias: gocloak.StringP("mine forms"), Type: gocloak.StringP("basic-flow"), Provider: gocloak.StringP("registration-page-form")}))
	steps := ok[[]*gocloak.ModifyAuthenticationExecutionRepresentation](o)(o.GetAuthenticationExecutions(o.ctx, o.token, realm, "mine"))
	if len(steps) != 2 || gocloak.PString(steps[0].ProviderID) != "ext-magic-form" {
		t.Fatalf("steps: %+v", steps)
	}
	steps[0].Requirement = gocloak.StringP("REQUIRED")
	o.no(o.UpdateAuthenticationExecution(o.ctx, o.token, realm, "mine", *steps[0]))
	o.no(o.DeleteAuthenticationExecution(o.ctx, o.token, realm, gocloak.PString(steps[1].ID)))
	flows := ok[[]*gocloak.AuthenticationFlowRepresentation](o)(o.GetAuthenticationFlows(o.ctx, o.token, realm))
	i := slices.IndexFunc(flows, func(f *gocloak.AuthenticationFlowRepresentation) bool { return gocloak.PString(f.Alias) == "mine" })
	if i < 0 {
		t.Fatal("the flow is not listed")
	}
	o.no(o.DeleteAuthenticationFlow(o.ctx, o.token, realm, gocloak.PString(flows[i].ID)))

	ok[string](o)(o.CreateIdentityProvider(o.ctx, o.token, realm, gocloak.IdentityProviderRepresentation{Alias: gocloak.StringP("corp"), ProviderID: gocloak.StringP("oidc"),
		Config: map[string]string{"clientId": "x", "clientSecret": "y", "authorizationUrl": "https://idp.example.test/a", "tokenUrl": "https://idp.example.test/t"}}))
	p := ok[*gocloak.IdentityProviderRepresentation](o)(o.GetIdentityProvider(o.ctx, o.token, realm, "corp"))
	if p.Config["clientSecret"] != "**********" {
		t.Errorf("%v", p.Config)
	}
	o.no(o.DeleteIdentityProvider(o.ctx, o.token, realm, "corp"))
}
