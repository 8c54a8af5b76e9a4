// Package keys keeps the secrets of the server: the ring of signing keys, the
// sealer that encrypts what is at rest, and the hasher by which tokens are kept.
//
// Invariants:
//
//   - A private key leaves memory only sealed, bound to its row.
//   - A signing key is published before it signs, and stays published until
//     the last token it signed has expired.
//   - A keyed hash made for one purpose never matches for another.
package keys

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/internal/ident"
)

// SecretKey is a key of the server, named so that what it made tells which key
// reads it.
type SecretKey struct {
	// ID is what a sealed value or a hash bears: 1 to 32 of A-Z a-z 0-9 - and _.
	ID string
	// Key is at least 32 random bytes.
	Key []byte
}

// minKeyLength is that of a 256-bit key, in bytes.
const minKeyLength = 32

// checkSecretKeys refuses a list of keys that is empty, weak or ambiguous.
func checkSecretKeys(secrets []SecretKey) error {
	if len(secrets) == 0 {
		return errors.New("no key")
	}
	for i, k := range secrets {
		if ident.KeyID(k.ID) != nil {
			return fmt.Errorf("key id %q: want 1 to 32 of A-Z a-z 0-9 - _", k.ID)
		}
		if len(k.Key) < minKeyLength {
			return fmt.Errorf("key %q has %d bytes: want at least %d", k.ID, len(k.Key), minKeyLength)
		}
		for _, other := range secrets[:i] {
			if other.ID == k.ID {
				return fmt.Errorf("two keys are named %q", k.ID)
			}
			if bytes.Equal(other.Key, k.Key) {
				return fmt.Errorf("keys %q and %q are equal", other.ID, k.ID)
			}
		}
	}
	return nil
}
