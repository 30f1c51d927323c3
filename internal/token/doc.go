// Package token makes and checks the tokens of a realm: access, ID and refresh
// tokens with Keycloak's claims, through the protocol mappers of the client and
// its scopes.
//
// Its verbs: [Minter.Mint] makes a grant's tokens, [Minter.Sign] signs what else
// a door has to sign, [Minter.VerifyAccess], [Minter.VerifyRefresh],
// [Minter.VerifyIDHint] and [Minter.VerifyAny] check; [GrantFor] says what an
// access token stands for now, [Subject] for whom, [Minter.Userinfo],
// [Minter.Introspection] and [Grant.EffectiveRoles] what its bearer may be told;
// [Example] and its claims show what somebody would be told, unsigned, and
// [MayTell] which roles that may have in it.
// [SubjectFor] is a user's sub for a client, public or pairwise; [ResolveScope]
// says what a scope parameter asks for, [WebOrigins] where a client's pages are.
//
// Keys: [NewKey] makes one, [Minter.KeySet] publishes them, [KeysDue],
// [RotateKeys] and [ApplyKeys] have them follow each other (docs/decisions/0006),
// [CompleteKeys] makes what a change of the realm left it without;
// [KeyFromComponent] and [ComponentOf] are their form in realm exports, and
// [CheckKeyComponent] refuses what means no key.
//
// What a realm's configuration fixes of the tokens of a client and a scope is
// worked out once for a snapshot (plan.go): which mappers write where, and
// which roles may go in. A kind of mapper is a row in mapper.go.
//
// Every check goes by four things: the type that the token says it is, the
// issuer, a key of that realm that may still verify, and that key's own
// algorithm. None of the three kinds is ever taken for another.
//
// Nevers: it never signs inside a transaction (Mint takes none), never signs
// more at once than there are cores, and nobody else signs.
package token
