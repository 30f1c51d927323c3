package console

import (
	"encoding/json"
	"net/http"
	"slices"

	"latchkey"
	"latchkey/internal/page"
)

// clientForm is a tab of a client's settings: a form over the client itself.
func clientForm(tab string, sections func(*visit, map[string]any) []section) form {
	return form{
		path: "clients/{id}/" + tab, menu: "clients", prefix: "console.client", api: clientAPI(""), may: manageClients, sections: sections,
		top: func(v *visit, _ map[string]any) top { return clientTop(v, tab) },
	}
}

var clientSettings = clientForm("settings", func(_ *visit, rep map[string]any) []section {
	if rep["bearerOnly"] == true {
		return []section{generalOfClient()}
	}
	all := []section{generalOfClient(), accessOfClient(), capabilityOfClient()}
	return append(all, section{"console.client.section.consent", []setting{
		{At: "consentRequired", Kind: kindFlag},
		{At: "attributes/display.on.consent.screen", Kind: kindFlag},
		{At: "attributes/consent.screen.text", Kind: kindText},
	}}, section{"console.client.section.logout", []setting{
		{At: "attributes/" + latchkey.AttributeBackchannelURL, Kind: kindText, LTR: true},
		{At: "attributes/" + latchkey.AttributeBackchannelSession, Kind: kindFlag},
		{At: "attributes/" + latchkey.AttributeBackchannelOffline, Kind: kindFlag},
	}})
})

func generalOfClient() section {
	return section{"console.client.section.general", []setting{
		{At: "clientId", Kind: kindText, Required: true, LTR: true},
		{At: "name", Kind: kindText},
		{At: "description", Kind: kindText},
		{At: "alwaysDisplayInConsole", Kind: kindFlag},
	}}
}

func accessOfClient() section {
	return section{"console.client.section.access", []setting{
		{At: "rootUrl", Kind: kindText, LTR: true},
		{At: "baseUrl", Kind: kindText, LTR: true},
		{At: "redirectUris", Kind: kindLines, LTR: true},
		{At: "attributes/post.logout.redirect.uris", Kind: kindLines, Joined: "##", LTR: true},
		{At: "webOrigins", Kind: kindLines, LTR: true},
		{At: "attributes/initiate.login.uri", Kind: kindText, LTR: true},
	}}
}

func capabilityOfClient() section {
	return section{"console.client.section.capability", []setting{
		{At: "publicClient", Kind: kindChoice, Options: []option{{"false", "console.client.authenticates"}, {"true", "console.client.public"}}},
		{At: "standardFlowEnabled", Kind: kindFlag},
		{At: "directAccessGrantsEnabled", Kind: kindFlag},
		{At: "serviceAccountsEnabled", Kind: kindFlag},
	}}
}

// clientAdvanced are the settings that most clients never need.
func clientAdvanced() form {
	f := clientForm("advanced", func(v *visit, _ map[string]any) []section {
		return []section{
			{"console.client.section.lifespans", lifespansOfClient()},
			{"console.client.section.tokens", tokensOfClient(v)},
			{"console.client.section.levels", []setting{
				{At: "attributes/" + latchkey.AttributeLevels, Kind: kindMap, JSON: true},
				{At: "attributes/" + latchkey.AttributeDefaultACR, Kind: kindLines, Joined: "##", LTR: true},
				{At: "attributes/" + latchkey.AttributeMinimumACR, Kind: kindText, LTR: true},
			}},
			{"console.client.section.flows", flowsOfClient(v)},
		}
	})
	f.before = func(_ *visit, rep map[string]any) *page.FieldError {
		if levels, ok := attributeOf(rep, latchkey.AttributeLevels).(string); ok && !levelsKnown(levels) {
			return &page.FieldError{Field: "attributes/" + latchkey.AttributeLevels, Message: "console.error.level"}
		}
		return nil
	}
	f.beneath = revocationOfClient
	return f
}

func clientAdvancedRows() []row {
	return slices.Concat(clientAdvanced().rows(), revokeClient.rows(), restoreClient.rows())
}

func lifespansOfClient() []setting {
	var list []setting
	for _, name := range []string{"access.token.lifespan", "client.session.idle.timeout", "client.session.max.lifespan",
		"client.offline.session.idle.timeout", "client.offline.session.max.lifespan"} {
		list = append(list, setting{At: "attributes/" + name, Kind: kindDuration, Least: 1})
	}
	return list
}

func tokensOfClient(v *visit) []setting {
	known := plainChoices(v.providers("signature")...)
	algorithms := append([]option{{"", "console.client.algorithm.realm"}}, known...)
	return []setting{
		{At: "attributes/pkce.code.challenge.method", Kind: kindChoice, Options: []option{{"", "console.client.pkce.optional"}, {"S256", "S256"}}},
		{At: "attributes/access.token.signed.response.alg", Kind: kindChoice, Options: algorithms},
		{At: "attributes/id.token.signed.response.alg", Kind: kindChoice, Options: algorithms},
		{At: "attributes/user.info.response.signature.alg", Kind: kindChoice,
			Options: append([]option{{"", "console.client.algorithm.plain"}}, known...)},
		{At: "attributes/use.refresh.tokens", Kind: kindFlag, Fallback: "true"},
		{At: "attributes/latchkey.refresh.rotation", Kind: kindFlag},
		{At: "attributes/client.use.lightweight.access.token.enabled", Kind: kindFlag},
		{At: "attributes/client.introspection.response.allow.jwt.claim.enabled", Kind: kindFlag},
	}
}

// serverInfo is what the API says of what can be chosen.
func (v *visit) serverInfo(out any) error { return v.Call(http.MethodGet, "/serverinfo", nil, out) }

// providers are the names of the server's providers of a kind, in order; none
// when they cannot be read.
func (v *visit) providers(kind string) (names []string) {
	var said struct {
		Providers map[string]struct {
			Providers map[string]any `json:"providers"`
		} `json:"providers"`
	}
	if v.serverInfo(&said) != nil {
		return nil
	}
	for name := range said.Providers[kind].Providers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// levelsKnown says whether each name of acr.loa.map has a level.
func levelsKnown(levels string) bool {
	var m map[string]any
	if levels == "" {
		return true
	}
	if json.Unmarshal([]byte(levels), &m) != nil {
		return false
	}
	for _, level := range m {
		if latchkey.ParseLevel(text(level)) < 0 {
			return false
		}
	}
	return true
}

func flowsOfClient(v *visit) []setting {
	var flows []struct {
		ID         string `json:"id"`
		Alias      string `json:"alias"`
		ProviderID string `json:"providerId"`
		TopLevel   bool   `json:"topLevel"`
	}
	options := []option{{"", "console.client.flow.realm"}}
	if v.api(http.MethodGet, "/authentication/flows", nil, &flows) == nil {
		for _, f := range flows {
			if f.ProviderID == "basic-flow" && f.TopLevel {
				options = append(options, option{f.ID, f.Alias})
			}
		}
	}
	return []setting{
		{At: "authenticationFlowBindingOverrides/browser", Kind: kindChoice, Options: options},
		{At: "authenticationFlowBindingOverrides/direct_grant", Kind: kindChoice, Options: options},
	}
}
