package admin

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"time"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

func (d *Door) keyRoutes() []route {
	return []route{
		{method: "GET", path: "/keys", may: mayViewRealm, act: d.keys, summary: "List the realm's keys", gives: keysMetadata{}},
		{method: "POST", path: "/keys/rotate", may: mayManageRealm, act: d.rotateKeys, body: keyRotation{}, gives: []rotatedKey{},
			summary: "Have another key follow each that signs, in its time; in an emergency at once, and what the old ones signed is void"},
	}
}

// keyRotation is Latchkey's own: which keys are followed by another, and how.
type keyRotation struct {
	Algorithm string `json:"algorithm,omitempty"` // only the key of this algorithm
	// Emergency says that somebody else may have the key: the new one signs at
	// once, nothing that the old one signed is good, and every session ends.
	Emergency bool `json:"emergency,omitempty"`
}

// rotatedKey is a key that follows another.
type rotatedKey struct {
	KID        string `json:"kid"`
	Algorithm  string `json:"algorithm"`
	ActiveFrom int64  `json:"activeFrom,omitempty"` // unix milliseconds; 0: it signs now
}

// rotateKeys does what `latchkey keys rotate` does.
func (d *Door) rotateKeys(c *call) error {
	var body keyRotation
	text, err := c.bytes()
	if err != nil {
		return err
	}
	if len(text) > 0 {
		unknown, err := representation.Decode(text, &body)
		if err != nil {
			return err
		}
		if len(unknown) > 0 {
			return latchkey.Invalid(unknown[0].Path, "There is no such setting.")
		}
	}
	changes, err := token.RotateKeys(c.snap, body.Algorithm, body.Emergency, d.Now()) // slow: keys are drawn
	if err != nil {
		return err
	}
	out := []rotatedKey{}
	err = c.edit(func(tx *store.Tx, _ *latchkey.Snapshot) error {
		done, err := token.ApplyKeys(tx, c.snap.Realm.ID, changes)
		if err != nil {
			return err
		}
		out = out[:0]
		for _, change := range done {
			if change.New == nil {
				continue
			}
			k := rotatedKey{KID: change.New.ID, Algorithm: change.New.Algorithm}
			if !change.New.ActiveFrom.IsZero() {
				k.ActiveFrom = change.New.ActiveFrom.UnixMilli()
			}
			out = append(out, k)
		}
		return c.record(tx, act{operationAction, "REALM", "keys/rotate", body})
	})
	if err != nil {
		return err
	}
	return c.answer(out)
}

// keysMetadata is Keycloak's representation of a realm's keys.
type keysMetadata struct {
	Active map[string]string `json:"active"` // ids by algorithm
	Keys   []keyMetadata     `json:"keys"`
}

type keyMetadata struct {
	ProviderID       string `json:"providerId"`
	ProviderPriority int64  `json:"providerPriority"`
	KID              string `json:"kid"`
	Status           string `json:"status"`
	Type             string `json:"type"`
	Algorithm        string `json:"algorithm"`
	PublicKey        string `json:"publicKey,omitempty"`   // base64 of the SubjectPublicKeyInfo
	Certificate      string `json:"certificate,omitempty"` // base64 of the DER
	Use              string `json:"use"`
	ValidTo          *int64 `json:"validTo,omitempty"` // unix milliseconds
}

func (d *Door) keys(c *call) error {
	now := d.Now()
	out := keysMetadata{Active: map[string]string{}, Keys: []keyMetadata{}}
	for _, k := range c.snap.Keys {
		if k.Removed {
			continue
		}
		m, err := keyOf(k, now)
		if err != nil {
			return err
		}
		out.Keys = append(out.Keys, m)
		if _, found := out.Active[k.Algorithm]; !found && m.Status == string(latchkey.KeyActive) {
			out.Active[k.Algorithm] = k.ID
		}
	}
	return c.answer(out)
}

// keyOf shows a key without what is secret of it. One that will sign later is
// passive until then.
func keyOf(k *latchkey.Key, now time.Time) (keyMetadata, error) {
	component, err := token.ComponentOf(k)
	if err != nil {
		return keyMetadata{}, err
	}
	m := keyMetadata{ProviderID: component.ID, ProviderPriority: k.Priority, KID: k.ID, Status: string(k.Status),
		Type: "OCT", Algorithm: k.Algorithm, Use: "SIG"}
	if k.Status == latchkey.KeyActive && k.ActiveFrom.After(now) {
		m.Status = string(latchkey.KeyPassive)
	}
	if k.Use == latchkey.KeyUseEncrypt {
		m.Use = "ENC"
	}
	if len(k.Certificate) == 0 {
		return m, nil
	}
	m.Certificate = base64.StdEncoding.EncodeToString(k.Certificate)
	cert, err := x509.ParseCertificate(k.Certificate)
	if err != nil {
		return m, err
	}
	m.ValidTo = new(cert.NotAfter.UnixMilli())
	m.PublicKey = base64.StdEncoding.EncodeToString(cert.RawSubjectPublicKeyInfo)
	switch cert.PublicKeyAlgorithm {
	case x509.RSA:
		m.Type = "RSA"
	case x509.ECDSA:
		m.Type = "EC"
	case x509.Ed25519:
		m.Type = "OKP"
	}
	return m, nil
}

