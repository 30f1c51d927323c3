package console

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/a-h/templ"
	"github.com/go-jose/go-jose/v4"

	"latchkey/internal/page"
	"latchkey/internal/relyingparty"
)

func clientKeyRows() []row {
	ask := generateKeys
	return slices.Concat(clientKeys().rows(), importKeys.rows(), []row{
		{method: http.MethodGet, path: ask.path, handle: func(v *visit) error { return ask.question(v, http.StatusOK, nil) }},
		{method: http.MethodPost, path: ask.path, handle: generateClientKeys},
	})
}

// keysOfClient is where the API has the keys that a client proves itself with.
func keysOfClient(v *visit) string { return clientAPI("/certificates/jwt.credential")(v) }

func clientKeysURL(v *visit) string { return v.path("clients", v.R.PathValue("id"), "keys") }

// clientKeys are the public keys that a client proves itself with: read at its
// address, or kept here.
func clientKeys() form {
	f := clientForm("keys", func(*visit, map[string]any) []section {
		return []section{{"console.client.section.keys", []setting{
			{At: "attributes/use.jwks.url", Kind: kindFlag},
			{At: "attributes/jwks.url", Kind: kindText, LTR: true, When: "attributes/use.jwks.url=on",
				Wrong: func(typed string) string { return strictAddress(typed, "jwks.url", false) }},
			{At: "attributes/use.jwks.string", Kind: kindFlag},
			{At: "attributes/jwks.string", Kind: kindCode, LTR: true, When: "attributes/use.jwks.string=on", Wrong: noKeySet},
		}}}
	})
	above := f.top
	f.top = func(v *visit, rep map[string]any) top {
		t := above(v, rep)
		if v.may(manageClients...) {
			t.Acts = []link{{Text: "console.client.keys.import", URL: v.path("clients", v.R.PathValue("id"), "keys", "import")},
				{Text: "console.client.keys.generate", URL: v.path("clients", v.R.PathValue("id"), "keys", "generate")}}
		}
		return t
	}
	f.before = keysAreThere
	f.beneath = func(v *visit, _ map[string]any) (templ.Component, error) {
		var has struct {
			Certificate string `json:"certificate"`
			PublicKey   string `json:"publicKey"`
			KeyID       string `json:"kid"`
		}
		if err := v.api(http.MethodGet, keysOfClient(v), nil, &has); err != nil {
			return nil, err
		}
		facts := known(fact{"console.client.keys.kid", cell{Text: has.KeyID, Mono: true}},
			fact{"console.client.keys.certificate", cell{Text: has.Certificate, Mono: true}},
			fact{"console.client.keys.public", cell{Text: has.PublicKey, Mono: true}})
		if len(facts) == 0 {
			return nil, nil
		}
		return factsView(facts), nil
	}
	return f
}

// keysAreThere refuses a client that is to prove itself by a key that nobody
// knows.
func keysAreThere(_ *visit, rep map[string]any) *page.FieldError {
	at := func(name string) string { return text(attributeOf(rep, name)) }
	switch {
	case at("use.jwks.url") == "true" && at("jwks.url") == "":
		return &page.FieldError{Field: "attributes/jwks.url", Message: "console.error.required"}
	case at("use.jwks.string") == "true" && at("jwks.string") == "":
		return &page.FieldError{Field: "attributes/jwks.string", Message: "console.error.required"}
	}
	return nil
}

// noKeySet says that a text is no set of public keys (RFC 7517 5).
func noKeySet(typed string) string {
	var set jose.JSONWebKeySet
	if json.Unmarshal([]byte(typed), &set) != nil || !slices.ContainsFunc(set.Keys, func(k jose.JSONWebKey) bool { return k.Valid() && k.IsPublic() }) {
		return "console.error.jwks"
	}
	return ""
}

// importKeys gives a client a public key from a file, in place of what it has.
var importKeys = form{
	path: "clients/{id}/keys/import", menu: "clients", prefix: "console.client.keys", may: manageClients, button: "console.client.keys.import",
	top: func(v *visit, _ map[string]any) top {
		return below(clientTop(v, "keys"), "console.client.keys.import", "console.client.keys.import.intro")
	},
	sections: func(v *visit, _ map[string]any) []section {
		return []section{{Settings: []setting{
			{At: "keystoreFormat", Kind: kindChoice, Options: v.toldChoices([]string{"Certificate PEM", "Public Key PEM", "JSON Web Key Set"})},
			{At: "file", Kind: kindFile, Required: true},
		}}}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		var body bytes.Buffer
		parts := multipart.NewWriter(&body)
		for _, name := range []string{"keystoreFormat", "file"} {
			if err := parts.WriteField(name, text(rep[name])); err != nil {
				return sent{}, err
			}
		}
		if err := parts.Close(); err != nil {
			return sent{}, err
		}
		content := relyingparty.Content{Type: parts.FormDataContentType(), Body: body.Bytes()}
		return sent{address: clientKeysURL(v), notice: "saved"}, v.api(http.MethodPost, keysOfClient(v)+"/upload-certificate", content, nil)
	},
}

// generateKeys is the question; what is done answers with the private key.
var generateKeys = clientAct("keys/generate", [3]string{"console.client.keys.generate.heading", "console.client.keys.generate.text", "console.client.keys.generate"},
	nil, func(v *visit) (string, string) { return clientKeysURL(v), "saved" })

func generateClientKeys(v *visit) error {
	var made struct {
		Private     string `json:"privateKey"`
		Certificate string `json:"certificate"`
	}
	if err := v.api(http.MethodPost, keysOfClient(v)+"/generate", nil, &made); err != nil {
		return err
	}
	return v.write(http.StatusOK, oncePage{Frame: v.frame("clients"), Text: "console.client.keys.once", OnURL: clientKeysURL(v),
		Top: below(clientTop(v, "keys"), "console.client.keys.made", ""),
		Facts: []pasted{{Name: "console.client.keys.private", Value: armoured("PRIVATE KEY", made.Private)},
			{Name: "console.client.keys.certificate", Value: armoured("CERTIFICATE", made.Certificate)}}})
}

// armoured is a key as files have it (RFC 7468).
func armoured(what, plain string) string {
	der, err := base64.StdEncoding.DecodeString(plain)
	if err != nil {
		return plain
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: what, Bytes: der}))
}
