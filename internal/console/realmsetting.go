package console

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/a-h/templ"

	"latchkey"
	"latchkey/internal/page"
)

// realmTabs are the tabs of the realm's settings, by the last part of their
// addresses. Keycloak's names, in its order.
var realmTabs = []string{"general", "login", "email", "themes", "keys", "events", "localization", "security-defenses", "sessions", "tokens",
	"user-profile", "user-registration"}

func realmSettingRows() []row {
	return slices.Concat(
		[]row{{method: http.MethodGet, path: "realm-settings", handle: func(v *visit) error { return v.to("realm-settings", "general") }}},
		generalForm().rows(),
		deleteRealm.rows(),
		realmForm("login", loginSettings).rows(),
		realmEmailRows(),
		themesForm().rows(),
		keyRows(),
		realmEvents.rows(),
		localizationRows(),
		defensesForm().rows(),
		realmForm("sessions", sessionSettings).rows(),
		realmForm("tokens", tokenSettings).rows(),
		userProfileRows(),
		realmRegistrationRows(),
	)
}

// realmForm is a tab of the realm's settings: a form over the realm itself.
func realmForm(tab string, sections func(*visit, map[string]any) []section) form {
	return form{
		path: "realm-settings/" + tab, menu: "realm-settings", prefix: "console.realm",
		api:      func(*visit) string { return "" },
		may:      mayManageRealm,
		sections: sections,
		top:      func(v *visit, _ map[string]any) top { return realmTop(v, tab) },
	}
}

// realmTop is what stands above every tab of the realm's settings.
func realmTop(v *visit, current string) top {
	t := top{Title: "console.realm-settings", Intro: "console.realm-settings." + current}
	for _, name := range realmTabs {
		t.Tabs = append(t.Tabs, tab{"console.realm-settings.tab." + name, v.path("realm-settings", name), name == current})
	}
	return t
}

// realmPart is what stands above a part of one of the tabs.
func realmPart(v *visit, current, part string, parts ...string) top {
	t := realmTop(v, current)
	for _, name := range parts {
		t.Parts = append(t.Parts, tab{"console.realm-settings." + current + "." + name, v.path("realm-settings", current, name), name == part})
	}
	return t
}

// crumbsTo leads back to a tab of the realm's settings.
func crumbsTo(v *visit, tab string, rest ...link) []link {
	return append([]link{
		{Text: "console.realm-settings", URL: v.path("realm-settings", "general")},
		{Text: "console.realm-settings.tab." + tab, URL: v.path("realm-settings", tab)},
	}, rest...)
}

func generalForm() form {
	f := realmForm("general", func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{
			{At: "realm", Kind: kindText, Required: true, LTR: true},
			{At: "displayName", Kind: kindText},
			{At: "enabled", Kind: kindFlag},
			{At: "attributes/latchkey.client-registration", Kind: kindFlag, Fallback: "true"},
		}}}
	})
	f.blames = []blame{{"same name", "realm", "console.error.taken"}, {"renamed", "realm", ""}}
	f.top = func(v *visit, _ map[string]any) top {
		t := realmTop(v, "general")
		if v.may(mayManageRealm...) {
			t.More = []link{
				{Text: "console.export", URL: v.path("import-export", "export")},
				{Text: "console.import", URL: v.path("import-export", "import")},
			}
			if v.of != latchkey.MasterRealm { // which stays
				t.More = append(t.More, link{Text: "console.realm.delete", URL: v.path("realm-settings", "delete"), Bad: true})
			}
		}
		return t
	}
	f.send = func(v *visit, rep map[string]any) (sent, error) {
		if err := v.api(http.MethodPut, "", rep, nil); err != nil {
			return sent{}, err
		}
		v.of = text(rep["realm"]) // its pages are where its new name is
		return sent{address: v.path("realm-settings", "general"), notice: "saved"}, nil
	}
	f.beneath = func(v *visit, _ map[string]any) (templ.Component, error) {
		return endpoints([]option{
			{v.Site.RealmURL(v.of, ".well-known/openid-configuration"), "console.realm.endpoints.openid"},
			{v.Site.RealmURL(v.of, ".well-known/oauth-authorization-server"), "console.realm.endpoints.oauth"},
			{v.Site.RealmURL(v.of, "account"), "console.realm.endpoints.account"},
		}), nil
	}
	return f
}

