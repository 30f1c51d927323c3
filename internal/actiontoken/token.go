package actiontoken

import (
	"encoding/base64"
	"strings"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// Lengths of the two parts of a key, in characters of base64url: 16 bytes of
// selector, 32 bytes of secret.
const (
	idLength     = 22
	secretLength = 43
)

// Issue makes the token: it draws its selector and its secret, stores it with
// the secret's hash, and gives the secret, which nothing gives a second time.
func Issue(tx *store.Tx, t *latchkey.ActionToken) (latchkey.Secret, error) {
	s := secret.Token()
	t.ID = base64.RawURLEncoding.EncodeToString(secret.Random(16))
	t.SecretHash = secret.Hash(s)
	t.CreatedAt = tx.Now()
	if err := tx.CreateActionToken(t); err != nil {
		return "", err
	}
	return latchkey.Secret(s), nil
}

// Key is what a link carries: "<selector>.<secret>", 66 unreserved characters
//
func Key(t *latchkey.ActionToken, s latchkey.Secret) latchkey.Secret {
	return latchkey.Secret(t.ID + "." + s.Reveal())
}

// ParseKey takes a link's key apart. White space around it and punctuation
// that a mail program dragged along behind it are forgiven.
func ParseKey(key string) (id string, s latchkey.Secret, ok bool) {
	if len(key) > 200 {
		return "", "", false
	}
	key = strings.TrimLeft(strings.TrimSpace(key), "<(\"'")
	if len(key) < idLength+1+secretLength || key[idLength] != '.' {
		return "", "", false
	}
	id, rest := key[:idLength], key[idLength+1:]
	text, tail := rest[:secretLength], rest[secretLength:]
	if strings.Trim(tail, ".,;:!?)>]}\"'*") != "" || !base64url(id) || !base64url(text) {
		return "", "", false
	}
	return id, latchkey.Secret(text), true
}

// Matches compares a secret with the token's, in constant time.
func Matches(t *latchkey.ActionToken, s latchkey.Secret) bool {
	return secret.Equal(secret.Hash(s.Reveal()), t.SecretHash)
}

func base64url(s string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}
