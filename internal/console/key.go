package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"latchkey/internal/page"
)

// keyProvider is Keycloak's name for the components that are keys.
const keyProvider = "org.keycloak.keys.KeyProvider"

func keyRows() []row {
	return slices.Concat(keyList.rows(), keyRotation().rows(), keyParts("public-key"), keyParts("certificate"),
		addKey.rows(), newKey().rows(), editKey().rows(), deleteKey.rows(), rotateKeys(false).rows(), rotateKeys(true).rows())
}

// realmKey is a key as the API shows it.
type realmKey struct {
	ID          string `json:"kid"`
	ProviderID  string `json:"providerId"`
	Algorithm   string `json:"algorithm"`
	Type        string `json:"type"`
	Use         string `json:"use"`
	Status      string `json:"status"`
	Priority    int64  `json:"providerPriority"`
	PublicKey   string `json:"publicKey"`
	Certificate string `json:"certificate"`
	ValidTo     int64  `json:"validTo"` // unix milliseconds
}

func (v *visit) keys() ([]realmKey, error) {
	var said struct {
		Keys []realmKey `json:"keys"`
	}
	err := v.api(http.MethodGet, "/keys", nil, &said)
	slices.SortStableFunc(said.Keys, func(a, b realmKey) int {
		if a.Algorithm != b.Algorithm {
			return strings.Compare(a.Algorithm, b.Algorithm)
		}
		return int(b.Priority - a.Priority)
	})
	return said.Keys, err
}

// keyList are the realm's keys.
var keyList = list{
	path: "realm-settings/keys", menu: "realm-settings", search: "console.keys.search",
	columns: []string{"console.key.algorithm", "console.key.kid", "console.key.use", "console.key.status", "console.key.priority", "console.key.validTo"},
	empty:   [2]string{"console.keys.none", ""},
	filters: []filter{{name: "status", label: "console.key.status", options: append([]option{{"", "console.keys.all"}},
		choices("console.key.status.", "ACTIVE", "PASSIVE", "DISABLED")...)}},
	top: func(v *visit) top {
		t := realmTop(v, "keys")
		if v.may(mayManageRealm...) {
			t.Acts = []link{{Text: "console.key.add", URL: v.path("realm-settings", "keys", "add-provider")}}
			t.More = []link{
				{Text: "console.keys.rotate", URL: v.path("realm-settings", "keys", "rotate")},
				{Text: "console.keys.interval", URL: v.path("realm-settings", "keys", "interval")},
				{Text: "console.keys.emergency", URL: v.path("realm-settings", "keys", "replace"), Bad: true},
			}
		}
		return t
	},
	things: func(v *visit) (list []map[string]any, err error) {
		all, err := v.keys()
		for _, k := range all {
			if want := v.query.Get("status"); want == "" || want == k.Status {
				list = append(list, map[string]any{"key": k})
			}
		}
		return list, err
	},
	row: func(v *visit, rep map[string]any) tableRow {
		k, _ := rep["key"].(realmKey)
		at := func(what string) string { return v.path("realm-settings", "keys", "key", k.ProviderID, what) }
		r := tableRow{keys: k.Algorithm + " " + k.ID, Cells: []cell{
			{Text: k.Algorithm, URL: at("edit")}, {Text: k.ID, Mono: true}, {Text: said("console.key.use.", k.Use, keyUses), Say: true},
			{Text: "console.key.status." + k.Status, Say: true}, {Text: text(float64(k.Priority))}, dayCell(k.ValidTo)}}
		if k.PublicKey != "" {
			r.Acts = append(r.Acts, link{Text: "console.key.public-key", URL: at("public-key")})
		}
		if k.Certificate != "" {
			r.Acts = append(r.Acts, link{Text: "console.key.certificate", URL: at("certificate")})
		}
		if v.may(mayManageRealm...) {
			r.Acts = append(r.Acts, link{Text: "console.edit", URL: at("edit")}, link{Text: sayDelete, URL: at("delete"), Bad: true})
		}
		return r
	},
}

// dayCell is the day of a time in unix milliseconds; empty for none.
func dayCell(at int64) cell {
	if at == 0 {
		return cell{}
	}
	return cell{Shown: dayView(time.UnixMilli(at))}
}

// What keys are for, in the API's words.
var keyUses = []string{"SIG", "ENC"}

