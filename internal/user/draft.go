package user

import (
	"encoding/json"
	"strings"

	"latchkey"
	"latchkey/internal/profile"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// Draft is the account that somebody asked for, until its mailbox is proven:
// what was typed, with the hash of the password, never the password.
type Draft struct {
	// Values are the attributes that were typed, held against the profile.
	Values profile.Values `json:"values"`
	// Scopes are the names of the client scopes that the login asked for.
	Scopes []string `json:"scopes"`
	// Attributes are set beside the profile, such as the time of a yes to the
	// terms.
	Attributes map[string][]string `json:"attributes,omitempty"`
	// Done are required actions that the registration took the place of.
	Done []string `json:"done,omitempty"`
	// SecretData and CredentialData are those of the password; empty without.
	SecretData     string `json:"secretData,omitempty"`
	CredentialData string `json:"credentialData,omitempty"`
}

const purposeDraft = "registration"

// Keep seals the draft into the login's row.
func (d *Draft) Keep(k *secret.Keyring, l *latchkey.Login) error {
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	l.Draft = k.Seal(purposeDraft, l.ID, text)
	return nil
}

// Kept opens the login's draft; nil when it has none, or one that was sealed
// under a key that is gone.
func Kept(k *secret.Keyring, l *latchkey.Login) *Draft {
	if l == nil || len(l.Draft) == 0 {
		return nil
	}
	text, err := k.Open(purposeDraft, l.ID, l.Draft)
	if err != nil {
		return nil
	}
	d := new(Draft)
	if json.Unmarshal(text, d) != nil {
		return nil
	}
	return d
}

// Address is the address that was typed; empty when none was.
func (d *Draft) Address() string {
	if list := d.Values[latchkey.ProfileEmail]; len(list) > 0 {
		return list[0]
	}
	return ""
}

// User makes the user of the draft, not stored yet.
func (d *Draft) User(tx *store.Tx, snap *latchkey.Snapshot) *latchkey.User {
	address := d.Address()
	u := Blank(tx, snap, address)
	profile.Apply(profile.Use{Realm: snap.Realm, Role: latchkey.ProfileUser, Scopes: d.Scopes, New: true}, u, d.Values)
	if u.Username == "" || snap.Realm.RegistrationEmailAsUsername {
		u.Username = strings.ToLower(address)
	}
	for name, list := range d.Attributes {
		if u.Attributes == nil {
			u.Attributes = map[string][]string{}
		}
		u.Attributes[name] = list
	}
	for _, alias := range d.Done {
		u.RemoveRequiredAction(alias)
	}
	return u
}

// Credentials are those of the draft.
func (d *Draft) Credentials() []*latchkey.Credential {
	if d == nil || d.SecretData == "" {
		return nil
	}
	return []*latchkey.Credential{{ID: secret.NewID(), Type: latchkey.CredentialPassword, SecretData: d.SecretData, CredentialData: d.CredentialData}}
}
