package credential_test

import (
	"encoding/base32"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"latchkey"
	"latchkey/internal/credential"
)

// Codes of RFC 6238, appendix B, and of devices as Keycloak writes them.
func TestVerifyOTP(t *testing.T) {
	const seed20, seed32, seed64 = "12345678901234567890", "12345678901234567890123456789012", "1234567890123456789012345678901234567890123456789012345678901234"
	totp := func(seed, algorithm string, digits string, more string) *latchkey.Credential {
		return &latchkey.Credential{Type: "otp", SecretData: `{"value":"` + seed + `"}`,
			CredentialData: `{"subType":"totp","digits":` + digits + `,"counter":0,"period":30,"algorithm":"` + algorithm + `"` + more + `}`}
	}
	policy := latchkey.OTPPolicy{Type: "totp", LookAheadWindow: 1}
	for name, c := range map[string]struct {
		credential *latchkey.Credential
		at         int64
		code       string
		right      bool
	}{
		"SHA1":                    {totp(seed20, "HmacSHA1", "8", ""), 59, "94287082", true},
		"SHA256":                  {totp(seed32, "HmacSHA256", "8", ""), 59, "46119246", true},
		"SHA512":                  {totp(seed64, "HmacSHA512", "8", ""), 59, "90693936", true},
		"later":                   {totp(seed20, "HmacSHA1", "8", ""), 20000000000, "65353130", true},
		"six digits":              {totp(seed20, "HmacSHA1", "6", ""), 59, "287082", true},
		"typed in groups":         {totp(seed20, "HmacSHA1", "6", ""), 59, " 287 082 ", true},
		"Arabic digits":           {totp(seed20, "HmacSHA1", "6", ""), 59, "٢٨٧٠٨٢", true},
		"one interval late":       {totp(seed20, "HmacSHA1", "6", ""), 89, "287082", true},
		"two intervals late":      {totp(seed20, "HmacSHA1", "6", ""), 120, "287082", false},
		"one interval early":      {totp(seed20, "HmacSHA1", "6", ""), 29, "287082", true},
		"wrong":                   {totp(seed20, "HmacSHA1", "6", ""), 59, "287083", false},
		"too long":                {totp(seed20, "HmacSHA1", "6", ""), 59, "94287082", false},
		"empty":                   {totp(seed20, "HmacSHA1", "6", ""), 59, "", false},
		"no number":               {totp(seed20, "HmacSHA1", "6", ""), 59, "28708x", false},
		"base32":                  {totp(base32.StdEncoding.EncodeToString([]byte(seed20)), "HmacSHA1", "6", `,"secretEncoding":"BASE32"`), 59, "287082", true},
		"base32 is not the bytes": {totp(base32.StdEncoding.EncodeToString([]byte(seed20)), "HmacSHA1", "6", ""), 59, "287082", false},
		"an unknown algorithm":    {totp(seed20, "HmacMD5", "6", ""), 59, "287082", false},
		"no secret":               {totp("", "HmacSHA1", "6", ""), 59, "287082", false},
		"no JSON":                 {&latchkey.Credential{Type: "otp", SecretData: "x", CredentialData: "y"}, 59, "287082", false},
		"a password":              {&latchkey.Credential{Type: "password", SecretData: `{"value":"x"}`, CredentialData: `{}`}, 59, "287082", false},
	} {
		m, right := credential.VerifyOTP(c.credential, policy, c.code, time.Unix(c.at, 0))
		if right != c.right || (right && (m.Reusable || m.Data != c.credential.CredentialData)) {
			t.Errorf("%s: %v, %+v", name, right, m)
		}
	}
	// What was used, or is before it, is never right; but where the realm says so.
	used := totp(seed20, "HmacSHA1", "6", "")
	used.Counter = 2
	if _, right := credential.VerifyOTP(used, policy, "287082", time.Unix(59, 0)); right {
		t.Error("a used code is right")
	}
	policy.CodeReusable = true
	if m, right := credential.VerifyOTP(used, policy, "287082", time.Unix(59, 0)); !right || !m.Reusable {
		t.Errorf("%v, %+v", right, m)
	}
}

