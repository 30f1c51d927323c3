package actiontoken

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"latchkey"
)

// The keys of the Magic Link configuration. Those that begin with "ext-" keep
// the names of the extension whose exports import here.
const (
	KeyCreateUser     = "ext-magic-create-nonexistent-user"
	KeyUpdateProfile  = "ext-magic-update-profile-action"
	KeyUpdatePassword = "ext-magic-update-password-action"
	KeyReusable       = "ext-magic-allow-token-reuse"
	KeyLifespan       = "ext-magic-token-life-span"
	KeyOtherBrowser   = "latchkey-other-browser"
	KeyCode           = "latchkey-code"
	KeyResend         = "latchkey-resend-seconds"
	KeyNoticeUnknown  = "latchkey-notice-unknown"
	KeyAllowedDomains = "latchkey-allowed-domains"
	KeyDeniedDomains  = "latchkey-denied-domains"
)

// What the editor of flows calls the options that [Weakenings] speak of.
const (
	LabelReusable = "Allow magic link to be reusable"
	LabelLifespan = "Token lifespan"
)

// What a link may do in a browser that did not ask for it.
const (
	OtherBrowserNumber = "number" // asks for the number on the asking screen
	OtherBrowserCode   = "code"   // tells to type the mail's code on the asking screen
	OtherBrowserRefuse = "refuse" // nothing
)

// The defaults and bounds of the configuration.
const (
	DefaultLifespan = 10 * time.Minute
	MaxLifespan     = time.Hour
	DefaultResend   = 30 * time.Second
	MinResend       = 5 * time.Second
	MaxResend       = 10 * time.Minute
)

// Weakening is an option of the mailed link that protects less than it could.
type Weakening struct{ Code, Text string }

// WeakLifespan is the code of a link that is to live longer than it may.
const WeakLifespan = "link-lifespan"

// Weakenings are those of a configuration as it is kept: what doctor
// and the flow editor say of it.
func Weakenings(config map[string]string) (out []Weakening) {
	if m := ParseMagicConfig(config, ""); m.Reusable {
		out = append(out, Weakening{"link-reuse", "A mailed link works until it expires, and so does a copy of it. Switch \"" + LabelReusable + "\" off."})
	}
	seconds, err := strconv.Atoi(strings.TrimSpace(config[KeyLifespan]))
	if most := int(MaxLifespan.Seconds()); err == nil && seconds > most {
		out = append(out, Weakening{WeakLifespan, fmt.Sprintf("%q says %d seconds; a mailed link lives %d at most.", LabelLifespan, seconds, most)})
	}
	return out
}

// MagicConfig is the configuration of a Magic Link execution, with defaults
// filled in and bounds kept.
type MagicConfig struct {
	CreateUser     bool          // make an account for an unknown address, after it is proven
	UpdateProfile  bool          // ask a new person for their profile
	UpdatePassword bool          // ask a new person for a password
	Reusable       bool          // a weakening: a link works until it expires
	Lifespan       time.Duration // of link and code
	OtherBrowser   string        // number, code or refuse
	Code           bool          // mails carry a code beside the link
	Resend         time.Duration // between two mails of a login
	NoticeUnknown  bool          // tell an unknown address that it has no account
	AllowedDomains []string      // canonical; empty: every domain
	DeniedDomains  []string      // canonical

	// Kind is what the step's links are, Mail which mail carries them.
	Kind latchkey.TokenKind
	Mail latchkey.MessageKind
}

// registers says that the step is a registration: its accounts are made of
// what was typed, and who has one already has only shown who they are.
func (c MagicConfig) registers() bool { return c.Mail == latchkey.MailRegister }

// resets says that the step is a reset of credentials: the proof of a mailbox
// takes no second factor away.
func (c MagicConfig) resets() bool { return c.Kind == latchkey.TokenReset }

// ParseMagicConfig reads an execution's configuration. What is missing or not
// understood has its default; the lifespan is clamped. Accounts are not made
// by default in the realm master.
func ParseMagicConfig(config map[string]string, realmName string) MagicConfig {
	c := MagicConfig{
		CreateUser:     boolean(config[KeyCreateUser], realmName != latchkey.MasterRealm),
		UpdateProfile:  boolean(config[KeyUpdateProfile], false),
		UpdatePassword: boolean(config[KeyUpdatePassword], false),
		Reusable:       boolean(config[KeyReusable], false),
		Lifespan:       seconds(config[KeyLifespan], DefaultLifespan, time.Second, MaxLifespan),
		OtherBrowser:   strings.ToLower(strings.TrimSpace(config[KeyOtherBrowser])),
		Code:           boolean(config[KeyCode], true),
		Resend:         seconds(config[KeyResend], DefaultResend, MinResend, MaxResend),
		NoticeUnknown:  boolean(config[KeyNoticeUnknown], false),
		AllowedDomains: domains(config[KeyAllowedDomains]),
		DeniedDomains:  domains(config[KeyDeniedDomains]),
		Kind:           latchkey.TokenMagicLink, Mail: latchkey.MailMagicLink,
	}
	if c.OtherBrowser != OtherBrowserCode && c.OtherBrowser != OtherBrowserRefuse {
		c.OtherBrowser = OtherBrowserNumber
	}
	if !c.Code && c.OtherBrowser == OtherBrowserCode {
		c.OtherBrowser = OtherBrowserRefuse // there is no code to type
	}
	return c
}

