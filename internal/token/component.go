package token

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"strconv"
	"strings"
	"time"

	"latchkey"
)

// KeyProviderType is Keycloak's name for the components that are keys.
const KeyProviderType = "org.keycloak.keys.KeyProvider"

// KeyComponent is a key as one of Keycloak's components, as realm exports have
// it. Config is as secret as the key.
type KeyComponent struct {
	ID, Name, Provider string
	Config             map[string][]string
}

// provider is a kind of key component: how its configuration names the private
// key, and which algorithm it has where it does not say.
type provider struct {
	private, algorithm string
	raw                bool // the key is bytes
}

var providers = map[string]provider{
	"rsa-generated":     {private: "privateKey", algorithm: "RS256"},
	"rsa":               {private: "privateKey", algorithm: "RS256"},
	"rsa-enc-generated": {private: "privateKey", algorithm: algorithmOAEP},
	"rsa-enc":           {private: "privateKey", algorithm: algorithmOAEP},
	"ecdsa-generated":   {private: "ecdsaPrivateKey", algorithm: "ES256"},
	"eddsa-generated":   {private: "eddsaPrivateKey", algorithm: "EdDSA"},
	"hmac-generated":    {private: "secret", algorithm: "HS256", raw: true},
	"aes-generated":     {private: "secret", algorithm: algorithmAES, raw: true},
}

// What Latchkey adds to a component's configuration, in unix milliseconds: when
// the key was made and from when on it signs.
const (
	configCreated    = "latchkeyCreatedAt"
	configActiveFrom = "latchkeyActiveFrom"
)

