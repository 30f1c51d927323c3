package token

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"latchkey"
)

// What is signed here a foreign library verifies, and the other way round, for
// every algorithm that a realm can have.
func TestAgainstGoJose(t *testing.T) {
	m := NewMinter((&clock{start}).now)
	for _, algorithm := range asymmetric {
		k, err := NewKey("bench-id", string(algorithm), start)
		if err != nil {
			t.Fatal(err)
		}
		s := bench()
		s.Keys, s.Realm.DefaultSignatureAlgorithm = append(keys("HS512"), k), string(algorithm)
		s.Index()
		g := grantOf(s, "openid")
		raw := mint(t, m, g).Access
		public, err := PublicKey(k)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := jose.ParseSigned(raw, []jose.SignatureAlgorithm{algorithm})
		if err != nil {
			t.Fatalf("%s: %v", algorithm, err)
		}
		payload, err := signed.Verify(public)
		if err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
		private, err := x509.ParsePKCS8PrivateKey(k.Private)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: private}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", k.ID))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := signer.Sign(payload)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := theirs.CompactSerialize()
		if c, err := m.VerifyAccess(s, issuer, text); err != nil || c.Subject != "user-id" {
			t.Errorf("%s: theirs: %v", algorithm, err)
		}
		for name, bent := range bentSignatures(t, algorithm, private, raw) {
			if _, err := m.VerifyAccess(s, issuer, bent); err == nil {
				t.Errorf("%s: %s is taken", algorithm, name)
			}
		}
	}
}

// bentSignatures are tokens whose signature is right in another way than the
// algorithm has it, or right for something else.
func bentSignatures(t *testing.T, algorithm jose.SignatureAlgorithm, private any, raw string) map[string]string {
	t.Helper()
	at := strings.LastIndexByte(raw, '.')
	signature, err := base64.RawURLEncoding.DecodeString(raw[at+1:])
	if err != nil {
		t.Fatal(err)
	}
	with := func(b []byte) string { return raw[:at+1] + base64.RawURLEncoding.EncodeToString(b) }
	flipped := append([]byte(nil), signature...)
	flipped[len(flipped)/2] ^= 1
	out := map[string]string{
		"none":             raw[:at+1],
		"half a signature": with(signature[:len(signature)/2]),
		"a byte more":      with(append(signature[:len(signature):len(signature)], 0)),
		"a byte before":    with(append([]byte{0}, signature...)),
		"nothing but 0":    with(make([]byte, len(signature))),
		"a bit":            with(flipped),
		"padding":          raw + "=",
		"another alphabet": raw[:at+1] + base64.RawStdEncoding.EncodeToString(append([]byte{0xfb, 0xff}, signature...)),
		"another part":     raw + ".AA",
		"a line break":     raw[:at+3] + "\n" + raw[at+3:],
	}
	h, sum := digest(algorithm, []byte(raw[:at]))
	switch key := private.(type) {
	case *ecdsa.PrivateKey:
		n := len(signature) / 2
		der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(signature[:n]), new(big.Int).SetBytes(signature[n:])})
		if err != nil {
			t.Fatal(err)
		}
		out["DER"] = with(der)
		out["a 0 before the second part"] = with(append(append(append([]byte(nil), signature[:n]...), 0), signature[n:]...))
		out["parts turned round"] = with(append(append([]byte(nil), signature[n:]...), signature[:n]...))
	case *rsa.PrivateKey:
		if algorithm[0] == 'R' {
			pss, err := rsa.SignPSS(rand.Reader, key, h, sum, pssOptions(h))
			if err != nil {
				t.Fatal(err)
			}
			out["PSS for PKCS 1"] = with(pss)
			break
		}
		pkcs, err := rsa.SignPKCS1v15(nil, key, h, sum)
		if err != nil {
			t.Fatal(err)
		}
		short, err := rsa.SignPSS(rand.Reader, key, h, sum, &rsa.PSSOptions{SaltLength: 8, Hash: h})
		if err != nil {
			t.Fatal(err)
		}
		out["PKCS 1 for PSS"], out["a short salt"] = with(pkcs), with(short)
	}
	if other := map[crypto.Hash]jose.SignatureAlgorithm{crypto.SHA256: "xx384", crypto.SHA384: "xx512", crypto.SHA512: "xx256"}[h]; algorithm[0] == 'R' {
		h, sum := digest(other, []byte(raw[:at]))
		wrong, err := rsa.SignPKCS1v15(nil, private.(*rsa.PrivateKey), h, sum)
		if err != nil {
			t.Fatal(err)
		}
		out["another hash"] = with(wrong)
	}
	return out
}

