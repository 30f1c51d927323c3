package flow

import (
	"latchkey"
	"latchkey/internal/credential"
)

// PasswordErrors says what speaks against a new password that was typed into
// the two fields, for the user who is to have it.
func (c *Context) PasswordErrors(field, confirm string, u *latchkey.User) []FieldError {
	password := c.Form.Get(field)
	at := func(field, message string, args ...any) []FieldError {
		return []FieldError{{Field: field, Message: message, Args: args}}
	}
	if password == "" {
		return at(field, "error.password.missing")
	}
	breach, broken := credential.CheckPolicy(c.Realm.Realm.PasswordPolicy, latchkey.Secret(password), u)
	switch {
	case broken && breach.Rule == "length":
		return at(field, "error.password.short", breach.Least)
	case broken && breach.Rule == "maxLength":
		return at(field, "error.field.long", breach.Least)
	case broken:
		return at(field, "error.password.policy")
	case password != c.Form.Get(confirm):
		return at(confirm, "error.password.mismatch")
	}
	return nil
}
