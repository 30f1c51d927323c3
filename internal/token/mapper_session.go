package token

import (
	"encoding/json"
	"strconv"

	"latchkey"
)

func readSub(*plan, latchkey.ProtocolMapper) apply {
	return func(m *mapping) { m.claims["sub"] = m.grant.subject() }
}

func readACR(*plan, latchkey.ProtocolMapper) apply {
	return func(m *mapping) {
		if m.grant.ACR != "" {
			m.claims["acr"] = m.grant.ACR
		}
	}
}

func readAMR(*plan, latchkey.ProtocolMapper) apply {
	return func(m *mapping) {
		if len(m.grant.AMR) > 0 {
			m.claims["amr"] = m.grant.AMR
		}
	}
}

func readSessionState(*plan, latchkey.ProtocolMapper) apply {
	return func(m *mapping) {
		if m.grant.Session != nil {
			m.claims["session_state"] = m.grant.Session.ID
		}
	}
}

func readNonce(*plan, latchkey.ProtocolMapper) apply {
	return func(m *mapping) {
		if m.grant.Nonce != "" {
			m.claims["nonce"] = m.grant.Nonce
		}
	}
}

// readNote shows a note of the session. AUTH_TIME is when the person last
// proved themselves; the notes of a service account are its client's.
func readNote(_ *plan, mapper latchkey.ProtocolMapper) apply {
	c, name := claimOf(mapper.Config), mapper.Config["user.session.note"]
	if c == nil || name == "" {
		return nil
	}
	return func(m *mapping) {
		if v := m.grant.note(name); v != "" {
			c.set(m.claims, v)
		}
	}
}

// noteAuthTime is Keycloak's note of when a person proved themselves.
const noteAuthTime = "AUTH_TIME"

// note reads a note of the session, or of the grant where there is none.
func (g *Grant) note(name string) string {
	if name == noteAuthTime {
		if g.AuthTime.IsZero() {
			return ""
		}
		return strconv.FormatInt(g.AuthTime.Unix(), 10)
	}
	if v, ok := g.Notes[name]; ok {
		return v
	}
	if g.Session != nil {
		return g.Session.Notes[name]
	}
	return ""
}

// requestedClaim is what the claims parameter says of one claim (OpenID
// Connect Core 5.5.1).
type requestedClaim struct {
	Essential bool `json:"essential"`
	Value     any  `json:"value"`
}

// requested gives what the claims parameter asks for in one place, id_token or
// userinfo; nothing where it is none. What is not an object asks for nothing.
func (g *Grant) requested(place string) map[string]*requestedClaim {
	if g.Claims == "" {
		return nil
	}
	var places map[string]json.RawMessage
	var asked map[string]json.RawMessage
	if json.Unmarshal([]byte(g.Claims), &places) != nil || json.Unmarshal(places[place], &asked) != nil {
		return nil
	}
	out := map[string]*requestedClaim{}
	for name, text := range asked {
		var c *requestedClaim
		if json.Unmarshal(text, &c) == nil && c != nil {
			out[name] = c
		}
	}
	return out
}

// standardClaims are the claims that the claims parameter can ask for where
// no mapper puts them anyway, by the attribute of the user.
var standardClaims = []struct{ name, attribute string }{
	{"given_name", "firstName"}, {"family_name", "lastName"}, {"preferred_username", "username"}, {"email", "email"},
}

// readClaimsParameter puts in what the claims parameter calls essential.
func readClaimsParameter(*plan, latchkey.ProtocolMapper) apply {
	return func(m *mapping) {
		place := "id_token"
		if m.to == toUserinfo {
			place = "userinfo"
		}
		asked := m.grant.requested(place)
		if c := asked["name"]; c != nil && c.Essential {
			putFullName(m)
		}
		for _, standard := range standardClaims {
			c := asked[standard.name]
			if v := userAttribute(m.grant.User, standard.attribute); c != nil && c.Essential && len(v) > 0 {
				m.claims[standard.name] = v[0]
			}
		}
	}
}

// readClaimsValue puts in the value that the claims parameter demands of one
// claim, as open banking has its intents told back.
func readClaimsValue(_ *plan, mapper latchkey.ProtocolMapper) apply {
	c, name := newClaim(mapper.Config["claim.name"], "String", false), mapper.Config["claim.name"]
	if c == nil {
		return nil
	}
	return func(m *mapping) {
		asked := m.grant.requested("id_token")[name]
		if asked == nil || !asked.Essential {
			return
		}
		if v, ok := asked.Value.(string); ok {
			c.set(m.claims, v)
		}
	}
}
