package realm

import (
	"encoding/json"
	"maps"

	"latchkey"
	"latchkey/internal/representation"
)

// The members under which a client and a configuration keep, sealed, those of
// their values that are secrets nobody acts on: a SAML key, a captcha's secret.
const (
	keptAttributes = "attributes"
	keptConfig     = "config"
)

// hide moves the secrets of a map to what is kept, because a map is stored in
// the clear, and gives the names of those that the file only shows masked.
func hide(m map[string]string, kept *latchkey.Kept, member string) (masked []string) {
	secrets := map[string]string{}
	for _, key := range sortedKeys(m) {
		switch value := m[key]; {
		case !representation.MayBeSecret(key, value):
			continue
		case representation.IsMasked(value):
			masked = append(masked, key)
		default:
			secrets[key] = value
		}
		delete(m, key)
	}
	if len(secrets) > 0 {
		next := latchkey.Kept{}
		maps.Copy(next, *kept)
		next[member] = json.RawMessage(text(secrets))
		*kept = next
	}
	return masked
}

// unhide puts the secrets back into a copy of the map.
func unhide(m map[string]string, kept latchkey.Kept, member string) map[string]string {
	out := maps.Clone(m)
	if out == nil {
		out = map[string]string{}
	}
	var secrets map[string]string
	if json.Unmarshal(kept[member], &secrets) == nil {
		maps.Copy(out, secrets)
	}
	return out
}
