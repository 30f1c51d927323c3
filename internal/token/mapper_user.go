package token

import (
	"slices"
	"strconv"

	"latchkey"
)

func readAttribute(_ *plan, mapper latchkey.ProtocolMapper) apply {
	c, name, aggregate := claimOf(mapper.Config), mapper.Config["user.attribute"], mapper.Config["aggregate.attrs"] == "true"
	if c == nil {
		return nil
	}
	return func(m *mapping) { c.set(m.claims, m.grant.attribute(name, aggregate)...) }
}

// attribute gives the values of a user's attribute: the user's own, else those
// of the first of their groups that has it, itself or from a group above; or,
// aggregated, all of these together, each once.
func (g *Grant) attribute(name string, aggregate bool) []string {
	own := userAttribute(g.User, name)
	if len(own) > 0 && !aggregate {
		return own
	}
	all := slices.Clone(own)
	for _, membership := range g.Holdings.Memberships {
		values := groupAttribute(membership, name)
		if len(values) > 0 && !aggregate {
			return values
		}
		for _, v := range values {
			if !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
	}
	return all
}

func groupAttribute(m *latchkey.Membership, name string) []string {
	if values := m.Group.Attributes[name]; len(values) > 0 {
		return values
	}
	for _, above := range m.Above {
		if values := above.Attributes[name]; len(values) > 0 {
			return values
		}
	}
	return nil
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

func readProperty(_ *plan, mapper latchkey.ProtocolMapper) apply {
	c, name := claimOf(mapper.Config), mapper.Config["user.attribute"]
	if c == nil {
		return nil
	}
	return func(m *mapping) { c.set(m.claims, userProperty(m.grant.User, name)...) }
}

func userProperty(u *latchkey.User, name string) []string {
	switch name {
	case "id":
		return []string{u.ID}
	case "emailVerified":
		return []string{strconv.FormatBool(u.EmailVerified)}
	case "enabled":
		return []string{strconv.FormatBool(u.Enabled)}
	case "createdTimestamp":
		return []string{strconv.FormatInt(u.CreatedAt.UnixMilli(), 10)}
	case "serviceAccountClientLink":
		if u.ServiceAccountClientID == "" {
			return nil
		}
		return []string{u.ServiceAccountClientID}
	}
	return userAttribute(u, name)
}

func readFullName(*plan, latchkey.ProtocolMapper) apply { return putFullName }

func putFullName(m *mapping) {
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

func readAddress(_ *plan, mapper latchkey.ProtocolMapper) apply {
	names := make([]string, len(addressParts))
	for i, part := range addressParts {
		if names[i] = mapper.Config[part.key]; names[i] == "" {
			names[i] = part.attribute
		}
	}
	return func(m *mapping) {
		var address map[string]any
		for i, part := range addressParts {
			if v := m.grant.attribute(names[i], false); len(v) > 0 && v[0] != "" {
				if address == nil {
					address = map[string]any{}
				}
				address[part.member] = v[0]
			}
		}
		if address != nil {
			m.claims["address"] = address
		}
	}
}

// readGroups shows the groups that a user is in, by path ("/parent/child") or
// by name.
func readGroups(_ *plan, mapper latchkey.ProtocolMapper) apply {
	config := mapper.Config
	c, full := newClaim(config["claim.name"], "String", true), config["full.path"] != "false"
	if c == nil {
		return nil
	}
	return func(m *mapping) {
		var names []string
		for _, membership := range m.grant.Holdings.Memberships {
			name := membership.Group.Name
			if full {
				name = membership.Path()
			}
			names = append(names, name)
		}
		c.set(m.claims, names...)
	}
}

func readHardcodedClaim(_ *plan, mapper latchkey.ProtocolMapper) apply {
	c, value := claimOf(mapper.Config), mapper.Config["claim.value"]
	if c == nil {
		return nil
	}
	return func(m *mapping) { c.set(m.claims, value) }
}