// curves maps Keycloak's names of curves to the algorithms of their keys.
var curves = map[string]string{"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}

func (c *KeyComponent) value(name string) string {
	if v := c.Config[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// KeyFromComponent makes a key of the realm of a component. One without a
// private key, as partial exports have it, is drawn anew. The error has the
// code "invalid" and names the field; a provider that is not known, such as
// java-keystore, whose key lies in a file elsewhere, is Field "providerId".
func KeyFromComponent(realmID string, c KeyComponent, now time.Time) (*latchkey.Key, error) {
	kind, known := providers[c.Provider]
	if !known {
		return nil, unknownProvider(c.Provider)
	}
	k, err := c.key(kind, realmID, now)
	if err != nil {
		return nil, err
	}
	if kid := c.value("kid"); kid != "" {
		k.ID = kid
	}
	k.ComponentID, k.Name, k.Provider, k.Priority, k.Config = c.ID, c.Name, c.Provider, 0, c.said()
	switch {
	case c.value("enabled") == "false":
		k.Status = latchkey.KeyDisabled
	case c.value("active") == "false":
		k.Status = latchkey.KeyPassive
	}
	for name, set := range map[string]func(n int64){
		"priority":       func(n int64) { k.Priority = n },
		configCreated:    func(n int64) { k.CreatedAt = time.UnixMilli(n).UTC() },
		configActiveFrom: func(n int64) { k.ActiveFrom = time.UnixMilli(n).UTC() },
	} {
		text := c.value(name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, latchkey.Invalid(name, "%q is no number.", text)
		}
		set(n)
	}
	return k, nil
}

// key reads the private key, or draws one, and the certificate.
func (c *KeyComponent) key(kind provider, realmID string, now time.Time) (*latchkey.Key, error) {
	algorithm := c.value("algorithm")
	if algorithm == "" {
		algorithm = curves[c.value("ecdsaEllipticCurveKey")]
	}
	if algorithm == "" {
		algorithm = kind.algorithm
	}
	if isRaw(algorithm) != kind.raw {
		return nil, latchkey.Invalid("algorithm", "Keys of provider %q cannot be of algorithm %q.", c.Provider, algorithm)
	}
	text := c.value(kind.private)
	if text == "" {
		return newKey(realmID, algorithm, c.size(), now)
	}
	if kind.raw {
		secret, err := decodeBase64(text)
		if err != nil || len(secret) < rawKeys[algorithm] {
			return nil, latchkey.Invalid(kind.private, "The secret cannot be read, or it is too short.")
		}
		return keyOf(realmID, algorithm, secret, now)
	}
	private, err := privateKey(text)
	if err != nil {
		return nil, latchkey.Invalid(kind.private, "The private key cannot be read.")
	}
	k, err := keyOf(realmID, algorithm, private, now)
	if err != nil {
		return nil, err
	}
	if cert := c.value("certificate"); cert != "" {
		der := derOf(cert)
		read, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, latchkey.Invalid("certificate", "The certificate cannot be read.")
		}
		if same, ok := read.PublicKey.(interface{ Equal(x crypto.PublicKey) bool }); !ok || !same.Equal(private.Public()) {
			return nil, latchkey.Invalid("certificate", "The certificate is of another key.")
		}
		k.Certificate = der
	}
	return k, nil
}

// privateKey reads PKCS #8 or PKCS #1, as PEM or as the base64 of its DER.
func privateKey(text string) (crypto.Signer, error) {
	der := derOf(text)
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		if rsa, err := x509.ParsePKCS1PrivateKey(der); err == nil {
			return rsa, nil
		}
		return nil, err
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, latchkey.Errorf(latchkey.CodeInvalid, "The key cannot sign.")
	}
	return signer, nil
}

// derOf gives the DER of PEM, with or without its first and last line; nothing
// of anything else.
func derOf(text string) []byte {
	if block, _ := pem.Decode([]byte(strings.TrimSpace(text))); block != nil {
		return block.Bytes
	}
	der, err := decodeBase64(text)
	if err != nil {
		return nil
	}
	return der
}

// decodeBase64 reads base64 of either alphabet, with or without its padding and
// with white space in it.
func decodeBase64(text string) ([]byte, error) {
	text = strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(strings.Join(strings.Fields(text), ""))
	return base64.RawURLEncoding.DecodeString(text)
}

// ComponentOf shows a key as the component that [KeyFromComponent] reads, with
// its private key.
func ComponentOf(k *latchkey.Key) (KeyComponent, error) {
	c := KeyComponent{ID: k.ComponentID, Name: k.Name, Provider: k.Provider, Config: map[string][]string{}}
	maps.Copy(c.Config, k.Config)
	maps.Copy(c.Config, map[string][]string{
		"priority": {strconv.FormatInt(k.Priority, 10)}, "algorithm": {k.Algorithm}, "kid": {k.ID},
		configCreated: {strconv.FormatInt(k.CreatedAt.UnixMilli(), 10)},
	})
	if c.Provider == "" {
		c.Provider = providerOf(k.Algorithm)
	}
	if c.Name == "" {
		c.Name = c.Provider
	}
	if c.ID == "" {
		c.ID = k.ID
	}
	kind, known := providers[c.Provider]
	if !known {
		return c, latchkey.Errorf(latchkey.CodeInternal, "key %s is of no provider that is known: %q", k.ID, c.Provider)
	}
	c.tell(k)
	if !k.ActiveFrom.IsZero() {
		c.Config[configActiveFrom] = []string{strconv.FormatInt(k.ActiveFrom.UnixMilli(), 10)}
	}
	if kind.raw {
		c.Config[kind.private] = []string{base64.RawURLEncoding.EncodeToString(k.Private)}
		return c, nil
	}
	c.Config[kind.private] = []string{base64.StdEncoding.EncodeToString(k.Private)}
	if len(k.Certificate) > 0 {
		c.Config["certificate"] = []string{base64.StdEncoding.EncodeToString(k.Certificate)}
	}
	return c, c.describe(k)
}

// describe adds what Keycloak's components of elliptic curves say of their key.
func (c *KeyComponent) describe(k *latchkey.Key) error {
	prefix := strings.TrimSuffix(c.Provider, "-generated")
	if prefix != "ecdsa" && prefix != "eddsa" {
		return nil
	}
	public, err := PublicKey(k)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return err
	}
	c.Config[prefix+"PublicKey"] = []string{base64.StdEncoding.EncodeToString(der)}
	curve := "Ed25519"
	for name, algorithm := range curves {
		if algorithm == k.Algorithm {
			curve = name
		}
	}
	c.Config[prefix+"EllipticCurveKey"] = []string{curve}
	return nil
}

// providerOf is the provider of a key that was made here.
func providerOf(algorithm string) string {
	switch {
	case algorithm == algorithmAES:
		return "aes-generated"
	case isRaw(algorithm):
		return "hmac-generated"
	case useOf(algorithm) == latchkey.KeyUseEncrypt:
		return "rsa-enc-generated"
	case algorithm == "EdDSA":
		return "eddsa-generated"
	case strings.HasPrefix(algorithm, "ES"):
		return "ecdsa-generated"
	}
	return "rsa-generated"
}

// Generated says whether keys of the provider are drawn here: nobody else ever
// had them.
func Generated(provider string) bool { return strings.HasSuffix(provider, "-generated") }