// A code of a counter moves the counter, in Keycloak's data too, whatever else
// stands in it (RFC 4226 7.2, 7.4).
func TestVerifyCounter(t *testing.T) {
	seed := []byte("12345678901234567890")
	code := func(n uint64) string {
		c, err := hotp.GenerateCodeCustom(base32.StdEncoding.EncodeToString(seed), n, hotp.ValidateOpts{Digits: otp.DigitsSix})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := &latchkey.Credential{Type: "otp", SecretData: `{"value":"` + string(seed) + `"}`,
		CredentialData: `{"subType":"hotp","digits":6,"counter":7,"algorithm":"HmacSHA1","mine":true}`}
	policy := latchkey.OTPPolicy{Type: "hotp", LookAheadWindow: 2, CodeReusable: true}
	for n, want := range map[uint64]bool{6: false, 7: true, 9: true, 10: false} {
		m, right := credential.VerifyOTP(c, policy, code(n), time.Unix(0, 0))
		if right != want || m.Reusable {
			t.Errorf("%d: %v, %+v", n, right, m)
		}
		if n == 9 && (m.Used != 9 || !strings.Contains(m.Data, `"counter":10`) || !strings.Contains(m.Data, `"mine":true`)) {
			t.Errorf("%+v", m)
		}
	}
	c.Counter = 8
	if _, right := credential.VerifyOTP(c, policy, code(7), time.Unix(0, 0)); right {
		t.Error("a used code is right")
	}
}

// What is set up here is verified here, and read by applications.
func TestNewOTP(t *testing.T) {
	policy := latchkey.OTPPolicy{Type: "totp", Algorithm: "HmacSHA256", Digits: 8, Period: 60}
	s := credential.NewOTPSecret()
	c, err := credential.NewOTP(policy, s, "phone")
	if err != nil || len(s.Reveal()) != 32 || c.UserLabel != "phone" {
		t.Fatalf("%+v, %v", c, err)
	}
	url := credential.OTPURL(policy, s, "Acme: Shop", "ada@example.test").Reveal()
	key, err := otp.NewKeyFromURL(url)
	if err != nil || key.Secret() != s.Reveal() || key.Issuer() != "Acme: Shop" || key.AccountName() != "ada@example.test" || key.Period() != 60 ||
		key.Algorithm() != otp.AlgorithmSHA256 || key.Digits() != otp.DigitsEight || strings.Contains(url, "+") {
		t.Fatalf("%s, %v", url, err)
	}
	now := time.Unix(1_800_000_000, 0)
	code, err := hotp.GenerateCodeCustom(s.Reveal(), uint64(now.Unix()/60), hotp.ValidateOpts{Digits: 8, Algorithm: otp.AlgorithmSHA256})
	if err != nil {
		t.Fatal(err)
	}
	if m, right := credential.VerifyOTP(c, policy, code, now); !right || m.Used != now.Unix()/60 {
		t.Errorf("%v, %+v", right, m)
	}
	if url := credential.OTPURL(latchkey.OTPPolicy{Type: "hotp", InitialCounter: 3}, s, "Acme", "ada").Reveal(); !strings.Contains(url, "counter=3") || strings.Contains(url, "period") {
		t.Error(url)
	}
}

// Whatever an import brought, and whatever is typed, nothing panics.
func FuzzVerifyOTP(f *testing.F) {
	f.Add(`{"value":"x"}`, `{"subType":"totp","digits":6,"period":30,"algorithm":"HmacSHA1"}`, "123456")
	f.Add(`{"value":"x"}`, `{"subType":"hotp","digits":8,"counter":9223372036854775807,"algorithm":"HmacSHA512","secretEncoding":"BASE32"}`, "12345678")
	f.Fuzz(func(_ *testing.T, secretData, data, code string) {
		c := &latchkey.Credential{Type: "otp", SecretData: secretData, CredentialData: data}
		credential.VerifyOTP(c, latchkey.OTPPolicy{LookAheadWindow: 1 << 30}, code, time.Unix(1_800_000_000, 0))
	})
}
