package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"latchkey"
)

const (
	maxKeys = 50   // of one set that are looked at
	rsaBits = 2048
)

// assertionKeys gives the keys that may have signed an assertion of the
// client's: its secret, the keys at the address that it names, the set that is
// kept with it, or its one certificate or public key (Keycloak's attributes,
// and their order).
func (d *Door) assertionKeys(ctx context.Context, snap *latchkey.Snapshot, client *latchkey.Client, kid, algorithm string) ([]any, error) {
	if client.ClientAuthenticatorType == authSecretJWT {
		var keys []any
		for _, s := range client.Secrets(d.Now()) {
			keys = append(keys, []byte(s.Reveal()))
		}
		return keys, nil
	}
	fitting := func(set []jose.JSONWebKey) []any { return fittingKeys(set, kid, algorithm) }
	switch {
	case client.Attribute("use.jwks.url") == "true":
		set, err := d.keySets.get(ctx, keySetName{snap.Realm.ID, client.ID}, client.Attribute("jwks.url"),
			func(set []jose.JSONWebKey) bool { return len(fitting(set)) > 0 })
		return fitting(set), err
	case client.Attribute("use.jwks.string") == "true":
		return fitting(parseKeySet([]byte(client.Attribute("jwks.string")))), nil
	}
	// There is one key, whatever name the assertion has for it.
	return fittingKeys(ownKey(client), "", algorithm), nil
}

// fittingKeys gives the keys of the set that the algorithm can be verified
// with, and that have the name, where one is given.
func fittingKeys(set []jose.JSONWebKey, kid, algorithm string) []any {
	var out []any
	for _, k := range set {
		if (kid == "" || k.KeyID == kid) && (k.Use == "" || k.Use == "sig") && (k.Algorithm == "" || k.Algorithm == algorithm) && keyFits(algorithm, k.Key) {
			out = append(out, k.Key)
		}
	}
	return out
}

// keyFits says whether a public key is of the algorithm's kind.
func keyFits(algorithm string, key any) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= rsaBits && (strings.HasPrefix(algorithm, "RS") || strings.HasPrefix(algorithm, "PS"))
	case *ecdsa.PublicKey:
		return map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}[algorithm] == k.Curve
	case ed25519.PublicKey:
		return algorithm == string(jose.EdDSA)
	}
	return false
}

// parseKeySet reads a JSON Web Key Set (RFC 7517 5). Keys of kinds that are not
// known are passed over; of a private key only the public part is kept.
func parseKeySet(text []byte) []jose.JSONWebKey {
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(text, &raw) != nil {
		return nil
	}
	var out []jose.JSONWebKey
	for _, one := range raw.Keys[:min(len(raw.Keys), maxKeys)] {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(one) != nil {
			continue
		}
		if k = k.Public(); k.Valid() {
			out = append(out, k)
		}
	}
	return out
}

// ownKey reads the certificate, or else the public key, that is kept with a
// client: base64 of the DER, with or without the lines around it.
func ownKey(client *latchkey.Client) []jose.JSONWebKey {
	if der := derOf(client.Attribute("jwt.credential.certificate")); len(der) > 0 {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil
		}
		return []jose.JSONWebKey{{Key: cert.PublicKey}}
	}
	key, err := x509.ParsePKIXPublicKey(derOf(client.Attribute("jwt.credential.public.key")))
	if err != nil {
		return nil
	}
	return []jose.JSONWebKey{{Key: key}}
}

func derOf(text string) []byte {
	lines := strings.Fields(strings.TrimSpace(text))
	if strings.Contains(text, "-----") {
		lines = slices.DeleteFunc(strings.Split(strings.TrimSpace(text), "\n"), func(l string) bool { return strings.Contains(l, "-----") })
		for i := range lines {
			lines[i] = strings.TrimSpace(lines[i])
		}
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(lines, ""))
	if err != nil {
		return nil
	}
	return der
}
