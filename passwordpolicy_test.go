package latchkey_test

import (
	"strings"
	"testing"

	"latchkey"
)

func TestPasswordPolicyIsParsed(t *testing.T) {
	for _, test := range []struct{ policy, wrong string }{
		{"", ""},
		{"length(12) and digits and notUsername(undefined) and maxLength(undefined) and hashIterations(-1)", ""},
		{"hashAlgorithm(pbkdf2-sha512) and hashIterations(27500) and passwordHistory(3) and forceExpiredPasswordChange(365)", ""},
		{`regexPattern(^[A-Z]\w{8,}$) and passwordBlacklist(list.txt) and notContainsUsername`, ""},
		{`regexPattern(^(?=.*[A-Z])(?!.*\s)[\w]{8,}+$)`, "Invalid config for regexPattern: Not a valid regular expression"},
		{"foo(3) and length(12)", "Invalid config for foo: Password policy not found"},
		{"length(12) and bogus", "Invalid config for bogus: Password policy not found"},
		{"length(abc)", "Invalid config for length: Not a valid number"},
		{"digits(-1)", "Invalid config for digits: Not a valid number"},
		{"length(99999999999)", "Invalid config for length: Not a valid number"},
		{"regexPattern()", "Invalid config for regexPattern: Config required"},
		{"regexPattern((", "Invalid config for regexPattern: Not a valid regular expression"},
		{"regexPattern([a-)", "Invalid config for regexPattern: Not a valid regular expression"},
		{"hashAlgorithm(bogus)", "Invalid config for hashAlgorithm: Password hashing provider not found"},
	} {
		_, err := latchkey.ParsePasswordPolicy(test.policy)
		switch {
		case (err == nil) != (test.wrong == ""):
			t.Errorf("%s: %v", test.policy, err)
		case err != nil && !strings.Contains(err.Error(), test.wrong):
			t.Errorf("%s: %v, expected %s", test.policy, err, test.wrong)
		}
	}
}
