package realm

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/representation"
)

// hashAlgorithms are those of the passwords that can be checked.
var hashAlgorithms = []string{"argon2", "pbkdf2", "pbkdf2-sha256", "pbkdf2-sha512"}

// NewPassword hashes a password as [credential.NewPassword] does, outside of
// any transaction. The realm and the user are the caller's to fill in.
func NewPassword(plain latchkey.Secret, now time.Time) *latchkey.Credential {
	c, err := credential.NewPassword(context.Background(), plain)
	if err != nil {
		// Only a context that ends makes it fail. What comes of it here is a
		// password that nothing matches.
		return &latchkey.Credential{Type: latchkey.CredentialPassword, CreatedAt: now}
	}
	c.CreatedAt = now
	return c
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
		if len(plain) > credential.MaxPassword {
			return latchkey.Invalid(path+".value", "A password has at most %d bytes.", credential.MaxPassword)
		}
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
