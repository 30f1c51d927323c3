package flow

import (
	"errors"

	"latchkey"
)

// AddressError is the sentence under a field whose address
// [latchkey.ParseAddress] refused.
func AddressError(field, typed string, err error) FieldError {
	var fault latchkey.AddressFault
	errors.As(err, &fault)
	switch fault {
	case latchkey.AddressMissing:
		return FieldError{Field: field, Message: "error.address.missing"}
	case latchkey.AddressNotNormal:
		if normal, ok := latchkey.NormalAddress(typed); ok {
			return FieldError{Field: field, Message: "error.address.did-you-mean", Args: []any{normal}}
		}
	}
	return FieldError{Field: field, Message: "error.address.invalid"}
}
