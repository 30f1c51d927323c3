package realm_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var (
	ctx = context.Background()
	now = time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC)
)

func options() realm.Options { return realm.Options{Now: now, Built: built} }

// built is a version of few things.
func built(id string) bool {
	return slices.Contains([]string{
		latchkey.AuthCookie, latchkey.AuthIdentityProvider, latchkey.AuthUsernameForm, latchkey.AuthPasswordForm, latchkey.AuthUsernamePasswordForm,
		latchkey.AuthMagicLink, latchkey.ConditionUserConfigured, latchkey.ConditionUserRole, latchkey.ActionVerifyEmail, latchkey.ActionUpdateProfile,
		latchkey.ActionUpdatePassword, latchkey.ActionTerms, latchkey.ActionVerifyProfile, "client-secret",
	}, id)
}

// made prepares and writes a realm, and reads it back whole.
func made(t *testing.T, db *store.DB, rep *representation.Realm, o realm.Options) (*latchkey.Snapshot, realm.Report) {
	t.Helper()
	plan, err := realm.Prepare(rep, o)
	if err != nil {
		t.Fatal(err)
	}
	var snap *latchkey.Snapshot
	err = db.Update(ctx, func(tx *store.Tx) error {
		r, err := plan.Apply(tx)
		if err != nil {
			return err
		}
		snap, err = tx.Snapshot(r.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return snap, plan.Report()
}

func named(name string) *representation.Realm {
	return &representation.Realm{Realm: &name, Enabled: new(true)}
}

func snapshot(t *testing.T, db *store.DB, name string) *latchkey.Snapshot {
	t.Helper()
	var snap *latchkey.Snapshot
	err := db.View(ctx, func(tx *store.Tx) error {
		r, err := tx.RealmByName(name)
		if err != nil {
			return err
		}
		snap, err = tx.Snapshot(r.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

// step is a row of a flow's tree: depth, provider or alias, requirement.
type step struct {
	depth       int
	name        string
	requirement latchkey.Requirement
}

func tree(s *latchkey.Snapshot, f *latchkey.Flow, depth int) []step {
	var out []step
	for _, e := range f.Executions {
		if sub := s.Flow(e.FlowID); sub != nil {
			out = append(out, step{depth, sub.Alias, e.Requirement})
			out = append(out, tree(s, sub, depth+1)...)
			continue
		}
		out = append(out, step{depth, e.Authenticator, e.Requirement})
	}
	return out
}

// A new realm has what DESIGN section 4 says: every built-in flow, "magic
// link" among them, in the order of its steps.
func TestFlowsOfANewRealm(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, report := made(t, db, named("shop"), options())
		if !report.Empty() {
			t.Errorf("report of a bare realm: %v", report.Lines())
		}
		var top []string
		for _, f := range s.Flows {
			if f.TopLevel {
				top = append(top, f.Alias)
			}
			if !f.BuiltIn {
				t.Errorf("flow %q is not built in", f.Alias)
			}
		}
		slices.Sort(top)
		want := []string{"browser", "clients", "direct grant", "docker auth", "first broker login", "magic link", "registration", "reset credentials"}
		if !slices.Equal(top, want) {
			t.Errorf("flows %q, want %q", top, want)
		}
		if got, want := tree(s, s.FlowByAlias("magic link"), 0), []step{
			{0, "auth-cookie", latchkey.Alternative},
			{0, "identity-provider-redirector", latchkey.Alternative},
			{0, "magic link forms", latchkey.Alternative},
			{1, "ext-magic-form", latchkey.Required},
		}; !slices.Equal(got, want) {
			t.Errorf("magic link: %v, want %v", got, want)
		}
		if got, want := tree(s, s.FlowByAlias("browser"), 0), []step{
			{0, "auth-cookie", latchkey.Alternative},
			{0, "auth-spnego", latchkey.Disabled},
			{0, "identity-provider-redirector", latchkey.Alternative},
			{0, "Organization", latchkey.Alternative},
			{1, "Browser - Conditional Organization", latchkey.Conditional},
			{2, "conditional-user-configured", latchkey.Required},
			{2, "organization", latchkey.Alternative},
			{0, "forms", latchkey.Alternative},
			{1, "auth-username-password-form", latchkey.Required},
			{1, "Browser - Conditional 2FA", latchkey.Conditional},
			{2, "conditional-user-configured", latchkey.Required},
			{2, "conditional-credential", latchkey.Required},
			{2, "auth-otp-form", latchkey.Alternative},
			{2, "webauthn-authenticator", latchkey.Disabled},
			{2, "auth-recovery-authn-code-form", latchkey.Disabled},
		}; !slices.Equal(got, want) {
			t.Errorf("browser: %v, want %v", got, want)
		}
		first := s.FlowByAlias("first broker login").Executions[0]
		if c := s.Config(first.ConfigID); c == nil || c.Config["update.profile.on.first.login"] != "missing" {
			t.Errorf("configuration of %s: %+v", first.Authenticator, c)
		}
		if s.Realm.BrowserFlow != "browser" {
			t.Errorf("a realm made through the API is bound to %q", s.Realm.BrowserFlow)
		}
		if a := s.RequiredAction(latchkey.ActionUpdateProfile); a == nil || !a.Enabled || a.Priority != 40 {
			t.Errorf("UPDATE_PROFILE: %+v", a)
		}
		if len(s.RequiredActions) != 14 {
			t.Errorf("%d required actions", len(s.RequiredActions))
		}
	})
}

// What the console and dev make is bound to "magic link" and records events,
// unless the representation says otherwise (DESIGN section 4).
func TestBinding(t *testing.T) {
	for _, row := range []struct {
		name   string
		rep    *representation.Realm
		o      realm.Options
		flow   string
		events bool
	}{
		{"API", named("a"), realm.Options{Now: now}, "browser", false},
		{"console", named("a"), realm.Options{Now: now, MagicLink: true, Events: true}, "magic link", true},
		{"API, says so", &representation.Realm{Realm: new("a"), BrowserFlow: new("magic link"), EventsEnabled: new(true)}, realm.Options{Now: now}, "magic link", true},
		{"console, says otherwise", &representation.Realm{Realm: new("a"), BrowserFlow: new("browser"), EventsEnabled: new(false)}, realm.Options{Now: now, MagicLink: true, Events: true}, "browser", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			db, _ := storetest.SQLite(t)
			s, _ := made(t, db, row.rep, row.o)
			if s.Realm.BrowserFlow != row.flow || s.Realm.EventsEnabled != row.events {
				t.Errorf("flow %q, events %v", s.Realm.BrowserFlow, s.Realm.EventsEnabled)
			}
		})
	}
}

// Clients, scopes, roles and settings are Keycloak's (golden), keys those of
// R-152, the profile that of DESIGN section 13.
func TestRestOfANewRealm(t *testing.T) {
	db, _ := storetest.SQLite(t)
	s, _ := made(t, db, named("Shop"), options())

	console := s.ClientByClientID("account-console")
	if console == nil || !slices.Equal(console.RedirectURIs, []string{"/realms/Shop/account/*"}) || console.Attribute("pkce.code.challenge.method") != "S256" || !console.PublicClient {
		t.Fatalf("account-console: %+v", console)
	}
	for _, id := range []string{"account", "admin-cli", "broker", "realm-management", "security-admin-console"} {
		c := s.ClientByClientID(id)
		if c == nil || !c.Enabled || c.Secret != "" {
			t.Errorf("client %s: %+v", id, c)
			continue
		}
		if names := scopeNames(s, c.DefaultClientScopes); !slices.Equal(names, []string{"acr", "basic", "email", "profile", "roles", "web-origins"}) {
			t.Errorf("default scopes of %s: %v", id, names)
		}
	}
	if names := scopeNames(s, s.Realm.DefaultOptionalClientScopes); !slices.Equal(names, []string{"address", "microprofile-jwt", "offline_access", "organization", "phone"}) {
		t.Errorf("optional scopes: %v", names)
	}
	if basic := s.ScopeByName("basic"); len(basic.ProtocolMappers) != 2 || basic.ProtocolMappers[1].ProtocolMapper != "oidc-sub-mapper" {
		t.Errorf("scope basic: %+v", basic)
	}
	if n := len(s.ScopeByName("profile").ProtocolMappers); n != 14 {
		t.Errorf("profile has %d mappers", n)
	}
	def := s.Role(s.Realm.DefaultRoleID)
	if def == nil || def.Name != "default-roles-shop" {
		t.Fatalf("default role: %+v", def)
	}
	if got, want := roleNames(s.ExpandRoles([]string{def.ID})), []string{"default-roles-shop", "manage-account", "manage-account-links", "offline_access", "uma_authorization", "view-profile"}; !slices.Equal(got, want) {
		t.Errorf("default roles %v, want %v", got, want)
	}
	management := s.ClientByClientID(latchkey.ClientRealmManagement)
	admin := s.RoleNamed(management.ID, "realm-admin")
	if got := len(s.ExpandRoles([]string{admin.ID})); got != 22 {
		t.Errorf("realm-admin amounts to %d roles", got)
	}
	if got := roleNames(s.ExpandRoles(console.ScopeMappings)); !slices.Equal(got, []string{"manage-account", "manage-account-links", "view-groups"}) {
		t.Errorf("scope mappings of account-console: %v", got)
	}
	if got := roleNames(s.ExpandRoles(s.ScopeByName("offline_access").ScopeMappings)); !slices.Equal(got, []string{"offline_access"}) {
		t.Errorf("scope mappings of offline_access: %v", got)
	}
	if s.ActiveKey("RS256", storetest.NewClock().Now()) == nil || s.ActiveKey("HS512", storetest.NewClock().Now()) == nil || len(s.Keys) != 2 {
		t.Errorf("keys: %d", len(s.Keys))
	}
	r := s.Realm
	if r.AccessTokenLifespan != 300 || r.SSOSessionIdleTimeout != 1800 || r.SSLRequired != "external" || !r.LoginWithEmailAllowed || r.ActionTokenGeneratedByUserLifespan != 300 {
		t.Errorf("settings: %+v", r)
	}
	for _, a := range r.Profile.Attributes {
		if (a.Name == "firstName" || a.Name == "lastName") && a.Required != nil {
			t.Errorf("%s is required", a.Name)
		}
	}
}

func scopeNames(s *latchkey.Snapshot, ids []string) []string {
	var names []string
	for _, id := range ids {
		names = append(names, s.Scope(id).Name)
	}
	slices.Sort(names)
	return names
}

func roleNames(roles []*latchkey.Role) []string {
	var names []string
	for _, r := range roles {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	return names
}

// A file may name its default role and say nothing else of it, or name one of
// another realm.
func TestDefaultRole(t *testing.T) {
	for _, row := range []struct {
		rep      representation.Role
		id, name string
	}{
		{representation.Role{ID: new("mine"), Name: new("default-roles-shop")}, "mine", "default-roles-shop"},
		{representation.Role{ID: new("mine"), Name: new("default-roles-other")}, "mine", "default-roles-other"},
	} {
		db, _ := storetest.SQLite(t)
		rep := named("shop")
		rep.DefaultRole = &row.rep
		s, _ := made(t, db, rep, options())
		def := s.Role(s.Realm.DefaultRoleID)
		if def == nil || def.ID != row.id || def.Name != row.name {
			t.Fatalf("default role %+v", def)
		}
		if got := roleNames(s.ExpandRoles([]string{def.ID})); !slices.Contains(got, "manage-account") || !slices.Contains(got, "offline_access") {
			t.Errorf("%s amounts to %v", def.Name, got)
		}
	}
}

// Two realms made of one representation share no id.
func TestFreshIDs(t *testing.T) {
	seen := map[string]string{}
	for range 2 {
		db, _ := storetest.SQLite(t)
		s, _ := made(t, db, named("shop"), options())
		note := func(kind, id string) {
			if id == "" || seen[id] != "" {
				t.Errorf("%s has the id %q of %s", kind, id, seen[id])
			}
			seen[id] = kind
		}
		note("realm", s.Realm.ID)
		for _, f := range s.Flows {
			note("flow "+f.Alias, f.ID)
			for _, e := range f.Executions {
				note("execution of "+f.Alias, e.ID)
			}
		}
		for _, c := range s.Clients {
			note("client "+c.ClientID, c.ID)
		}
		for _, c := range s.Scopes {
			note("scope "+c.Name, c.ID)
			for _, m := range c.ProtocolMappers {
				note("mapper "+m.Name, m.ID)
			}
		}
		for _, r := range s.Roles {
			note("role "+r.Name, r.ID)
		}
		for _, c := range s.Configs {
			note("config "+c.Alias, c.ID)
		}
		for _, k := range s.Keys {
			note("key "+k.Algorithm, k.ID)
		}
	}
}

// A name or an id that is taken is a conflict, and nothing is written.
func TestTaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		first, _ := made(t, db, named("shop"), options())
		again := named("shop")
		other := named("other")
		other.ID = new(first.Realm.ID)
		for field, rep := range map[string]*representation.Realm{"realm": again, "id": other} {
			plan, err := realm.Prepare(rep, options())
			if err != nil {
				t.Fatal(err)
			}
			err = db.Update(ctx, func(tx *store.Tx) error { _, err := plan.Apply(tx); return err })
			var e *latchkey.Error
			if !errors.As(err, &e) || e.Code != latchkey.CodeConflict || e.Field != field {
				t.Errorf("%s taken: %v", field, err)
			}
		}
		if after := snapshot(t, db, "shop"); after.Realm.Version != first.Realm.Version {
			t.Errorf("version %d, was %d", after.Realm.Version, first.Realm.Version)
		}
	})
}
