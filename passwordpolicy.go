package latchkey

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// PasswordRule is one rule of a realm's password policy, by Keycloak's name.
type PasswordRule struct {
	Name   string
	Text   string // what is in the parentheses
	Number int    // of rules that have one: what is given, or Keycloak's default
	Wrong  string // what Keycloak says who refuses it; empty when it does not
}

// PasswordHashes are the algorithms that a policy can name, as in Keycloak.
var PasswordHashes = []string{"argon2", "pbkdf2", "pbkdf2-sha256", "pbkdf2-sha512"}

// numberRules are the rules that have a number, with Keycloak's defaults.
var numberRules = map[string]int{
	"length": 8, "maxLength": 64, "digits": 1, "upperCase": 1, "lowerCase": 1, "specialChars": 1, "hashIterations": -1, "passwordHistory": 3,
	"passwordAge": 30, "maxAuthAge": 300, "recoveryCodesWarningThreshold": 4, "forceExpiredPasswordChange": 365,
}

// textRules are the other rules that Keycloak has.
var textRules = []string{"notUsername", "notEmail", "notContainsUsername", "passwordBlacklist", "regexPattern", "hashAlgorithm"}

// ParsePasswordPolicy takes a policy in Keycloak's form apart, such as
// "length(8) and digits(1) and notUsername". The error has the field
// "passwordPolicy" and is about the first rule that Keycloak would refuse; all
// rules are given nonetheless.
func ParsePasswordPolicy(policy string) (rules []PasswordRule, err error) {
	for part := range strings.SplitSeq(policy, " and ") {
		name, argument, _ := strings.Cut(strings.TrimSpace(part), "(")
		if name == "" && argument == "" {
			continue
		}
		r := PasswordRule{Name: strings.TrimSpace(name), Text: strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(argument), ")"))}
		if r.Wrong = r.read(); r.Wrong != "" && err == nil {
			err = Invalid("passwordPolicy", "Invalid config for %.64s: %s", r.Name, r.Wrong)
		}
		rules = append(rules, r)
	}
	return rules, err
}

// read makes the number of the rule's text, and says what is wrong with it.
func (r *PasswordRule) read() string {
	usual, numbered := numberRules[r.Name]
	switch {
	case numbered:
		r.Number = usual
		if r.Text == "" || r.Text == "undefined" { // as old consoles wrote it
			return ""
		}
		n, err := strconv.ParseInt(r.Text, 10, 32)
		if err != nil || n < 0 && int(n) != usual {
			return "Not a valid number"
		}
		r.Number = int(n)
	case r.Name == "regexPattern" && r.Text == "":
		return "Config required"
	case r.Name == "regexPattern":
		if _, err := r.Expression(); err != nil {
			return "Not a valid regular expression"
		}
	case r.Name == "hashAlgorithm" && r.Text != "" && !slices.Contains(PasswordHashes, r.Text):
		return "Password hashing provider not found"
	case !slices.Contains(textRules, r.Name):
		return "Password policy not found"
	}
	return ""
}

// Expression is what a whole password has to match by a rule regexPattern. An
// expression of Java that RE2 does not know (look-around, references,
// possessive quantifiers) is an error.
func (r PasswordRule) Expression() (*regexp.Regexp, error) {
	return regexp.Compile(`\A(?:` + r.Text + `)\z`)
}

// MaxPasswordHistory is how many passwords of a user are held against a new one
// at most, whatever the policy says: each costs a hash.
const MaxPasswordHistory = 50

// PasswordsRemembered is how many of a user's last passwords a new one must not
// be, the one of now included; 0 when the policy does not ask.
func PasswordsRemembered(policy string) int {
	rules, _ := ParsePasswordPolicy(policy) // what is wrong in an imported one has its default
	for _, r := range rules {
		if r.Name == "passwordHistory" {
			return min(r.Number, MaxPasswordHistory)
		}
	}
	return 0
}
