package token

import (
	"slices"
	"sort"

	"latchkey"
)

// Roles are the names of the roles in a token: of the realm, and of clients by
// clientId.
type Roles struct {
	Realm  []string
	Client map[string][]string
}

// ResolveRoles gives the roles that go into tokens of the client: all that the
// user has, composites expanded, or, without full scope, those of them that
// the client and its scopes are mapped to and the client's own.
func ResolveRoles(snap *latchkey.Snapshot, client *latchkey.Client, scope Scope, userRoles []string) Roles {
	held := snap.ExpandRoles(userRoles)
	if !client.FullScopeAllowed {
		mapped := append([]string(nil), client.ScopeMappings...)
		for _, c := range scope.Scopes {
			mapped = append(mapped, c.ScopeMappings...)
		}
		allowed := idSet(snap.ExpandRoles(mapped))
		held = slices.DeleteFunc(held, func(r *latchkey.Role) bool { return !allowed[r.ID] && r.ClientID != client.ID })
	}
	out := Roles{Client: map[string][]string{}}
	for _, r := range held {
		if r.ClientID == "" {
			out.Realm = append(out.Realm, r.Name)
		} else if owner := snap.ClientByID(r.ClientID); owner != nil {
			out.Client[owner.ClientID] = append(out.Client[owner.ClientID], r.Name)
		}
	}
	sort.Strings(out.Realm)
	for _, names := range out.Client {
		sort.Strings(names)
	}
	return out
}
