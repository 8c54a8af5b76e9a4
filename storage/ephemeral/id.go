package ephemeral

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// IDLength is the length of what [Values.NewID] makes, in characters.
const IDLength = keys.TokenLength

// Hasher makes keyed hashes; keys.Hasher in the binary.
type Hasher interface {
	// Sum hashes under the key that makes.
	Sum(purpose string, parts ...string) string
	// Sums hashes under every key that is known, the one that makes first.
	Sums(purpose string, parts ...string) []string
	// KnowsID answers keys.ErrUnknownKey for the id of a key that is not configured.
	// A hash begins with the id of its key and a dot.
	KnowsID(id string) error
	// NewToken makes a secret that carries the tag of the key that it is kept under,
	// and SumToken finds its hash, or answers keys.ErrUnknownKey.
	NewToken(random io.Reader, purpose string) (token, sum string, err error)
	SumToken(purpose, token string) (string, error)
}

// NewID makes a secret id of 256 bits, in letters, digits, - and _. It carries the
// tag of the hash key that its value is kept under.
func (v *Values[T]) NewID() string {
	id, _, err := v.hasher.NewToken(rand.Reader, v.kind)
	if err != nil {
		panic(err) // crypto/rand documents that it crashes instead of failing
	}
	return id
}

// Hash is the keyed hash that the value of an id is kept under, for records of it
// elsewhere.
func (v *Values[T]) Hash(id string) (string, error) {
	sums, err := v.sums(id)
	if err != nil {
		return "", err
	}
	return sums[0], nil
}

// sums are the hashes that the value of an id may be kept under, the key that makes
// first. An id that these values issued is kept under one key alone; whether there
// is a value cannot be judged where this node does not know the key, and another
// node may find one (requirement KY5).
func (v *Values[T]) sums(id string) ([]string, error) {
	if !v.issues {
		return v.hasher.Sums(v.kind, id), nil
	}
	sum, err := v.hasher.SumToken(v.kind, id)
	switch {
	case errors.Is(err, keys.ErrNoToken), errors.Is(err, keys.ErrRevokedKey):
		return nil, fmt.Errorf("%w: %w", storage.ErrNotFound, err)
	case err != nil:
		return nil, err
	}
	return []string{sum}, nil
}
