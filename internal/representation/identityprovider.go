package representation

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"latchkey"
	"latchkey/internal/secret"
)

// IdentityProvider is another server that people may sign in through. It is
// kept and shown, and not acted on.
type IdentityProvider struct {
	Alias       *string           `json:"alias,omitzero"`
	DisplayName *string           `json:"displayName,omitzero"`
	InternalID  *string           `json:"internalId,omitzero"`
	ProviderID  *string           `json:"providerId,omitzero"`
	Enabled     *bool             `json:"enabled,omitzero"`
	Config      map[string]string `json:"config,omitzero"`

	Kept latchkey.Kept `json:"-"`
}

// IdentityProviderMapper says what of the other server's answer goes into an
// account.
type IdentityProviderMapper struct {
	ID                     *string           `json:"id,omitzero"`
	Name                   *string           `json:"name,omitzero"`
	IdentityProviderAlias  *string           `json:"identityProviderAlias,omitzero"`
	IdentityProviderMapper *string           `json:"identityProviderMapper,omitzero"`
	Config                 map[string]string `json:"config,omitzero"`

	Kept latchkey.Kept `json:"-"`
}

// IdentityProviderOf shows an identity provider with its secrets.
func IdentityProviderOf(p *latchkey.IdentityProvider) IdentityProvider {
	kept := maps.Clone(providerShown)
	maps.Copy(kept, p.Kept)
	return IdentityProvider{Alias: new(p.Alias), DisplayName: optional(p.DisplayName), InternalID: new(p.ID),
		ProviderID: new(p.ProviderID), Enabled: new(p.Enabled), Config: copied(p.Config), Kept: kept}
}

// providerShown are members that every identity provider shows and that are not
// acted on: their values where nothing else is kept.
var providerShown = latchkey.Kept{
	"updateProfileFirstLoginMode": []byte(`"on"`), "trustEmail": []byte("false"), "storeToken": []byte("false"),
	"addReadTokenRoleOnCreate": []byte("false"), "authenticateByDefault": []byte("false"), "linkOnly": []byte("false"), "hideOnLogin": []byte("false"),
}

// The settings of identity providers that name a flow.
var providerFlows = []string{"firstBrokerLoginFlowAlias", "postBrokerLoginFlowAlias"}

// FlowAliases are the flows that the identity provider is given, by the names
// of the settings; what is no text is an error.
func (r *IdentityProvider) FlowAliases() (map[string]string, error) {
	out := map[string]string{}
	for _, name := range providerFlows {
		var alias string
		if text, ok := r.Kept[name]; ok && json.Unmarshal(text, &alias) != nil {
			return nil, latchkey.Invalid(name, "Expected the alias of a flow.")
		}
		if alias != "" {
			out[name] = alias
		}
	}
	return out, nil
}

// switches makes the switches among what is kept true or false: they may come as
// texts.
func (r *IdentityProvider) switches() (latchkey.Kept, error) {
	next := maps.Clone(r.Kept)
	for name, usual := range providerShown {
		text, ok := next[name]
		if !ok || usual[0] == '"' {
			continue
		}
		text = bytes.Trim(text, `"`)
		if !slices.Contains([]string{"true", "false"}, string(text)) {
			return nil, latchkey.Invalid(name, "Expected true or false.")
		}
		next[name] = text
	}
	return next, nil
}

// Apply changes an identity provider by what is given. A masked value of its
// configuration stays as it was.
func (r *IdentityProvider) Apply(p *latchkey.IdentityProvider) error {
	kept, err := r.switches()
	if err := Join(err, checkAll(member{"alias", r.Alias}, member{"displayName", r.DisplayName}, member{"providerId", r.ProviderID}), checkNames("config", r.Config)); err != nil {
		return err
	}
	if r.Alias != nil {
		if *r.Alias == "" {
			return latchkey.Invalid("alias", "An identity provider needs an alias.")
		}
		p.Alias = *r.Alias
	}
	set(&p.DisplayName, r.DisplayName)
	set(&p.ProviderID, r.ProviderID)
	set(&p.Enabled, r.Enabled)
	if r.Config != nil {
		next := maps.Clone(r.Config)
		for key, value := range next {
			if old, ok := p.Config[key]; ok && IsMasked(value) {
				next[key] = old
			}
		}
		p.Config = next
	}
	p.Kept = merge(p.Kept, kept, providerShown)
	return nil
}

// IdentityProviderMapperOf shows a mapper of the identity provider with the
// alias.
func IdentityProviderMapperOf(m *latchkey.IdentityProviderMapper, alias string) IdentityProviderMapper {
	return IdentityProviderMapper{ID: new(m.ID), Name: new(m.Name), IdentityProviderAlias: &alias,
		IdentityProviderMapper: new(m.Mapper), Config: copied(m.Config), Kept: m.Kept}
}

// Noun makes the mapper, with a fresh id when none is given.
func (r *IdentityProviderMapper) Noun() latchkey.IdentityProviderMapper {
	m := latchkey.IdentityProviderMapper{ID: Value(r.ID), Name: Value(r.Name), Mapper: Value(r.IdentityProviderMapper),
		Config: copied(r.Config), Kept: r.Kept}
	if m.ID == "" {
		m.ID = secret.NewID()
	}
	return m
}
