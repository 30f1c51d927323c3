package realm

import (
	"os"
	"strings"
	"testing"
	"time"

	"latchkey"
)

// Whatever a file holds, importing it answers with a plan or with an error
// that may be shown: it never panics, and it never fails in a way that is our
// fault.
func FuzzImport(f *testing.F) {
	acme, err := os.ReadFile("testdata/acme.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(acme)
	for _, seed := range []string{
		`{"realm":"r"}`, `[{"realm":"r"},{"realm":"s","enabled":"true"}]`, `{"realm":"r","realm":"s"}`, `[]`, `null`, `{"realm":null}`,
		`{"realm":"r","users":[{"username":"a","credentials":[{"type":"password","secretData":"{}","credentialData":"{}"}]}]}`,
		`{"realm":"r","authenticationFlows":[{"alias":"a","authenticationExecutions":[{"flowAlias":"a","requirement":"REQUIRED"}]}]}`,
		`{"realm":"r","roles":{"realm":[{"name":"a","composites":{"realm":["a"],"client":{"account":["manage-account"]}}}]}}`,
		`{"realm":"r","attributes":{"latchkey.smtp.fallbacks":"[{}]"},"smtpServer":{"port":null,"ssl":true}}`,
		`{"realm":"r","components":{"org.keycloak.userprofile.UserProfileProvider":[{"providerId":"declarative-user-profile","config":{"kc.user.profile.config":["{\"attributes\":[{\"name\":\"x\",\"validations\":{\"length\":null}}]}"]}}]}}`,
		`{"realm":"r","clients":[{"clientId":"a","id":"","attributes":{"x":null},"defaultClientScopes":[null]}],"defaultRole":{}}`,
		`{"realm":"r","defaultRole":{"name":"x"},"defaultRoles":["x"]}`,
		`{"realm":"r","clients":[{"clientId":"account","protocol":"saml"},{"clientId":"realm-management","protocol":"saml"}],"clientScopes":[{},{"name":"basic","protocol":"saml"}]}`,
		`{"realm":"r","authenticationFlows":[{},{"alias":"a","authenticationExecutions":[{"authenticator":"x"}]}],"roles":{"realm":[{}],"client":{"nope":[{}]}},"users":[{}],"supportedLocales":["x","fr"]}`,
		`{"realm":"master","roles":{"realm":[{"name":"admin"}]}}`,
		strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 40),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sources, err := Parse(data)
		if err != nil {
			if latchkey.ErrorCode(err) == latchkey.CodeInternal {
				t.Errorf("Parse: %v", err)
			}
			return
		}
		for _, s := range sources {
			plan, err := draft(s.Representation, s.unknown, s.people, Options{Now: time.Unix(1772600767, 0)})
			if latchkey.ErrorCode(err) == latchkey.CodeInternal {
				t.Errorf("Prepare: %v", err)
			}
			if err == nil {
				for _, line := range plan.report.Lines() {
					if strings.ContainsAny(line, "\r\n") {
						t.Errorf("a line of the report has a line break: %q", line)
					}
				}
			}
		}
	})
}
