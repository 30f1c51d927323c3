package realm

import (
	"encoding/json"

	"latchkey"
	"latchkey/internal/representation"
)

// Export shows a realm with all that it is configured with, as [Parse] reads
// it, but for its keys and users; see [ExportUser]. Without secrets those of
// clients and relays are masked, and an import makes new ones or asks for
// them.
func Export(s *latchkey.Snapshot, secrets bool) *representation.Realm {
	r := representation.RealmOf(s)
	if secrets {
		showRelays(r, s.Realm.SMTP.Relays)
	}
	for _, f := range s.Flows {
		r.AuthenticationFlows = append(r.AuthenticationFlows, representation.FlowOf(s, f))
	}
	for _, c := range s.Configs {
		r.AuthenticatorConfig = append(r.AuthenticatorConfig, representation.ConfigOf(c))
	}
	for _, a := range s.RequiredActions {
		r.RequiredActions = append(r.RequiredActions, representation.RequiredActionOf(a))
	}
	exportScopes(s, r)
	exportClients(s, r, secrets)
	exportRoles(s, r)
	profile, err := json.Marshal(representation.ProfileOf(&s.Realm.Profile))
	if err == nil {
		r.Components = map[string][]representation.Component{profileProvider: {{ProviderID: profileProviderID,
			Config: map[string][]string{profileConfigKey: {string(profile)}}}}}
	}
	return r
}

func exportScopes(s *latchkey.Snapshot, r *representation.Realm) {
	for _, c := range s.Scopes {
		r.ClientScopes = append(r.ClientScopes, representation.ClientScopeOf(c))
	}
	r.DefaultDefaultClientScopes = exportScopeNames(s, s.Realm.DefaultDefaultClientScopes)
	r.DefaultOptionalClientScopes = exportScopeNames(s, s.Realm.DefaultOptionalClientScopes)
	r.ScopeMappings, r.ClientScopeMappings = []representation.ScopeMapping{}, map[string][]representation.ScopeMapping{}
	add := func(target representation.ScopeMapping, ids []string) {
		realm, client := exportRoleNames(s, ids)
		if len(realm) > 0 {
			target.Roles = realm
			r.ScopeMappings = append(r.ScopeMappings, target)
		}
		for _, owner := range sortedKeys(client) {
			target.Roles = client[owner]
			r.ClientScopeMappings[owner] = append(r.ClientScopeMappings[owner], target)
		}
	}
	for _, c := range s.Scopes {
		add(representation.ScopeMapping{ClientScope: c.Name}, c.ScopeMappings)
	}
	for _, c := range s.Clients {
		add(representation.ScopeMapping{Client: c.ClientID}, c.ScopeMappings)
	}
}

func exportScopeNames(s *latchkey.Snapshot, ids []string) []string {
	names := []string{}
	for _, id := range ids {
		if scope := s.Scope(id); scope != nil {
			names = append(names, scope.Name)
		}
	}
	return names
}

// exportRoleNames gives the names of realm roles, and by clientId those of
// client roles.
func exportRoleNames(s *latchkey.Snapshot, ids []string) (realm []string, client map[string][]string) {
	c := representation.CompositesOf(s, &latchkey.Role{Composites: ids})
	if c == nil {
		return nil, nil
	}
	return c.Realm, c.Client
}

func exportClients(s *latchkey.Snapshot, r *representation.Realm, secrets bool) {
	for _, c := range s.Clients {
		shown := representation.ClientOf(s, c)
		if shown.Secret != nil && !secrets {
			shown.Secret = new(representation.Masked)
		}
		r.Clients = append(r.Clients, shown)
	}
}

func exportRoles(s *latchkey.Snapshot, r *representation.Realm) {
	r.Roles = &representation.Roles{Realm: []representation.Role{}, Client: map[string][]representation.Role{}}
	for _, role := range s.Roles {
		shown := representation.RoleOf(s, role)
		shown.Composites = representation.CompositesOf(s, role)
		if role.ClientID == "" {
			r.Roles.Realm = append(r.Roles.Realm, shown)
		} else if c := s.ClientByID(role.ClientID); c != nil {
			r.Roles.Client[c.ClientID] = append(r.Roles.Client[c.ClientID], shown)
		}
	}
}

// showRelays puts the secrets of the relays in the place of their masks.
func showRelays(r *representation.Realm, relays []latchkey.Relay) {
	show := func(m map[string]string, relay latchkey.Relay) {
		for key, value := range map[string]latchkey.Secret{"password": relay.Password, "authTokenClientSecret": relay.AuthTokenClientSecret} {
			if value != "" {
				m[key] = value.Reveal()
			}
		}
	}
	if len(relays) == 0 {
		return
	}
	show(r.SMTPServer, relays[0])
	var fallbacks []map[string]string
	if json.Unmarshal([]byte(r.Attributes[representation.AttributeSMTPFallbacks]), &fallbacks) != nil {
		return // there are none
	}
	for i := range min(len(fallbacks), len(relays)-1) {
		show(fallbacks[i], relays[1+i])
	}
	r.Attributes[representation.AttributeSMTPFallbacks] = text(fallbacks)
}

// ExportUser shows a user with the hashes of their passwords and the names of
// the roles with the ids, as Parse reads it. It is as secret as a backup.
func ExportUser(s *latchkey.Snapshot, u *latchkey.User, credentials []*latchkey.Credential, roles []string) representation.User {
	r := representation.UserOf(u, false)
	for _, c := range credentials {
		shown := representation.CredentialOf(c)
		shown.SecretData, shown.Priority = new(c.SecretData), new(c.Priority)
		r.Credentials = append(r.Credentials, shown)
	}
	r.RealmRoles, r.ClientRoles = exportRoleNames(s, roles)
	if c := s.ClientByID(u.ServiceAccountClientID); c != nil {
		r.ServiceAccountClientID = new(c.ClientID)
	}
	return r
}
