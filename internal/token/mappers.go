package token

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"latchkey"
)

func mapSub(m *mapping, _ map[string]string) { m.claims["sub"] = m.grant.User.ID }

func mapACR(m *mapping, _ map[string]string) {
	if m.grant.ACR != "" {
		m.claims["acr"] = m.grant.ACR
	}
}

func mapAMR(m *mapping, _ map[string]string) {
	if len(m.grant.AMR) > 0 {
		m.claims["amr"] = m.grant.AMR
	}
}

func mapSessionState(m *mapping, _ map[string]string) {
	if m.grant.Session != nil {
		m.claims["session_state"] = m.grant.Session.ID
	}
}

func mapNonce(m *mapping, _ map[string]string) {
	if m.grant.Nonce != "" {
		m.claims["nonce"] = m.grant.Nonce
	}
}

// mapAllowedOrigins tells resource servers where the client's pages are, for
// their CORS answers.
func mapAllowedOrigins(m *mapping, _ map[string]string) {
	if origins := WebOrigins(m.grant.Client, m.grant.base()); len(origins) > 0 {
		m.claims["allowed-origins"] = origins
	}
}

// mapNote shows a note of the session. AUTH_TIME is when the person last
// proved themselves; the notes of a service account are its client's.
func mapNote(m *mapping, config map[string]string) {
	if v := m.grant.note(config["user.session.note"]); v != "" {
		m.set(config, v)
	}
}

// note reads a note of the session, or of the grant where there is none.
func (g *Grant) note(name string) string {
	if name == "AUTH_TIME" {
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

func mapAttribute(m *mapping, config map[string]string) {
	m.set(config, userAttribute(m.grant.User, config["user.attribute"])...)
}

// userAttribute reads an attribute; Keycloak keeps name and address among them.
func userAttribute(u *latchkey.User, name string) []string {
	var v string
	switch name {
	case "username":
		v = u.Username
	case "email":
		v = u.Email
	case "firstName":
		v = u.FirstName
	case "lastName":
		v = u.LastName
	default:
		return u.Attributes[name]
	}
	if v == "" {
		return nil
	}
	return []string{v}
}

func mapProperty(m *mapping, config map[string]string) {
	u := m.grant.User
	switch config["user.attribute"] {
	case "id":
		m.set(config, u.ID)
	case "emailVerified":
		m.set(config, strconv.FormatBool(u.EmailVerified))
	case "enabled":
		m.set(config, strconv.FormatBool(u.Enabled))
	case "createdTimestamp":
		m.set(config, strconv.FormatInt(u.CreatedAt.UnixMilli(), 10))
	default:
		m.set(config, userAttribute(u, config["user.attribute"])...)
	}
}

func mapFullName(m *mapping, _ map[string]string) {
	if name := m.grant.User.FullName(); name != "" {
		m.claims["name"] = name
	}
}

// addressParts are the members of the address claim (OpenID Connect Core
// 5.1.1), by the key of the configuration that names the user's attribute.
var addressParts = []struct{ member, key, attribute string }{
	{"formatted", "user.attribute.formatted", "formatted"},
	{"street_address", "user.attribute.street", "street"},
	{"locality", "user.attribute.locality", "locality"},
	{"region", "user.attribute.region", "region"},
	{"postal_code", "user.attribute.postal_code", "postal_code"},
	{"country", "user.attribute.country", "country"},
}

func mapAddress(m *mapping, config map[string]string) {
	address := map[string]any{}
	for _, p := range addressParts {
		name := config[p.key]
		if name == "" {
			name = p.attribute
		}
		if v := userAttribute(m.grant.User, name); len(v) > 0 && v[0] != "" {
			address[p.member] = v[0]
		}
	}
	if len(address) > 0 {
		m.claims["address"] = address
	}
}

func mapHardcodedClaim(m *mapping, config map[string]string) { m.set(config, config["claim.value"]) }

func mapRealmRoles(m *mapping, config map[string]string) {
	m.putRoles(config["claim.name"], config, config["usermodel.realmRoleMapping.rolePrefix"], m.roles.Realm)
}

func mapClientRoles(m *mapping, config map[string]string) {
	prefix := config["usermodel.clientRoleMapping.rolePrefix"]
	only := config["usermodel.clientRoleMapping.clientId"]
	for _, client := range slices.Sorted(maps.Keys(m.roles.Client)) {
		if only != "" && only != client {
			continue
		}
		// A dot in a clientId is part of the name, not of the path.
		name := strings.ReplaceAll(config["claim.name"], "${client_id}", strings.ReplaceAll(client, ".", `\.`))
		m.putRoles(name, config, prefix, m.roles.Client[client])
	}
}

func (m *mapping) putRoles(name string, config map[string]string, prefix string, roles []string) {
	if name == "" || len(roles) == 0 {
		return
	}
	list := make([]any, len(roles))
	for i, r := range roles {
		list[i] = prefix + r
	}
	if config["multivalued"] == "false" {
		m.put(name, list[0])
		return
	}
	m.put(name, list)
}

// mapAudienceResolve names every client whose roles are in the token as a
// recipient, but not the client that it is made for.
func mapAudienceResolve(m *mapping, _ map[string]string) {
	for _, c := range m.grant.Realm.Clients {
		if c.ClientID != m.grant.Client.ClientID && len(m.roles.Client[c.ClientID]) > 0 {
			m.addAudience(c.ClientID)
		}
	}
}

func mapAudience(m *mapping, config map[string]string) {
	if included := config["included.client.audience"]; included != "" {
		if m.grant.Realm.ClientByClientID(included) != nil {
			m.addAudience(included)
		}
		return
	}
	m.addAudience(config["included.custom.audience"])
}

// mapHardcodedRole gives every user of the client a role: "role" of the realm,
// or "client.role".
func mapHardcodedRole(m *mapping, config map[string]string) {
	client, name := splitRole(m.grant.Realm, config["role"])
	m.roles.add(client, name)
}

// mapRoleName shows a role under another name, of the realm or of a client.
func mapRoleName(m *mapping, config map[string]string) {
	client, name := splitRole(m.grant.Realm, config["role"])
	if !m.roles.remove(client, name) {
		return
	}
	if as, found := config["new.role.name"]; found && as != "" {
		client, name = splitRole(m.grant.Realm, as)
		m.roles.add(client, name)
	}
}

// splitRole reads Keycloak's notation of a role: "client.role", where both
// names may have dots, or "role" of the realm.
func splitRole(snap *latchkey.Snapshot, text string) (client, role string) {
	for i := range text {
		if text[i] == '.' && snap.ClientByClientID(text[:i]) != nil {
			return text[:i], text[i+1:]
		}
	}
	return "", text
}

func (r *Roles) list(client string) []string {
	if client == "" {
		return r.Realm
	}
	return r.Client[client]
}

func (r *Roles) set(client string, names []string) {
	if client == "" {
		r.Realm = names
		return
	}
	r.Client[client] = names
}

func (r *Roles) add(client, name string) {
	names := r.list(client)
	if name == "" || slices.Contains(names, name) {
		return
	}
	r.set(client, append(append([]string(nil), names...), name))
}

func (r *Roles) remove(client, name string) bool {
	names := r.list(client)
	i := slices.Index(names, name)
	if i < 0 {
		return false
	}
	r.set(client, slices.Delete(slices.Clone(names), i, i+1))
	return true
}
