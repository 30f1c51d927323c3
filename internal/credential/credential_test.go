package credential_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/credential"
)

func stored(algorithm string, iterations int, value, salt, extra string) *latchkey.Credential {
	return &latchkey.Credential{
		Type:           latchkey.CredentialPassword,
		SecretData:     fmt.Sprintf(`{"value":%q,"salt":%q,"additionalParameters":{}}`, value, salt),
		CredentialData: fmt.Sprintf(`{"hashIterations":%d,"algorithm":%q,"additionalParameters":{%s}}`, iterations, algorithm, extra),
	}
}

const (
	salt   = "MDEyMzQ1Njc4OWFiY2RlZg=="
	sha1   = "o3nF/8qF9FqByH+yRPuBOTNIth9Vi9AEWKszujgeJFRpHD99+I6TiQvZmKHgMIZDiZPVAXdf52sBSxsITrvyoA=="
	sha256 = "OPj+tjW21jOURC9MDoQQexdNYnZbK9a6WP5YMTPpcwmAL+v7Mbug074C5F9iQ1RD2A3dKjwvNdPNso1EGuarDQ=="
	sha512 = "8aO1EKdtF3LeBBj+cEExHVtKkHH9Ck2yRD+yy2WgT6/mDtCR4FMAOc7uqCUDZHOwMD1y8lL5sZgsR7onjp3p8Q=="
	horse  = "correct horse é"
)

// Passwords that come with an import go on working: the vectors were made by
// other implementations (Python's hashlib, the argon2 command's README).
func TestVerifyImported(t *testing.T) {
	tests := []struct {
		name, password string
		c              *latchkey.Credential
		want           bool
	}{
		{"pbkdf2", horse, stored("pbkdf2", 20000, sha1, salt, ""), true},
		{"pbkdf2-sha256", horse, stored("pbkdf2-sha256", 27500, sha256, salt, ""), true},
		{"pbkdf2-sha512", horse, stored("pbkdf2-sha512", 30000, sha512, salt, ""), true},
		{"argon2i", "password", stored("argon2", 2, "RdescudvJCsgt3ub+b+dWRWJTmaaJObG", "c29tZXNhbHQ=",
			`"type":["i"],"version":["1.3"],"memory":["65536"],"parallelism":["4"],"hashLength":["24"]`), true},
		{"wrong password", "correct horse e", stored("pbkdf2-sha256", 27500, sha256, salt, ""), false},
		{"empty password", "", stored("pbkdf2-sha256", 27500, sha256, salt, ""), false},
		{"other iterations", horse, stored("pbkdf2-sha256", 27501, sha256, salt, ""), false},
		{"other algorithm", horse, stored("pbkdf2-sha512", 27500, sha256, salt, ""), false},
		{"other salt", horse, stored("pbkdf2-sha256", 27500, sha256, "MDEyMzQ1Njc4OWFiY2RlZQ==", ""), false},
		{"unknown algorithm", horse, stored("bcrypt", 10, sha256, salt, ""), false},
		{"no iterations", horse, stored("pbkdf2-sha256", 0, sha256, salt, ""), false},
		{"absurd iterations", horse, stored("pbkdf2-sha256", 1<<30, sha256, salt, ""), false},
		{"absurd memory", "password", stored("argon2", 2, sha256, salt, `"memory":["99999999"]`), false},
		{"argon2 of an old version", "password", stored("argon2", 2, sha256, salt, `"version":["1.0"]`), false},
		{"argon2d", "password", stored("argon2", 2, sha256, salt, `"type":["d"]`), false},
		{"empty hash", "", stored("pbkdf2-sha256", 1, "", salt, ""), false},
		{"short hash", horse, stored("pbkdf2-sha256", 27500, "OPj+", salt, ""), false},
		{"no JSON", horse, &latchkey.Credential{Type: "password", SecretData: "x", CredentialData: "{}"}, false},
		{"another type", horse, &latchkey.Credential{Type: "otp", SecretData: stored("pbkdf2-sha256", 27500, sha256, salt, "").SecretData,
			CredentialData: stored("pbkdf2-sha256", 27500, sha256, salt, "").CredentialData}, false},
		{"long password", strings.Repeat("x", credential.MaxPassword+1), stored("pbkdf2-sha256", 27500, sha256, salt, ""), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := credential.Verify(t.Context(), test.c, latchkey.Secret(test.password))
			if err != nil || got != test.want {
				t.Errorf("Verify = %v, %v, want %v", got, err, test.want)
			}
		})
	}
}

