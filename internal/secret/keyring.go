package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"strings"
	"sync"

	"latchkey"
)

const (
	keyBytes = 32 // AES-256
	idBytes  = 4  // names the key in front of what it sealed
)

// ErrSealed says that sealed bytes cannot be opened: they were sealed under a
// key that is not on the ring, for another purpose or id, or were changed.
var ErrSealed = errors.New("sealed value cannot be opened with this master key")

// Keyring holds the master keys. The first one seals, all of them open, so a
// new key is put in front of the old one and the old one is taken away when
// everything is sealed anew. It is safe for use by several goroutines.
type Keyring struct {
	keys []masterKey
	mac  []byte    // derived from the first key
	macs sync.Pool // of hash.Hash under mac
}

type masterKey struct {
	id   [idBytes]byte
	aead cipher.AEAD
}

// ParseKeyring reads master keys from text: one or more, with commas or white
// space between them, each 32 bytes as base64 (standard or URL alphabet, with
// or without padding) or as hexadecimal. Missing, short, weak and well-known
// keys are refused with a sentence that says what to do; the sentence
// never holds the key.
func ParseKeyring(text latchkey.Secret) (*Keyring, error) {
	words := strings.FieldsFunc(text.Reveal(), func(r rune) bool {
		return r == ',' || r == ' ' || r == '\t' || r == '\r' || r == '\n'
	})
	if len(words) == 0 {
		return nil, refuse("There is no master key.")
	}
	ring := &Keyring{}
	for i, word := range words {
		raw, why := decodeKey(word)
		if why == "" {
			why = weakness(raw)
		}
		if why != "" {
			return nil, refuse("Master key %d of %d %s", i+1, len(words), why)
		}
		k, mac, err := newMasterKey(raw)
		if err != nil {
			return nil, fmt.Errorf("master key: %w", err)
		}
		if ring.find(k.id[:]) != nil {
			return nil, refuse("Master key %d of %d stands there twice.", i+1, len(words))
		}
		if i == 0 {
			ring.mac = mac
		}
		ring.keys = append(ring.keys, k)
	}
	return ring, nil
}

func refuse(format string, args ...any) error {
	return latchkey.Invalid("master key", format+" Make one with: openssl rand -base64 32", args...)
}

// decodeKey says why the word is no key; empty when it is one.
func decodeKey(word string) (raw []byte, why string) {
	if len(word) == hex.EncodedLen(keyBytes) {
		if raw, err := hex.DecodeString(word); err == nil {
			return raw, ""
		}
	}
	unpadded := strings.TrimRight(word, "=")
	raw, err := base64.RawStdEncoding.Strict().DecodeString(unpadded)
	if err != nil {
		raw, err = base64.RawURLEncoding.Strict().DecodeString(unpadded)
	}
	if err != nil {
		return nil, "is neither base64 nor hexadecimal."
	}
	if len(raw) != keyBytes {
		return nil, fmt.Sprintf("has %d bytes where %d are needed.", len(raw), keyBytes)
	}
	return raw, ""
}

func newMasterKey(raw []byte) (k masterKey, mac []byte, err error) {
	derive := func(info string, n int) []byte {
		b, e := hkdf.Key(sha256.New, raw, nil, "latchkey/1/"+info, n)
		err = errors.Join(err, e)
		return b
	}
	sealing := derive("seal", keyBytes)
	mac = derive("mac", sha256.Size)
	copy(k.id[:], derive("id", idBytes))
	if err != nil {
		return k, nil, err
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return k, nil, err
	}
	k.aead, err = cipher.NewGCMWithRandomNonce(block)
	return k, mac, err
}

func (r *Keyring) find(id []byte) *masterKey {
	for i := range r.keys {
		if string(r.keys[i].id[:]) == string(id) {
			return &r.keys[i]
		}
	}
	return nil
}

// Seal encrypts plain with AES-256-GCM under the first key. Purpose says what
// kind of thing it is and id which one: only the same two open it, so a sealed
// value cannot be moved to another row or column.
func (r *Keyring) Seal(purpose, id string, plain []byte) []byte {
	k := &r.keys[0]
	out := append(make([]byte, 0, idBytes+len(plain)+k.aead.Overhead()), k.id[:]...)
	return k.aead.Seal(out, nil, plain, join(purpose, id)) //nolint:gosec // NewGCMWithRandomNonce draws the nonce itself
}

// Open decrypts what Seal made, under whichever key of the ring sealed it. The
// error is ErrSealed.
func (r *Keyring) Open(purpose, id string, sealed []byte) ([]byte, error) {
	if len(sealed) < idBytes {
		return nil, ErrSealed
	}
	k := r.find(sealed[:idBytes])
	if k == nil {
		return nil, ErrSealed
	}
	plain, err := k.aead.Open(nil, nil, sealed[idBytes:], join(purpose, id))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// MAC gives 32 bytes that only a holder of the first master key can make for
// this purpose and these parts (HMAC-SHA-256). Purpose and parts are written
// with their lengths, so no two lists of parts give the same bytes by chance.
// With another key in front, MACs change: codes and limits that are open then
// begin anew.
func (r *Keyring) MAC(purpose string, parts ...string) []byte {
	h, ok := r.macs.Get().(hash.Hash)
	if !ok {
		h = hmac.New(sha256.New, r.mac)
	}
	defer r.macs.Put(h)
	h.Reset()
	h.Write(join(append([]string{purpose}, parts...)...))
	return h.Sum(nil)
}

// join writes each part with its length in front.
func join(parts ...string) []byte {
	n := 0
	for _, p := range parts {
		n += 8 + len(p)
	}
	out := make([]byte, 0, n)
	for _, p := range parts {
		out = binary.BigEndian.AppendUint64(out, uint64(len(p)))
		out = append(out, p...)
	}
	return out
}

const redacted = "[redacted]"

// Format hides the keys from every verb of fmt.
func (r *Keyring) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue hides the keys from log/slog.
func (r *Keyring) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON hides the keys from encoding/json.
func (r *Keyring) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }
