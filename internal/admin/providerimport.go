package admin

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"latchkey"
)

// providerSource says where the description of an identity provider is.
type providerSource struct {
	ProviderID string `json:"providerId"`
	FromURL    string `json:"fromUrl"`
}

// importProviderConfig reads the description that an OpenID Connect provider
// gives of itself (OpenID Connect Discovery 3), from its address or from a file,
// and gives the settings by it. Nothing is kept.
func (d *Door) importProviderConfig(c *call) error {
	source, text, err := d.providerDescription(c)
	if err != nil {
		return err
	}
	config, err := providerConfig(text)
	if err != nil {
		return err
	}
	if source.FromURL != "" {
		config["metadataDescriptorUrl"] = source.FromURL
	}
	return c.answer(config)
}

func (d *Door) providerDescription(c *call) (source providerSource, text []byte, err error) {
	kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if kind == "multipart/form-data" {
		var parts map[string]string
		parts, err = formParts(c.r)
		source.ProviderID, text = parts["providerId"], []byte(parts["file"])
	} else {
		err = c.read(&source)
		if err == nil && source.FromURL == "" {
			err = latchkey.Invalid("fromUrl", "Say where the provider's description is.")
		}
	}
	if err == nil {
		err = refuseBroker(source.ProviderID)
	}
	if err == nil && source.ProviderID != "oidc" && source.ProviderID != "keycloak-oidc" {
		err = latchkey.Invalid("providerId", "Only OpenID Connect providers describe themselves.")
	}
	if err != nil || text != nil {
		return source, text, err
	}
	body, status, err := d.Metadata.Get(c.r.Context(), source.FromURL)
	if err != nil || status != http.StatusOK {
		d.Log.Info("the description of an identity provider could not be read", "status", status, "err", err)
		return source, nil, latchkey.Invalid("fromUrl", "No description of a provider could be read from this address.")
	}
	return source, body, nil
}

// providerConfig turns a description into settings.
func providerConfig(text []byte) (map[string]string, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil {
		return nil, latchkey.Errorf(latchkey.CodeInvalid, "This is no description of an OpenID Connect provider: it is no JSON.")
	}
	config := map[string]string{}
	for member, setting := range map[string]string{
		"issuer": "issuer", "authorization_endpoint": "authorizationUrl", "token_endpoint": "tokenUrl", "userinfo_endpoint": "userInfoUrl",
		"end_session_endpoint": "logoutUrl", "jwks_uri": "jwksUrl", "introspection_endpoint": "tokenIntrospectionUrl",
	} {
		var value string
		if json.Unmarshal(members[member], &value) == nil && strings.TrimSpace(value) != "" {
			config[setting] = value
		}
	}
	for _, needed := range []string{"issuer", "authorizationUrl", "tokenUrl"} {
		if config[needed] == "" {
			return nil, latchkey.Errorf(latchkey.CodeInvalid, "This is no description of an OpenID Connect provider: it lacks what %s is read from.", needed)
		}
	}
	if config["jwksUrl"] != "" {
		config["useJwksUrl"], config["validateSignature"] = "true", "true"
	}
	return config, nil
}
