package realm

import "latchkey/internal/representation"

// BuiltinMappers are the protocol mappers that the built-in client scopes have,
// for whoever adds one to a scope or a client of their own. Each name comes
// once.
func BuiltinMappers() ([]representation.ProtocolMapper, error) {
	rep := new(representation.Realm)
	if err := readBuiltin("scopes", "", rep); err != nil {
		return nil, err
	}
	var out []representation.ProtocolMapper
	seen := map[string]bool{}
	for _, scope := range rep.ClientScopes {
		for _, m := range scope.ProtocolMappers {
			if !seen[m.Name] {
				seen[m.Name] = true
				m.Protocol = "openid-connect"
				out = append(out, m)
			}
		}
	}
	return out, nil
}
