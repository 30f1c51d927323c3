package admin

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"time"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/realm"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

func (d *Door) serverRoutes() []route {
	return []route{
		{method: "GET", path: "/admin/serverinfo", act: d.serverInfo, gives: serverInfo{},
			summary: "Read what this server is and what can be set: providers, features, options, kinds of events"},
		{method: "GET", path: "/ui-ext/info", may: mayQueryUsers, act: func(c *call) error { return c.answer(consoleInfo{}) },
			summary: "Read what the console asks of providers of users", gives: consoleInfo{}},
		{method: "GET", path: "/admin/{realm}/console/whoami", anybody: true, act: d.whoAmI, gives: whoAmI{},
			summary: "Read who is signed in to the console, and their roles for a realm",
			query:   []param{{"currentRealm", text, "the realm that is looked at; the one that the caller is of when it is not given"}}},
	}
}

// described is what serverinfo says of what can be chosen and set. It is read
// once: it is the same for the life of the process.
type described struct {
	Features            []feature                       `json:"features"`
	PasswordPolicies    []json.RawMessage               `json:"passwordPolicies"`
	ClientInstallations map[string][]json.RawMessage    `json:"clientInstallations"`
	MapperTypes         map[string][]describedMapper    `json:"protocolMapperTypes"`
	ComponentTypes      map[string][]describedComponent `json:"componentTypes"`
	Enums               map[string][]string             `json:"enums"`
	BuiltinMappers      map[string][]builtinMapper      `json:"builtinProtocolMappers"`
}

type feature struct {
	Name         string   `json:"name"`
	Label        string   `json:"label"`
	Type         string   `json:"type"`
	Dependencies []string `json:"dependencies"`
	Enabled      bool     `json:"enabled"`
}

// describedMapper describes a kind of protocol mapper.
type describedMapper struct {
	ID         string                          `json:"id"`
	Name       string                          `json:"name"`
	Category   string                          `json:"category"`
	HelpText   string                          `json:"helpText"`
	Priority   int                             `json:"priority"`
	Properties []representation.ConfigProperty `json:"properties"`
}

// builtinMapper is a protocol mapper that can be added as it is.
type builtinMapper struct {
	Name            string            `json:"name"`
	Protocol        string            `json:"protocol"`
	ProtocolMapper  string            `json:"protocolMapper"`
	ConsentRequired bool              `json:"consentRequired"` // of old: nothing is asked by mapper
	Config          map[string]string `json:"config"`
}

// describedComponent describes a kind of component.
type describedComponent struct {
	ID         string                          `json:"id"`
	HelpText   string                          `json:"helpText"`
	Properties []representation.ConfigProperty `json:"properties"`
	Metadata   map[string]any                  `json:"metadata"`
}

// The options of providers and what else is described, in Keycloak's names.
//
//go:embed builtin/serverinfo.json
var descriptions []byte

// readDescriptions reads what is embedded.
func readDescriptions() *described {
	d := new(described)
	if err := json.Unmarshal(descriptions, d); err != nil {
		panic(err)
	}
	mappers, err := realm.BuiltinMappers()
	if err != nil {
		panic(err)
	}
	list := []builtinMapper{}
	for _, m := range mappers {
		if token.MapperBuilt(m.ProtocolMapper) {
			list = append(list, builtinMapper{Name: m.Name, Protocol: m.Protocol, ProtocolMapper: m.ProtocolMapper, Config: m.Config})
		}
	}
	for _, component := range d.ComponentTypes[token.KeyProviderType] {
		for i := range component.Properties {
			if options := token.KeyOptions(component.ID, component.Properties[i].Name); len(options) > 0 && len(component.Properties[i].Options) > 0 {
				component.Properties[i].Options = options // those that can be had here
			}
		}
	}
	d.BuiltinMappers = map[string][]builtinMapper{"openid-connect": list}
	var kinds []string
	for _, t := range latchkey.EventTypes() {
		kinds = append(kinds, string(t))
	}
	slices.Sort(kinds)
	d.Enums["eventType"] = kinds
	return d
}

