package admin

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// certificate is Keycloak's CertificateRepresentation: base64 of the DER. The
// private key is in the answer to its making alone.
type certificate struct {
	PrivateKey  string `json:"privateKey,omitempty"`
	PublicKey   string `json:"publicKey,omitempty"`
	Certificate string `json:"certificate,omitempty"`
	KID         string `json:"kid,omitempty"`
	JWKS        string `json:"jwks,omitempty"`
}

// credentialKey is the attribute of the key that a client proves itself with:
// the one that is acted on.
const credentialKey = "jwt.credential"

func (d *Door) clientCertificateRoutes() []route {
	const path = "/clients/{id}/certificates/{attr}"
	return []route{
		{method: "GET", path: path, may: mayViewClients, act: d.certificate, summary: "Read the public key that a client proves itself with", gives: certificate{}},
		{method: "POST", path: path + "/generate", may: mayManageClients, act: d.generateCertificate, gives: certificate{},
			summary: "Make a key pair for a client: the certificate stays, the private key is in this answer alone"},
		{method: "POST", path: path + "/upload", may: mayManageClients, act: d.uploadCertificate, gives: certificate{}, body: uploadedKey{},
			summary: "Give a client a public key: a form with the file and its keystoreFormat"},
		{method: "POST", path: path + "/upload-certificate", may: mayManageClients, act: d.uploadCertificate, gives: certificate{}, body: uploadedKey{},
			summary: "Give a client a public key: a form with the file and its keystoreFormat"},
		{method: "POST", path: path + "/download", may: mayManageClients, act: noKeyStore, summary: "Pack a client's key into a key store: refused", body: map[string]any{}},
		{method: "POST", path: path + "/generate-and-download", may: mayManageClients, act: noKeyStore, body: map[string]any{},
			summary: "Make a key pair and pack it into a key store: refused"},
	}
}

// uploadedKey is a form.
type uploadedKey struct {
	KeystoreFormat string `json:"keystoreFormat"` // one of keyFormats
	File           string `json:"file"`
}

func noKeyStore(*call) error {
	return latchkey.Errorf(latchkey.CodeInvalid, "Key stores are not made here. Ask .../generate for a certificate and a private key.")
}

func (d *Door) certificate(c *call) error {
	client, err := c.clientAt(c.snap)
	if err != nil {
		return err
	}
	return c.answer(certificateOf(client, c.path("attr")))
}

func certificateOf(client *latchkey.Client, attr string) certificate {
	out := certificate{PublicKey: client.Attribute(attr + ".public.key"), Certificate: client.Attribute(attr + ".certificate"), KID: client.Attribute(attr + ".kid")}
	if attr == credentialKey {
		out.JWKS = client.Attribute("jwks.string")
	}
	return out
}

// changeCertificate writes another public key of the request's client.
func (c *call) changeCertificate(what string, key certificate) (shown certificate, err error) {
	attr := c.path("attr")
	if attr != credentialKey {
		return shown, latchkey.Invalid("attr", "Clients have a key for %s alone.", credentialKey)
	}
	err = c.changeSecret(act{operation: operationAction, path: "/certificates/" + attr + what},
		func(_ *store.Tx, _ *latchkey.Snapshot, client *latchkey.Client) error {
			attributes := map[string]string{}
			for name, value := range client.Attributes {
				attributes[name] = value
			}
			for name, value := range map[string]string{attr + ".certificate": key.Certificate, attr + ".public.key": key.PublicKey, attr + ".kid": key.KID} {
				delete(attributes, name)
				if value != "" {
					attributes[name] = value
				}
			}
			delete(attributes, "use.jwks.url")
			delete(attributes, "use.jwks.string")
			delete(attributes, "jwks.string")
			if key.JWKS != "" {
				attributes["use.jwks.string"], attributes["jwks.string"] = "true", key.JWKS
			}
			client.Attributes = attributes
			shown = certificateOf(client, attr)
			return nil
		})
	return shown, err
}

func (d *Door) generateCertificate(c *call) error {
	client, err := c.clientAt(c.snap)
	if err != nil {
		return err
	}
	pair, err := token.NewKey(client.ClientID, "RS256", d.Now())
	if err != nil {
		return err
	}
	shown, err := c.changeCertificate("/generate", certificate{Certificate: base64.StdEncoding.EncodeToString(pair.Certificate), KID: pair.ID})
	if err != nil {
		return err
	}
	shown.PrivateKey = base64.StdEncoding.EncodeToString(pair.Private)
	return c.answer(shown)
}

// The forms that a public key may come in, in the console's words.
const (
	formatCertificate = "Certificate PEM"
	formatPublicKey   = "Public Key PEM"
	formatKeySet      = "JSON Web Key Set"
)

func (d *Door) uploadCertificate(c *call) error {
	if _, err := c.clientAt(c.snap); err != nil {
		return err
	}
	parts, err := formParts(c.r)
	if err != nil {
		return err
	}
	key, err := readPublicKey(parts["keystoreFormat"], parts["file"])
	if err != nil {
		return err
	}
	_, verb, _ := strings.Cut(c.r.URL.Path, "/certificates/"+c.path("attr"))
	shown, err := c.changeCertificate(strings.TrimSuffix(verb, "/"), key)
	if err != nil {
		return err
	}
	return c.answer(shown)
}

// readPublicKey reads a key in one of the forms.
func readPublicKey(format, text string) (key certificate, err error) {
	der := func() []byte {
		if block, _ := pem.Decode([]byte(text)); block != nil {
			return block.Bytes
		}
		plain, _ := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		return plain
	}
	switch format {
	case formatCertificate:
		raw := der()
		if _, err := x509.ParseCertificate(raw); err != nil {
			return key, latchkey.Invalid("file", "This is no certificate.")
		}
		key.Certificate = base64.StdEncoding.EncodeToString(raw)
	case formatPublicKey:
		raw := der()
		if _, err := x509.ParsePKIXPublicKey(raw); err != nil {
			return key, latchkey.Invalid("file", "This is no public key.")
		}
		key.PublicKey = base64.StdEncoding.EncodeToString(raw)
	case formatKeySet:
		var set struct {
			Keys []map[string]any `json:"keys"`
		}
		if json.Unmarshal([]byte(text), &set) != nil || len(set.Keys) == 0 {
			return key, latchkey.Invalid("file", "This is no JSON Web Key Set.")
		}
		if slices.ContainsFunc(set.Keys, func(k map[string]any) bool { return k["d"] != nil || k["k"] != nil }) {
			return key, latchkey.Invalid("file", "A key set of a client has public keys alone.")
		}
		key.JWKS = text
	case "JKS", "PKCS12", "BCFKS":
		return key, latchkey.Invalid("keystoreFormat", "Key stores are not read here. Give the certificate or the public key, as PEM, or a JSON Web Key Set.")
	default:
		return key, latchkey.Invalid("keystoreFormat", "Expected %s, %s or %s.", formatCertificate, formatPublicKey, formatKeySet)
	}
	return key, nil
}

// formParts reads the parts of a form, of which each is a text or a file. The
// route bounds how large they are.
func formParts(r *http.Request) (map[string]string, error) {
	unreadable := latchkey.Errorf(latchkey.CodeInvalid, "The form could not be read.")
	form, err := r.MultipartReader()
	if err != nil {
		return nil, unreadable
	}
	parts := map[string]string{}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, unreadable
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, unreadable
		}
		parts[part.FormName()] = string(value)
	}
	if _, ok := parts["file"]; !ok {
		return nil, latchkey.Invalid("file", "The form has no file.")
	}
	return parts, nil
}
