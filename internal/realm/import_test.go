package realm_test

import (
	"context"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/realm"
	"latchkey/internal/store"
	"latchkey/internal/store/storetest"
)

var update = flag.Bool("update", false, "write the golden files")

func export(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/acme.json")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// take imports an export that is in memory.
func take(ctx context.Context, db *store.DB, data []byte) ([]realm.Result, error) {
	sources, err := realm.Parse(data)
	if err != nil {
		return nil, err
	}
	return realm.Import(ctx, db, sources, realm.ImportOptions{Options: options()})
}

// people reads a user with their credentials and the names of their roles.
func people(t *testing.T, db *store.DB, s *latchkey.Snapshot, username string) (u *latchkey.User, credentials []*latchkey.Credential, roles []string) {
	t.Helper()
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		if u, err = tx.UserByUsername(s.Realm.ID, username); err != nil {
			return err
		}
		if credentials, err = tx.Credentials(s.Realm.ID, u.ID); err != nil {
			return err
		}
		ids, err := tx.UserRoles(s.Realm.ID, u.ID)
		for _, id := range ids {
			roles = append(roles, s.Role(id).Name)
		}
		return err
	})
	if err != nil {
		t.Fatalf("user %s: %v", username, err)
	}
	slices.Sort(roles)
	return u, credentials, roles
}

// An export of Keycloak becomes a realm, and what is not taken over is named
// item by item, nothing more and nothing less (testdata/acme.report).
func TestImport(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		if _, err := realm.EnsureMaster(ctx, db, options()); err != nil {
			t.Fatal(err)
		}
		results, err := take(ctx, db, export(t))
		if err != nil {
			t.Fatal(err)
		}
		if len(results) != 1 || !results[0].Created || results[0].Realm != "acme" {
			t.Fatalf("results %+v", results)
		}
		checkReport(t, results[0].Report)
		s := snapshot(t, db, "acme")
		t.Run("settings", func(t *testing.T) { checkSettings(t, s) })
		t.Run("flows", func(t *testing.T) { checkFlows(t, s) })
		t.Run("clients", func(t *testing.T) { checkClients(t, s) })
		t.Run("roles", func(t *testing.T) { checkRoles(t, s) })
		t.Run("users", func(t *testing.T) { checkUsers(t, db, s) })

		// The rule of --import: a realm that exists is left alone.
		again, err := take(ctx, db, export(t))
		if err != nil || len(again) != 1 || again[0].Created {
			t.Fatalf("imported again: %+v, %v", again, err)
		}
		if after := snapshot(t, db, "acme"); after.Realm.Version != s.Realm.Version {
			t.Errorf("the second import changed the realm: version %d, was %d", after.Realm.Version, s.Realm.Version)
		}
	})
}