// a new password is argon2id with a salt of its own, in the JSON that
// an export carries.
func TestNewPassword(t *testing.T) {
	a, err := credential.NewPassword(t.Context(), horse)
	if err != nil {
		t.Fatal(err)
	}
	b, err := credential.NewPassword(t.Context(), horse)
	if err != nil {
		t.Fatal(err)
	}
	if a.SecretData == b.SecretData || strings.Contains(a.SecretData+a.CredentialData, horse) {
		t.Error("two hashes of one password are the same, or hold it")
	}
	for _, want := range []string{`"algorithm":"argon2"`, `"hashIterations":2`, `"memory":["19456"]`, `"type":["id"]`, `"version":["1.3"]`, `"parallelism":["1"]`} {
		if !strings.Contains(a.CredentialData, want) {
			t.Errorf("credentialData %s lacks %s", a.CredentialData, want)
		}
	}
	for password, want := range map[latchkey.Secret]bool{horse: true, "correct horse": false, "": false} {
		if got, err := credential.Verify(t.Context(), a, password); err != nil || got != want {
			t.Errorf("Verify(%q) = %v, %v, want %v", password.Reveal(), got, err, want)
		}
	}
	if credential.Outdated(a) || !credential.Outdated(stored("pbkdf2-sha256", 27500, sha256, salt, "")) {
		t.Error("which credentials are to be hashed anew")
	}
}

// A request that was given up is not hashed for.
func TestVerifyGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := credential.VerifyNobody(ctx, ""); latchkey.ErrorCode(err) != latchkey.CodeUnavailable {
		t.Errorf("VerifyNobody = %v, want %s", err, latchkey.CodeUnavailable)
	}
	if _, err := credential.NewPassword(ctx, horse); latchkey.ErrorCode(err) != latchkey.CodeUnavailable {
		t.Errorf("NewPassword = %v, want %s", err, latchkey.CodeUnavailable)
	}
}

func TestCheckPolicy(t *testing.T) {
	user := &latchkey.User{Username: "ada", Email: "ada@example.test"}
	tests := []struct {
		policy, password, rule string
		least                  int
	}{
		{"", "a", "", 0},
		{"", "", "length", 1},
		{"", strings.Repeat("a", credential.MaxPassword+1), "maxLength", credential.MaxPassword},
		{"length(8)", "1234567", "length", 8},
		{"length(8)", "12345678", "", 0},
		{"length(4)", "éééé", "", 0}, // characters, not bytes
		{"length", "1234567", "length", 8},
		{"length(x)", "1234567", "length", 8},
		{"maxLength(3)", "1234", "maxLength", 3},
		{"digits(2)", "a1", "digits", 2},
		{"digits(2)", "1a2", "", 0},
		{"upperCase(1)", "abc", "upperCase", 1},
		{"lowerCase(1)", "ABC", "lowerCase", 1},
		{"specialChars(1)", "abc1", "specialChars", 1},
		{"specialChars(1)", "abc 1", "", 0},
		{"notUsername", "ADA", "notUsername", 0},
		{"notUsername(undefined)", "ada", "notUsername", 0},
		{"notEmail(undefined)", "Ada@Example.test", "notEmail", 0},
		{"length(8) and digits(1) and notUsername(undefined)", "abcdefgh", "digits", 1},
		{"hashIterations(27500) and length(3)", "ab", "length", 3},
		{"passwordHistory(3)", "ab", "", 0},
		{"notContainsUsername", "myADA1", "notContainsUsername", 0},
		{"notContainsUsername", "nobody", "", 0},
		{"regexPattern([a-z]+\\d)", "abc1", "", 0},
		{"regexPattern([a-z]+\\d)", "abc12", "regexPattern", 0}, // the whole password
		{"regexPattern(a|b)", "ab", "regexPattern", 0},
		{"regexPattern((?=a)a)", "b", "", 0}, // of Java's, which is not known here
	}
	for _, test := range tests {
		got, broken := credential.CheckPolicy(test.policy, latchkey.Secret(test.password), user)
		if got.Rule != test.rule || got.Least != test.least || broken != (test.rule != "") {
			t.Errorf("CheckPolicy(%q, %q) = %+v %v, want %s(%d)", test.policy, test.password, got, broken, test.rule, test.least)
		}
	}
	if got := credential.UnknownRules("length(8) and passwordHistory(3) and regexPattern((?=a)) and forceExpiredPasswordChange(365)"); !slices.Equal(got, []string{"regexPattern", "forceExpiredPasswordChange"}) {
		t.Errorf("UnknownRules = %v", got)
	}
}

// What an import brings is a stranger's input: it must neither stop the
// server nor be anybody's password.
func FuzzVerify(f *testing.F) {
	f.Add(`{"value":"OPj+","salt":""}`, `{"hashIterations":1,"algorithm":"pbkdf2"}`)
	f.Add(`{"value":"AAAAAAAAAAAAAAAAAAAAAA==","salt":"AA=="}`, `{"hashIterations":1,"algorithm":"argon2","additionalParameters":{"memory":["8"]}}`)
	f.Add(`{}`, `{"algorithm":"argon2","additionalParameters":{"memory":[]}}`)
	f.Fuzz(func(t *testing.T, secretData, credentialData string) {
		if strings.Contains(credentialData, "00") { // only to keep the fuzzer fast
			return
		}
		c := &latchkey.Credential{Type: latchkey.CredentialPassword, SecretData: secretData, CredentialData: credentialData}
		if ok, err := credential.Verify(t.Context(), c, "the fuzzer does not know this"); ok || err != nil {
			t.Fatalf("Verify = %v, %v", ok, err)
		}
	})
}
