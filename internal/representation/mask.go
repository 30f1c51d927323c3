package representation

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"latchkey"
)

// secretWords are the words in the names of members that hold secrets. A name
// of several says so with its words in this order.
var secretWords = [][]string{
	{"secret"}, {"secrets"}, {"password"}, {"passwords"}, {"passphrase"}, {"private", "key"}, {"bind", "credential"}, {"registration", "access", "token"},
}

// secretEnds are the ends of names that do not show their words: "clientsecret".
var secretEnds = []string{"secret", "password", "passphrase", "privatekey", "bindcredential", "registrationaccesstoken"}

// notSecret are Keycloak's names that have such a word and hold none: what a
// realm asks of passwords, and how long a secret is.
var notSecret = []string{"passwordPolicy", "secretSize"}

// alwaysSecret are the members whose value is a secret even when it is a number.
var alwaysSecret = []string{"password", "secret", "clientsecret"}

// credentialSecrets are the members of a user's credential that hold what it is
// proven with.
var credentialSecrets = []string{"value", "secretData", "hashedSaltedValue", "salt"}

// MayBeSecret says whether a value of that name is to be masked: it is named
// like a secret, and is neither a switch, a number nor a time.
func MayBeSecret(name, value string) bool {
	lower := strings.ToLower(name)
	switch {
	case value == "" || strings.HasSuffix(lower, "time") || slices.Contains(notSecret, name):
		return false
	case slices.Contains(alwaysSecret, lower):
		return true
	}
	if _, err := strconv.ParseFloat(value, 64); err == nil || value == "true" || value == "false" {
		return false
	}
	return slices.ContainsFunc(secretEnds, func(end string) bool { return strings.HasSuffix(lower, end) }) || hasSecretWord(name)
}

// hasSecretWord says whether one of a name's words tells of a secret. Words
// begin with a capital, or behind what is no letter; "passwordless" is one.
func hasSecretWord(name string) bool {
	words := wordsOf(name)
	for i := range words {
		for _, secret := range secretWords {
			if len(words)-i >= len(secret) && slices.Equal(words[i:i+len(secret)], secret) {
				return true
			}
		}
	}
	return false
}

func wordsOf(name string) []string {
	var words []string
	word := []rune{}
	end := func() {
		if len(word) > 0 {
			words, word = append(words, strings.ToLower(string(word))), word[:0]
		}
	}
	lower := false // the rune before was a small letter
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r):
			end()
		case unicode.IsUpper(r) && lower:
			end()
			word = append(word, r)
		default:
			word = append(word, r)
		}
		lower = unicode.IsLower(r)
	}
	end()
	return words
}

// MaskTexts masks the secrets in a copy of the map.
func MaskTexts(m map[string]string) map[string]string {
	out := copied(m)
	for name, value := range out {
		if MayBeSecret(name, value) {
			out[name] = Masked
		}
	}
	return out
}

// MaskLists masks the secrets in a copy of the map.
func MaskLists(m map[string][]string) map[string][]string {
	out := make(map[string][]string, len(m))
	for name, values := range m {
		out[name] = values
		if slices.ContainsFunc(values, func(value string) bool { return MayBeSecret(name, value) }) {
			out[name] = []string{Masked}
		}
	}
	return out
}

// MaskKept masks the secrets in a copy of what is kept, however deep they stand.
func MaskKept(kept latchkey.Kept) latchkey.Kept {
	if kept == nil {
		return nil
	}
	out := latchkey.Kept{}
	for name, text := range kept {
		tree, err := parse(text)
		if err == nil {
			text, err = json.Marshal(maskTree(name, tree))
		}
		if err == nil { // what was kept was JSON
			out[name] = text
		}
	}
	return out
}

func maskTree(name string, tree any) any {
	switch v := tree.(type) {
	case string:
		if MayBeSecret(name, v) {
			return Masked
		}
	case []any:
		for i := range v {
			v[i] = maskTree(name, v[i])
		}
	case map[string]any:
		for key := range v {
			if v[key] = maskTree(key, v[key]); name == "credentials" && slices.Contains(credentialSecrets, key) {
				v[key] = Masked
			}
		}
	}
	return tree
}

// WithoutSecrets writes v as JSON with its secrets masked, however deep they
// stand: for records of what was sent.
func WithoutSecrets(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	tree, err := parse(text)
	if err != nil {
		return nil, err
	}
	return json.Marshal(maskTree("", tree))
}
