package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

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
		{At: "redirectUris", Kind: kindLines, LTR: true, Wrong: noRedirect},
		{At: "attributes/post.logout.redirect.uris", Kind: kindLines, Joined: "##", LTR: true, Wrong: noRedirect},
		{At: "webOrigins", Kind: kindLines, LTR: true, Wrong: noOrigin},
		{At: "attributes/initiate.login.uri", Kind: kindText, LTR: true},
	}}
}

// noRedirect says that nothing ever comes back to an address: it is neither
// whole nor below the root URL. The rest the API says.
func noRedirect(address string) string {
	scheme, _, found := strings.Cut(address, ":")
	switch {
	case slices.Contains([]string{"*", "+", "-"}, address), strings.HasPrefix(address, "/"), strings.HasPrefix(address, "${"):
		return ""
	case !found || strings.ContainsAny(scheme, "/?#* "):
		return "console.error.no-address"
	}
	return ""
}

// noOrigin says that a text stands for no origin: one as pages have it, or
// Keycloak's "+", "*" and "/*".
func noOrigin(origin string) string {
	u, err := url.Parse(origin)
	switch {
	case origin == "+", origin == "*", origin == "/*":
		return ""
	case err != nil || u.Scheme == "" || u.Host == "" || strings.Contains(origin, "#"):
		return "console.error.origin"
	case u.Path != "" && u.Path != "/":
		return "console.error.origin"
	}
	return ""
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
	f.before = knownLevels
	f.beneath = revocationOfClient
	return f
}

// knownLevels refuses names of levels that neither the client nor, where it has
// none, the realm gives a meaning.
func knownLevels(v *visit, rep map[string]any) *page.FieldError {
	own := text(attributeOf(rep, latchkey.AttributeLevels))
	if !levelsKnown(own) {
		return &page.FieldError{Field: "attributes/" + latchkey.AttributeLevels, Message: "console.error.level"}
	}
	var of struct {
		Attributes map[string]string `json:"attributes"`
	}
	if v.api(http.MethodGet, "", nil, &of) != nil {
		return nil // the API says what is wrong
	}
	levels := latchkey.LevelMap(&latchkey.Realm{Attributes: of.Attributes}, &latchkey.Client{Attributes: map[string]string{latchkey.AttributeLevels: own}})
	for _, name := range []string{latchkey.AttributeDefaultACR, latchkey.AttributeMinimumACR} {
		for _, acr := range texts(attributeOf(rep, name), "##") {
			if latchkey.LevelOf(levels, acr) < 0 {
				return &page.FieldError{Field: "attributes/" + name, Message: "console.error.acr", Args: []any{acr}}
			}
		}
	}
	return nil
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
