package realm

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"golang.org/x/crypto/argon2"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
)

// The parameters of a new password hash are Keycloak's: argon2id, version 1.3.
const (
	argonIterations = 5
	argonMemory     = 7168 // KiB
	argonThreads    = 1
	argonLength     = 32
	argonSaltLength = 16
)

// hashAlgorithms are those of the passwords that can be checked.
var hashAlgorithms = []string{"argon2", "pbkdf2", "pbkdf2-sha256", "pbkdf2-sha512"}

// NewPassword hashes a password in the form of Keycloak's credentials. It
// takes tens of milliseconds, and is called outside of any transaction. The
// realm, the user and the id are the caller's to fill in.
func NewPassword(plain latchkey.Secret, now time.Time) *latchkey.Credential {
	salt := secret.Random(argonSaltLength)
	hash := argon2.IDKey([]byte(plain.Reveal()), salt, argonIterations, argonMemory, argonThreads, argonLength)
	b64 := base64.StdEncoding.EncodeToString
	return &latchkey.Credential{Type: latchkey.CredentialPassword, CreatedAt: now,
		SecretData: text(map[string]any{"value": b64(hash), "salt": b64(salt), "additionalParameters": map[string]any{}}),
		CredentialData: text(map[string]any{"hashIterations": argonIterations, "algorithm": "argon2",
			"additionalParameters": map[string][]string{"hashLength": {strconv.Itoa(argonLength)}, "memory": {strconv.Itoa(argonMemory)},
				"type": {"id"}, "version": {"1.3"}, "parallelism": {strconv.Itoa(argonThreads)}}})}
}

func text(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		return "" // maps of texts and numbers always marshal
	}
	return string(out)
}

// password fills in a credential: a hash is taken as it is, a password in
// clear is put into SecretData for hashPasswords. SecretData stays empty when
// there is neither.
func (p *planner) password(c *latchkey.Credential, in *representation.Credential, name, path string) error {
	if plain := representation.Value(in.Value); plain != "" {
		c.SecretData = plain
		return nil
	}
	secretData, credentialData := representation.Value(in.SecretData), representation.Value(in.CredentialData)
	if old := representation.Value(in.HashedSaltedValue); old != "" && secretData == "" {
		secretData = text(map[string]any{"value": old, "salt": representation.Value(in.Salt)})
		credentialData = text(map[string]any{"hashIterations": representation.Value(in.HashIterations), "algorithm": representation.Value(in.Algorithm)})
	}
	if secretData == "" || representation.IsMasked(secretData) {
		p.report.add("users.credentials", NotTaken, "the file does not hold its hash", name+": password")
		return nil
	}
	var hash struct {
		Value string `json:"value"`
		Salt  string `json:"salt"`
	}
	if _, err := representation.Decode([]byte(secretData), &hash); err != nil || hash.Value == "" {
		return latchkey.Invalid(path+".secretData", "Expected JSON text with value and salt.")
	}
	var how struct {
		Algorithm string `json:"algorithm"`
	}
	if _, err := representation.Decode([]byte(credentialData), &how); err != nil {
		return latchkey.Invalid(path+".credentialData", "Expected JSON text with algorithm and hashIterations.")
	}
	if !slices.Contains(hashAlgorithms, how.Algorithm) {
		p.report.add("users.credentials", Kept, "a password of this algorithm cannot be checked", name+": "+how.Algorithm)
	}
	c.SecretData, c.CredentialData = secretData, credentialData
	return nil
}
