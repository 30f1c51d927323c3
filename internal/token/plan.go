package token

import (
	"slices"
	"strings"
	"sync"

	"latchkey"
)

// plan is what a realm's configuration fixes of the tokens of one client for
// one scope, worked out once for a snapshot: which mappers write where, and
// which roles may go in.
type plan struct {
	realm  *latchkey.Snapshot
	client *latchkey.Client
	base   string // the server's URL
	steps  [targets][]apply
	// shown and all are the scope as answers and as refresh tokens tell it.
	shown, all string
	// allowed are ids of the roles that may go in; nil: all.
	allowed map[string]bool
	subject subjects
}

type planKey struct {
	client        *latchkey.Client
	issuer, scope string
}

// plan gives the plan of the grant's client and scope.
func (g *Grant) plan() *plan {
	all := g.Scope.All()
	return g.Realm.Derive(planKey{g.Client, g.Issuer, all}, func() any {
		return newPlan(g.Realm, g.Client, g.Scope, g.base())
	}).(*plan)
}

func newPlan(snap *latchkey.Snapshot, client *latchkey.Client, scope Scope, base string) *plan {
	p := &plan{realm: snap, client: client, base: base, shown: scope.Shown(), all: scope.All(), allowed: allowedRoles(snap, client, scope),
		subject: subjectsOf(snap, client)}
	type entry struct {
		kind   kind
		config map[string]string
		apply  apply
	}
	var entries []entry
	add := func(list []latchkey.ProtocolMapper) {
		for _, mapper := range list {
			k, ok := kinds[mapper.ProtocolMapper]
			if !ok {
				continue
			}
			if do := k.read(p, mapper); do != nil {
				entries = append(entries, entry{k, mapper.Config, do})
			}
		}
	}
	add(client.ProtocolMappers)
	for _, s := range scope.Scopes {
		add(s.ProtocolMappers)
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return a.kind.rank - b.kind.rank })
	for to := range targets {
		for _, e := range entries {
			if e.kind.writes(to, e.config) {
				p.steps[to] = append(p.steps[to], e.apply)
			}
		}
	}
	return p
}

// mapping begins a token, or an answer, of the grant.
func (p *plan) mapping(g *Grant, to target) *mapping {
	return &mapping{grant: g, plan: p, to: to, claims: spareClaims.Get().(map[string]any), roles: p.roles(g.Holdings.RoleIDs())}
}

// spareClaims are maps for the claims of a token, which live until it is signed.
var spareClaims = sync.Pool{New: func() any { return make(map[string]any, 24) }}

// spare takes the claims of a token that was signed back.
func spare(claims map[string]any) {
	clear(claims)
	spareClaims.Put(claims)
}

// maxRoleIDs is how many roles somebody may hold for whom what they come to is
// kept; others' are worked out each time.
const maxRoleIDs = 32

type rolesKey struct {
	plan *plan
	ids  string
}

// roles gives the roles of somebody who holds those with the ids. They are
// shared and never changed.
func (p *plan) roles(ids []string) Roles {
	if len(ids) > maxRoleIDs {
		return resolveRoles(p.realm, p.client, p.allowed, ids)
	}
	var roles any = p.realm.Derive(rolesKey{p, strings.Join(ids, " ")}, func() any {
		return resolveRoles(p.realm, p.client, p.allowed, ids)
	})
	return roles.(Roles)
}
