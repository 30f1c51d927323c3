package credential

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"hash"
	"runtime"
	"strconv"

	"golang.org/x/crypto/argon2"

	"latchkey"
	"latchkey/internal/secret"
)

// The cost of a new password: 19 MiB, two passes, one lane (OWASP's first
// choice), about 50 ms of one core.
const (
	argonMemory  = 19 * 1024 // KiB
	argonPasses  = 2
	argonLanes   = 1
	argonSize    = 32         // bytes
	saltSize     = 16         // bytes
	maxMemory    = 256 * 1024 // KiB that an imported hash may ask for
	maxPasses    = 32
	maxIteration = 10_000_000
)

// MaxPassword is how long a password may be, in bytes: longer ones are no
// stronger and cost time.
const MaxPassword = 1024

// slots bounds how many hashes are made at once: more would only make all of
// them slower and take memory from everything else.
var slots = make(chan struct{}, runtime.GOMAXPROCS(0))

// secretData and credentialData are Keycloak's JSON of a password.
type secretData struct {
	Value                string              `json:"value"`
	Salt                 string              `json:"salt"`
	AdditionalParameters map[string][]string `json:"additionalParameters"`
}

type credentialData struct {
	HashIterations       int                 `json:"hashIterations"`
	Algorithm            string              `json:"algorithm"`
	AdditionalParameters map[string][]string `json:"additionalParameters"`
}

// NewPassword hashes a password. The credential is the caller's to store and
// has no user yet.
func NewPassword(ctx context.Context, password latchkey.Secret) (*latchkey.Credential, error) {
	salt := secret.Random(saltSize)
	sum, err := slot(ctx, func() []byte {
		return argon2.IDKey([]byte(password.Reveal()), salt, argonPasses, argonMemory, argonLanes, argonSize)
	})
	if err != nil {
		return nil, err
	}
	s, err := json.Marshal(secretData{
		Value: base64.StdEncoding.EncodeToString(sum), Salt: base64.StdEncoding.EncodeToString(salt),
		AdditionalParameters: map[string][]string{},
	})
	if err != nil {
		return nil, err
	}
	d, err := json.Marshal(credentialData{HashIterations: argonPasses, Algorithm: "argon2", AdditionalParameters: map[string][]string{
		"type": {"id"}, "version": {"1.3"}, "memory": {strconv.Itoa(argonMemory)},
		"parallelism": {strconv.Itoa(argonLanes)}, "hashLength": {strconv.Itoa(argonSize)},
	}})
	if err != nil {
		return nil, err
	}
	return &latchkey.Credential{
		ID: secret.NewID(), Type: latchkey.CredentialPassword, SecretData: string(s), CredentialData: string(d),
	}, nil
}

// Verify says whether the password is the credential's. A credential that
// cannot be read, or is of an algorithm that is not known, is nobody's
// password; it costs as much as one that is.
func Verify(ctx context.Context, c *latchkey.Credential, password latchkey.Secret) (bool, error) {
	sum, want, ok := hashing(c, password)
	if !ok {
		return false, VerifyNobody(ctx, password)
	}
	got, err := slot(ctx, sum)
	if err != nil {
		return false, err
	}
	return secret.Equal(got, want), nil
}

// Outdated says whether the credential should be hashed anew, now that its
// password is known: an import's PBKDF2, or a cheaper argon2. After that, who
// has a password of which kind shows in no time.
func Outdated(c *latchkey.Credential) bool {
	var d credentialData
	if json.Unmarshal([]byte(c.CredentialData), &d) != nil || d.Algorithm != "argon2" {
		return true
	}
	memory := d.AdditionalParameters["memory"]
	return d.HashIterations != argonPasses || len(memory) != 1 || memory[0] != strconv.Itoa(argonMemory)
}

// VerifyNobody costs what [Verify] costs for a new password: for a user who
// does not exist or has none, so that the time tells neither.
func VerifyNobody(ctx context.Context, password latchkey.Secret) error {
	_, err := slot(ctx, func() []byte {
		return argon2.IDKey([]byte(password.Reveal()), make([]byte, saltSize), argonPasses, argonMemory, argonLanes, argonSize)
	})
	return err
}

