package token

import (
	"crypto/md5" //nolint:gosec // a form for identifiers, made of a SHA-256 (RFC 9562 5.3)
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"

	"latchkey"
)

// PairwiseMapper is the provider id of the mapper that makes a client's
// subjects pairwise.
const PairwiseMapper = "oidc-sha256-pairwise-sub-mapper"

// readPairwise writes the client's pairwise subject.
func readPairwise(p *plan, _ latchkey.ProtocolMapper) apply {
	if p.subject == nil {
		return nil
	}
	return func(m *mapping) { m.claims["sub"] = m.grant.subject() }
}

// subjects makes the subjects of a client of users' ids; nil: they are the ids.
type subjects func(userID string) string

type subjectsKey struct{ client *latchkey.Client }

// subjectsOf says what the subjects of a client are: pairwise (OpenID Connect
// Core 8.1, R-035) when the client, or one of its default scopes, has the
// mapper. They are the same for all clients of a sector that share a salt, and
// others for every other sector. The form is Keycloak's, so that who moves from
// there keeps the subjects that applications know.
func subjectsOf(snap *latchkey.Snapshot, client *latchkey.Client) subjects {
	return snap.Derive(subjectsKey{client}, func() any {
		mapper := pairwiseMapper(snap, client)
		if mapper == nil {
			return subjects(nil)
		}
		salt := mapper.Config["pairwiseSubAlgorithmSalt"]
		if strings.TrimSpace(salt) == "" {
			salt = mapper.ID // as random, and never told either
		}
		sector, ok := sectorOf(client, mapper.Config["sectorIdentifierUri"])
		if !ok {
			// Several hosts and no word what holds them together: a sector of
			// its own tells nobody anything about anybody.
			sector = client.ID
		}
		return subjects(func(userID string) string { return pairwise(sector, userID, salt) })
	}).(subjects)
}

func pairwiseMapper(snap *latchkey.Snapshot, client *latchkey.Client) *latchkey.ProtocolMapper {
	lists := [][]latchkey.ProtocolMapper{client.ProtocolMappers}
	for _, id := range client.DefaultClientScopes {
		if scope := snap.Scope(id); scope != nil {
			lists = append(lists, scope.ProtocolMappers)
		}
	}
	for _, list := range lists {
		for i := range list {
			if list[i].ProtocolMapper == PairwiseMapper {
				return &list[i]
			}
		}
	}
	return nil
}

func pairwise(sector, userID, salt string) string {
	sum := sha256.Sum256([]byte(sector + userID + salt))
	id := md5.Sum(sum[:]) //nolint:gosec // see above: what it hides is hidden by the SHA-256
	id[6], id[8] = id[6]&0x0f|0x30, id[8]&0x3f|0x80
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}

// sectorOf gives the sector of a client: the host of its sector identifier,
// else the one host of its redirect URIs.
func sectorOf(client *latchkey.Client, identifier string) (string, bool) {
	if identifier != "" {
		u, err := url.Parse(identifier)
		return hostOf(u), err == nil && u.Host != ""
	}
	sector := ""
	for _, uri := range client.RedirectURIs {
		u, err := url.Parse(strings.TrimSuffix(client.ResolveURI("", uri), "*"))
		if err != nil || u.Host == "" || (sector != "" && sector != hostOf(u)) {
			return "", false
		}
		sector = hostOf(u)
	}
	return sector, sector != ""
}

func hostOf(u *url.URL) string {
	if u == nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// CheckPairwise refuses a client whose subjects are to be pairwise and whose
// redirect URIs have several hosts, or none, without a sector identifier, and a
// sector identifier that is no https URI (OpenID Connect Core 8.1). The error
// names the field.
func CheckPairwise(client *latchkey.Client) error {
	for _, m := range client.ProtocolMappers {
		if m.ProtocolMapper != PairwiseMapper {
			continue
		}
		identifier := m.Config["sectorIdentifierUri"]
		u, err := url.Parse(identifier)
		if identifier != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
			return latchkey.Invalid("sectorIdentifierUri", "The sector identifier of client %q is no https URI.", client.ClientID)
		}
		if _, ok := sectorOf(client, identifier); !ok {
			return latchkey.Invalid("sectorIdentifierUri", "The redirect URIs of client %q have several hosts, or none: pairwise subjects need a sector identifier URI.", client.ClientID)
		}
	}
	return nil
}

// SubjectFor is the sub of a user in every token and answer of the client: the
// user's id, or a pairwise one. Who compares the sub of a token or a
// hint with a user compares with this.
func SubjectFor(snap *latchkey.Snapshot, client *latchkey.Client, userID string) string {
	if of := subjectsOf(snap, client); of != nil {
		return of(userID)
	}
	return userID
}
