package console

import (
	"cmp"
	"maps"
	"net/http"
	"slices"

	"latchkey/internal/page"
)

// mayManageProviders are the roles that change identity providers.
var mayManageProviders = []string{"manage-identity-providers"}

// identityProviderRows are the pages of this part.
func identityProviderRows() []row {
	return slices.Concat(providerList.rows(), chooseProvider.rows(), importProvider.rows(), newProvider.rows(), providerForm.rows(),
		deleteProvider.rows(), switchProvider("enable", true).rows(), switchProvider("disable", false).rows(), providerMapperRows())
}

func providersURL(v *visit) string { return v.path("identity-providers") }

func providerURL(v *visit, what ...string) string {
	return v.path(append([]string{"identity-providers", v.R.PathValue("kind"), v.R.PathValue("alias")}, what...)...)
}

// kindName is what a kind of provider is called.
func (v *visit) kindName(kind string) string { return v.nameOf(v.server().IdentityProviders, kind) }

func (v *visit) nameOf(kinds []brokerKind, kind string) string {
	for _, k := range kinds {
		if k.ID == kind {
			return v.Told(k.Name)
		}
	}
	return kind
}

// providerList are the realm's identity providers.
var providerList = list{
	path: "identity-providers", menu: "identity-providers", whole: true, search: "console.providers.search",
	columns: []string{"console.provider.alias", "console.provider.displayName", "console.provider.kind", "console.provider.state"},
	empty:   [2]string{"console.providers.none", "console.providers.none.help"},
	top: func(v *visit) top {
		t := top{Title: "console.identity-providers", Intro: "console.providers.intro"}
		if v.may(mayManageProviders...) {
			t.Acts = []link{{Text: "console.provider.add", URL: v.path("identity-providers", "add")}}
		}
		return t
	},
	api:     func(*visit) string { return "/identity-provider/instances?max=1000" },
	prepare: func(v *visit) (any, error) { return v.server().IdentityProviders, nil },
	row: func(v *visit, rep map[string]any) tableRow {
		alias, kind := text(rep["alias"]), text(rep["providerId"])
		kinds, _ := v.prepared.([]brokerKind)
		name := v.nameOf(kinds, kind)
		at := func(what string) string { return v.path("identity-providers", kind, alias, what) }
		state := cell{Text: "console.disabled", Say: true}
		other := link{Text: sayEnable, URL: at("enable"), Post: true}
		if rep["enabled"] == true {
			state.Text, other = "console.enabled", link{Text: sayDisable, URL: at("disable"), Post: true}
		}
		r := tableRow{keys: alias + " " + text(rep["displayName"]), Cells: []cell{
			{Text: alias, URL: at("settings")}, {Text: v.Told(text(rep["displayName"]))}, {Text: name}, state}}
		if v.may(mayManageProviders...) {
			r.Acts = []link{other, {Text: sayDelete, URL: at("delete"), Bad: true}}
		}
		return r
	},
}

// chooseProvider asks which kind of provider is added.
var chooseProvider = form{
	path: "identity-providers/add", menu: "identity-providers", prefix: "console.provider", may: mayManageProviders, button: "console.continue",
	top: func(v *visit, _ map[string]any) top {
		return top{Title: "console.provider.add", Intro: "console.providers.intro", Crumbs: []link{{Text: "console.identity-providers", URL: providersURL(v)}}}
	},
	sections: func(v *visit, _ map[string]any) []section {
		var kinds []option
		for _, k := range v.server().IdentityProviders {
			kinds = append(kinds, option{k.ID, v.Told(k.Name)})
		}
		return []section{{Settings: []setting{{At: "providerId", Kind: kindChoice, Options: kinds}}}}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		kind := text(rep["providerId"])
		if describesItself(kind) {
			return sent{address: v.path("identity-providers", kind, "discover")}, nil
		}
		return sent{address: v.path("identity-providers", kind, "add")}, nil
	},
}

// describesItself says that providers of the kind have a description of
// themselves (OpenID Connect Discovery).
func describesItself(kind string) bool { return kind == "oidc" || kind == "keycloak-oidc" }