var errBusy = latchkey.Errorf(latchkey.CodeUnavailable, "Many people are signing in just now. Try again in a moment.")

// slot runs the work when a core is free for it, or not at all when the
// request is given up first.
func slot(ctx context.Context, work func() []byte) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, errBusy
	}
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return nil, errBusy
	}
	defer func() { <-slots }()
	return work(), nil
}

// hashing reads a credential: how to hash the password as it was, and what
// that must give.
func hashing(c *latchkey.Credential, password latchkey.Secret) (sum func() []byte, want []byte, ok bool) {
	var s secretData
	var d credentialData
	if c.Type != latchkey.CredentialPassword && c.Type != latchkey.CredentialPasswordHistory || len(password) > MaxPassword ||
		json.Unmarshal([]byte(c.SecretData), &s) != nil || json.Unmarshal([]byte(c.CredentialData), &d) != nil {
		return nil, nil, false
	}
	want, err := base64.StdEncoding.DecodeString(s.Value)
	if err != nil || len(want) < 16 || len(want) > 512 {
		return nil, nil, false
	}
	salt, err := base64.StdEncoding.DecodeString(s.Salt)
	if err != nil {
		return nil, nil, false
	}
	plain := []byte(password.Reveal())
	switch d.Algorithm {
	case "pbkdf2":
		sum = pbkdf(sha1.New, plain, salt, d.HashIterations, len(want))
	case "pbkdf2-sha256":
		sum = pbkdf(sha256.New, plain, salt, d.HashIterations, len(want))
	case "pbkdf2-sha512":
		sum = pbkdf(sha512.New, plain, salt, d.HashIterations, len(want))
	case "argon2":
		sum = argon(plain, salt, d, len(want))
	}
	return sum, want, sum != nil
}

// Hashes are the algorithms of the passwords that can be checked, in Keycloak's
// names, the one that new passwords have first.
func Hashes() []string { return []string{"argon2", "pbkdf2-sha512", "pbkdf2-sha256", "pbkdf2"} }

// CanVerify says whether a password can be checked against the credential:
// whether its hash is one that is known, with parameters that are.
func CanVerify(c *latchkey.Credential) bool {
	_, _, ok := hashing(c, "")
	return ok
}

func pbkdf[H hash.Hash](h func() H, password, salt []byte, iterations, size int) func() []byte {
	if iterations < 1 || iterations > maxIteration {
		return nil
	}
	return func() []byte {
		sum, err := pbkdf2.Key(h, string(password), salt, iterations, size)
		if err != nil {
			return nil
		}
		return sum
	}
}

// argon reads the parameters of argon2 in Keycloak's credentialData.
func argon(password, salt []byte, d credentialData, size int) func() []byte {
	parameter := func(name string, otherwise int) int {
		v := d.AdditionalParameters[name]
		if len(v) == 0 {
			return otherwise
		}
		n, err := strconv.Atoi(v[0])
		if err != nil {
			return -1
		}
		return n
	}
	if v := d.AdditionalParameters["version"]; len(v) > 0 && v[0] != "1.3" {
		return nil
	}
	kind := "id"
	if v := d.AdditionalParameters["type"]; len(v) > 0 {
		kind = v[0]
	}
	memory, lanes, passes := parameter("memory", 7168), parameter("parallelism", 1), d.HashIterations
	if memory < 8 || memory > maxMemory || lanes < 1 || lanes > 16 || passes < 1 || passes > maxPasses {
		return nil
	}
	switch kind {
	case "id":
		return func() []byte {
			return argon2.IDKey(password, salt, uint32(passes), uint32(memory), uint8(lanes), uint32(size))
		}
	case "i":
		return func() []byte {
			return argon2.Key(password, salt, uint32(passes), uint32(memory), uint8(lanes), uint32(size))
		}
	}
	return nil
}
