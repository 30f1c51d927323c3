package actiontoken

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/secret"
)

// How often a person may be wrong. Both are counted by the
// login, whatever was resent.
const (
	MaxNumberTries = 3
	MaxCodeTries   = 5
)

const codeDigits = 6

// Code is the code that goes with every mail of a login: six digits, a
// truncated MAC over the login's id under a key outside the database, so that
// it is the same in every mail and stored nowhere.
func Code(k *secret.Keyring, loginID string) latchkey.Secret {
	n := binary.BigEndian.Uint64(k.MAC("code", loginID)) % 1_000_000
	return latchkey.Secret(fmt.Sprintf("%0*d", codeDigits, n))
}

// AddressCode is the code that proves an account's own address, or a new one,
// in a login. It is of that address: the mails to it carry the same one, and no mail to any
// other address does.
func AddressCode(k *secret.Keyring, loginID, address string) latchkey.Secret {
	n := binary.BigEndian.Uint64(k.MAC("address-code", loginID, latchkey.CanonicalAddress(address))) % 1_000_000
	return latchkey.Secret(fmt.Sprintf("%0*d", codeDigits, n))
}

// MailedCode is the code that the mail carries.
func MailedCode(k *secret.Keyring, m *latchkey.Message) latchkey.Secret {
	if m.Kind == latchkey.MailUpdateEmail || m.Kind == latchkey.MailVerifyEmail {
		return AddressCode(k, m.LoginID, m.Address)
	}
	return Code(k, m.LoginID)
}

// Number is the number that the asking screen shows: three digits, none
// twice, no run such as 123 or 321, no round number, no leading zero.
// Another generation is another number.
func Number(k *secret.Keyring, loginID string, generation int) string {
	n := binary.BigEndian.Uint64(k.MAC("number", loginID, strconv.Itoa(generation)))
	return numbers[n%uint64(len(numbers))]
}

// numbers are all that may be drawn.
var numbers = func() []string {
	var out []string
	for n := 100; n <= 999; n++ {
		a, b, c := n/100, n/10%10, n%10
		switch {
		case a == b, b == c, a == c, c == 0:
		case b-a == 1 && c-b == 1, a-b == 1 && b-c == 1:
		default:
			out = append(out, strconv.Itoa(n))
		}
	}
	return out
}()

// CheckCode compares what was typed with the login's code, in constant time;
// spaces and dashes do not count. It counts no try: that is
// tx.CountCodeTry, before.
func CheckCode(k *secret.Keyring, loginID, typed string) bool {
	return same(typed, Code(k, loginID).Reveal())
}

// CheckNumber compares what was typed with the login's number of that
// generation, in constant time. It counts no try: that is tx.CountNumberTry,
// before.
func CheckNumber(k *secret.Keyring, loginID string, generation int, typed string) bool {
	return same(typed, Number(k, loginID, generation))
}

// same compares digits by the digests of both, so that neither length nor
// place of a difference shows in the time.
func same(typed, want string) bool {
	return secret.Equal(secret.Hash(credential.Digits(typed)), secret.Hash(want))
}
