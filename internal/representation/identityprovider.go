package representation

import (
	"maps"

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
	return IdentityProvider{Alias: new(p.Alias), DisplayName: optional(p.DisplayName), InternalID: new(p.ID),
		ProviderID: new(p.ProviderID), Enabled: new(p.Enabled), Config: copied(p.Config), Kept: p.Kept}
}

// Apply changes an identity provider by what is given. A masked value of its
// configuration stays as it was.
func (r *IdentityProvider) Apply(p *latchkey.IdentityProvider) error {
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
	p.Kept = merge(p.Kept, r.Kept, nil)
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