// importProvider reads a provider's own description, and makes the provider by it.
var importProvider = form{
	path: "identity-providers/{kind}/discover", menu: "identity-providers", prefix: "console.provider", may: mayManageProviders, button: "console.create",
	blames: aliasTaken,
	load:   func(v *visit) (map[string]any, error) { return map[string]any{"alias": v.R.PathValue("kind")}, nil },
	top: func(v *visit, _ map[string]any) top {
		return top{Title: "console.provider.add", Intro: "console.provider.discover.intro", Tags: []string{v.kindName(v.R.PathValue("kind"))},
			Crumbs: []link{{Text: "console.identity-providers", URL: providersURL(v)}},
			Acts:   []link{{Text: "console.provider.by-hand", URL: v.path("identity-providers", v.R.PathValue("kind"), "add")}}}
	},
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{
			{At: "alias", Kind: kindText, Required: true, LTR: true}, {At: "displayName", Kind: kindText},
			{At: "fromUrl", Kind: kindText, Required: true, LTR: true},
			{At: "config/clientId", Kind: kindText, Required: true, LTR: true},
			{At: "config/clientSecret", Kind: kindSecret, Required: true},
		}}}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		kind := v.R.PathValue("kind")
		var found map[string]any
		err := v.api(http.MethodPost, "/identity-provider/import-config", map[string]any{"providerId": kind, "fromUrl": rep["fromUrl"]}, &found)
		if err != nil {
			return sent{}, err
		}
		delete(rep, "fromUrl")
		typed, _ := rep["config"].(map[string]any)
		maps.Copy(found, typed)
		found["clientAuthMethod"], found["syncMode"] = cmp.Or(text(found["clientAuthMethod"]), "client_secret_post"), "LEGACY"
		rep["config"], rep["providerId"], rep["enabled"] = found, kind, true
		_, err = v.create("/identity-provider/instances", rep)
		return sent{address: v.path("identity-providers", kind, text(rep["alias"]), "settings"), notice: "created"}, err
	},
}

// providerTop stands above the pages of one provider.
func providerTop(v *visit, rep map[string]any, current string) top {
	alias := v.R.PathValue("alias")
	t := top{Title: alias, Tags: []string{v.kindName(v.R.PathValue("kind"))}, Intro: "console.provider.no-button",
		Crumbs: []link{{Text: "console.identity-providers", URL: providersURL(v)}},
		Tabs: []tab{{"console.provider.tab.settings", providerURL(v, "settings"), current == "settings"},
			{"console.provider.tab.mappers", providerURL(v, "mappers"), current == "mappers"}}}
	if rep["enabled"] == false {
		t.Tags = append(t.Tags, "console.disabled")
	}
	if v.may(mayManageProviders...) {
		t.More = []link{{Text: sayDelete, URL: providerURL(v, "delete"), Bad: true}}
	}
	return t
}

// aliasTaken is what the API says when there is such a provider already.
var aliasTaken = []blame{{"already exists", "alias", ""}}

// newProvider makes a provider of what is typed.
var newProvider = form{
	path: "identity-providers/{kind}/add", menu: "identity-providers", prefix: "console.provider", may: mayManageProviders, blames: aliasTaken,
	top: func(v *visit, _ map[string]any) top {
		return top{Title: "console.provider.add", Intro: "console.provider.no-button", Tags: []string{v.kindName(v.R.PathValue("kind"))},
			Crumbs: []link{{Text: "console.identity-providers", URL: providersURL(v)}}}
	},
	load: func(v *visit) (map[string]any, error) {
		return map[string]any{"alias": v.R.PathValue("kind"), "enabled": true, "config": map[string]any{}}, nil
	},
	sections: func(v *visit, _ map[string]any) []section { return providerSettings(v, true) },
	before: func(_ *visit, rep map[string]any) *page.FieldError {
		config, _ := rep["config"].(map[string]any)
		if text(config["clientSecret"]) == "" && text(config["clientAuthMethod"]) != "private_key_jwt" {
			return &page.FieldError{Field: "config/clientSecret", Message: "console.error.required"}
		}
		return nil
	},
	create: func(v *visit, rep map[string]any) (string, error) {
		rep["providerId"] = v.R.PathValue("kind")
		_, err := v.create("/identity-provider/instances", rep)
		return v.path("identity-providers", v.R.PathValue("kind"), text(rep["alias"]), "settings"), err
	},
}

func providerAPI(v *visit) string { return "/identity-provider/instances/" + v.value("alias") }

// providerForm are the settings of a provider.
var providerForm = form{
	path: "identity-providers/{kind}/{alias}/settings", menu: "identity-providers", prefix: "console.provider", may: mayManageProviders,
	api:      providerAPI,
	top:      func(v *visit, rep map[string]any) top { return providerTop(v, rep, "settings") },
	sections: func(v *visit, _ map[string]any) []section { return providerSettings(v, false) },
}

