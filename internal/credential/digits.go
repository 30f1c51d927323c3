package credential

import "unicode"

// Digits leaves the digits of what was typed, as ASCII: people paste codes
// with spaces and dashes in them, and have keyboards with other digits. Any
// other character stays and makes it wrong.
func Digits(typed string) string {
	if len(typed) > 256 {
		return "too long"
	}
	out := make([]rune, 0, len(typed))
	for _, r := range typed {
		switch {
		case unicode.IsSpace(r), unicode.Is(unicode.Dash, r), unicode.Is(unicode.Cf, r):
		case unicode.IsDigit(r):
			out = append(out, '0'+digitValue(r))
		default:
			out = append(out, r)
		}
	}
	return string(out)
}

// digitValue is the value of a decimal digit of any script: the digits of a
// script stand in order, ten of them.
func digitValue(r rune) rune {
	if r <= '9' {
		return r - '0'
	}
	for _, zero := range []rune{0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0xFF10} {
		if zero <= r && r <= zero+9 {
			return r - zero
		}
	}
	return 'x' - '0' // a script that nobody types codes in: wrong
}
