package latchkey

import (
	"errors"
	"regexp/syntax"
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
	case r.Name == "regexPattern" && !isExpression(r.Text):
		return "Not a valid regular expression"
	case r.Name == "hashAlgorithm" && r.Text != "" && !slices.Contains(PasswordHashes, r.Text):
		return "Password hashing provider not found"
	case !slices.Contains(textRules, r.Name):
		return "Password policy not found"
	}
	return ""
}

// isExpression says whether the text can be a regular expression of Java: what
// it has beyond RE2 (look-around, references, possessive quantifiers) passes.
func isExpression(text string) bool {
	_, err := syntax.Parse(text, syntax.Perl)
	var wrong *syntax.Error
	if !errors.As(err, &wrong) {
		return true
	}
	return slices.Contains([]syntax.ErrorCode{syntax.ErrInvalidPerlOp, syntax.ErrInvalidEscape, syntax.ErrInvalidNamedCapture,
		syntax.ErrInvalidRepeatOp, syntax.ErrInvalidRepeatSize, syntax.ErrLarge}, wrong.Code)
}
