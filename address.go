package latchkey

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// The longest parts of an address in octets (RFC 5321 4.5.3.1). The whole is
// 254, not 256: the path of RFC 5321 has two angle brackets around it.
const (
	maxAddress = 254
	maxLocal   = 64
	// maxTyped bounds the work that a stranger's input can cause.
	maxTyped = 1024
)

// Address is one e-mail address that passed the strict grammar of
// [ParseAddress].
type Address struct {
	// Typed is the address as it was typed: for showing, and for User.Email.
	Typed string
	// Local is the part before the @, as typed.
	Local string
	// Domain is the part behind it: an A-label, lower case.
	Domain string
}

// Envelope is the address as SMTP's RCPT TO gets it: the local part as typed,
// the domain as an A-label.
func (a Address) Envelope() string { return a.Local + "@" + a.Domain }

// Canonical is the form in which addresses are compared; see
// [CanonicalAddress].
func (a Address) Canonical() string { return canonicalLocal(a.Local) + "@" + a.Domain }

// NeedsUTF8 says that the address can only be mailed to through relays with
// SMTPUTF8 (RFC 6531): its local part is not ASCII.
func (a Address) NeedsUTF8() bool { return !isASCII(a.Local) }

// AddressFault says what is wrong with an address, for pages that have a
// sentence of their own for each. It is the cause of the [Error] that
// [ParseAddress] gives.
type AddressFault string

// The faults of an address.
const (
	AddressMissing   AddressFault = "missing"    // nothing was typed
	AddressSeveral   AddressFault = "several"    // a comma or a semicolon: more than one
	AddressNoAt      AddressFault = "no_at"      // no @, or more than one
	AddressLocal     AddressFault = "local"      // before the @
	AddressDomain    AddressFault = "domain"     // behind the @
	AddressLong      AddressFault = "long"       // longer than SMTP allows
	AddressNotNormal AddressFault = "not_normal" // it would silently become another; NormalAddress is that one
)

// Error gives the fault's name.
func (f AddressFault) Error() string { return "address fault " + string(f) }

var addressSentence = map[AddressFault]string{
	AddressMissing: "Type your e-mail address, such as you@example.com.",
	AddressSeveral: "Type one e-mail address only, without commas or semicolons.",
	AddressNoAt:    "Type an e-mail address with one @ in it, such as you@example.com.",
	AddressLocal:   "Check the part before the @: type the address alone, without spaces, quotes, brackets or a name.",
	AddressDomain:  "Check the part behind the @: it is the full name of a mail domain, such as example.com.",
	AddressLong:    "Type a shorter address: one has at most 254 characters, and 64 of them before the @.",
}

// idnaStrict maps as UTS #46 says, non-transitional, with STD3's rules and
// the lengths of DNS.
var idnaStrict = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false),
	idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// ParseAddress takes exactly one e-mail address: a dot-atom and a domain of at
// least two labels, no display name, comment, group, quoted string, address
// literal, encoded word, routing form, control, bidi or invisible character,
// no trailing dot. An address whose normal form is another
// than the one that was typed is refused with a sentence that shows the
// normal form, because accepting it could reach another's account;
// upper and lower case of ASCII letters is no difference.
//
// The error is [CodeInvalid] for the field "username", the name that
// Keycloak's forms give to the field, and has an [AddressFault] as its cause.
func ParseAddress(typed string) (Address, error) {
	a, fault := parseAddress(typed)
	if fault == "" {
		return a, nil
	}
	message := addressSentence[fault]
	if normal, ok := NormalAddress(typed); ok {
		fault, message = AddressNotNormal, "Did you mean "+normal+"? Type it like that."
	}
	return Address{}, &Error{Code: CodeInvalid, Field: "username", Message: message, Err: fault}
}

// NormalAddress gives the address that a typed one, which [ParseAddress]
// refuses, was probably meant to be: without invisible characters and outer
// spaces, compatibility forms replaced, the domain mapped by IDNA. It is for
// showing back, never for use: the person confirms it by sending it. It is
// false when there is none.
func NormalAddress(typed string) (string, bool) {
	if len(typed) > maxTyped || !utf8.ValidString(typed) || strings.ContainsFunc(typed, unicode.IsControl) {
		return "", false
	}
	s := strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, typed)
	s = strings.TrimSpace(norm.NFKC.String(s))
	local, domain, ok := strings.Cut(s, "@")
	if !ok {
		return "", false
	}
	domain, err := idnaStrict.ToUnicode(domain)
	if err != nil {
		return "", false
	}
	normal := local + "@" + domain
	if _, fault := parseAddress(normal); fault != "" || normal == typed {
		return "", false
	}
	return normal, true
}