// key finds the key of the page's path, by its provider.
func (v *visit) key() (realmKey, error) {
	all, err := v.keys()
	if err != nil {
		return realmKey{}, err
	}
	i := slices.IndexFunc(all, func(k realmKey) bool { return k.ProviderID == v.R.PathValue("provider") })
	if i < 0 {
		return realmKey{}, errMissing
	}
	return all[i], nil
}

func keysURL(v *visit) string { return v.path("realm-settings", "keys") }

// keyParts shows what everybody may know of a key, in the form that programs
// read (RFC 7468).
func keyParts(what string) []row {
	kind := map[string]string{"public-key": "PUBLIC KEY", "certificate": "CERTIFICATE"}[what]
	return []row{{method: http.MethodGet, path: "realm-settings/keys/key/{provider}/" + what, handle: func(v *visit) error {
		k, err := v.key()
		if err != nil {
			return err
		}
		value := map[string]string{"public-key": k.PublicKey, "certificate": k.Certificate}[what]
		if value == "" {
			return errMissing
		}
		var pem strings.Builder
		pem.WriteString("-----BEGIN " + kind + "-----\n")
		for part := range slices.Chunk([]byte(value), 64) {
			pem.Write(part)
			pem.WriteByte('\n')
		}
		pem.WriteString("-----END " + kind + "-----\n")
		return v.write(http.StatusOK, codePage{Frame: v.frame("realm-settings"), Code: pem.String(),
			Top: top{Title: "console.key." + what, Tags: []string{k.Algorithm}, Crumbs: crumbsTo(v, "keys")}})
	}}}
}

// keyKinds are the kinds of keys that can be added. Keycloak's names.
var keyKinds = []string{"rsa-generated", "rsa", "rsa-enc-generated", "rsa-enc", "ecdsa-generated", "eddsa-generated", "hmac-generated", "aes-generated"}

// addKey asks which kind of key is added.
var addKey = form{
	path: "realm-settings/keys/add-provider", menu: "realm-settings", prefix: "console.key", may: mayManageRealm, button: "console.continue",
	top: func(v *visit, _ map[string]any) top {
		return top{Title: "console.key.add", Intro: "console.key.add.intro", Crumbs: crumbsTo(v, "keys")}
	},
	sections: func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{{At: "providerId", Kind: kindChoice, Options: choices("console.key.kind.", keyKinds...)}}}}
	},
	send: func(v *visit, rep map[string]any) (sent, error) {
		return sent{address: v.path("realm-settings", "keys", "new", text(rep["providerId"]))}, nil
	},
}

// keySizes are the settings that say how large a key is, or of which curve: they
// are of its making.
var keySizes = []string{"keySize", "secretSize", "ecdsaEllipticCurveKey", "eddsaEllipticCurveKey"}

// keySettings are those of a kind of key; when it is there already, only those
// that leave it the same key.
func keySettings(v *visit, kind string, there bool) (list []setting) {
	for _, c := range v.server().ComponentTypes[keyProvider] {
		if c.ID != kind {
			continue
		}
		for _, p := range c.Properties {
			s := setting{At: "config/" + p.Name, Kind: kindText, Fallback: text(p.DefaultValue)}
			switch p.Type {
			case "boolean":
				s.Kind = kindFlag
			case "List":
				s.Kind, s.Options = kindChoice, plainChoices(p.Options...)
			case "File":
				s.Kind = kindFile
				s.Required = p.Name == "privateKey"
			}
			switch {
			case p.Name == "priority":
				s.Kind = kindNumber
			case p.Name == "active": // it counts while the key is enabled
				s.When = "config/enabled=on"
			case there && (p.Type == "File" || slices.Contains(keySizes, p.Name)):
				continue
			case there && p.Name == "algorithm":
				s.Kind = kindShown
			}
			list = append(list, s)
		}
	}
	return list
}

// newKey makes a key of a kind.
func newKey() form {
	return form{
		path: "realm-settings/keys/new/{kind}", menu: "realm-settings", prefix: "console.key", may: mayManageRealm,
		blames: []blame{{"exists already", "config/privateKey", ""}},
		top: func(v *visit, _ map[string]any) top {
			return top{Title: "console.key.kind." + v.R.PathValue("kind"), Crumbs: crumbsTo(v, "keys")}
		},
		load: func(v *visit) (map[string]any, error) {
			if !slices.Contains(keyKinds, v.R.PathValue("kind")) {
				return nil, errMissing
			}
			return map[string]any{"name": v.R.PathValue("kind"), "config": map[string]any{}}, nil
		},
		sections: func(v *visit, _ map[string]any) []section {
			return []section{{Settings: append([]setting{{At: "name", Kind: kindText, Required: true}}, keySettings(v, v.R.PathValue("kind"), false)...)}}
		},
		create: func(v *visit, rep map[string]any) (string, error) {
			rep["providerId"], rep["providerType"] = v.R.PathValue("kind"), keyProvider
			rep["config"] = inLists(rep["config"])
			_, err := v.create("/components", rep)
			return keysURL(v), err
		},
	}
}

