package token

import (
	"encoding/base64"
	"time"

	"latchkey"
	"latchkey/internal/secret"
)

// grantExample is what the ids of examples say of their grant, as in Keycloak.
const grantExample = "na"

// Example is the grant of somebody who signed in now and asked for the scope,
// to see what their tokens would tell: it has no session that anybody could
// use. Names in the scope that are none of the client's are passed over.
func Example(snap *latchkey.Snapshot, client *latchkey.Client, scope string, user *latchkey.User, held *latchkey.Holdings) *Grant {
	s, _ := ResolveScope(snap, client, scope)
	return &Grant{Realm: snap, Client: client, User: user, Holdings: held, Scope: s.For(snap, held.RoleIDs()), Kind: grantExample, ACR: "1"}
}

// ExampleAccess gives the claims that an access token of an example would have
// at that time. Nothing is signed.
func ExampleAccess(g *Grant, now time.Time) map[string]any {
	claims, _ := g.at(now).plan().access(g, now, g.NewID())
	return claims
}

// ExampleID is [ExampleAccess] for an ID token; at_hash is left out, because
// there is no access token beside it.
func ExampleID(g *Grant, now time.Time) map[string]any {
	claims := g.at(now).plan().id(g, now, now.Add(g.lifespan()), "")
	delete(claims, "at_hash")
	return claims
}

// ExampleUserinfo is [ExampleAccess] for an answer of the userinfo endpoint.
func ExampleUserinfo(g *Grant, now time.Time) map[string]any {
	info := g.at(now).plan().mapping(g, toUserinfo)
	info.claims["sub"] = g.subject()
	info.run()
	return info.claims
}

// at gives the example a session that begins at that time.
func (g *Grant) at(now time.Time) *Grant {
	g.Session = &latchkey.UserSession{RealmID: g.Realm.Realm.ID, ID: base64.RawURLEncoding.EncodeToString(secret.Random(18)), UserID: g.User.ID,
		StartedAt: now, LastAccess: now, ACR: g.ACR}
	return g
}

// MayTell says of a role whether it may be in tokens of the client that are
// asked for with the scope, whoever holds it.
func MayTell(snap *latchkey.Snapshot, client *latchkey.Client, scope Scope) func(*latchkey.Role) bool {
	allowed := allowedRoles(snap, client, scope)
	return func(r *latchkey.Role) bool { return allowed == nil || allowed[r.ID] || r.ClientID == client.ID }
}
