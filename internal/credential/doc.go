// Package credential keeps passwords and one-time passwords: it hashes new ones with argon2id,
// verifies those and the PBKDF2 hashes that come with an import, in the JSON
// of Keycloak's credential representation, and checks a realm's password
// policy; it makes and compares one-time passwords (RFC 4226, RFC 6238).
//
// Verbs: [NewPassword], [Verify], [VerifyNobody], [CheckPolicy]; [NewOTP],
// [VerifyOTP].
//
// Nevers: it never hashes more than the cores can at a time, and its callers
// never hash inside a transaction.
package credential
