package representation

import (
	"strings"

	"latchkey"
	"latchkey/internal/secret"
)

// ClientScope is a set of protocol mappers that clients share.
type ClientScope struct {
	ID              *string           `json:"id,omitzero"`
	Name            *string           `json:"name,omitzero"`
	Description     *string           `json:"description,omitzero"`
	Protocol        *string           `json:"protocol,omitzero"`
	Attributes      map[string]string `json:"attributes,omitzero"`
	ProtocolMappers []ProtocolMapper  `json:"protocolMappers,omitzero"`

	Kept latchkey.Kept `json:"-"`
}

// ScopeMapping says which roles of a realm or client may go into the tokens
// of a client, or through a client scope.
type ScopeMapping struct {
	Client      string   `json:"client,omitempty"`      // clientId
	ClientScope string   `json:"clientScope,omitempty"` // name
	Roles       []string `json:"roles,omitzero"`        // names
}

// ProtocolMapper puts something into a token.
type ProtocolMapper struct {
	ID             string            `json:"id"`
	Name           string            `json:"name"`
	Protocol       string            `json:"protocol"`
	ProtocolMapper string            `json:"protocolMapper"`
	Config         map[string]string `json:"config"`

	Kept latchkey.Kept `json:"-"`
}

// ClientScopeOf shows a client scope.
func ClientScopeOf(c *latchkey.ClientScope) ClientScope {
	r := ClientScope{ID: new(c.ID), Name: new(c.Name), Description: optional(c.Description),
		Protocol: optional(c.Protocol), Attributes: copied(c.Attributes)}
	if len(c.ProtocolMappers) > 0 {
		r.ProtocolMappers = mappersOf(c.ProtocolMappers)
	}
	return r
}

// Apply changes a client scope by what is given. Attributes that are not
// given stay.
func (r *ClientScope) Apply(c *latchkey.ClientScope) error {
	if err := r.checkLengths(); err != nil {
		return err
	}
	if r.Name != nil {
		if strings.TrimSpace(*r.Name) == "" || strings.ContainsAny(*r.Name, " \t\r\n") {
			return latchkey.Invalid("name", "A client scope needs a name without spaces.")
		}
		c.Name = *r.Name
	}
	set(&c.Description, r.Description)
	set(&c.Protocol, r.Protocol)
	if r.Attributes != nil {
		c.Attributes = copied(c.Attributes)
		for k, v := range r.Attributes {
			c.Attributes[k] = v
		}
	}
	if r.ProtocolMappers != nil {
		c.ProtocolMappers = mappersFrom(r.ProtocolMappers)
	}
	c.Kept = merge(c.Kept, r.Kept, nil)
	return nil
}

// mapperFixed is what every protocol mapper shows: a switch of old versions.
var mapperFixed = latchkey.Kept{"consentRequired": []byte("false")}

// ProtocolMapperOf shows a protocol mapper.
func ProtocolMapperOf(m *latchkey.ProtocolMapper) ProtocolMapper {
	return ProtocolMapper{ID: m.ID, Name: m.Name, Protocol: m.Protocol, ProtocolMapper: m.ProtocolMapper, Config: copied(m.Config),
		Kept: merge(mapperFixed, m.Kept, nil)}
}

// Noun makes the protocol mapper, with a fresh id when none is given.
func (r *ProtocolMapper) Noun() latchkey.ProtocolMapper {
	m := latchkey.ProtocolMapper{ID: r.ID, Name: r.Name, Protocol: r.Protocol, ProtocolMapper: r.ProtocolMapper, Config: nonEmpty(r.Config),
		Kept: merge(nil, r.Kept, mapperFixed)}
	if m.ID == "" {
		m.ID = secret.NewID()
	}
	if m.Protocol == "" {
		m.Protocol = OpenIDConnect
	}
	return m
}

func mappersOf(l []latchkey.ProtocolMapper) []ProtocolMapper {
	out := []ProtocolMapper{}
	for i := range l {
		out = append(out, ProtocolMapperOf(&l[i]))
	}
	return out
}

func mappersFrom(l []ProtocolMapper) []latchkey.ProtocolMapper {
	out := []latchkey.ProtocolMapper{}
	for i := range l {
		out = append(out, l[i].Noun())
	}
	return out
}

// nonEmpty copies a configuration without its empty values: the console sends
// an empty text for every option that was not filled in.
func nonEmpty(m map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		if v != "" {
			out[k] = v
		}
	}
	return out
}
