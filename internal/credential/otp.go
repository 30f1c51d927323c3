package credential

import (
	"encoding/base32"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"latchkey"
	"latchkey/internal/secret"
)

// otpSecret and otpData are Keycloak's JSON of a device for one-time
// passwords.
type otpSecret struct {
	Value string `json:"value"`
}

type otpData struct {
	SubType        string `json:"subType"`
	Digits         int    `json:"digits"`
	Counter        int64  `json:"counter"`
	Period         int    `json:"period"`
	Algorithm      string `json:"algorithm"`
	SecretEncoding string `json:"secretEncoding,omitempty"` // BASE32; else the value's own bytes
}

const (
	secretBytes = 20 // RFC 4226 4, R6
	encoding32  = "BASE32"
)

var algorithms = map[string]otp.Algorithm{
	"HmacSHA1": otp.AlgorithmSHA1, "HmacSHA256": otp.AlgorithmSHA256, "HmacSHA512": otp.AlgorithmSHA512,
}

// NewOTPSecret draws the secret of a device, in base32 without padding.
func NewOTPSecret() latchkey.Secret {
	return latchkey.Secret(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret.Random(secretBytes)))
}

// NewOTP makes the credential of a device that was set up by the realm's
// policy with that secret. It is the caller's to store and has no user yet.
func NewOTP(p latchkey.OTPPolicy, s latchkey.Secret, label string) (*latchkey.Credential, error) {
	p = p.OrDefaults()
	sealed, err := json.Marshal(otpSecret{Value: s.Reveal()})
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(otpData{SubType: p.Type, Digits: p.Digits, Counter: int64(p.InitialCounter), Period: p.Period,
		Algorithm: p.Algorithm, SecretEncoding: encoding32})
	if err != nil {
		return nil, err
	}
	return &latchkey.Credential{ID: secret.NewID(), Type: latchkey.CredentialOTP, UserLabel: label,
		SecretData: string(sealed), CredentialData: string(data)}, nil
}

// OTPMatch is a one-time password that is right. It is good once: the caller
// uses it up by [latchkey/internal/store.Tx.UseOTP], unless Reusable says that
// this realm lets it be used again.
type OTPMatch struct {
	Used     int64  // the counter, or interval of the time, that it is of
	Data     string // the credential's data afterwards
	Reusable bool
}

// VerifyOTP says whether the code is one that the device shows now, or near to
// now by the realm's policy (RFC 6238 5.2, RFC 4226 7.4). Every code that is
// looked at is compared in constant time, also after one was right. A code
// before one that was used is never right (RFC 6238 5.2), except where the
// realm lets codes be used again. A credential that cannot be read is
// nobody's.
func VerifyOTP(c *latchkey.Credential, p latchkey.OTPPolicy, code string, now time.Time) (OTPMatch, bool) {
	d, key, ok := readOTP(c)
	code = Digits(code)
	if !ok || len(code) != d.Digits {
		return OTPMatch{}, false
	}
	p = p.OrDefaults()
	reusable := p.CodeReusable && d.SubType == latchkey.OTPTime
	var first, last int64
	least := c.Counter
	if d.SubType == latchkey.OTPTime {
		at := now.Unix() / int64(d.Period)
		first, last = at-int64(p.LookAheadWindow), at+int64(p.LookAheadWindow)
	} else {
		least = max(least, d.Counter)
		first, last = least, least+int64(p.LookAheadWindow)
	}
	if reusable {
		least = 0
	}
	m, found := OTPMatch{Reusable: reusable}, false
	for n := max(first, 0); n <= last; n++ {
		right, err := hotp.ValidateCustom(code, uint64(n), key, hotp.ValidateOpts{Digits: otp.Digits(d.Digits), Algorithm: algorithms[d.Algorithm]})
		if err == nil && right && n >= least && !found {
			m.Used, found = n, true
		}
	}
	m.Data = c.CredentialData
	if found && d.SubType == latchkey.OTPCounter {
		m.Data = withCounter(c.CredentialData, m.Used+1)
	}
	return m, found
}

// withCounter sets the counter in a credential's data and leaves everything
// else as it is.
func withCounter(data string, counter int64) string {
	fields := map[string]json.RawMessage{}
	if json.Unmarshal([]byte(data), &fields) != nil {
		return data
	}
	fields["counter"] = json.RawMessage(strconv.FormatInt(counter, 10))
	out, err := json.Marshal(fields)
	if err != nil {
		return data
	}
	return string(out)
}

// readOTP reads a credential; the key is in base32 without padding.
func readOTP(c *latchkey.Credential) (d otpData, key string, ok bool) {
	var s otpSecret
	if c.Type != latchkey.CredentialOTP || json.Unmarshal([]byte(c.SecretData), &s) != nil || json.Unmarshal([]byte(c.CredentialData), &d) != nil {
		return d, "", false
	}
	if d.SubType == "" {
		d.SubType = latchkey.OTPTime
	}
	if d.Period <= 0 {
		d.Period = 30
	}
	if d.Algorithm == "" {
		d.Algorithm = "HmacSHA1"
	}
	_, known := algorithms[d.Algorithm]
	if !known || s.Value == "" || (d.SubType != latchkey.OTPTime && d.SubType != latchkey.OTPCounter) ||
		d.Digits < 6 || d.Digits > 8 || d.Counter < 0 {
		return d, "", false
	}
	if d.SecretEncoding == encoding32 {
		key = strings.TrimRight(strings.ToUpper(strings.ReplaceAll(s.Value, " ", "")), "=")
	} else {
		key = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(s.Value))
	}
	return d, key, true
}

// OTPURL is what an application reads from the QR code (the key URI format of
// Google Authenticator): it holds the secret.
func OTPURL(p latchkey.OTPPolicy, s latchkey.Secret, issuer, account string) latchkey.Secret {
	p = p.OrDefaults()
	q := url.Values{"secret": {s.Reveal()}, "issuer": {issuer}, "digits": {strconv.Itoa(p.Digits)},
		"algorithm": {strings.TrimPrefix(p.Algorithm, "Hmac")}}
	if p.Type == latchkey.OTPTime {
		q.Set("period", strconv.Itoa(p.Period))
	} else {
		q.Set("counter", strconv.Itoa(p.InitialCounter))
	}
	u := url.URL{Scheme: "otpauth", Host: p.Type, Path: "/" + strings.ReplaceAll(issuer, ":", "") + ":" + account,
		RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}
	return latchkey.Secret(u.String())
}
