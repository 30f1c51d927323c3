package console_test

import (
	"strings"
	"testing"

	"latchkey/internal/realm"
	"latchkey/internal/servertest"
)

// A secret is shown, renewed after a question, and the token of the
// registration is shown once.
func TestClientCredentials(t *testing.T) {
	w := newWorld(t)
	w.made("service", "clientId", "robot")
	before := w.client("robot")
	home := "clients/" + before.ID + "/"
	has(t, w.open(home+"credentials"), before.Secret.Reveal())
	p := w.open(home + "renew-secret")
	has(t, p, "Give robot a new secret?")
	if w.client("robot").Secret != before.Secret {
		t.Error("a question changes the secret")
	}
	after := p.Press("Regenerate secret")
	now := w.client("robot").Secret
	if now == before.Secret {
		t.Error("the secret is the old one")
	}
	has(t, after, now.Reveal())
	p = w.open(home + "registration-access-token").Press("Regenerate registration token")
	has(t, p, "It is not shown again", "eyJ")
	hasNot(t, w.open(home+"credentials"), "eyJ")

	p = w.open(home + "revoke").Press("Revoke all tokens")
	has(t, p, "Void is what was made before")
	if w.client("robot").NotBefore == 0 {
		t.Error("nothing is revoked")
	}
	has(t, p.Press("Clear"), "Nothing is revoked.")
	has(t, w.open(home+"disable").Press("Disable"), "Disabled")
	has(t, w.open("clients?enabled=false"), "robot")
	hasNot(t, w.open("clients?enabled=true"), "robot")
	hasNot(t, w.open("clients?publicClient=true"), "robot")
	has(t, w.open("clients?publicClient=false&search=ROB"), "robot")
	has(t, w.open(home+"settings").Press("Enable"), "Saved.")
	has(t, w.open(home+"delete").Press("Delete"), "Deleted.")
	if w.s.Snapshot(realm.DemoRealm).ClientByClientID("robot") != nil {
		t.Error("the client is still there")
	}
}

// A client's keys are read at its address, typed, imported from a file or made
// here, where the private key is shown once.
func TestClientKeys(t *testing.T) {
	w := newWorld(t)
	w.made("service", "clientId", "robot")
	home := "clients/" + w.client("robot").ID + "/keys"
	typed := func() *servertest.Form { return w.open(home).FormWith("attributes/jwks.string") }
	has(t, typed().Set("attributes/use.jwks.string", "on").Set("attributes/jwks.string", "{").Submit(), "This is no key set with a public key")
	has(t, typed().Set("attributes/use.jwks.url", "on").Submit(), "This is needed.")
	has(t, typed().Set("attributes/use.jwks.url", "on").Set("attributes/jwks.url", "https://robot.example.test/keys").Submit(), "Saved.")

	p := w.open(home + "/generate")
	has(t, p, "Make new keys for robot?")
	p = p.Press("Generate new keys")
	has(t, p, "-----BEGIN PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----")
	_, certificate, _ := strings.Cut(p.Text(), "-----BEGIN CERTIFICATE-----")
	certificate, _, _ = strings.Cut(certificate, "-----END")
	c := w.client("robot")
	if kept := c.Attribute("jwt.credential.certificate"); kept == "" || kept != strings.Join(strings.Fields(certificate), "") || c.Attribute("use.jwks.url") != "" {
		t.Errorf("kept %q of %q", kept, certificate)
	}
	p = w.open(home)
	has(t, p, c.Attribute("jwt.credential.certificate"))
	hasNot(t, p, "PRIVATE KEY")

	load := func(format, file string) *servertest.Page {
		return w.open(home+"/import").FormWith("keystoreFormat").Set("keystoreFormat", format).Set("file", file).Submit()
	}
	p = load("Public Key PEM", certificate)
	if has(t, p, "This is no public key."); p.FormWith("keystoreFormat").Values.Get("file") == "" || !strings.Contains(p.Body, `id="file-error"`) {
		t.Errorf("%d %s", p.Status, p.Body)
	}
	has(t, load("Certificate PEM", "-----BEGIN CERTIFICATE-----"+strings.ReplaceAll(certificate, " ", "\n")+"-----END CERTIFICATE-----"), "Saved.")
	has(t, load("JSON Web Key Set", `{"keys":[{"kty":"EC"}]}`), "Saved.")
	if c = w.client("robot"); c.Attribute("jwks.string") == "" || c.Attribute("jwt.credential.certificate") != "" {
		t.Errorf("%v", c.Attributes)
	}
}

// Roles of a client, what its account may do, and which roles its tokens tell.
func TestClientRoles(t *testing.T) {
	w := newWorld(t)
	w.made("service", "clientId", "robot")
	id := w.client("robot").ID
	p := w.open("clients/"+id+"/roles/new").FormWith("description").Set("name", "a/b reader").Set("description", "Reads").Submit()
	has(t, p, "Created.", "a/b reader")
	snap := w.s.Snapshot(realm.DemoRealm)
	role := snap.RoleNamed(id, "a/b reader")
	if role == nil {
		t.Fatal("there is no role")
	}
	has(t, w.open("clients/"+id+"/roles"), "a/b reader", "Reads")
	for _, tab := range []string{"details", "attributes", "associated-roles", "users-in-role", "groups-in-role"} {
		w.open("clients/" + id + "/roles/" + role.ID + "/" + tab)
	}
	p = tick(w.open("clients/"+id+"/service-account/assign?of=clients&search=reader"), "Assign roles", role.ID+" "+id)
	has(t, p, "Saved.", "a/b reader")
	p = tick(p, "Unassign", role.ID+" "+id)
	has(t, p, "Unassign a/b reader?")
	hasNot(t, p.Press("Unassign"), "a/b reader")
	p = w.open("clients/" + id + "/client-scopes/dedicated-scope").Press("Switch full scope off")
	has(t, p, "Full scope is off")
	if w.client("robot").FullScopeAllowed {
		t.Error("full scope is on")
	}
	has(t, w.open("clients/"+id+"/roles/"+role.ID+"/delete").Press("Delete"), "Deleted.")
}

