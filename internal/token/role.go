package token

import (
	"maps"
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
// the client and its scopes are mapped to and the client's own. The caller may
// not change them.
func ResolveRoles(snap *latchkey.Snapshot, client *latchkey.Client, scope Scope, userRoles []string) Roles {
	return resolveRoles(snap, client, allowedRoles(snap, client, scope), userRoles)
}

// allowedRoles are the ids of the roles that may go into tokens of the client,
// beside its own; nil when all may.
func allowedRoles(snap *latchkey.Snapshot, client *latchkey.Client, scope Scope) map[string]bool {
	if client.FullScopeAllowed {
		return nil
	}
	mapped := slices.Clone(client.ScopeMappings)
	for _, c := range scope.Scopes {
		mapped = append(mapped, c.ScopeMappings...)
	}
	return idSet(snap.ExpandRoles(mapped))
}

func resolveRoles(snap *latchkey.Snapshot, client *latchkey.Client, allowed map[string]bool, ids []string) Roles {
	held := snap.ExpandRoles(ids)
	if allowed != nil {
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

func (r Roles) list(client string) []string {
	if client == "" {
		return r.Realm
	}
	return r.Client[client]
}

// with gives the roles with other names for one client, or for the realm.
func (r Roles) with(client string, names []string) Roles {
	if client == "" {
		return Roles{Realm: names, Client: r.Client}
	}
	changed := maps.Clone(r.Client)
	changed[client] = names
	return Roles{Realm: r.Realm, Client: changed}
}

// adding gives the roles with one more.
func (r Roles) adding(client, name string) Roles {
	names := r.list(client)
	if name == "" || slices.Contains(names, name) {
		return r
	}
	return r.with(client, append(slices.Clone(names), name))
}

// without gives the roles without one, and says whether it was there.
func (r Roles) without(client, name string) (Roles, bool) {
	names := r.list(client)
	i := slices.Index(names, name)
	if i < 0 {
		return r, false
	}
	return r.with(client, slices.Delete(slices.Clone(names), i, i+1)), true
}