// Claims are written as encoding/json writes them, but for the characters that
// it writes for the sake of HTML.
func TestAppendJSON(t *testing.T) {
	for _, v := range []any{
		"", "plain", "Grüße, 世界", "quote\" back\\slash\ttab\x00nul\x7f", "\xff\xfe", "\u2028", true, int64(-7), []string{}, []string{"a", "b\n"}, []any{"x", int64(1), nil, 1.5, []any{}},
		map[string]any{}, map[string]any{"b": "1", "a\"": map[string]any{"c": []string{"d"}}}, json.RawMessage(`{"x":[1]}`), 12, nil, float64(3),
	} {
		got, err := appendJSON(nil, v)
		if err != nil {
			t.Errorf("%v: %v", v, err)
		}
		want, _ := json.Marshal(v)
		var a, b any
		if json.Unmarshal(got, &a) != nil || json.Unmarshal(want, &b) != nil {
			t.Errorf("%q is no JSON", got)
		}
		if x, _ := json.Marshal(a); string(x) != string(mustMarshal(t, b)) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if _, err := appendJSON(nil, map[string]any{"x": func() {}}); err == nil {
		t.Error("what cannot be written is written")
	}
}

func mustMarshal(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A realm without a key for what a client wants signs as it signs for others,
// never with a key that is not for it; without any it signs nothing.
func TestNoKeyNoToken(t *testing.T) {
	m := NewMinter((&clock{start}).now)
	for _, algorithm := range []string{"PS384", "none", "HS256", "HS512", "RSA-OAEP", "AES", "", "rs256"} {
		s := bench()
		oaep, err := NewKey("bench-id", "RSA-OAEP", start)
		if err != nil {
			t.Fatal(err)
		}
		s.Keys = append(s.Keys, oaep)
		s.Index()
		g := grantOf(s, "openid")
		g.Client.Attributes[attributeAccessAlgorithm] = algorithm
		tokens, err := m.Mint(context.Background(), g, "id")
		if err != nil {
			t.Fatalf("%q: %v", algorithm, err)
		}
		if header, _ := parts(t, tokens.Access); header["alg"] != "RS256" {
			t.Errorf("%q: %v", algorithm, header)
		}
		s.Keys = slices.DeleteFunc(slices.Clone(s.Keys), func(k *latchkey.Key) bool { return k.Algorithm == "RS256" })
		if _, err = m.Mint(context.Background(), g, "id"); latchkey.ErrorCode(err) != latchkey.CodeUnavailable {
			t.Errorf("%q and no key: %v", algorithm, err)
		}
	}
}

// FuzzAppendText: any text is written as JSON reads it back.
func FuzzAppendText(f *testing.F) {
	for _, s := range []string{"", "a", "\"", "\\", "\x00", "ü", "\xff", "\u2029"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := appendText(nil, s)
		if err != nil {
			t.Fatal(err)
		}
		var back string
		if err := json.Unmarshal(got, &back); err != nil || back != strings.ToValidUTF8(s, "\ufffd") && back != string([]rune(s)) {
			t.Errorf("%q is written %s and read %q: %v", s, got, back, err)
		}
	})
}
