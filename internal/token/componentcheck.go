package token

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"latchkey"
)

// The members of a key component's configuration that more than one provider
// has.
const (
	configPriority  = "priority"
	configEnabled   = "enabled"
	configActive    = "active"
	configAlgorithm = "algorithm"
	configKeySize   = "keySize"
	configSecret    = "secretSize"
	configECDSA     = "ecdsaEllipticCurveKey"
	configEdDSA     = "eddsaEllipticCurveKey"
)

// property is a member of a key component's configuration, with what Keycloak
// calls it and what it may be.
type property struct {
	name, label string
	options     []string // one of them
	number      bool
	required    bool
}

var (
	switchOptions = []string{"true", "false"}
	common        = []property{
		{name: configPriority, label: "Priority", number: true},
		{name: configEnabled, label: "Enabled", options: switchOptions},
		{name: configActive, label: "Active", options: switchOptions},
	}
	rsaSize    = property{name: configKeySize, label: "Key size", options: []string{"2048", "3072", "4096"}}
	rsaPrivate = property{name: "privateKey", label: "Private RSA Key", required: true}
	rsaSigns   = property{name: configAlgorithm, label: "Algorithm", options: []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}}
	rsaOpens   = property{name: configAlgorithm, label: "Algorithm", options: []string{algorithmOAEP, algorithmOAEP256}}
)

// properties are those of the providers, besides the common ones.
var properties = map[string][]property{
	"rsa-generated":     {rsaSize, rsaSigns},
	"rsa":               {rsaPrivate, rsaSigns},
	"rsa-enc-generated": {rsaSize, rsaOpens},
	"rsa-enc":           {rsaPrivate, rsaOpens},
	"ecdsa-generated": {
		{name: configECDSA, label: "Elliptic Curve", options: []string{"P-256", "P-384", "P-521"}},
		{name: configAlgorithm, label: "Algorithm", options: []string{"ES256", "ES384", "ES512"}},
	},
	"eddsa-generated": {
		{name: configEdDSA, label: "Elliptic Curve", options: []string{"Ed25519"}},
		{name: configAlgorithm, label: "Algorithm", options: []string{"EdDSA"}},
	},
	"hmac-generated": {
		{name: configSecret, label: "Secret size", options: []string{"32", "64", "128", "256", "512"}},
		{name: configAlgorithm, label: "Algorithm", options: []string{"HS256", "HS384", "HS512"}},
	},
	"aes-generated": {
		{name: configSecret, label: "AES Key size", options: []string{"16", "24", "32"}},
		{name: configAlgorithm, label: "Algorithm", options: []string{algorithmAES}},
	},
}

func propertiesOf(provider string) []property {
	return append(slices.Clone(common), properties[provider]...)
}

// KeyOptions are the values that a setting of a key provider may have; nil
// where it may have any, or is not known.
func KeyOptions(provider, setting string) []string {
	for _, p := range propertiesOf(provider) {
		if p.name == setting {
			return slices.Clone(p.options)
		}
	}
	return nil
}

// CheckKeyComponent refuses a configuration that does not mean a key, in
// Keycloak's words. An import is more lenient: [KeyFromComponent] makes the key
// that comes next to what it says. The error has the code "invalid" and names
// the member; of a provider that is not known, "providerId".
func CheckKeyComponent(c KeyComponent) error {
	if _, known := providers[c.Provider]; !known {
		return unknownProvider(c.Provider)
	}
	for _, p := range propertiesOf(c.Provider) {
		if err := p.check(c.Config[p.name]); err != nil {
			return err
		}
	}
	curve, algorithm := c.value(configECDSA), c.value(configAlgorithm)
	if curve != "" && algorithm != "" && curves[curve] != algorithm {
		return latchkey.Invalid(configECDSA, "Keys of the curve %s are of the algorithm %s.", curve, curves[curve])
	}
	return nil
}

func unknownProvider(name string) error {
	return latchkey.Invalid("providerId", "Keys of provider %.40q cannot be taken over.", name)
}

func (p *property) check(values []string) error {
	value := ""
	if len(values) > 0 {
		value = values[0]
	}
	switch {
	case len(values) > 1:
		return latchkey.Invalid(p.name, "'%s' should be a single entry", p.label)
	case value == "" && p.required:
		return latchkey.Invalid(p.name, "'%s' is required", p.label)
	case value == "":
		return nil
	case p.number:
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return latchkey.Invalid(p.name, "'%s' should be a number", p.label)
		}
	case p.options != nil && !slices.Contains(p.options, value):
		return latchkey.Invalid(p.name, "'%s' should be %s", p.label, choice(p.options))
	}
	return nil
}

// choice lists options as Keycloak does: "a, b or c".
func choice(options []string) string {
	last := len(options) - 1
	if last < 1 {
		return strings.Join(options, "")
	}
	return fmt.Sprintf("%s or %s", strings.Join(options[:last], ", "), options[last])
}

// size is the size of the key that the component asks for, and 0, the usual one,
// where it asks for none that can be had.
func (c *KeyComponent) size() int {
	for _, name := range []string{configKeySize, configSecret} {
		if slices.Contains(KeyOptions(c.Provider, name), c.value(name)) {
			n, _ := strconv.Atoi(c.value(name)) // an option is a number
			return n
		}
	}
	return 0
}

// said is what the component says of its key that cannot be seen from the key:
// that it is as large as it is, and what is so where nothing is said.
func (c *KeyComponent) said() map[string][]string {
	var out map[string][]string
	for name, value := range map[string]string{configEnabled: "true", configActive: "true", configKeySize: c.value(configKeySize), configSecret: c.value(configSecret)} {
		if c.value(name) == "" || c.value(name) != value {
			continue
		}
		if out == nil {
			out = map[string][]string{}
		}
		out[name] = []string{value}
	}
	return out
}

// tell sets what a component said to what became of its key.
func (c *KeyComponent) tell(k *latchkey.Key) {
	is := func(name string, on bool) {
		if _, said := c.Config[name]; said || !on { // absent: on
			c.Config[name] = []string{strconv.FormatBool(on)}
		}
	}
	is(configEnabled, k.Status != latchkey.KeyDisabled)
	if k.Status != latchkey.KeyDisabled { // whether a disabled key was active is as it was said
		is(configActive, k.Status == latchkey.KeyActive)
	}
	for _, name := range []string{configKeySize, configSecret} {
		if _, said := c.Config[name]; said {
			c.Config[name] = []string{SizeOf(k)}
		}
	}
}

// MakesKey says whether another value of the setting makes another key.
func MakesKey(setting string) bool {
	switch setting {
	case "algorithm", "keySize", "ecdsaEllipticCurveKey", "eddsaEllipticCurveKey", "privateKey", "secretSize", "secret":
		return true
	}
	return false
}

// IsSize says whether the setting is the size of a key.
func IsSize(setting string) bool { return setting == configKeySize || setting == configSecret }

// SizeOf is how many bits an RSA key has, or how many bytes an HMAC or AES key,
// in digits.
func SizeOf(k *latchkey.Key) string {
	public, err := PublicKey(k)
	if key, ok := public.(interface{ Size() int }); ok && err == nil {
		return strconv.Itoa(8 * key.Size())
	}
	return strconv.Itoa(len(k.Private))
}