// deleteRealm deletes the realm of whoever types its name.
var deleteRealm = form{
	path: "realm-settings/delete", menu: "realm-settings", prefix: "console.delete-realm", may: mayManageRealm, button: "console.realm.delete", bad: true,
	top: func(v *visit, _ map[string]any) top {
		return top{Title: "console.delete-realm", Intro: "console.delete-realm.intro", Tags: []string{v.of}, Crumbs: crumbsTo(v, "general")}
	},
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{{At: "name", Kind: kindText, Required: true, LTR: true}}}}
	},
	before: func(v *visit, rep map[string]any) *page.FieldError {
		if text(rep["name"]) != v.of {
			return &page.FieldError{Field: "name", Message: "console.delete-realm.other-name", Args: []any{v.of}}
		}
		return nil
	},
	send: func(v *visit, _ map[string]any) (sent, error) {
		err := v.api(http.MethodDelete, "", nil, nil)
		if v.of == v.Snap.Realm.Name { // and with it the sign-in
			return sent{address: v.Site.Path("admin") + "/", notice: "deleted"}, err
		}
		return sent{address: v.URL("realms"), notice: "deleted"}, err
	},
}

func loginSettings(*visit, map[string]any) []section {
	return []section{
		{Title: "console.realm.login.screen", Settings: []setting{
			{At: "registrationAllowed", Kind: kindFlag},
			{At: "attributes/latchkey.registration.immediate", Kind: kindFlag, When: "registrationAllowed=on"},
			{At: "resetPasswordAllowed", Kind: kindFlag},
			{At: "rememberMe", Kind: kindFlag},
		}},
		{Title: "console.realm.login.email", Settings: []setting{
			{At: "registrationEmailAsUsername", Kind: kindFlag},
			{At: "loginWithEmailAllowed", Kind: kindFlag},
			{At: "duplicateEmailsAllowed", Kind: kindFlag},
			{At: "verifyEmail", Kind: kindFlag},
		}},
		{Title: "console.realm.login.user", Settings: []setting{{At: "editUsernameAllowed", Kind: kindFlag}}},
	}
}

// themesForm is what this server has in place of themes.
func themesForm() form {
	f := realmForm("themes", func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{{At: "attributes/latchkey.accent", Kind: kindText, LTR: true}}}}
	})
	f.before = func(_ *visit, rep map[string]any) *page.FieldError {
		attributes, _ := rep["attributes"].(map[string]any)
		if colour := text(attributes["latchkey.accent"]); colour != "" && !page.IsColour(colour) {
			return &page.FieldError{Field: "attributes/latchkey.accent", Message: "console.realm.latchkey.accent.wrong"}
		}
		return nil
	}
	return f
}

func sessionSettings(*visit, map[string]any) []section {
	return []section{
		{Title: "console.realm.sessions.sso", Settings: []setting{
			{At: "ssoSessionIdleTimeout", Kind: kindDuration, Required: true, Least: 1},
			{At: "ssoSessionMaxLifespan", Kind: kindDuration, Required: true, Least: 1},
			{At: "ssoSessionIdleTimeoutRememberMe", Kind: kindDuration},
			{At: "ssoSessionMaxLifespanRememberMe", Kind: kindDuration},
		}},
		{Title: "console.realm.sessions.client", Settings: []setting{
			{At: "clientSessionIdleTimeout", Kind: kindDuration},
			{At: "clientSessionMaxLifespan", Kind: kindDuration},
		}},
		{Title: "console.realm.sessions.offline", Settings: []setting{
			{At: "offlineSessionIdleTimeout", Kind: kindDuration, Required: true, Least: 1},
			{At: "clientOfflineSessionIdleTimeout", Kind: kindDuration},
			{At: "offlineSessionMaxLifespanEnabled", Kind: kindFlag},
			{At: "offlineSessionMaxLifespan", Kind: kindDuration, When: "offlineSessionMaxLifespanEnabled=on"},
			{At: "clientOfflineSessionMaxLifespan", Kind: kindDuration, When: "offlineSessionMaxLifespanEnabled=on"},
		}},
		{Title: "console.realm.sessions.login", Settings: []setting{{At: "accessCodeLifespanLogin", Kind: kindDuration, Required: true, Least: 1}}},
	}
}

