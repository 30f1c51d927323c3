package realm_test

import (
	"strconv"
	"strings"

	"pgregory.net/rapid"
)

// drawRealm draws an export with something of everything.
func drawRealm(t *rapid.T) map[string]any {
	d := &drawn{T: t}
	rep := d.keep(map[string]any{
		"enabled": d.flip("enabled"), "displayName": d.text("displayName"), "accessTokenLifespan": rapid.IntRange(1, 9999).Draw(t, "lifespan"),
		"bruteForceProtected": d.flip("bruteForce"), "loginTheme": d.text("theme"), "attributes": d.texts(),
		"webAuthnPolicyRpId": d.text("rpId"), "supportedLocales": []string{"en", "de"}, "localizationTexts": map[string]any{"de": d.texts()},
		"smtpServer":             map[string]string{"host": "relay.example", "port": "25", "from": "a@b.example", "madeUp": d.text("smtp"), "password": d.text("password")},
		"browserSecurityHeaders": d.texts(), "organizations": []any{d.keep(map[string]any{"name": "o"})},
	})
	scopes := []string{"email", "profile"}
	list := []any{}
	for _, s := range append(scopes, "basic", "acr") {
		list = append(list, map[string]any{"name": s})
	}
	d.some("scopes", 2, func(int) {
		name := d.name("scope")
		scopes = append(scopes, name)
		protocol := d.one("protocol", []string{"openid-connect", "saml"})
		list = append(list, d.keep(map[string]any{"id": d.name("s-"), "name": name, "protocol": protocol, "attributes": d.texts(), "protocolMappers": d.mappers(protocol)}))
	})
	rep["clientScopes"] = list
	clients := d.clients(rep, scopes)
	roles := d.roles(rep, clients)
	groups := d.groups(rep, roles, clients)
	d.flows(rep)
	d.providers(rep)
	rep["components"] = map[string]any{"org.keycloak.storage.UserStorageProvider": d.components(0)}
	rep["requiredActions"] = []any{d.keep(map[string]any{"alias": d.name("action"), "name": d.text("name"), "enabled": d.flip("enabled"), "priority": 7, "config": d.texts()})}
	d.users(rep, roles, groups, clients, scopes)
	return rep
}

func (d *drawn) clients(rep map[string]any, scopes []string) []string {
	names, list := []string{}, []any{}
	for range rapid.IntRange(1, 3).Draw(d.T, "clients") {
		name := d.name("client")
		names = append(names, name)
		protocol := d.one("protocol", []string{"openid-connect", "openid-connect", "saml"})
		list = append(list, d.keep(map[string]any{"id": d.name("c-"), "clientId": name, "protocol": protocol, "secret": d.text("secret"), "attributes": d.secrets(),
			"implicitFlowEnabled": d.flip("implicit"), "nodeReRegistrationTimeout": 5, "redirectUris": []string{"https://x.example/*"},
			"serviceAccountsEnabled": d.flip("service"), "defaultClientScopes": scopes, "optionalClientScopes": []string{}, "protocolMappers": d.mappers(protocol)}))
	}
	rep["clients"] = list
	return names
}

func (d *drawn) roles(rep map[string]any, clients []string) []string {
	names := []string{"offline_access"}
	realm, client := []any{map[string]any{"name": "offline_access"}}, map[string]any{}
	d.some("roles", 3, func(int) {
		name := d.name("role")
		realm = append(realm, d.keep(map[string]any{"id": d.name("r-"), "name": name, "description": d.text("description"), "attributes": d.lists(),
			"composites": map[string]any{"realm": []string{d.one("part", names)}}}))
		names = append(names, name)
	})
	for _, c := range clients {
		client[c] = []any{d.keep(map[string]any{"id": d.name("r-"), "name": "of-client"})}
	}
	rep["roles"] = map[string]any{"realm": realm, "client": client}
	rep["scopeMappings"] = []any{map[string]any{"client": clients[0], "roles": []string{names[0]}}}
	return names
}