// ConfigFor gives the configuration of a step that mails links: of a Magic Link
// the one behind its gear; of a registration and of a reset the defaults, with
// the realm's lifespan of links that people ask for.
func ConfigFor(realm *latchkey.Realm, provider string, config map[string]string) MagicConfig {
	switch provider {
	case latchkey.AuthRegistrationPage:
		c := ParseMagicConfig(nil, realm.Name)
		c.CreateUser, c.Mail, c.Lifespan = true, latchkey.MailRegister, UserLifespan(realm, "verify-email")
		return c
	case latchkey.AuthResetEmail:
		c := ParseMagicConfig(nil, realm.Name)
		c.CreateUser, c.Kind, c.Mail, c.Lifespan = false, latchkey.TokenReset, latchkey.MailReset, UserLifespan(realm, "reset-credentials")
		return c
	}
	return ParseMagicConfig(config, realm.Name)
}

// UserLifespan is how long a link works that a person asked for: the realm's
// setting for that act, else for all, an hour at most.
func UserLifespan(realm *latchkey.Realm, act string) time.Duration {
	all := DefaultLifespan
	if n := realm.ActionTokenGeneratedByUserLifespan; n > 0 {
		all = min(time.Duration(n)*time.Second, MaxLifespan)
	}
	return seconds(realm.Attributes["actionTokenGeneratedByUserLifespan."+act], all, time.Second, MaxLifespan)
}

// ConfigOf gives the configuration of the execution that mailed the login's
// link. A login that mailed none has the defaults, except that it makes no
// accounts.
func ConfigOf(snap *latchkey.Snapshot, login *latchkey.Login) MagicConfig {
	for _, f := range snap.Flows {
		for i := range f.Executions {
			if e := &f.Executions[i]; e.ID == login.Mail.Execution {
				var config map[string]string
				if c := snap.Config(e.ConfigID); c != nil {
					config = c.Config
				}
				return ConfigFor(snap.Realm, e.Authenticator, config)
			}
		}
	}
	c := ParseMagicConfig(nil, snap.Realm.Name)
	c.CreateUser = false
	return c
}

// Allows says whether the lists let the address in: not denied, and allowed
// where there is a list of allowed domains. An entry "*.example.com" means
// every domain below example.com.
func (c MagicConfig) Allows(address string) bool {
	canonical := latchkey.CanonicalAddress(address)
	domain := canonical[strings.LastIndexByte(canonical, '@')+1:]
	if listed(c.DeniedDomains, domain) {
		return false
	}
	return len(c.AllowedDomains) == 0 || listed(c.AllowedDomains, domain)
}

func listed(list []string, domain string) bool {
	for _, entry := range list {
		if domain == entry || (strings.HasPrefix(entry, "*.") && strings.HasSuffix(domain, entry[1:])) {
			return true
		}
	}
	return false
}

// IsDomains says whether all that the text lists are domains in which somebody
// can have an address.
func IsDomains(text string) bool {
	for _, word := range domainWords(text) {
		below, wild := strings.CutPrefix(word, "*.")
		if wild {
			below = "x." + below
		}
		if _, err := latchkey.ParseAddress("x@" + below); err != nil {
			if _, ok := latchkey.NormalAddress("x@" + below); !ok {
				return false
			}
		}
	}
	return true
}

// domainWords splits a list of domains: "##" between values as in Keycloak's
// multi-valued options, or commas or white space.
func domainWords(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("#,; \t\r\n", r) })
	for i := range words {
		words[i] = strings.TrimPrefix(words[i], "@")
	}
	return words
}

// domains are those that the text lists, canonical.
func domains(text string) []string {
	var out []string
	for _, word := range domainWords(text) {
		wild := ""
		if strings.HasPrefix(word, "*.") {
			wild, word = "*.", word[2:]
		}
		_, canonical, _ := strings.Cut(latchkey.CanonicalAddress("x@"+word), "@")
		out = append(out, wild+canonical)
	}
	return out
}

func boolean(text string, otherwise bool) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "on":
		return true
	case "false", "off":
		return false
	}
	return otherwise
}

func seconds(text string, otherwise, least, most time.Duration) time.Duration {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	switch {
	case err != nil || n <= 0:
		return otherwise
	case n > int64(most/time.Second):
		return most
	}
	return max(time.Duration(n)*time.Second, least)
}
