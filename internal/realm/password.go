package realm

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
)

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

// checkPolicy refuses a password in clear that the realm's policy does not allow.
func (p *people) checkPolicy(in *representation.Credential, u *latchkey.User, path string) error {
	plain := representation.Value(in.Value)
	if plain == "" {
		return nil
	}
	if breach, broken := credential.CheckPolicy(p.snap.Realm.PasswordPolicy, latchkey.Secret(plain), u); broken && breach.Least != credential.MaxPassword {
		return latchkey.Invalid(path+".value", "The realm's password policy does not allow this password (%s).", breach.Rule)
	}
	return nil
}

// password fills in a credential: a hash is taken as it is, a password in
// clear is put into SecretData for hashPasswords. SecretData stays empty when
// there is neither.
func (p *people) password(c *latchkey.Credential, in *representation.Credential, name, path string) error {
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
		algorithm := representation.Value(in.Algorithm)
		if algorithm == "" {
			algorithm = "pbkdf2" // the only one that there was
		}
		credentialData = text(map[string]any{"hashIterations": representation.Value(in.HashIterations), "algorithm": algorithm})
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
	c.SecretData, c.CredentialData = secretData, credentialData
	if !credential.CanVerify(c) {
		p.report.add("users.credentials", Kept, "a password that is hashed like this cannot be checked", name+": "+how.Algorithm)
	}
	return nil
}

// oneTimePassword fills in a credential for one-time passwords: as Keycloak
// writes it, or in the form of versions before 8.
func (p *people) oneTimePassword(c *latchkey.Credential, in *representation.Credential, name, path string) error {
	kind := c.Type
	c.Type = latchkey.CredentialOTP
	if seed := representation.Value(in.Value); seed != "" && representation.Value(in.SecretData) == "" {
		if kind == latchkey.CredentialOTP {
			kind = "totp"
		}
		number := func(n *int, usual int) int {
			if n == nil || *n <= 0 {
				return usual
			}
			return *n
		}
		algorithm := representation.Value(in.Algorithm)
		if algorithm == "" {
			algorithm = "HmacSHA1"
		}
		c.SecretData = text(map[string]any{"value": seed})
		c.CredentialData = text(map[string]any{"subType": kind, "digits": number(in.Digits, 6), "period": number(in.Period, 30),
			"counter": representation.Value(in.Counter), "algorithm": algorithm})
		return nil
	}
	secretData := representation.Value(in.SecretData)
	if secretData == "" || representation.IsMasked(secretData) {
		p.report.add("users.credentials", NotTaken, "the file does not hold its secret", name+": "+c.Type)
		return nil
	}
	var seed struct {
		Value string `json:"value"`
	}
	if _, err := representation.Decode([]byte(secretData), &seed); err != nil || seed.Value == "" {
		return latchkey.Invalid(path+".secretData", "Expected JSON text with value.")
	}
	var how struct {
		SubType   string `json:"subType"`
		Digits    int    `json:"digits"`
		Period    int    `json:"period"`
		Counter   int    `json:"counter"`
		Algorithm string `json:"algorithm"`
	}
	if _, err := representation.Decode([]byte(representation.Value(in.CredentialData)), &how); err != nil {
		return latchkey.Invalid(path+".credentialData", "Expected JSON text with subType, digits, period, counter and algorithm.")
	}
	c.SecretData, c.CredentialData = secretData, *in.CredentialData
	return nil
}

// otherCredential keeps a credential of a kind that no step asks for: a
// passkey, a recovery code.
func (p *people) otherCredential(c *latchkey.Credential, in *representation.Credential, name string) {
	c.SecretData, c.CredentialData = representation.Value(in.SecretData), representation.Value(in.CredentialData)
	if c.SecretData == "" || representation.IsMasked(c.SecretData) {
		c.SecretData = ""
		p.report.add("users.credentials", NotTaken, "the file does not hold its secret", name+": "+c.Type)
		return
	}
	if !p.o.built(c.Type) {
		p.report.add("users.credentials", Kept, "no step asks for a credential of this kind", name+": "+c.Type)
	}
}

// NewCredentials makes credentials of what is given for a user: hashes are
// taken as they are, passwords in clear are hashed, outside of any
// transaction. temporary says that a password is to be changed at the next
// sign-in. A credential without its secret is an error.
func NewCredentials(ctx context.Context, given []representation.Credential, username string, now time.Time) (fresh []*latchkey.Credential, temporary bool, err error) {
	if len(given) == 0 {
		return nil, false, nil
	}
	var fault error
	p := &people{o: Options{Now: now}, snap: &latchkey.Snapshot{Realm: &latchkey.Realm{}}, report: &Report{}, seen: newSeen(),
		note: func(err error) bool {
			if fault == nil {
				fault = err
			}
			return err != nil
		}}
	out := &latchkey.Person{User: &latchkey.User{Username: username}}
	if err := p.credentials(out, &representation.User{Credentials: given}, "user"); err != nil || fault != nil {
		return nil, false, cmp.Or(err, fault)
	}
	if len(out.Credentials) < len(given) {
		return nil, false, latchkey.Invalid("credentials", "A credential needs its value, or secretData and credentialData.")
	}
	for _, c := range out.Credentials {
		c.ID = secret.NewID() // ids that are given may be another's
	}
	return out.Credentials, out.User.HasRequiredAction(latchkey.ActionUpdatePassword), hashPasswords(ctx, []*latchkey.Person{out})
}