func checkReport(t *testing.T, report realm.Report) {
	t.Helper()
	got := strings.Join(report.Lines(), "\n") + "\n"
	if *update {
		if err := os.WriteFile("testdata/acme.report", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/acme.report")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("report:\n%s\nwant:\n%s", got, want)
	}
	if strings.Contains(got, "not-to-be-shown") || strings.Contains(got, "batch-secret") {
		t.Error("the report shows a secret (R-190)")
	}
}

func checkSettings(t *testing.T, s *latchkey.Snapshot) {
	r := s.Realm
	if r.ID != "5f1a2f30-acme" || r.DisplayName != "Acme" || !r.Enabled || r.SSLRequired != "external" || !r.RevokeRefreshToken ||
		r.AccessTokenLifespan != 120 || r.SSOSessionIdleTimeout != 3600 || r.SSOSessionMaxLifespan != 36000 || !r.VerifyEmail ||
		r.BrowserFlow != "acme browser" || r.EventsExpiration != 604800 || r.DefaultLocale != "de" {
		t.Errorf("settings %+v", r)
	}
	if want := map[string]string{"frontendUrl": "", "acme.tier": "3", "acme.beta": "true"}; !maps.Equal(r.Attributes, want) {
		t.Errorf("attributes %v, want %v", r.Attributes, want)
	}
	if want := []latchkey.Relay{
		{Host: "relay.acme.example", Port: 587, StartTLS: true, Auth: true, User: "acme", ConnectionTimeout: 10000},
		{Host: "relay2.acme.example", Port: 465, SSL: true, Auth: true, User: "acme", Password: "second-relay"},
	}; !slices.Equal(r.SMTP.Relays, want) || r.SMTP.From != "login@acme.example" || r.SMTP.ReplyTo != "help@acme.example" {
		t.Errorf("smtp %+v", r.SMTP)
	}
	if s.ActiveKey("ES256", storetest.NewClock().Now()) == nil || s.ActiveKey("RS256", storetest.NewClock().Now()) == nil || s.ActiveKey("HS512", storetest.NewClock().Now()) == nil {
		t.Errorf("%d keys", len(s.Keys))
	}
	// The user profile is taken over whole, also what pages do not act on.
	score, team := r.Profile.Attribute("score"), r.Profile.Attribute("team")
	if len(r.Profile.Attributes) != 5 || score == nil || score.SeenBy(latchkey.ProfileUser) || team == nil || team.EditedBy(latchkey.ProfileUser) ||
		!team.SeenBy(latchkey.ProfileUser) || team.Validations["options"] == nil || !r.Profile.Attribute("firstName").RequiredOf(latchkey.ProfileUser, nil) ||
		r.Profile.Attribute("username").Validations["length"]["max"] != json.Number("40") || r.Profile.UnmanagedAttributePolicy != latchkey.UnmanagedAdminEdit {
		t.Errorf("profile %+v", r.Profile)
	}
	if a := s.RequiredAction(latchkey.ActionUpdateProfile); a == nil || !a.DefaultAction || a.Priority != 7 {
		t.Errorf("UPDATE_PROFILE %+v", a)
	}
	if s.RequiredAction("acme_quiz") == nil || s.RequiredAction(latchkey.ActionVerifyEmail) == nil {
		t.Error("a required action is missing")
	}
}

func checkFlows(t *testing.T, s *latchkey.Snapshot) {
	if got, want := tree(s, s.FlowByAlias("acme browser"), 0), []step{
		{0, "acme forms", latchkey.Alternative},
		{1, "ext-magic-form", latchkey.Required},
		{1, "auth-otp-form", latchkey.Required},
		{1, "webauthn-authenticator", latchkey.Disabled},
		{0, "auth-cookie", latchkey.Alternative},
	}; !slices.Equal(got, want) {
		t.Errorf("acme browser: %v, want %v", got, want)
	}
	// The file's own shape of a built-in flow counts, and of ours nothing is
	// left over that belonged to it.
	browser := s.FlowByAlias("browser")
	if got, want := tree(s, browser, 0), []step{
		{0, "auth-cookie", latchkey.Alternative},
		{0, "identity-provider-redirector", latchkey.Alternative},
		{0, "forms", latchkey.Alternative},
		{1, "auth-username-password-form", latchkey.Required},
	}; !slices.Equal(got, want) || browser.ID != "f-browser" || !browser.BuiltIn {
		t.Errorf("browser: %v, want %v", got, want)
	}
	if s.FlowByAlias("Browser - Conditional 2FA") != nil || s.FlowByAlias("Organization") != nil {
		t.Error("a part of our flow browser is left over")
	}
	if s.FlowByAlias("magic link") == nil || s.FlowByAlias("First broker login - Conditional 2FA") == nil {
		t.Error("a built-in flow that the file lacks is missing")
	}
	link := s.Config(s.FlowByAlias("acme forms").Executions[0].ConfigID)
	if link == nil || link.ID != "a-links" || !maps.Equal(link.Config, map[string]string{"ext-magic-create-nonexistent-user": "false", "ext-magic-token-life-span": "86400"}) {
		t.Errorf("configuration %+v", link)
	}
	if c := s.Config(browser.Executions[1].ConfigID); c == nil || c.Config["defaultProvider"] != "github" {
		t.Errorf("configuration of the built-in flow %+v", c)
	}
}

func checkClients(t *testing.T, s *latchkey.Snapshot) {
	shop := s.ClientByClientID("shop")
	if shop == nil || shop.ID != "c-shop" || !shop.Enabled || !shop.PublicClient || shop.FullScopeAllowed || shop.Secret != "" {
		t.Fatalf("shop: %+v", shop)
	}
	if !slices.Equal(shop.RedirectURIs, []string{"https://shop.acme.example/*", "com.acme.shop:/callback"}) {
		t.Errorf("redirect URIs %v", shop.RedirectURIs)
	}
	if shop.FlowBindings["browser"] != s.FlowByAlias("office").ID || len(shop.FlowBindings) != 1 || s.BrowserFlow(shop).Alias != "office" {
		t.Errorf("flow bindings %v", shop.FlowBindings)
	}
	if shop.Attribute("backchannel.logout.session.required") != "true" || shop.Attribute("post.logout.redirect.uris") != "https://shop.acme.example/##+" {
		t.Errorf("attributes %v", shop.Attributes)
	}
	if names := scopeNames(s, shop.DefaultClientScopes); !slices.Equal(names, []string{"basic", "email", "profile", "role_list"}) {
		t.Errorf("default scopes of shop %v", names)
	}
	if len(shop.ProtocolMappers) != 1 || shop.ProtocolMappers[0].ID == "" || shop.ProtocolMappers[0].Config["user.attribute"] != "team" {
		t.Errorf("mappers %+v", shop.ProtocolMappers)
	}
	batch := s.ClientByClientID("batch")
	if batch.Secret != "batch-secret-in-the-file" || !batch.FullScopeAllowed || batch.StandardFlowEnabled {
		t.Errorf("batch: %+v", batch)
	}
	if names := scopeNames(s, batch.DefaultClientScopes); !slices.Equal(names, []string{"acr", "basic", "email", "profile", "roles", "service_account"}) {
		t.Errorf("default scopes of batch %v", names)
	}
	if got := roleNames(s.ExpandRoles(batch.ScopeMappings)); !slices.Equal(got, []string{"buyer"}) {
		t.Errorf("scope mappings of batch %v", got)
	}
	if report := s.ClientByClientID("report"); len(report.Secret) < 43 || report.Attribute("client.secret.creation.time") != "1772600767" {
		t.Errorf("report has no secret of its own (R-122): %+v", report.Attributes)
	}
	if sp, list := s.ClientByClientID("old-sp"), s.ScopeByName("role_list"); sp == nil || sp.Protocol != "saml" || sp.Secret != "" || list == nil || list.Protocol != "saml" {
		t.Errorf("what is of SAML is not kept: %+v, %+v", sp, list)
	}
	if m := s.ScopeByName("profile").ProtocolMappers; len(m) != 1 || !maps.Equal(m[0].Config, map[string]string{"claim.name": "nickname", "id.token.claim": "true"}) {
		t.Errorf("mappers of profile %+v", m)
	}
	if got := roleNames(s.ExpandRoles(s.ScopeByName("team").ScopeMappings)); !slices.Equal(got, []string{"reader"}) {
		t.Errorf("scope mappings of team %v", got)
	}
	if s.ClientByClientID("security-admin-console") == nil {
		t.Error("a built-in client is missing")
	}
}

func checkRoles(t *testing.T, s *latchkey.Snapshot) {
	def := s.Role(s.Realm.DefaultRoleID)
	if def == nil || def.ID != "r-default" {
		t.Fatalf("default role %+v", def)
	}
	if got := roleNames(s.ExpandRoles([]string{def.ID})); !slices.Equal(got, []string{"default-roles-acme", "offline_access", "sp-user", "view-profile"}) {
		t.Errorf("default roles %v", got)
	}
	editor := s.Role("r-editor")
	if got := roleNames(s.ExpandRoles([]string{editor.ID})); !slices.Equal(got, []string{"buyer", "editor", "reader"}) {
		t.Errorf("editor %v", got)
	}
	if !slices.Equal(editor.Attributes["team"], []string{"x", "y"}) || !slices.Equal(editor.Attributes["one"], []string{"z"}) {
		t.Errorf("attributes of editor %v", editor.Attributes)
	}
	// realm-admin stays what its name says, whichever version wrote the file.
	if got := s.ExpandRoles([]string{"r-realm-admin"}); len(got) != 22 {
		t.Errorf("realm-admin amounts to %v", roleNames(got))
	}
	if s.RoleNamed(s.ClientByClientID("account").ID, "manage-account") == nil {
		t.Error("a built-in role is missing")
	}
}

func checkUsers(t *testing.T, db *store.DB, s *latchkey.Snapshot) {
	anna, credentials, roles := people(t, db, s, "anna")
	if anna.ID != "u-anna" || anna.Email != "Anna@acme.example" || !anna.EmailVerified || !anna.Enabled || anna.CreatedAt.UnixMilli() != 1700000000123 {
		t.Errorf("anna %+v", anna)
	}
	if !slices.Equal(anna.Attributes["team"], []string{"blue"}) || len(anna.Attributes) != 1 {
		t.Errorf("attributes %v", anna.Attributes)
	}
	if !slices.Equal(roles, []string{"buyer", "default-roles-acme", "editor", "sp-user"}) {
		t.Errorf("roles of anna %v", roles)
	}
	if !slices.Equal(anna.RequiredActions, []string{"UPDATE_PROFILE", "CONFIGURE_TOTP"}) {
		t.Errorf("required actions %v", anna.RequiredActions)
	}
	if len(credentials) != 2 || credentials[1].Type != latchkey.CredentialOTP || !strings.Contains(credentials[1].SecretData, `"seed"`) {
		t.Errorf("credentials of anna %+v", credentials)
	} else if credentials[0].ID != "k-1" || credentials[0].SecretData != `{"value":"b3BhcXVl","salt":"c2FsdA==","additionalParameters":{}}` ||
		!strings.Contains(credentials[0].CredentialData, "27500") {
		t.Errorf("credentials of anna %+v", credentials)
	}

	ben, credentials, roles := people(t, db, s, "ben")
	if !ben.HasRequiredAction(latchkey.ActionUpdatePassword) || len(roles) != 0 {
		t.Errorf("ben %+v, roles %v", ben, roles)
	}
	checkHashed(t, credentials, "correct horse")

	_, credentials, _ = people(t, db, s, "carl")
	if len(credentials) != 1 || credentials[0].SecretData != `{"salt":"c2FsdA==","value":"b2xk"}` || credentials[0].CredentialData != `{"algorithm":"bcrypt","hashIterations":1}` {
		t.Errorf("credentials of carl %+v", credentials)
	}
	if dora, _, _ := people(t, db, s, "dora"); dora.Email != "" || dora.EmailVerified || dora.Enabled {
		t.Errorf("dora %+v", dora)
	}
	batch, _, roles := people(t, db, s, "service-account-batch")
	if batch.ServiceAccountClientID != "c-batch" || !slices.Equal(roles, []string{"reader"}) {
		t.Errorf("service account of batch %+v %v", batch, roles)
	}
	report, _, roles := people(t, db, s, "service-account-report")
	if report.ServiceAccountClientID != "c-report" || !report.Enabled || !slices.Equal(roles, []string{"default-roles-acme"}) {
		t.Errorf("service account of report %+v %v", report, roles)
	}
}

// A password in clear is hashed before it is kept, in the form of Keycloak's
// credentials.
func checkHashed(t *testing.T, credentials []*latchkey.Credential, plain string) {
	t.Helper()
	if len(credentials) != 1 || strings.Contains(credentials[0].SecretData, plain) || !strings.Contains(credentials[0].CredentialData, `"algorithm":"argon2"`) {
		t.Fatalf("credentials %+v", credentials)
	}
	for password, want := range map[string]bool{plain: true, "wrong": false} {
		if ok, err := credential.Verify(ctx, credentials[0], latchkey.Secret(password)); ok != want || err != nil {
			t.Errorf("password %q: %v, %v", password, ok, err)
		}
	}
}
