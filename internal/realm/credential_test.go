package realm_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/store/storetest"
)

// Credentials of every kind and age come over: passwords go on working, seeds
// have today's form, and what nothing can check is named.
func TestImportCredentials(t *testing.T) {
	hash := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("h", 32)))
	password := func(how string) string {
		return fmt.Sprintf(`{"type":"password","secretData":"{\"value\":\"%s\",\"salt\":\"c2FsdA==\"}","credentialData":"%s"}`, hash, strings.ReplaceAll(how, `"`, `\"`))
	}
	for _, row := range []struct{ name, in, secret, data, report string }{
		{"pbkdf2", password(`{"hashIterations":20000,"algorithm":"pbkdf2"}`), "value", `"pbkdf2"`, ""},
		{"sha256", password(`{"hashIterations":27500,"algorithm":"pbkdf2-sha256","additionalParameters":{}}`), "value", "sha256", ""},
		{"sha512", password(`{"hashIterations":210000,"algorithm":"pbkdf2-sha512"}`), "value", "sha512", ""},
		{"argon2", password(`{"hashIterations":5,"algorithm":"argon2","additionalParameters":{"hash":["32"],"memory":["7168"],"type":["id"],"version":["1.3"],"parallelism":["1"]}}`), "value", "7168", ""},
		{"argon2 i", password(`{"hashIterations":3,"algorithm":"argon2","additionalParameters":{"type":["i"]}}`), "value", "argon2", ""},
		{"argon2 d", password(`{"hashIterations":3,"algorithm":"argon2","additionalParameters":{"type":["d"]}}`), "value", "argon2", "hashed like this"},
		{"argon2 1.0", password(`{"hashIterations":3,"algorithm":"argon2","additionalParameters":{"version":["1.0"]}}`), "value", "argon2", "hashed like this"},
		{"bcrypt", password(`{"hashIterations":-1,"algorithm":"bcrypt"}`), "value", "bcrypt", "hashed like this"},
		{"old password", `{"type":"password","hashedSaltedValue":"` + hash + `","salt":"c2FsdA==","hashIterations":20000}`, "value", `"pbkdf2"`, ""},
		{"masked password", `{"type":"password","secretData":"**********","credentialData":"{}"}`, "", "", "does not hold its hash"},
		{"otp", `{"type":"otp","secretData":"{\"value\":\"seed\"}","credentialData":"{\"subType\":\"totp\",\"digits\":6,\"period\":30,\"counter\":0,\"algorithm\":\"HmacSHA1\",\"secretEncoding\":\"BASE32\"}"}`, "seed", "BASE32", ""},
		{"old otp", `{"type":"hotp","value":"seed","algorithm":"HmacSHA256","digits":8,"counter":7}`, `{"value":"seed"}`, `{"algorithm":"HmacSHA256","counter":7,"digits":8,"period":30,"subType":"hotp"}`, ""},
		{"masked otp", `{"type":"otp","secretData":"**********"}`, "", "", "does not hold its secret"},
		{"passkey", `{"type":"webauthn","secretData":"{}","credentialData":"{\"aaguid\":\"x\"}"}`, "{}", "aaguid", "no step asks for"},
		{"recovery codes", `{"type":"recovery-authn-codes","secretData":"{\"codes\":[]}","credentialData":"{}"}`, "codes", "{}", "no step asks for"},
	} {
		t.Run(row.name, func(t *testing.T) {
			db, _ := storetest.SQLite(t)
			results, err := take(ctx, db, []byte(`{"realm":"r","users":[{"username":"a","credentials":[`+row.in+`]}]}`))
			if err != nil {
				t.Fatal(err)
			}
			report := ""
			for _, line := range results[0].Report.Lines() {
				if strings.HasPrefix(line, "users.credentials") {
					report += line
				}
			}
			if report != "" != (row.report != "") || !strings.Contains(report, row.report) {
				t.Errorf("report %q, want one that says %q", report, row.report)
			}
			_, got, _ := people(t, db, snapshot(t, db, "r"), "a")
			if row.secret == "" {
				if len(got) > 0 {
					t.Errorf("credential %+v", got[0])
				}
				return
			}
			if len(got) != 1 || !strings.Contains(got[0].SecretData, row.secret) || !strings.Contains(got[0].CredentialData, row.data) {
				t.Fatalf("credentials %+v", got)
			}
			if got[0].Type == latchkey.CredentialPassword && credential.CanVerify(got[0]) != (row.report == "") {
				t.Error("the report says otherwise")
			}
		})
	}
}
