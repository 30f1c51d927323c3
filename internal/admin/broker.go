package admin

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"

	"latchkey"
	"latchkey/internal/representation"
)

// brokers are the kinds of identity providers that can be kept, and the kinds
// of their mappers.
type brokers struct {
	Providers []providerName `json:"providers"`
	Mappers   []brokerMapper `json:"mappers"`
}

// brokerMapper describes a kind of mapper, and which kinds of providers it is
// for: none means all.
type brokerMapper struct {
	mapperType
	Kinds []string `json:"kinds"`
}

// mapperType describes a kind of mapper as the API shows it.
type mapperType struct {
	ID         string                          `json:"id"`
	Name       string                          `json:"name"`
	Category   string                          `json:"category"`
	HelpText   string                          `json:"helpText"`
	Properties []representation.ConfigProperty `json:"properties"`
}

//go:embed builtin/brokers.json
var brokersJSON []byte

// knownBrokers reads the embedded description once.
var knownBrokers = sync.OnceValue(func() *brokers {
	b := new(brokers)
	if err := json.Unmarshal(brokersJSON, b); err != nil {
		panic(err) // embedded, read by every test
	}
	return b
})

// broker finds a kind of identity provider; nil when it cannot be kept.
func broker(kind string) *providerName {
	all := knownBrokers().Providers
	if i := slices.IndexFunc(all, func(p providerName) bool { return p.ID == kind }); i >= 0 {
		return &all[i]
	}
	return nil
}

// social are the kinds of one provider each.
func social(all []providerName) []providerName {
	return slices.DeleteFunc(slices.Clone(all), func(p providerName) bool { return p.Group != "Social" })
}

// refuseBroker refuses kinds of identity providers that are no part of this
// server.
func refuseBroker(kind string) error {
	switch {
	case kind == "":
		return latchkey.Invalid("providerId", "Say which kind of identity provider it is, such as oidc.")
	case kind == "saml":
		return tellError(http.StatusBadRequest, "SAML is not part of this server.")
	case broker(kind) == nil:
		return tellError(http.StatusBadRequest, "Invalid identity provider id ["+kind+"]")
	}
	return nil
}

func (d *Door) brokerKind(c *call) error {
	kind := broker(c.path("kind"))
	if kind == nil {
		return answerError(http.StatusBadRequest, "HTTP 400 Bad Request")
	}
	return c.answer(*kind)
}

// mapperTypes are the kinds of mappers that a kind of identity provider can
// have, by their ids.
func mapperTypes(kind string) map[string]mapperType {
	out := map[string]mapperType{}
	for _, m := range knownBrokers().Mappers {
		if len(m.Kinds) == 0 || slices.Contains(m.Kinds, kind) {
			out[m.ID] = m.mapperType
		}
	}
	return out
}

// addresses are the settings that hold an address, with what Keycloak calls them
// in its refusals.
var addresses = []struct{ name, called string }{
	{"authorizationUrl", "authorization_url"}, {"tokenUrl", "token_url"}, {"logoutUrl", "logout_url"}, {"userInfoUrl", "userinfo_url"},
	{"jwksUrl", "jwks_url"}, {"tokenIntrospectionUrl", "tokenIntrospection_url"}, {"metadataDescriptorUrl", "metadata_descriptor_url"},
	{"baseUrl", "base_url"}, {"apiUrl", "api_url"},
}

// checkProvider refuses what no identity provider can be set to.
func checkProvider(snap *latchkey.Snapshot, body *representation.IdentityProvider, p *latchkey.IdentityProvider) error {
	flows, err := body.FlowAliases()
	if err != nil {
		return err
	}
	for _, alias := range flows {
		if f := snap.FlowByAlias(alias); f == nil || !f.TopLevel {
			return tellError(http.StatusBadRequest, "No available authentication flow with alias: "+alias)
		}
	}
	for _, a := range addresses {
		value := p.Config[a.name]
		if value == "" {
			continue
		}
		wrong := func(why string) error {
			return &restError{status: http.StatusBadRequest, Told: "The url [" + a.called + "] " + why, Field: "config." + a.name}
		}
		u, err := url.Parse(value)
		switch {
		case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
			return wrong("is malformed")
		case u.Scheme == "http" && snap.Realm.SSLRequired != "none" && !onThisMachine(u.Hostname()):
			return wrong("requires secure connections")
		}
	}
	if mode := p.Config["syncMode"]; mode != "" && !slices.Contains([]string{"IMPORT", "LEGACY", "FORCE"}, mode) {
		return latchkey.Invalid("config.syncMode", "Expected IMPORT, LEGACY or FORCE.")
	}
	return nil
}

func onThisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || (err == nil && ip.IsLoopback())
}
