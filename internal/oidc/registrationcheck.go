package oidc

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// What an application may say of itself, at most.
const (
	maxListed      = 50      // URIs, scopes
	maxURI         = 2048    // bytes of an address
	maxClientName  = 100     // runes
	maxClientKeys  = 8 << 10 // bytes of a key set
	maxChosenID    = 100     // bytes of a clientId that is chosen
	tooMany        = "There are too many of them: 50 at most."
	codeMetadata   = "invalid_client_metadata" // RFC 7591 3.2.2
	codeRedirect   = "invalid_redirect_uri"
	noSecret       = "It holds a private key or a secret."
	noPlainAddress = "It is no https address, nor an http one of this machine."
)

func badMetadata(field, why string) *oauthError {
	if field != "" {
		why = field + ": " + why
	}
	return refuse(codeMetadata, why, "invalid_registration")
}

func badRedirect(field, why string) *oauthError {
	return refuse(codeRedirect, field+": "+why, "invalid_registration")
}

// checkRedirects looks at addresses that people are sent to with an answer
// whole ones, and few.
func checkRedirects(field string, uris []string) error {
	if len(uris) > maxListed {
		return badRedirect(field, tooMany)
	}
	for i, uri := range uris {
		if len(uri) > maxURI || !latchkey.RegistrableRedirect(uri) {
			return badRedirect(field+"["+strconv.Itoa(i)+"]", "It is no whole address of https, of http on this machine, or of a private scheme that is a domain's: "+
				"without a fragment, a *, a user, or what an answer has.")
		}
	}
	return nil
}

// parsedAddress reads an address without anything in it that readers could
// understand in two ways.
func parsedAddress(text string) *url.URL {
	if len(text) > maxURI || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\\\"<>^`{|}", r) }) {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return nil
	}
	return u
}

// checkLink looks at an address that people may follow.
func checkLink(_ *latchkey.Snapshot, text string) string {
	if u := parsedAddress(text); u == nil || (u.Scheme != "https" && u.Scheme != "http") {
		return "It is no address of the web."
	}
	return ""
}

// checkCalled looks at an address that this server calls. Where it leads is
// looked at when it is called.
func checkCalled(_ *latchkey.Snapshot, text string) string {
	u := parsedAddress(text)
	if u == nil || (u.Scheme != "https" && (u.Scheme != "http" || !latchkey.Loopback(u.Hostname()))) {
		return noPlainAddress
	}
	return ""
}

// checkSecure looks at an address at which people begin to sign in (OpenID
// Connect Core 4).
func checkSecure(_ *latchkey.Snapshot, text string) string {
	if u := parsedAddress(text); u == nil || u.Scheme != "https" {
		return "It is no https address."
	}
	return ""
}

func checkAssertionAlgorithm(_ *latchkey.Snapshot, name string) string {
	for _, list := range assertionAlgorithms {
		if slices.Contains(list, jose.SignatureAlgorithm(name)) {
			return ""
		}
	}
	return "Assertions are not verified by this algorithm."
}

func checkSigningAlgorithm(snap *latchkey.Snapshot, name string) string {
	if !slices.Contains(token.SigningAlgorithms(snap), name) {
		return "The realm does not sign by this algorithm."
	}
	return ""
}

// checkName looks at what people are shown. "${" begins a name of the message
// catalogue, which applications of our own have.
func checkName(name string) string {
	if utf8.RuneCountInString(name) > maxClientName || !utf8.ValidString(name) {
		return "It is too long."
	}
	if strings.HasPrefix(strings.TrimSpace(name), "${") || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "It has characters that are not shown."
	}
	return ""
}

// checkKeys reads a set of public keys, and gives those that are good for
// something.
func checkKeys(text string) (set, why string) {
	if len(text) > maxClientKeys {
		return "", "It is too large."
	}
	var raw struct {
		Keys []struct {
			D string `json:"d"`
			K string `json:"k"`
		} `json:"keys"`
	}
	if json.Unmarshal([]byte(text), &raw) == nil {
		for _, k := range raw.Keys {
			if k.D != "" || k.K != "" {
				return "", noSecret
			}
		}
	}
	keys := parseKeySet([]byte(text))
	if len(keys) == 0 {
		return "", "It has no public key that is known here."
	}
	out, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		return "", "It has a key that cannot be written."
	}
	return string(out), ""
}

// checkSector fetches what the sector identifier names, outside of every
// transaction: it is a list that has all of the client's redirect URIs (OpenID
// Connect Dynamic Client Registration 5).
func (d *Door) checkSector(ctx context.Context, wanted *wish) error {
	if wanted.sector == "" {
		return nil
	}
	body, status, err := d.Keys.Get(ctx, wanted.sector)
	var listed []string
	if err != nil || status != http.StatusOK || json.Unmarshal(body, &listed) != nil {
		return badMetadata("sector_identifier_uri", "There is no list of redirect URIs.")
	}
	for _, uri := range wanted.redirects {
		if !slices.Contains(listed, uri) {
			return badMetadata("sector_identifier_uri", "Not all of the redirect URIs are listed there.")
		}
	}
	return nil
}

// typePolicy is what kind of component a realm's policies of registration are
// (Keycloak). Those for who comes with a token are acted on where they limit
// the number of clients or their scopes; docs/keycloak.md names the others.
const typePolicy = "org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy"

// checkPolicies refuses what the realm's policies do not let be registered.
// Without a word of them, an application may have the scopes that are the
// realm's default ones, optional ones included.
func checkPolicies(tx *store.Tx, snap *latchkey.Snapshot, wanted *wish) error {
	all, err := tx.Components(snap.Realm.ID)
	if err != nil {
		return err
	}
	defaults := append(scopeNamesOf(snap, snap.Realm.DefaultDefaultClientScopes), scopeNamesOf(snap, snap.Realm.DefaultOptionalClientScopes)...)
	allowed := defaults
	for _, c := range all {
		if c.ProviderType != typePolicy || c.SubType != "authenticated" {
			continue
		}
		switch c.ProviderID {
		case "max-clients":
			most, err := strconv.Atoi(firstOf(c.Config["max-clients"]))
			if err == nil && wanted.isNew && len(snap.Clients) >= most {
				return notAllowed("It's allowed to have max " + strconv.Itoa(most) + " clients per realm")
			}
		case "allowed-client-templates":
			allowed = slices.Clone(c.Config["allowed-client-scopes"])
			if firstOf(c.Config["allow-default-scopes"]) != "false" {
				allowed = append(allowed, defaults...)
			}
		}
	}
	for _, name := range wanted.scopes {
		if !slices.Contains(allowed, name) || snap.ScopeByName(name) == nil {
			return badMetadata("scope", "The scope "+strconv.Quote(bounded(name))+" is none that an application registers.")
		}
	}
	return nil
}

func firstOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func scopeNamesOf(snap *latchkey.Snapshot, ids []string) []string {
	var names []string
	for _, id := range ids {
		if s := snap.Scope(id); s != nil {
			names = append(names, s.Name)
		}
	}
	return names
}