func (d *drawn) groups(rep map[string]any, roles, clients []string) (paths []string) {
	var level func(path string, depth int) []any
	level = func(path string, depth int) []any {
		list := []any{}
		d.some("groups", 2, func(int) {
			name := d.name(d.text("group"))
			own := path + "/" + strings.ReplaceAll(name, "/", "~/")
			paths = append(paths, own)
			below := []any{}
			if depth < 2 {
				below = level(own, depth+1)
			}
			list = append(list, d.keep(map[string]any{"id": d.name("g-"), "name": name, "attributes": d.lists(), "subGroups": below,
				"realmRoles": []string{d.one("role", roles)}, "clientRoles": map[string]any{clients[0]: []string{"of-client"}}}))
		})
		return list
	}
	rep["groups"] = level("", 0)
	if len(paths) > 0 {
		rep["defaultGroups"] = []string{d.one("default", paths)}
	}
	return paths
}

func (d *drawn) flows(rep map[string]any) {
	top, sub, config := d.name("flow "), d.name("flow "), d.name("config ")
	rep["authenticatorConfig"] = []any{d.keep(map[string]any{"id": d.name("a-"), "alias": config, "config": d.secrets()})}
	rep["authenticationFlows"] = []any{
		d.keep(map[string]any{"id": d.name("f-"), "alias": top, "topLevel": true, "providerId": "basic-flow", "authenticationExecutions": []any{
			d.keep(map[string]any{"authenticator": "auth-cookie", "requirement": "ALTERNATIVE", "priority": 10}),
			d.keep(map[string]any{"flowAlias": sub, "requirement": "REQUIRED", "priority": 20})}}),
		d.keep(map[string]any{"id": d.name("f-"), "alias": sub, "topLevel": false, "description": d.text("description"), "authenticationExecutions": []any{
			map[string]any{"authenticator": "ext-magic-form", "authenticatorConfig": config, "requirement": "REQUIRED", "priority": 10}}}),
	}
	rep["browserFlow"] = top
}

func (d *drawn) providers(rep map[string]any) {
	list, mappers := []any{}, []any{}
	d.some("providers", 2, func(int) {
		alias := d.name("idp")
		list = append(list, d.keep(map[string]any{"internalId": d.name("i-"), "alias": alias, "providerId": "oidc", "displayName": d.text("name"), "config": d.texts()}))
		d.some("mappers", 2, func(int) {
			mappers = append(mappers, d.keep(map[string]any{"id": d.name("im-"), "name": d.text("name"), "identityProviderAlias": alias,
				"identityProviderMapper": "hardcoded", "config": d.texts()}))
		})
	})
	rep["identityProviders"], rep["identityProviderMappers"] = list, mappers
}

func (d *drawn) components(depth int) []any {
	list := []any{}
	d.some("components", 2, func(int) {
		one := map[string]any{"id": d.name("co-"), "name": d.text("name"), "providerId": "ldap", "config": d.lists()}
		if depth < 2 {
			one["subComponents"] = map[string]any{"org.keycloak.storage.ldap.mappers.LDAPStorageMapper": d.components(depth + 1)}
		}
		list = append(list, one)
	})
	return list
}

func (d *drawn) users(rep map[string]any, roles, groups, clients, scopes []string) {
	list := []any{}
	d.some("users", 4, func(i int) {
		user := d.keep(map[string]any{"id": d.name("u-"), "username": d.name("user"), "email": "p" + strconv.Itoa(i) + "@x.example", "enabled": d.flip("enabled"),
			"firstName": d.text("name"), "createdTimestamp": 1700000000000 + i, "attributes": d.lists(), "realmRoles": []string{d.one("role", roles)},
			"federatedIdentities": []any{map[string]any{"identityProvider": "x"}}, "requiredActions": []string{"UPDATE_PROFILE"},
			"clientConsents": []any{map[string]any{"clientId": clients[0], "grantedClientScopes": scopes, "createdDate": 1700000000000}},
			"credentials": []any{
				map[string]any{"id": d.name("k-"), "type": "password", "createdDate": 1, "userLabel": d.text("label"), "secretData": `{"value":"eA==","salt":"eA=="}`,
					"credentialData": `{"hashIterations":5,"algorithm":"argon2"}`, "priority": 10},
				map[string]any{"id": d.name("k-"), "type": "otp", "createdDate": 2, "secretData": `{"value":"seed"}`, "credentialData": `{"subType":"totp","digits":6,"period":30,"counter":0,"algorithm":"HmacSHA1"}`},
				map[string]any{"id": d.name("k-"), "type": "webauthn", "createdDate": 3, "secretData": `{}`, "credentialData": `{"aaguid":"x"}`}}})
		if len(groups) > 0 {
			user["groups"] = []string{d.one("group", groups)}
		}
		list = append(list, user)
	})
	rep["users"] = list
}