// Client scopes are made, given to clients, and say by their mappers what tokens
// tell: what is evaluated is what tokens have.
func TestClientScopes(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.test")
	w.made("spa", "clientId", "page", "redirectUris", "http://localhost:5173/")
	id := w.client("page").ID
	p := w.open("client-scopes/create").FormWith("name").Set("name", "city").Set("type", "optional").Submit()
	has(t, p, "Created.", "There are no mappers here.")
	scope := w.s.Snapshot(realm.DemoRealm).ScopeByName("city")
	home := "client-scopes/" + scope.ID + "/"
	has(t, w.open("client-scopes?type=optional"), "city")
	hasNot(t, w.open("client-scopes?type=default"), "city")
	has(t, w.open(home+"mappers/add"), "Hardcoded claim", "User Attribute")
	p = w.open(home+"mappers/add/oidc-hardcoded-claim-mapper").FormWith("name").Set("name", "home town").Set("config/claim.value", "Konstanz").Submit()
	has(t, p, "This is needed")
	if got := p.FormWith("name").Values.Get("config/claim.value"); got != "Konstanz" {
		t.Errorf("what was typed is %q", got)
	}
	p = p.FormWith("name").Set("config/claim.name", "town").Set("config/jsonType.label", "String").Submit()
	has(t, p, "Created.", "home town", "Hardcoded claim")
	p = w.open(home + "mappers/predefined")
	p = tick(p, "Add", "nickname")
	has(t, p, "Saved.", "nickname")
	made := w.s.Snapshot(realm.DemoRealm).ScopeByName("city").ProtocolMappers
	if len(made) != 2 || made[0].Config["claim.name"] != "town" || made[0].Config["access.token.claim"] != "true" || made[0].Config["lightweight.claim"] != "false" {
		t.Errorf("%+v", made)
	}
	p = w.open(home+"mappers/mapper/"+made[0].ID).FormWith("name").Set("config/claim.value", "Ulm").Submit()
	has(t, p, "Saved.")

	p = tick(w.open("clients/"+id+"/client-scopes/add"), "Add as optional", scope.ID)
	has(t, p, "Saved.", "city")
	at := "clients/" + id + "/client-scopes/evaluate?userId=" + ada
	hasNot(t, w.open(at), "Ulm")
	has(t, w.open(at+"&scope=city"), "home town", "Ulm", "openid city", "Access token of ada@example.test")
	has(t, w.open("clients/"+id+"/client-scopes/evaluate?user=nobody-of-the-kind"), "Nothing matches")
	p = tick(w.open("clients/"+id+"/client-scopes"), "Make default", scope.ID)
	has(t, p, "Saved.")
	has(t, w.open(at), "Ulm")
	p = tick(w.open("clients/"+id+"/client-scopes"), "Remove", scope.ID)
	has(t, p, "Remove city?")
	hasNot(t, p.Press("Remove"), "city")
	p = tick(w.open("client-scopes"), "Assign as default", scope.ID)
	has(t, p, "Saved.")
	has(t, w.open("client-scopes?type=default"), "city")
	has(t, w.open(home+"mappers/mapper/"+made[0].ID+"/delete").Press("Delete"), "Deleted.")
	has(t, w.open(home+"delete").Press("Delete"), "Deleted.")
}

// The token of an initial access is shown once; whoever has it registers.
func TestInitialAccess(t *testing.T) {
	w := newWorld(t)
	f := w.open("clients/initial-access/create").FormWith("count")
	p := f.Set("count", "0").Submit()
	has(t, p, "It is 1 at least.")
	p = p.FormWith("count").Set("count", "2").Submit()
	has(t, p, "It is not shown again", "eyJ", "/clients-registrations/openid-connect")
	i := strings.Index(p.Text(), "eyJ")
	token := strings.Fields(p.Text()[i:])[0]
	status, body := w.s.Send("POST", "/realms/demo/clients-registrations/openid-connect", `{"client_name":"Prize draw","redirect_uris":["https://a.example.test/"]}`,
		"Authorization: Bearer "+token, "Content-Type: application/json")
	if status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	p = w.open("clients/initial-access")
	has(t, p, "1 / 2")
	hasNot(t, p, "eyJ")
	p = w.open("clients")
	has(t, p, "Not approved")
	for _, c := range w.s.Snapshot(realm.DemoRealm).Clients {
		if c.Unapproved() {
			has(t, w.open("clients/"+c.ID+"/settings").Press("Approve"), "Saved.")
		}
	}
	hasNot(t, w.open("clients"), "Not approved")
}