// providerSettings are those of a kind of provider.
func providerSettings(v *visit, fresh bool) []section {
	kind := v.R.PathValue("kind")
	alias := setting{At: "alias", Kind: kindText, Required: true, LTR: true}
	general := []setting{alias, {At: "displayName", Kind: kindText}, {At: "enabled", Kind: kindFlag}, {At: "config/guiOrder", Kind: kindNumber}}
	if !fresh {
		general[0] = setting{At: "alias", Kind: kindShown}
	}
	address := func(names ...string) (list []setting) {
		for _, name := range names {
			list = append(list, setting{At: "config/" + name, Kind: kindText, LTR: true, Required: name == "authorizationUrl" || name == "tokenUrl"})
		}
		return list
	}
	account := []setting{{At: "config/clientId", Kind: kindText, Required: true, LTR: true}, {At: "config/clientSecret", Kind: kindSecret}}
	sections := []section{{Title: "console.provider.general", Settings: general}}
	add := func(title string, list ...setting) { sections = append(sections, section{title, list}) }
	switch kind {
	case "oidc", "keycloak-oidc":
		add("console.provider.addresses", address("authorizationUrl", "tokenUrl", "logoutUrl", "userInfoUrl", "issuer")...)
		add("console.provider.keys", setting{At: "config/validateSignature", Kind: kindFlag},
			setting{At: "config/useJwksUrl", Kind: kindFlag, When: "config/validateSignature=on"},
			setting{At: "config/jwksUrl", Kind: kindText, LTR: true, When: "config/validateSignature=on"})
		add("console.provider.client", append([]setting{{At: "config/clientAuthMethod", Kind: kindChoice, Fallback: "client_secret_post",
			Options: choices("console.provider.clientAuthMethod.", "client_secret_post", "client_secret_basic", "client_secret_jwt", "private_key_jwt")}}, account...)...)
		add("console.provider.advanced", slices.Concat(address("defaultScope", "prompt"), []setting{
			{At: "config/pkceEnabled", Kind: kindFlag},
			{At: "config/pkceMethod", Kind: kindChoice, Options: plainChoices("S256", "plain"), When: "config/pkceEnabled=on"},
			{At: "config/backchannelSupported", Kind: kindFlag}, {At: "config/disableUserInfo", Kind: kindFlag}})...)
	case "oauth2":
		add("console.provider.addresses", address("authorizationUrl", "tokenUrl", "userInfoUrl")...)
		add("console.provider.client", account...)
		add("console.provider.claims", address("userIDClaim", "userNameClaim", "emailClaim", "fullNameClaim", "givenNameClaim", "familyNameClaim")...)
		add("console.provider.advanced", address("defaultScope")...)
	default:
		add("console.provider.client", account...)
		add("console.provider.advanced", append(address("defaultScope"), address(ownAddresses[kind]...)...)...)
	}
	add("console.provider.people", setting{At: "trustEmail", Kind: kindFlag}, setting{At: "linkOnly", Kind: kindFlag}, setting{At: "hideOnLogin", Kind: kindFlag},
		setting{At: "storeToken", Kind: kindFlag},
		setting{At: "config/syncMode", Kind: kindChoice, Fallback: "LEGACY", Options: choices("console.provider.syncMode.", "LEGACY", "IMPORT", "FORCE")})
	return sections
}

// ownAddresses are the further settings of social providers that one can run
// oneself, or of a tenant.
var ownAddresses = map[string][]string{
	"github": {"baseUrl", "apiUrl"}, "gitlab": {"baseUrl"}, "openshift-v4": {"baseUrl"}, "microsoft": {"tenantId"},
	"google": {"hostedDomain"}, "stackoverflow": {"key"},
}

var deleteProvider = act{
	path: "identity-providers/{kind}/{alias}/delete", menu: "identity-providers",
	ask:   [3]string{"console.provider.delete.heading", "console.provider.delete.text", sayDelete},
	thing: func(v *visit) (string, error) { return v.R.PathValue("alias"), nil },
	do: func(v *visit) (address, notice string, err error) {
		return providersURL(v), "deleted", v.api(http.MethodDelete, providerAPI(v), nil, nil)
	},
	no: func(v *visit) string { return providerURL(v, "settings") },
}

func switchProvider(what string, on bool) act {
	return act{
		path: "identity-providers/{kind}/{alias}/" + what, menu: "identity-providers",
		do: func(v *visit) (address, notice string, err error) {
			return providersURL(v), "saved", v.api(http.MethodPut, providerAPI(v), map[string]any{"enabled": on}, nil)
		},
		no: providersURL,
	}
}
