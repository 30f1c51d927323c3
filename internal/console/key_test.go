package console_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"slices"
	"strings"
	"testing"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/servertest"
)

func (w *world) keys() (list []*latchkey.Key) {
	for _, k := range w.s.Snapshot(realm.DemoRealm).Keys {
		if !k.Removed {
			list = append(list, k)
		}
	}
	return list
}

// keyOf finds the newest key of an algorithm.
func (w *world) keyOf(algorithm string) (found *latchkey.Key) {
	for _, k := range w.keys() {
		if k.Algorithm == algorithm && (found == nil || k.CreatedAt.After(found.CreatedAt) || k.Priority > found.Priority) {
			found = k
		}
	}
	return found
}

// A key of each kind is added; what can be changed of it is changed; one is
// looked at, and taken away.
func TestKeyProviders(t *testing.T) {
	w := newWorld(t)
	add := func(kind string, set map[string]string) *servertest.Page {
		f := w.open("realm-settings/keys").Click("Add key").FormWith("providerId").Set("providerId", kind).Submit().FormWith("name")
		for name, value := range set {
			f.Set("config/"+name, value)
		}
		return f.Submit()
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	own := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)}))
	for _, tt := range []struct {
		kind, algorithm string
		set             map[string]string
	}{
		{"rsa-generated", "PS512", map[string]string{"algorithm": "PS512"}},
		{"rsa", "RS384", map[string]string{"algorithm": "RS384", "privateKey": own}},
		{"ecdsa-generated", "ES384", map[string]string{"ecdsaEllipticCurveKey": "P-384"}},
		{"eddsa-generated", "EdDSA", nil},
		{"hmac-generated", "HS384", map[string]string{"algorithm": "HS384"}},
		{"aes-generated", "AES", nil},
		{"rsa-enc-generated", "RSA-OAEP-256", map[string]string{"algorithm": "RSA-OAEP-256"}},
	} {
		p := saved(t, add(tt.kind, tt.set))
		if w.keyOf(tt.algorithm) == nil || !p.Has(tt.algorithm) {
			t.Errorf("%s: no key for %s: %s", tt.kind, tt.algorithm, p.Text())
		}
	}
	refusedAt(t, add("rsa", map[string]string{"privateKey": "none"}), "config/privateKey", "none")
	refusedAt(t, add("rsa", map[string]string{"privateKey": ""}), "config/privateKey", "")

	k := w.keyOf("ES384")
	at := "realm-settings/keys/key/" + k.ComponentID
	if p := w.open(at + "/public-key"); !strings.Contains(p.Body, "-----BEGIN PUBLIC KEY-----") {
		t.Error(p.Text())
	}
	if p := w.open(at + "/certificate"); !strings.Contains(p.Body, "-----BEGIN CERTIFICATE-----") {
		t.Error(p.Text())
	}
	if p := w.b.Get(w.at("realm-settings/keys/key/none/certificate")); p.Status != http.StatusNotFound {
		t.Error(p.Status)
	}
	p := w.open(at + "/edit")
	if strings.Contains(p.Body, "PRIVATE") || strings.Contains(p.Body, "privateKey") {
		t.Error("the private key is shown")
	}
	f := p.FormWith("config/priority").Set("config/priority", "123")
	f.Values.Del("config/active")
	saved(t, f.Submit())
	if now := w.keyOf("ES384"); now.ID != k.ID || now.Priority != 123 || now.Status != latchkey.KeyPassive {
		t.Errorf("%+v", now)
	}
	if p = w.open("realm-settings/keys?status=PASSIVE"); !p.Has("ES384") || p.Has("PS512") {
		t.Error(p.Text())
	}
	p = w.open(at + "/delete")
	if !p.Has("ES384 " + k.ID) {
		t.Error(p.Text())
	}
	saved(t, p.Press("Delete"))
	if w.keyOf("ES384") != nil {
		t.Error("the key is there")
	}
}

// keys follow each other in their time, or at once.
func TestKeysRotate(t *testing.T) {
	w := newWorld(t)
	before := w.keyOf("RS256")
	saved(t, w.open("realm-settings/keys").Click("Rotate keys").Press("Rotate keys"))
	next := w.keyOf("RS256")
	if next.ID == before.ID || next.ActiveFrom.IsZero() {
		t.Errorf("%+v", next)
	}
	saved(t, w.open("realm-settings/keys").Click("Replace all keys now").Press("Replace all keys now"))
	usable := func(k *latchkey.Key) bool {
		return k.Algorithm == "RS256" && k.Status != latchkey.KeyDisabled
	}
	all := w.keys()
	if i := slices.IndexFunc(all, usable); i < 0 || all[i].ID == before.ID || all[i].ID == next.ID || !all[i].ActiveFrom.IsZero() {
		t.Errorf("%+v", all)
	}
}