func parseAddress(typed string) (Address, AddressFault) {
	switch {
	case strings.TrimSpace(typed) == "":
		return Address{}, AddressMissing
	case len(typed) > maxTyped:
		return Address{}, AddressLong
	case strings.ContainsAny(typed, ",;"):
		return Address{}, AddressSeveral
	case strings.Count(typed, "@") != 1:
		return Address{}, AddressNoAt
	}
	local, typedDomain, _ := strings.Cut(typed, "@")
	if !validLocal(local) {
		return Address{}, AddressLocal
	}
	domain, ok := parseDomain(typedDomain)
	if !ok {
		return Address{}, AddressDomain
	}
	if len(local) > maxLocal || len(typed) > maxAddress || len(local)+1+len(domain) > maxAddress {
		return Address{}, AddressLong
	}
	return Address{Typed: typed, Local: local, Domain: domain}, ""
}

// parseDomain gives the A-label of a domain that is typed in its normal form.
func parseDomain(typed string) (string, bool) {
	ascii, err := idnaStrict.ToASCII(typed)
	if err != nil {
		return "", false
	}
	lower := lowerASCII(typed)
	if lower != ascii {
		// Not an A-label itself: then it must be the U-label of what it maps to.
		if u, err := idnaStrict.ToUnicode(ascii); err != nil || u != lower {
			return "", false
		}
	}
	last := ascii[strings.LastIndexByte(ascii, '.')+1:]
	if last == ascii || strings.Trim(last, "0123456789") == "" { // one label, or an IP address
		return "", false
	}
	return ascii, true
}

// validLocal says whether the text is a dot-atom (RFC 5322 3.2.3, RFC 6532
// for what is not ASCII) without the characters that relays once routed by,
// and without encoded words (RFC 2047).
func validLocal(s string) bool {
	if s == "" || !utf8.ValidString(s) || s[0] == '.' || s[len(s)-1] == '.' ||
		strings.Contains(s, "..") || strings.Contains(s, "=?") || !norm.NFKC.IsNormalString(s) {
		return false
	}
	base := false // a letter or digit that a combining mark may stand on
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.#$&'*+-/=?^_`{|}~", r) {
				return false
			}
			base = unicode.IsLetter(r)
		case invisible(r):
			return false
		case unicode.IsMark(r):
			if !base {
				return false
			}
		case unicode.IsLetter(r), unicode.IsDigit(r):
			base = true
		default:
			return false
		}
	}
	return true
}

// invisible says whether the character shows nothing: two addresses that
// differ in it look the same.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// CanonicalAddress is the form in which addresses are compared and by which
// accounts are found: the domain as an A-label in lower case (UTS #46,
// non-transitional, STD3), the local part in NFC with ASCII letters in lower
// case. Dots and plus parts stay: they are other accounts. It
// takes any text, for addresses that were imported, and applying it twice is
// applying it once.
func CanonicalAddress(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return canonicalLocal(address)
	}
	domain := norm.NFC.String(address[at+1:])
	if ascii, err := toASCII(domain); err == nil {
		domain = ascii
	} else {
		domain = canonicalLocal(domain)
	}
	return canonicalLocal(address[:at]) + "@" + domain
}

// toASCII maps a domain. One that is far longer than DNS allows is refused
// before it costs anything: the work grows with the square of its length.
func toASCII(domain string) (string, error) {
	if len(domain) > maxTyped {
		return "", AddressLong
	}
	return idnaStrict.ToASCII(domain)
}

// SameAddress says whether two addresses are one: the same in canonical form.
func SameAddress(x, y string) bool { return CanonicalAddress(x) == CanonicalAddress(y) }

// canonicalLocal composes twice: a letter may only compose with its mark once
// it is lower case, and the Kelvin sign only is a K once it is composed.
func canonicalLocal(s string) string {
	return norm.NFC.String(lowerASCII(norm.NFC.String(s)))
}

// FoldedAddress is the canonical address without the dots and the plus part
// of its local part, which many mailboxes ignore. It is the key of limits
// only and never finds an account.
func FoldedAddress(address string) string {
	canonical := CanonicalAddress(address)
	at := strings.LastIndexByte(canonical, '@')
	if at < 0 {
		return canonical
	}
	local, domain := canonical[:at], canonical[at:]
	if plus := strings.IndexByte(local, '+'); plus > 0 {
		local = local[:plus]
	}
	if bare := strings.ReplaceAll(local, ".", ""); bare != "" {
		local = bare
	}
	return canonicalLocal(local) + domain
}

// MaskAddress is what a browser that did not ask is shown of an address: the
// first character of the local part and the whole domain. The number
// of dots tells nothing of the length.
func MaskAddress(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return "•••"
	}
	first := 0
	for i, r := range address[:at] {
		if i > 0 && !unicode.IsMark(r) { // a letter keeps the marks that stand on it
			break
		}
		first = i + utf8.RuneLen(r)
		if r == utf8.RuneError {
			return "•••" + address[at:]
		}
	}
	return address[:first] + "•••" + address[at:]
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
