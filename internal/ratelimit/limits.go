package ratelimit

import (
	"strconv"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// The limits, all in one place. Burst things at once,
// then one every Interval. Beside them the login itself keeps 30 s between
// two mails (latchkey-resend-seconds), 5 tries for a code and 3 for a number.
//
// The client's and the realm's buckets are split into shards, because one row
// that every sign-in of a realm writes would let only one of them commit at a
// time. A login draws from the shard of its id; the numbers are a shard's.
var limits = map[string]struct {
	Interval time.Duration
	Burst    int
}{
	"mail.recipient.hour": {12 * time.Minute, 5},  // an address with its plus and dot variants: 5 an hour
	"mail.recipient.day":  {72 * time.Minute, 20}, // and 20 a day
	"mail.browser":        {2 * time.Minute, 10},  // a browser's cookie: 30 an hour
	"mail.network.narrow": {6 * time.Second, 100}, // /32 or /64: 600 an hour
	"mail.network.wide":   {time.Second, 400},     // /24 or /48: 3,600 an hour
	"mail.client":         {20 * time.Millisecond, 500},
	"mail.realm":          {10 * time.Millisecond, 1000},

	"code.tries":   {100 * time.Millisecond, 50}, // codes typed in a network, right or wrong
	"code.address": {24 * time.Hour / 10, 9},     // wrong codes for an address: the tenth is one too many
	"code.network": {time.Hour / 100, 99},        // wrong codes from a network: the hundredth is

	// Each try takes one and a right one gives it back ([Give]): wrong ones
	// alone, and tries at once, use these up.
	"password.name":    {30 * time.Second, 10}, // passwords for a name
	"password.network": {time.Second, 100},     // and of a network
	"otp.user":         {30 * time.Second, 10}, // one-time passwords for a user
	"otp.network":      {time.Second, 100},     // and of a network

	"registration.network": {6 * time.Second, 100}, // refused registrations of clients from a network

	"notice.user": {6 * time.Minute, 10}, // notices to a user of what was done to the account
}

const shards = 16

// known, behind a limit's name, is the bucket of a browser that signed in as
// that address before: strangers who exhaust the other one do not lock the
// owner out.
const known = ".known"

func named(name, suffix string, key []byte) Limit {
	l := limits[name]
	return Limit{Name: name + suffix, Key: key, Interval: l.Interval, Burst: l.Burst}
}

// Mail are the limits of one mail that a login asks for, in the one order in
// which everybody takes them.
func Mail(k *secret.Keyring, login *latchkey.Login, address string, b latchkey.Browser) []Limit {
	suffix, folded := "", FoldedKey(k, login.RealmID, address)
	if b.Known {
		suffix = known
	}
	narrow, wide := Network(b.IP)
	shard := strconv.Itoa(int(k.MAC("shard", login.ID)[0]) % shards)
	return []Limit{
		named("mail.recipient.hour", suffix, folded),
		named("mail.recipient.day", suffix, folded),
		named("mail.browser", suffix, login.BrowserHash),
		named("mail.network.narrow", suffix, NetworkKey(k, login.RealmID, narrow)),
		named("mail.network.wide", suffix, NetworkKey(k, login.RealmID, wide)),
		named("mail.client", "", k.MAC("bucket", login.RealmID, login.ClientID, shard)),
		named("mail.realm", "", k.MAC("bucket", login.RealmID, shard)),
	}
}

// Password are the limits of one password that is typed for the name. They go
// by the name as it was typed, whoever's it is: that they refuse may be told,
// and tells nothing about accounts. knownBrowser says that the browser
// signed in as its user before.
func Password(k *secret.Keyring, realmID, name, ip string, knownBrowser bool) []Limit {
	suffix := ""
	if knownBrowser {
		suffix = known
	}
	narrow, _ := Network(ip)
	return []Limit{
		named("password.name", suffix, k.MAC("password", realmID, strings.ToLower(latchkey.CanonicalAddress(name)))),
		named("password.network", suffix, NetworkKey(k, realmID, narrow)),
	}
}

// OTP are the limits of one one-time password that is typed for the user; see
// [Password].
func OTP(k *secret.Keyring, realmID, userID, ip string, knownBrowser bool) []Limit {
	suffix := ""
	if knownBrowser {
		suffix = known
	}
	narrow, _ := Network(ip)
	return []Limit{
		named("otp.user", suffix, k.MAC("otp", realmID, userID)),
		named("otp.network", suffix, NetworkKey(k, realmID, narrow)),
	}
}

// Notice is the limit of notices to a user.
func Notice(k *secret.Keyring, realmID, userID string) Limit {
	return named("notice.user", "", k.MAC("notice", realmID, userID))
}

// Registration is the limit of registrations of clients that are refused.
func Registration(k *secret.Keyring, realmID, ip string) Limit {
	narrow, _ := Network(ip)
	return named("registration.network", "", NetworkKey(k, realmID, narrow))
}

// NetworkKey is a keyed hash of a network that [Network] gave.
func NetworkKey(k *secret.Keyring, realmID, network string) []byte {
	return k.MAC("network", realmID, network)
}

// Slow makes the origin of a login wait that a person said was not theirs
// its browser down to one more mail, which it may need for a new
// number, and then one every two minutes; its network, which others share, by
// two minutes' worth.
func Slow(tx *store.Tx, login *latchkey.Login) error {
	narrow, _ := Network(login.From.IP)
	browser := named("mail.browser", "", login.BrowserHash)
	network := named("mail.network.narrow", "", NetworkKey(tx.Keyring(), login.RealmID, narrow))
	for range browser.Burst - 2 { // one is taken by the mail that was reported
		if _, _, err := Take(tx, login.RealmID, browser); err != nil {
			return err
		}
	}
	for range 20 {
		if _, _, err := Take(tx, login.RealmID, network); err != nil {
			return err
		}
	}
	return nil
}