// inLists makes each text of a configuration a list of one, as components have
// them. Empty ones are left out.
func inLists(config any) map[string]any {
	out := map[string]any{}
	m, _ := config.(map[string]any)
	for name, value := range m {
		if _, is := value.([]any); is {
			out[name] = value
		} else if text(value) != "" {
			out[name] = []any{text(value)}
		}
	}
	return out
}

// editKey changes what can be changed of a key that is there.
func editKey() form {
	component := func(v *visit) string { return "/components/" + v.value("provider") }
	return form{
		path: "realm-settings/keys/key/{provider}/edit", menu: "realm-settings", prefix: "console.key", may: mayManageRealm, api: component,
		top: func(v *visit, rep map[string]any) top {
			return top{Title: text(rep["name"]), Crumbs: crumbsTo(v, "keys")}
		},
		sections: func(v *visit, rep map[string]any) []section {
			return []section{{Settings: append([]setting{{At: "name", Kind: kindText, Required: true}}, keySettings(v, text(rep["providerId"]), true)...)}}
		},
		send: func(v *visit, rep map[string]any) (sent, error) {
			rep["config"] = inLists(rep["config"])
			return sent{address: keysURL(v), notice: "saved"}, v.api(http.MethodPut, component(v), rep, nil)
		},
	}
}

var deleteKey = act{
	path: "realm-settings/keys/key/{provider}/delete", menu: "realm-settings",
	ask: [3]string{"console.key.delete.heading", "console.key.delete.text", sayDelete},
	thing: func(v *visit) (string, error) {
		k, err := v.key()
		return k.Algorithm + " " + k.ID, err
	},
	do: func(v *visit) (address, notice string, err error) {
		return keysURL(v), "deleted", v.api(http.MethodDelete, "/components/"+v.value("provider"), nil, nil)
	},
	no: keysURL,
}

// rotateKeys has another key follow each that signs: in its time, or at once
// where somebody else may have them.
func rotateKeys(emergency bool) act {
	a := act{
		path: "realm-settings/keys/rotate", menu: "realm-settings", no: keysURL,
		ask:   [3]string{"console.keys.rotate.heading", "console.keys.rotate.text", "console.keys.rotate"},
		thing: func(v *visit) (string, error) { return v.of, nil },
		do: func(v *visit) (address, notice string, err error) {
			return keysURL(v), "done", v.api(http.MethodPost, "/keys/rotate", map[string]any{"emergency": emergency}, nil)
		},
	}
	if emergency {
		a.path = "realm-settings/keys/replace"
		a.ask = [3]string{"console.keys.emergency.heading", "console.keys.emergency.text", "console.keys.emergency"}
	}
	return a
}

// attributeRotation is the realm's attribute that says after how many days a key
// is followed by another.
const attributeRotation = "latchkey.key.rotation.days"

// keyRotation says how often keys follow each other.
func keyRotation() form {
	f := realmForm("keys", func(*visit, map[string]any) []section {
		return []section{{Settings: []setting{{At: "attributes/" + attributeRotation, Kind: kindNumber, Most: 36500}}}}
	})
	f.path = "realm-settings/keys/interval"
	f.top = func(v *visit, _ map[string]any) top {
		return top{Title: "console.keys.interval", Crumbs: crumbsTo(v, "keys")}
	}
	f.before = func(_ *visit, rep map[string]any) *page.FieldError {
		const least = 7 // days
		attributes, _ := rep["attributes"].(map[string]any)
		if n := wholeOf(attributes[attributeRotation]); n > 0 && n < least {
			return &page.FieldError{Field: "attributes/" + attributeRotation, Message: "console.keys.interval.least", Args: []any{least}}
		}
		return nil
	}
	return f
}

// brokerKind is a kind of identity provider.
type brokerKind struct {
	Group string `json:"groupName"`
	Name  string `json:"name"`
	ID    string `json:"id"`
}