// keyComponents gives the keys as components, without what is secret of them.
func keyComponents(snap *latchkey.Snapshot) ([]*latchkey.Component, error) {
	var out []*latchkey.Component
	for _, k := range snap.Keys {
		if k.Removed {
			continue
		}
		c, err := keyComponent(k)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func keyComponent(k *latchkey.Key) (*latchkey.Component, error) {
	c, err := token.ComponentOf(k)
	if err != nil {
		return nil, err
	}
	for _, own := range []string{"kid", "latchkeyCreatedAt", "latchkeyActiveFrom"} {
		delete(c.Config, own)
	}
	if token.Generated(c.Provider) { // who made it here has never seen it
		for _, part := range []string{"privateKey", "certificate", "secret", "ecdsaPrivateKey", "ecdsaPublicKey", "eddsaPrivateKey", "eddsaPublicKey"} {
			delete(c.Config, part)
		}
	}
	return &latchkey.Component{RealmID: k.RealmID, ID: c.ID, Name: c.Name, ProviderID: c.Provider, ProviderType: token.KeyProviderType,
		ParentID: k.RealmID, Config: c.Config}, nil
}

// keyOfComponent finds the key that a component is; nil when it is none.
func keyOfComponent(snap *latchkey.Snapshot, id string) *latchkey.Key {
	for _, k := range snap.Keys {
		if !k.Removed && (k.ComponentID == id || k.ComponentID == "" && k.ID == id) {
			return k
		}
	}
	return nil
}

// createKey makes a key of a component.
func (d *Door) createKey(c *call, component *latchkey.Component) error {
	sent := token.KeyComponent{ID: component.ID, Name: component.Name, Provider: component.ProviderID, Config: component.Config}
	if err := token.CheckKeyComponent(sent); err != nil {
		return err
	}
	k, err := token.KeyFromComponent(c.snap.Realm.ID, sent, d.Now())
	if err != nil {
		return err
	}
	return c.edit(func(tx *store.Tx, _ *latchkey.Snapshot) error {
		if err := tx.CreateKey(k); err != nil {
			return err
		}
		return c.record(tx, act{operationCreate, "COMPONENT", "components/" + component.ID, shownComponent(component)})
	})
}

// updateKey changes a key by what is given of its component: its priority and
// whether it signs or verifies. Another algorithm, size or private key makes
// another key, and what the old one signed is no longer good.
func (d *Door) updateKey(c *call, old *latchkey.Key, component *latchkey.Component) error {
	whole, err := token.ComponentOf(old)
	if err != nil {
		return err
	}
	whole.Name, whole.ID = component.Name, component.ID
	fresh := false
	for name, values := range component.Config {
		switch {
		case len(values) == 0 || isMaskedList(values):
			continue
		case token.MakesKey(name) && (len(whole.Config[name]) == 0 || whole.Config[name][0] != values[0]):
			fresh = fresh || !(token.IsSize(name) && token.SizeOf(old) == values[0])
		}
		whole.Config[name] = values
	}
	for _, name := range []string{"enabled", "active"} { // absent: on
		if _, given := component.Config[name]; !given {
			delete(whole.Config, name)
		}
	}
	if fresh {
		for name := range whole.Config {
			if _, given := component.Config[name]; !given && name != "priority" {
				delete(whole.Config, name)
			}
		}
		whole.Config["latchkeyCreatedAt"] = nil
	}
	if err := token.CheckKeyComponent(whole); err != nil {
		return err
	}
	k, err := token.KeyFromComponent(old.RealmID, whole, d.Now())
	if err != nil {
		return err
	}
	return c.editSigning(func(tx *store.Tx, snap *latchkey.Snapshot) error {
		now := keyOfComponent(snap, component.ID)
		if now == nil || now.ID != old.ID {
			return latchkey.Errorf(latchkey.CodeConflict, "This key was changed meanwhile.")
		}
		if fresh {
			if err := removeKey(tx, now); err != nil {
				return err
			}
			if err := tx.CreateKey(k); err != nil {
				return err
			}
		} else if err := tx.UpdateKey(k); err != nil {
			return err
		}
		return c.record(tx, act{operationUpdate, "COMPONENT", "components/" + component.ID, shownComponent(component)})
	})
}

// errUndrawn takes a change back whose keys have to be drawn first.
var errUndrawn = errors.New("admin: keys have to be drawn first")

// editSigning is edit for what may leave the realm without a key that it signs
// with: such a key is made in the same transaction, so that no token is refused.
// Drawing one takes long: the change is taken back, and made again with it.
func (c *call) editSigning(f func(tx *store.Tx, snap *latchkey.Snapshot) error) error {
	drawn := map[string]*latchkey.Key{}
	for {
		var missing []string
		err := c.edit(func(tx *store.Tx, snap *latchkey.Snapshot) error {
			err := f(tx, snap)
			if err != nil {
				return err
			}
			if missing, err = token.CompleteKeys(tx, snap, drawn); err == nil && len(missing) > 0 {
				err = errUndrawn
			}
			return err
		})
		if !errors.Is(err, errUndrawn) {
			return err
		}
		for _, algorithm := range missing {
			if drawn[algorithm], err = token.NewKey(c.snap.Realm.ID, algorithm, c.door.Now()); err != nil {
				return err
			}
		}
	}
}

// removeKey takes a key away with all that it signed. Its row stays, so that
// its id never names another key.
func removeKey(tx *store.Tx, k *latchkey.Key) error {
	gone := *k
	gone.Status, gone.Removed = latchkey.KeyDisabled, true
	return tx.UpdateKey(&gone)
}
