package token

import (
	"maps"
	"slices"
	"strings"

	"latchkey"
)

func readRealmRoles(_ *plan, mapper latchkey.ProtocolMapper) apply {
	config := mapper.Config
	c := roleClaim(config["claim.name"], config)
	prefix := config["usermodel.realmRoleMapping.rolePrefix"]
	if c == nil {
		return nil
	}
	return func(m *mapping) { c.putRoles(m.claims, prefix, m.roles.Realm) }
}

func readClientRoles(p *plan, mapper latchkey.ProtocolMapper) apply {
	const placeholder = "${client_id}"
	config := mapper.Config
	name, prefix := config["claim.name"], config["usermodel.clientRoleMapping.rolePrefix"]
	only := config["usermodel.clientRoleMapping.clientId"]
	if roleClaim(name, config) == nil {
		return nil
	}
	// A dot in a clientId is part of the name, not of the path.
	claims := map[string]*claim{}
	for _, client := range p.realm.Clients {
		if only == "" || only == client.ClientID {
			claims[client.ClientID] = roleClaim(strings.ReplaceAll(name, placeholder, escapePath(client.ClientID)), config)
		}
	}
	return func(m *mapping) {
		if len(m.roles.Client) == 1 {
			for client, names := range m.roles.Client {
				claims[client].putRoles(m.claims, prefix, names)
			}
			return
		}
		for _, client := range slices.Sorted(maps.Keys(m.roles.Client)) {
			claims[client].putRoles(m.claims, prefix, m.roles.Client[client])
		}
	}
}

// roleClaim is a claim of roles: many, unless the configuration says not.
func roleClaim(name string, config map[string]string) *claim {
	return newClaim(name, "String", config["multivalued"] != "false")
}

// putRoles writes the names of roles; nothing for no claim or no roles.
func (c *claim) putRoles(claims map[string]any, prefix string, roles []string) {
	if c == nil || len(roles) == 0 {
		return
	}
	names := roles
	if prefix != "" {
		names = make([]string, len(roles))
		for i, r := range roles {
			names[i] = prefix + r
		}
	}
	if !c.multivalued {
		put(claims, c.path, names[0])
		return
	}
	put(claims, c.path, names)
}

// readAudienceResolve names every client whose roles are in the token as a
// recipient, but not the client that it is made for.
func readAudienceResolve(p *plan, _ latchkey.ProtocolMapper) apply {
	return func(m *mapping) {
		for _, c := range slices.Sorted(maps.Keys(m.roles.Client)) {
			if c != p.client.ClientID && len(m.roles.Client[c]) > 0 {
				m.addAudience(c)
			}
		}
	}
}

func readAudience(p *plan, mapper latchkey.ProtocolMapper) apply {
	name := mapper.Config["included.custom.audience"]
	if included := mapper.Config["included.client.audience"]; included != "" {
		if name = included; p.realm.ClientByClientID(included) == nil {
			return nil
		}
	}
	return func(m *mapping) { m.addAudience(name) }
}

// readAllowedOrigins tells resource servers where the client's pages are, for
// their CORS answers.
func readAllowedOrigins(p *plan, _ latchkey.ProtocolMapper) apply {
	origins := WebOrigins(p.client, p.base)
	if len(origins) == 0 {
		return nil
	}
	return func(m *mapping) { m.claims["allowed-origins"] = origins }
}

// readHardcodedRole gives every user of the client a role: "role" of the realm,
// or "client.role".
func readHardcodedRole(p *plan, mapper latchkey.ProtocolMapper) apply {
	client, name := SplitRole(p.realm, mapper.Config["role"])
	return func(m *mapping) { m.roles = m.roles.adding(client, name) }
}

// readRoleName shows a role under another name, of the realm or of a client.
func readRoleName(p *plan, mapper latchkey.ProtocolMapper) apply {
	client, name := SplitRole(p.realm, mapper.Config["role"])
	newClient, newName := SplitRole(p.realm, mapper.Config["new.role.name"])
	return func(m *mapping) {
		var had bool
		if m.roles, had = m.roles.without(client, name); had && newName != "" {
			m.roles = m.roles.adding(newClient, newName)
		}
	}
}

// SplitRole reads Keycloak's notation of a role: "client.role", where both
// names may have dots, or "role" of the realm.
func SplitRole(snap *latchkey.Snapshot, text string) (client, role string) {
	for i := range text {
		if text[i] == '.' && snap.ClientByClientID(text[:i]) != nil {
			return text[:i], text[i+1:]
		}
	}
	return "", text
}

// RolesOfMapper gives the options of a mapper that name roles which it puts
// into tokens whether or not the user has them.
func RolesOfMapper(provider string, config map[string]string) map[string]string {
	option := map[string]string{"oidc-hardcoded-role-mapper": "role", "oidc-role-name-mapper": "new.role.name"}[provider]
	if option == "" {
		return nil
	}
	return map[string]string{option: config[option]}
}
