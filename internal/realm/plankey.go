package realm

import (
	"errors"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/token"
)

// makeKeys makes the realm's keys: those of the file, with their private keys
// where it has them, and those that the realm signs with and the file does not
// bring. These are RS256, which every application can check, HS512 for refresh
// tokens, which nobody else checks, and that of the realm's default algorithm
//
func (p *planner) makeKeys() error {
	realm := p.snap.Realm
	if err := p.fileKeys(); err != nil {
		return err
	}
	algorithms := union([]string{"RS256", "HS512"}, []string{realm.DefaultSignatureAlgorithm})
	for _, algorithm := range algorithms {
		if p.snap.ActiveKey(algorithm, p.o.Now) != nil {
			continue
		}
		key, err := token.NewKey(realm.ID, algorithm, p.o.Now)
		if err != nil {
			return err
		}
		p.snap.Keys = append(p.snap.Keys, key)
	}
	return nil
}

// fileKeys makes the keys that the file has components for. What cannot be made
// a key, because its private key is elsewhere, is kept.
func (p *planner) fileKeys() error {
	var faults []error
	kids := map[string]bool{}
	for _, c := range p.keyComponents {
		path := at("components."+token.KeyProviderType, nameOfComponent(c))
		key, err := token.KeyFromComponent(c.RealmID, token.KeyComponent{ID: c.ID, Name: c.Name, Provider: c.ProviderID, Config: c.Config}, p.o.Now)
		var e *latchkey.Error
		switch {
		case errors.As(err, &e) && e.Field == "providerId":
			p.report.add("components."+token.KeyProviderType, Kept, "its private key is not in the file: the realm signs with others", nameOfComponent(c))
			p.parts.components = append(p.parts.components, c)
		case err != nil:
			faults = append(faults, under(path, err))
		case kids[key.ID]:
			faults = append(faults, twice(path, "kid"))
		default:
			kids[key.ID] = true
			p.snap.Keys = append(p.snap.Keys, key)
		}
	}
	return representation.Join(faults...)
}