// serverInfo is Keycloak's ServerInfoRepresentation.
type serverInfo struct {
	SystemInfo  map[string]any `json:"systemInfo"`
	CPUInfo     map[string]any `json:"cpuInfo,omitempty"`
	MemoryInfo  map[string]any `json:"memoryInfo,omitempty"`
	ProfileInfo profileInfo    `json:"profileInfo"`
	described
	CryptoInfo        cryptoInfo                  `json:"cryptoInfo"`
	Themes            map[string][]theme          `json:"themes"`
	SocialProviders   []providerName              `json:"socialProviders"`
	IdentityProviders []providerName              `json:"identityProviders"`
	Providers         map[string]providersOfAKind `json:"providers"`
}

type profileInfo struct {
	Name                 string   `json:"name"`
	DisabledFeatures     []string `json:"disabledFeatures"`
	PreviewFeatures      []string `json:"previewFeatures"`
	ExperimentalFeatures []string `json:"experimentalFeatures"`
}

type cryptoInfo struct {
	Provider   string   `json:"cryptoProvider"`
	Keystores  []string `json:"supportedKeystoreTypes"`
	Symmetric  []string `json:"clientSignatureSymmetricAlgorithms"`
	Asymmetric []string `json:"clientSignatureAsymmetricAlgorithms"`
}

type theme struct {
	Name    string   `json:"name"`
	Locales []string `json:"locales,omitempty"`
}

type providerName struct {
	Group string `json:"groupName"`
	Name  string `json:"name"`
	ID    string `json:"id"`
}

// providersOfAKind are the implementations of one of Keycloak's interfaces.
type providersOfAKind struct {
	Internal  bool                `json:"internal"`
	Providers map[string]provider `json:"providers"`
}

type provider struct {
	Order           int               `json:"order"`
	OperationalInfo map[string]string `json:"operationalInfo,omitempty"`
}

func providersNamed(names ...string) providersOfAKind {
	out := providersOfAKind{Internal: true, Providers: map[string]provider{}}
	for _, n := range names {
		out.Providers[n] = provider{}
	}
	return out
}

// providers are those that tools and consoles look for.
func (d *Door) providers(info *described) map[string]providersOfAKind {
	authenticators, forms, actions := providersNamed(), providersNamed(), providersNamed()
	for _, p := range d.Registry.Providers() {
		authenticators.Providers[p.ID] = provider{}
	}
	for _, p := range d.Registry.FormProviders() {
		forms.Providers[p.ID] = provider{}
	}
	for _, p := range d.Registry.ActionProviders() {
		actions.Providers[p.ID] = provider{}
	}
	ids := func(kind string) (out []string) {
		for _, c := range info.ComponentTypes[kind] {
			out = append(out, c.ID)
		}
		return out
	}
	protocols := providersNamed()
	protocols.Providers["openid-connect"] = provider{Order: 100}
	own := providersNamed()
	own.Providers["latchkey"] = provider{OperationalInfo: map[string]string{"version": d.Version}}
	return map[string]providersOfAKind{
		"latchkey":                   own,
		"login-protocol":             protocols,
		"authenticator":              authenticators,
		"form-action":                forms,
		"required-action":            actions,
		"protocol-mapper":            providersNamed(token.Mappers()...),
		"client-authenticator":       providersNamed("client-secret", "client-jwt", "client-secret-jwt"),
		"client-installation":        providersNamed("keycloak-oidc-keycloak-json"),
		"client-registration-policy": providersNamed(),
		"signature":                  providersNamed(token.SignatureAlgorithms()...),
		"clientSignature":            providersNamed(token.SignatureAlgorithms()...),
		"hash":                       providersNamed("SHA-256", "SHA-384", "SHA-512"),
		"contentencryption":          providersNamed(),
		"cekmanagement":              providersNamed(),
		"keys":                       providersNamed(ids(token.KeyProviderType)...),
		"validator":                  providersNamed(ids("org.keycloak.validate.Validator")...),
		"password-hashing":           providersNamed(credential.Hashes()...),
		"well-known":                 providersNamed("openid-configuration", "oauth-authorization-server"),
	}
}

