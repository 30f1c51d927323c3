package latchkey

import (
	"slices"
	"time"
)

// The authentication method references that Latchkey tells (RFC 8176); email
// is its own: a mailbox was proven by a link or a code.
const (
	AMREmail    = "email"
	AMRPassword = "pwd"
	AMROTP      = "otp"
	AMRMulti    = "mfa"
)

// factorOf says what kind of factor a method is. A mailbox counts as something
// that a person knows: whoever knows its password can read it, and the same
// mailbox resets the account's password.
var factorOf = map[string]string{
	AMREmail: "knowledge", AMRPassword: "knowledge", "pin": "knowledge", "kba": "knowledge",
	AMROTP: "possession", "hwk": "possession", "swk": "possession", "sc": "possession", "sms": "possession", "tel": "possession",
	"face": "inherence", "fpt": "inherence", "iris": "inherence", "vbm": "inherence", "retina": "inherence",
}

// AddAMR adds an authentication method reference once, and mfa when with it
// two kinds of factors were proven.
func (l *Login) AddAMR(value string) { l.AMR = addAMR(l.AMR, value) }

func addAMR(list []string, value string) []string {
	if value == "" || slices.Contains(list, value) {
		return list
	}
	list = append(list, value)
	kinds := map[string]bool{}
	for _, v := range list {
		if k := factorOf[v]; k != "" {
			kinds[k] = true
		}
	}
	if len(kinds) > 1 && !slices.Contains(list, AMRMulti) {
		list = append(list, AMRMulti)
	}
	return list
}

// AMRAt gives what of the session's methods still counts: those whose time is
// over are left out, and with them the mfa that needed them.
func (s *UserSession) AMRAt(now time.Time) []string {
	if len(s.AMRUntil) == 0 {
		return s.AMR
	}
	var out []string
	for _, v := range s.AMR {
		until, limited := s.AMRUntil[v]
		if v != AMRMulti && (!limited || now.Before(until)) {
			out = addAMR(out, v)
		}
	}
	return out
}
