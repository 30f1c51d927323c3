package token

import (
	"slices"
	"strings"

	"latchkey"
)

// ScopeOpenID is the scope that makes an OAuth request one of OpenID Connect.
const ScopeOpenID = "openid"

// ScopeOffline is the scope that asks for an offline session.
const ScopeOffline = "offline_access"

// Scope is what a request's scope parameter comes to for a client: its default
// client scopes, and of its optional ones those that were asked for.
type Scope struct {
	OpenID bool
	Scopes []*latchkey.ClientScope
}

// ResolveScope reads a scope parameter for the client. unknown holds the names
// that are none of the client's scopes; a request with any is refused.
func ResolveScope(snap *latchkey.Snapshot, client *latchkey.Client, requested string) (s Scope, unknown []string) {
	asked := strings.Fields(requested)
	taken := map[string]bool{}
	take := func(id string, optional bool) {
		scope := snap.Scope(id)
		if scope == nil || (scope.Protocol != "" && scope.Protocol != "openid-connect") {
			return
		}
		if taken[scope.Name] || (optional && !slices.Contains(asked, scope.Name)) {
			return
		}
		taken[scope.Name] = true
		s.Scopes = append(s.Scopes, scope)
	}
	for _, id := range client.DefaultClientScopes {
		take(id, false)
	}
	for _, id := range client.OptionalClientScopes {
		take(id, true)
	}
	for _, name := range asked {
		if name == ScopeOpenID {
			s.OpenID = true
		} else if !taken[name] {
			unknown = append(unknown, name)
		}
	}
	return s, unknown
}

// For leaves out the scopes that are bound to roles of which the user has
// none, such as offline_access for somebody without that role.
func (s Scope) For(snap *latchkey.Snapshot, userRoles []string) Scope {
	out := Scope{OpenID: s.OpenID}
	var held map[string]bool
	for _, scope := range s.Scopes {
		if len(scope.ScopeMappings) > 0 {
			if held == nil {
				held = idSet(snap.ExpandRoles(userRoles))
			}
			if !slices.ContainsFunc(snap.ExpandRoles(scope.ScopeMappings), func(r *latchkey.Role) bool { return held[r.ID] }) {
				continue
			}
		}
		out.Scopes = append(out.Scopes, scope)
	}
	return out
}

// Has says whether a client scope of that name is among them.
func (s Scope) Has(name string) bool {
	return slices.ContainsFunc(s.Scopes, func(c *latchkey.ClientScope) bool { return c.Name == name })
}

// Shown is the scope that answers and access tokens tell: openid, and the
// scopes that are not kept out of it (include.in.token.scope).
func (s Scope) Shown() string {
	return s.join(func(c *latchkey.ClientScope) bool { return c.Attributes["include.in.token.scope"] != "false" })
}

// All is every scope by name: what a refresh token holds, so that a refresh
// gives what was granted then and never more.
func (s Scope) All() string { return s.join(func(*latchkey.ClientScope) bool { return true }) }

func (s Scope) join(with func(*latchkey.ClientScope) bool) string {
	var names []string
	if s.OpenID {
		names = append(names, ScopeOpenID)
	}
	for _, c := range s.Scopes {
		if with(c) {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, " ")
}

// Narrow keeps of a granted scope what was asked for again at a refresh: the
// optional scopes that are named. wider holds names that were never granted
// (RFC 6749 6: the request is refused). An empty parameter keeps all.
func (s Scope) Narrow(client *latchkey.Client, requested string) (narrowed Scope, wider []string) {
	asked := strings.Fields(requested)
	if len(asked) == 0 {
		return s, nil
	}
	for _, name := range asked {
		if (name == ScopeOpenID && !s.OpenID) || (name != ScopeOpenID && !s.Has(name)) {
			wider = append(wider, name)
		}
	}
	narrowed.OpenID = slices.Contains(asked, ScopeOpenID)
	for _, c := range s.Scopes {
		if slices.Contains(asked, c.Name) || slices.Contains(client.DefaultClientScopes, c.ID) {
			narrowed.Scopes = append(narrowed.Scopes, c)
		}
	}
	return narrowed, wider
}

func idSet(roles []*latchkey.Role) map[string]bool {
	out := make(map[string]bool, len(roles))
	for _, r := range roles {
		out[r.ID] = true
	}
	return out
}

// GrantedScope reads the scope that a refresh token holds: what was granted
// then, as far as the client still has it.
func GrantedScope(snap *latchkey.Snapshot, client *latchkey.Client, granted string) Scope {
	s, _ := ResolveScope(snap, client, granted)
	names := strings.Fields(granted)
	s.Scopes = slices.DeleteFunc(s.Scopes, func(c *latchkey.ClientScope) bool { return !slices.Contains(names, c.Name) })
	return s
}

// Without leaves out the client scope of that name.
func (s Scope) Without(name string) Scope {
	s.Scopes = slices.DeleteFunc(slices.Clone(s.Scopes), func(c *latchkey.ClientScope) bool { return c.Name == name })
	return s
}
