package credential

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"latchkey"
)

// Breach is a rule of the realm's password policy that a password breaks.
// Rule is Keycloak's name of it: length, maxLength, digits, upperCase,
// lowerCase, specialChars, notUsername, notEmail. Least is its number.
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
	for _, r := range parsePolicy(policy) {
		if breaks(r, text, user) {
			return r, true
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
	case "notEmail":
		return user.Email != "" && strings.EqualFold(text, user.Email)
	}
	return false
}

// UnknownRules names the rules of a policy that Latchkey does not act on.
func UnknownRules(policy string) []string {
	known := []string{"length", "maxLength", "digits", "upperCase", "lowerCase", "specialChars", "notUsername", "notEmail"}
	var out []string
	for _, r := range parsePolicy(policy) {
		if !slices.Contains(known, r.Rule) {
			out = append(out, r.Rule)
		}
	}
	return out
}

// parsePolicy takes a policy apart. A rule without a number, or with one that
// cannot be read, has Keycloak's default.
func parsePolicy(policy string) []Breach {
	defaults := map[string]int{"length": 8, "maxLength": 64, "digits": 1, "upperCase": 1, "lowerCase": 1, "specialChars": 1}
	var out []Breach
	for _, part := range strings.Split(policy, " and ") {
		name, argument, _ := strings.Cut(strings.TrimSpace(part), "(")
		if name == "" {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(argument), ")")))
		if err != nil || n < 0 {
			n = defaults[name]
		}
		out = append(out, Breach{Rule: name, Least: n})
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
