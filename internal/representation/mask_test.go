package representation

import "testing"

// What is masked is what the name says is a secret, word by word: who
// asks for no password has none.
func TestMayBeSecret(t *testing.T) {
	for name, want := range map[string]bool{
		"secret": true, "clientSecret": true, "client_secret": true, "clientsecret": true, "client.secret.rotated": true, "secret.key": true,
		"password": true, "smtpPassword": true, "keystorePassword": true, "trustStorePassword": true, "passwordHash": true,
		"privateKey": true, "saml.signing.private.key": true, "ecdsaPrivateKey": true, "bindCredential": true, "registrationAccessToken": true,
		"webAuthnPolicyPasswordlessRpEntityName": false, "webAuthnPolicyPasswordlessSignatureAlgorithms": false, "passwordPolicy": false,
		"secretSize": false, "client.secret.creation.time": false, "displayName": false, "secretary": false, "publicKey": false, "keySize": false,
	} {
		if got := MayBeSecret(name, "text"); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if !MayBeSecret("password", "12345") || MayBeSecret("resetPasswordAllowed", "true") || MayBeSecret("passwordAge", "12") || MayBeSecret("password", "") {
		t.Error("a number, a switch, or nothing")
	}
}
