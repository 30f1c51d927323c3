package token

import (
	"crypto/sha256"
	"crypto/x509"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"latchkey"
)

// KeySet is the realm's JSON Web Key Set: every asymmetric key that signs or
// still verifies, with its certificate.
func (m *Minter) KeySet(snap *latchkey.Snapshot) (jose.JSONWebKeySet, error) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range snap.Keys {
		if k.Status == latchkey.KeyDisabled {
			continue
		}
		p, err := m.cache.get(k)
		if err != nil {
			return set, err
		}
		if p.public == nil {
			continue
		}
		jwk := jose.JSONWebKey{Key: p.public, KeyID: k.ID, Algorithm: k.Algorithm, Use: k.Use}
		if cert, err := x509.ParseCertificate(k.Certificate); err == nil {
			thumbprint := sha256.Sum256(cert.Raw)
			jwk.Certificates, jwk.CertificateThumbprintSHA256 = []*x509.Certificate{cert}, thumbprint[:]
		}
		set.Keys = append(set.Keys, jwk)
	}
	return set, nil
}

// SigningAlgorithms lists the algorithms that the realm signs tokens with for
// one client or another: those of its active asymmetric keys.
func SigningAlgorithms(snap *latchkey.Snapshot) []string {
	out := []string{}
	for _, a := range asymmetric {
		if slices.ContainsFunc(snap.Keys, func(k *latchkey.Key) bool { return k.Algorithm == string(a) && k.Status == latchkey.KeyActive }) {
			out = append(out, string(a))
		}
	}
	return out
}
