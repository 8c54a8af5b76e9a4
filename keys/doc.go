// Package keys keeps the server's secrets: the ring of signing keys, the sealer that
// encrypts data at rest, and the hasher that tokens are stored with.
//
// Invariants:
//
//   - A private key leaves memory only sealed, bound to its row.
//   - A signing key is published before it signs, and stays published until the last
//     token it signed has expired, unless it is revoked, which ends it at once.
//   - A keyed hash made for one purpose never matches for another.
//   - Anything made under a key that is not configured is never judged: the result is
//     [ErrUnknownKey], because another node may know the key (KY5).
package keys

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
)

// SecretKey is a key of the server, named so that what it made tells which key
// reads it.
type SecretKey struct {
	// ID is what a sealed value or a hash bears: 1 to 32 of A-Z a-z 0-9 - and _.
	ID string
	// Key is at least 32 random bytes.
	Key []byte
	// UseFrom is when the key begins to make; zero is always. It reads from the
	// moment it is configured, so that a key can be given to every node before
	// any of them makes with it. Of the keys whose time has come the first makes.
	UseFrom time.Time
	// Revoked says that the key is stolen or gone for good: it needs no Key, and
	// what it made is refused rather than left undecided.
	Revoked bool
}

var (
	// ErrUnknownKey says that something was made under a key that is not
	// configured here. That is no verdict on it: another node may have the key. A
	// server that meets a sealed value of one must not start.
	ErrUnknownKey error = &passing{"made under an unknown key"}
	// ErrRevokedKey says that something was made under a key that was revoked.
	ErrRevokedKey = errors.New("made under a revoked key")
)

// passing is an error that is no verdict: another node may answer, or this one later.
type passing struct{ text string }

// Error implements error.
func (e *passing) Error() string { return e.text }

// Temporary says that a request that failed so may be sent again: a 503, wherever it
// comes out (requirement KY5).
func (*passing) Temporary() bool { return true }

// Option changes how a [Hasher] or a [Sealer] is made.
type Option func(*secrets)

// WithClock tells the time, by which [SecretKey.UseFrom] is judged. Without it
// that is the system's clock.
func WithClock(now func() time.Time) Option { return func(s *secrets) { s.now = now } }

// secrets is a checked list of keys.
type secrets struct {
	keys []SecretKey
	// revoked are the ids of keys that make and read nothing any more.
	revoked map[string]bool
	now     func() time.Time
}

func newSecrets(list []SecretKey, options []Option) (*secrets, error) {
	if err := checkSecretKeys(list); err != nil {
		return nil, err
	}
	s := &secrets{revoked: map[string]bool{}, now: time.Now}
	for _, option := range options {
		option(s)
	}
	for _, k := range list {
		if k.Revoked {
			s.revoked[k.ID] = true
			continue
		}
		s.keys = append(s.keys, k)
	}
	if len(s.keys) == 0 || !s.usable(s.maker()) {
		return nil, errors.New("no key makes now: every use_from lies ahead")
	}
	return s, nil
}

// maker returns the place of the key that makes now: the first whose time has
// come. That there is one was checked; where the clock was set back since, it is
// the last.
func (s *secrets) maker() int {
	for i := range s.keys {
		if s.usable(i) {
			return i
		}
	}
	return len(s.keys) - 1
}

// usable reports whether the time of a key has come.
func (s *secrets) usable(i int) bool {
	from := s.keys[i].UseFrom
	return from.IsZero() || !s.now().Before(from)
}

// minKeyLength is that of a 256-bit key, in bytes.
const minKeyLength = 32

// checkSecretKeys refuses a list of keys that is empty, weak or ambiguous.
func checkSecretKeys(secrets []SecretKey) error {
	if len(secrets) == 0 {
		return errors.New("no key")
	}
	tags := make(map[Tag]string, len(secrets))
	for i, k := range secrets {
		if ident.KeyID(k.ID) != nil {
			return fmt.Errorf("key id %q: want 1 to 32 of A-Z a-z 0-9 - _", k.ID)
		}
		if len(k.Key) < minKeyLength && !k.Revoked {
			return fmt.Errorf("key %q has %d bytes: want at least %d", k.ID, len(k.Key), minKeyLength)
		}
		for _, other := range secrets[:i] {
			if other.ID == k.ID {
				return fmt.Errorf("two keys are named %q", k.ID)
			}
			if len(k.Key) > 0 && bytes.Equal(other.Key, k.Key) {
				return fmt.Errorf("keys %q and %q are equal", other.ID, k.ID)
			}
		}
		if other, taken := tags[TagOf(k.ID)]; taken {
			return fmt.Errorf("keys %q and %q share a tag: rename one", other, k.ID)
		}
		tags[TagOf(k.ID)] = k.ID
	}
	return nil
}

// TagSize is the length of a [Tag] in bytes.
const TagSize = 4

// Tag says inside a token which of our keys made it, in a few bytes that tell
// nothing of how an administrator named the key.
type Tag [TagSize]byte

// TagOf returns the tag of a key's id.
func TagOf(keyID string) Tag {
	sum := sha256.Sum256([]byte(keyID))
	return Tag(sum[:TagSize])
}
