// Package token makes and checks the tokens of a realm: access, ID and refresh
// tokens with Keycloak's claims, through the protocol mappers of the client and
// its scopes.
//
// Its verbs: [Minter.Mint] signs, [Minter.VerifyAccess], [Minter.VerifyRefresh]
// and [Minter.VerifyIDHint] check, [Minter.Userinfo] gives the claims of the
// userinfo endpoint, [Subject] says whether the bearer of an access token still
// is who it says; [NewKey] makes a realm's key, [Minter.KeySet] publishes them;
// [ResolveScope] says what a scope parameter asks for, [WebOrigins] where a
// client's pages are.
//
// Every check goes by four things: the type that the token says it is, the
// issuer, a key of that realm that may still verify, and that key's own
// algorithm. None of the three kinds is ever taken for another.
//
// Nevers: it never signs inside a transaction (Mint takes none), never signs
// more at once than there are cores, and nobody else signs.
package token
