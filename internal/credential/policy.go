package credential

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"latchkey"
)

// Breach is a rule of the realm's password policy that a password breaks.
// Rule is Keycloak's name of it: length, maxLength, digits, upperCase,
// lowerCase, specialChars, notUsername, notContainsUsername, notEmail,
// regexPattern, passwordHistory. Least is its number.
type Breach struct {
	Rule  string
	Least int
}

// CheckPolicy holds a password against a policy in Keycloak's form, such as
// "length(8) and digits(1) and notUsername". It gives the first rule that is
// broken, false when none is. Rules that Latchkey does not know do not apply;
// [UnknownRules] names them for the operator. Whatever the policy says, a
// password has at least one character and at most [MaxPassword] bytes.
func CheckPolicy(policy string, password latchkey.Secret, user *latchkey.User) (Breach, bool) {
	text := password.Reveal()
	switch {
	case text == "":
		return Breach{Rule: "length", Least: 1}, true
	case len(text) > MaxPassword:
		return Breach{Rule: "maxLength", Least: MaxPassword}, true
	}
	rules, _ := latchkey.ParsePasswordPolicy(policy) // what is wrong in an imported one has its default
	for _, r := range rules {
		b := Breach{Rule: r.Name, Least: r.Number}
		if r.Name == "regexPattern" {
			if e, err := r.Expression(); err == nil && !e.MatchString(text) {
				return b, true
			}
		} else if breaks(b, text, user) {
			return b, true
		}
	}
	return Breach{}, false
}

func breaks(r Breach, text string, user *latchkey.User) bool {
	switch r.Rule {
	case "length":
		return utf8.RuneCountInString(text) < r.Least
	case "maxLength":
		return utf8.RuneCountInString(text) > r.Least
	case "digits":
		return count(text, unicode.IsDigit) < r.Least
	case "upperCase":
		return count(text, unicode.IsUpper) < r.Least
	case "lowerCase":
		return count(text, unicode.IsLower) < r.Least
	case "specialChars":
		return count(text, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) < r.Least
	case "notUsername":
		return user.Username != "" && strings.EqualFold(text, user.Username)
	case "notContainsUsername":
		return user.Username != "" && strings.Contains(strings.ToLower(text), strings.ToLower(user.Username))
	case "notEmail":
		return user.Email != "" && strings.EqualFold(text, user.Email)
	}
	return false
}

// CheckHistory holds a new password against the ones that the user had last, as
// a policy's passwordHistory asks for. It hashes once for each: it is slow.
func CheckHistory(ctx context.Context, policy string, password latchkey.Secret, last []*latchkey.Credential) (b Breach, broken bool, err error) {
	n := latchkey.PasswordsRemembered(policy)
	for _, one := range last[:min(n, len(last))] {
		if !CanVerify(one) {
			continue
		}
		is, err := Verify(ctx, one, password)
		if err != nil || is {
			return Breach{Rule: "passwordHistory", Least: n}, is, err
		}
	}
	return Breach{}, false, nil
}

// UnknownRules names the rules of a policy that Latchkey does not act on; an
// expression that it cannot read is one.
func UnknownRules(policy string) []string {
	known := []string{"length", "maxLength", "digits", "upperCase", "lowerCase", "specialChars", "notUsername", "notContainsUsername", "notEmail",
		"passwordHistory", "regexPattern"}
	var out []string
	rules, _ := latchkey.ParsePasswordPolicy(policy)
	for _, r := range rules {
		if !slices.Contains(known, r.Name) || r.Name == "regexPattern" && r.Wrong != "" {
			out = append(out, r.Name)
		}
	}
	return out
}

func count(text string, is func(rune) bool) int {
	n := 0
	for _, r := range text {
		if is(r) {
			n++
		}
	}
	return n
}