func tokenSettings(v *visit, _ map[string]any) []section {
	const byUser = "attributes/actionTokenGeneratedByUserLifespan."
	return []section{
		{Title: "console.realm.tokens.general", Settings: []setting{
			{At: "defaultSignatureAlgorithm", Kind: kindChoice, Options: plainChoices(v.server().algorithms()...), Fallback: "RS256"}}},
		{Title: "console.realm.tokens.refresh", Settings: []setting{
			{At: "revokeRefreshToken", Kind: kindFlag},
			{At: "refreshTokenMaxReuse", Kind: kindNumber, When: "revokeRefreshToken=on"},
		}},
		{Title: "console.realm.tokens.access", Settings: []setting{
			{At: "accessTokenLifespan", Kind: kindDuration, Required: true, Least: 1},
			{At: "accessCodeLifespan", Kind: kindDuration, Required: true, Least: 1},
		}},
		{Title: "console.realm.tokens.action", Settings: []setting{
			{At: "actionTokenGeneratedByUserLifespan", Kind: kindDuration, Required: true, Least: 1},
			{At: "actionTokenGeneratedByAdminLifespan", Kind: kindDuration, Required: true, Least: 1},
			{At: byUser + "verify-email", Kind: kindDuration},
			{At: byUser + "reset-credentials", Kind: kindDuration},
		}},
	}
}

// serverInfo is what the server says can be chosen and set.
type serverInfo struct {
	Providers map[string]struct {
		Providers map[string]any `json:"providers"`
	} `json:"providers"`
	ComponentTypes    map[string][]describedComponent `json:"componentTypes"`
	Enums             map[string][]string             `json:"enums"`
	IdentityProviders []brokerKind                    `json:"identityProviders"`
	Themes            map[string][]struct {
		Locales []string `json:"locales"`
	} `json:"themes"`
}

// server reads what can be chosen. What cannot be read is not offered.
func (v *visit) server() (info serverInfo) {
	var raw []byte
	if v.Call(http.MethodGet, "/serverinfo", nil, &raw) == nil {
		_ = json.Unmarshal(raw, &info) // the same as nothing
	}
	return info
}

// algorithms are those that the realm can sign with by a pair of keys.
func (s serverInfo) algorithms() []string {
	all := slices.Sorted(maps.Keys(s.Providers["signature"].Providers))
	return slices.DeleteFunc(all, func(a string) bool { return len(a) > 1 && a[:2] == "HS" })
}

// languages are those of the server's pages.
func (s serverInfo) languages() []string {
	for _, t := range s.Themes["login"] {
		return t.Locales
	}
	return nil
}

// realm reads the realm's settings.
func (v *visit) realm() (map[string]any, error) { return v.thing("") }

// putAttributes changes some of the realm's attributes.
func (v *visit) putAttributes(change map[string]any) error {
	rep, err := v.realm()
	if err != nil {
		return err
	}
	attributes, _ := rep["attributes"].(map[string]any)
	attributes = maps.Clone(attributes)
	if attributes == nil {
		attributes = map[string]any{}
	}
	maps.Copy(attributes, change)
	return v.api(http.MethodPut, "", map[string]any{"attributes": attributes}, nil)
}
