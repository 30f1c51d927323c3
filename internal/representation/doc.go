// Package representation holds the JSON shapes of Keycloak's admin API and of
// its realm exports, and their conversions to and from the nouns.
//
// Input is read by [Decode], which is as lenient as Keycloak is: numbers and
// booleans may stand where text is expected and the other way round, null
// means absent, and members that a shape has no place for are handed back,
// never lost. Output is exact: a list that is empty is written as [], never as
// null; a scalar that is not set is left out. That is why optional scalars are
// pointers and lists are tagged omitzero: what is nil was not given, and a
// change leaves it alone.
//
// A secret is shown as [Masked] where the caller asks for it, and a masked
// value that comes back means "unchanged".
//
// Verbs: XOf makes a representation of a noun, Apply changes a noun by a
// representation.
//
// Nevers: no database, no HTTP, no passwords in clear other than
// [Credential].Value on its way in.
package representation