func (d *Door) serverInfo(c *call) error {
	if !c.caller.administers() {
		return forbidden()
	}
	info := d.described()
	locales := d.Pages.Codes()
	languages := []theme{{Name: "latchkey", Locales: locales}}
	out := serverInfo{described: *info, Providers: d.providers(info), SystemInfo: map[string]any{},
		ProfileInfo: profileInfo{Name: "default", DisabledFeatures: []string{}, PreviewFeatures: []string{}, ExperimentalFeatures: []string{}},
		CryptoInfo:  cryptoInfo{Provider: "Go", Keystores: []string{}, Symmetric: []string{"HS256", "HS384", "HS512"}, Asymmetric: token.SignatureAlgorithms()},
		Themes: map[string][]theme{"login": languages, "account": languages, "email": languages, "admin": languages,
			"welcome": {{Name: "latchkey"}}, "common": {{Name: "latchkey"}}},
		SocialProviders: social(knownBrokers().Providers), IdentityProviders: knownBrokers().Providers}
	// What the machine is, is told to those who administer the server, not to
	// those of one realm.
	if c.caller.master() {
		out.SystemInfo, out.CPUInfo, out.MemoryInfo = d.systemInfo(), map[string]any{"processorCount": runtime.NumCPU()}, memoryInfo()
	}
	return c.answer(out)
}

func (d *Door) systemInfo() map[string]any {
	now := d.Now()
	up := now.Sub(d.started)
	whole := int64(up / time.Second)
	return map[string]any{
		"version":    representation.KeycloakVersion, // tools decide by it what they can ask for
		"serverTime": now.UTC().Format("Mon Jan 02 15:04:05 UTC 2006"),
		"uptime": fmt.Sprintf("%d days, %d hours, %d minutes, %d seconds",
			whole/86400, whole/3600%24, whole/60%60, whole%60),
		"uptimeMillis":   up.Milliseconds(),
		"osName":         runtime.GOOS,
		"osArchitecture": runtime.GOARCH,
		"fileEncoding":   "UTF-8",
		"userLocale":     "en",
		"userTimezone":   "UTC",
	}
}

func memoryInfo() map[string]any {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	megabytes := func(n uint64) string { return fmt.Sprintf("%d MB", n>>20) }
	free := m.Sys - min(m.Sys, m.HeapInuse+m.StackInuse)
	return map[string]any{
		"total": m.Sys, "totalFormated": megabytes(m.Sys),
		"used": m.Sys - free, "usedFormated": megabytes(m.Sys - free),
		"free": free, "freeFormated": megabytes(free), "freePercentage": free * 100 / max(m.Sys, 1),
	}
}

// consoleInfo says whether people come from elsewhere: they do not.
type consoleInfo struct {
	UserProfileProvidersEnabled bool `json:"userProfileProvidersEnabled"`
}

// whoAmI is what the console knows of whoever is signed in to it.
type whoAmI struct {
	UserID      string              `json:"userId"`
	Realm       string              `json:"realm"`
	DisplayName string              `json:"displayName"`
	Locale      string              `json:"locale"`
	Temporary   bool                `json:"temporary"`
	CreateRealm bool                `json:"createRealm"`
	RealmAccess map[string][]string `json:"realm_access"`
}

func (d *Door) whoAmI(c *call) error {
	if c.caller.realm.Realm.ID != c.snap.Realm.ID {
		return unauthorized()
	}
	if c.caller.client.ClientID != latchkey.ClientAdminConsole {
		return answerError(http.StatusForbidden, "Token issued for an application that is not the admin console: "+c.caller.client.ClientID)
	}
	viewed := c.text("currentRealm")
	if viewed == "" {
		viewed = c.snap.Realm.Name
	}
	snap, err := d.Realms.Get(c.r.Context(), viewed)
	if err != nil {
		return notFound(err, "Realm not found")
	}
	var user *latchkey.User
	err = c.view(func(tx *store.Tx) error {
		user, err = tx.User(c.snap.Realm.ID, c.caller.userID)
		return err
	})
	if err != nil {
		return notFound(err, "User not found")
	}
	roles := []string{}
	for name := range c.caller.rolesIn(snap.Realm.Name) {
		roles = append(roles, name)
	}
	if c.caller.administersAll() {
		roles = append(roles, latchkey.RoleAdmin)
	}
	slices.Sort(roles)
	name := user.FullName()
	if name == "" {
		name = user.Username
	}
	temporary := user.Attributes["is_temporary_admin"]
	return c.answer(whoAmI{UserID: user.ID, Realm: c.snap.Realm.Name, DisplayName: name,
		Locale:    d.Pages.Language(c.w, c.r, c.snap.Realm, "", user.Locale()),
		Temporary: len(temporary) > 0 && temporary[0] == "true", CreateRealm: c.caller.createsRealms(),
		RealmAccess: map[string][]string{snap.Realm.Name: roles}})
}
