package keys

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
	"sync"
)

// Hasher makes the keyed hashes by which stores know tokens, codes and cookies:
// HMAC-SHA-256 under a key that is not in any store (a pepper), so that a stolen
// database yields nothing to try.
type Hasher struct {
	secrets *secrets
	tag     []Tag // of each key
	place   map[Tag]int
	revoked map[Tag]bool
	derived sync.Map // purpose -> *derivation
}

// NewHasher makes a Hasher of keys. The first of them whose time has come makes
// hashes; under all of them hashes are looked up.
func NewHasher(list []SecretKey, options ...Option) (*Hasher, error) {
	s, err := newSecrets(list, options)
	if err != nil {
		return nil, fmt.Errorf("hash keys: %w", err)
	}
	h := &Hasher{secrets: s, place: map[Tag]int{}, revoked: map[Tag]bool{}}
	for i, k := range s.keys {
		h.tag = append(h.tag, TagOf(k.ID))
		h.place[h.tag[i]] = i
	}
	for id := range s.revoked {
		h.revoked[TagOf(id)] = true
	}
	return h, nil
}

// Tag returns the tag of the key that makes now.
func (h *Hasher) Tag() Tag { return h.tag[h.secrets.maker()] }

// KnowsTag reports whether the key of the tag is configured: it answers
// [ErrUnknownKey] or [ErrRevokedKey] where it is not.
func (h *Hasher) KnowsTag(tag Tag) error {
	if _, known := h.place[tag]; known {
		return nil
	}
	if h.revoked[tag] {
		return ErrRevokedKey
	}
	return ErrUnknownKey
}

// KnowsID reports whether the key of an id is configured: it answers [ErrUnknownKey] or
// [ErrRevokedKey] where it is not.
func (h *Hasher) KnowsID(id string) error {
	switch {
	case slices.ContainsFunc(h.secrets.keys, func(k SecretKey) bool { return k.ID == id }):
		return nil
	case h.secrets.revoked[id]:
		return ErrRevokedKey
	}
	return ErrUnknownKey
}

// Knows reports whether the key that sum says it was made under is configured. Of
// a sum under another key nothing can be said: it is neither right nor wrong.
func (h *Hasher) Knows(sum string) bool {
	id, _, ok := strings.Cut(sum, ".")
	return ok && h.KnowsID(id) == nil
}

// derivation is what a hasher derived for a purpose: a key for each of its own, and
// the MACs under them that nobody is using.
type derivation struct {
	keys []SecretKey
	macs []sync.Pool // of hash.Hash
}

// Derive returns a 32-byte key of its own for the purpose, one for each key of
// the hasher, in their order (HKDF, RFC 5869). The caller must not change them.
func (h *Hasher) Derive(purpose string) []SecretKey { return h.derive(purpose).keys }

func (h *Hasher) derive(purpose string) *derivation {
	if made, ok := h.derived.Load(purpose); ok {
		return made.(*derivation)
	}
	made := &derivation{keys: make([]SecretKey, len(h.secrets.keys)), macs: make([]sync.Pool, len(h.secrets.keys))}
	for i, s := range h.secrets.keys {
		key, err := hkdf.Key(sha256.New, s.Key, nil, "latchkey "+purpose, sha256.Size)
		if err != nil {
			panic(err) // only for lengths that SHA-256 cannot reach
		}
		made.keys[i] = SecretKey{ID: s.ID, Key: key}
		made.macs[i].New = func() any { return hmac.New(sha256.New, key) }
	}
	actual, _ := h.derived.LoadOrStore(purpose, made)
	return actual.(*derivation)
}

// sum returns the hash of the parts under the i-th key.
func (d *derivation) sum(i int, parts []string) string {
	mac := d.macs[i].Get().(hash.Hash)
	defer d.macs[i].Put(mac)
	mac.Reset()
	writeParts(mac, parts)
	var sum [sha256.Size]byte
	return d.keys[i].ID + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(sum[:0]))
}

// Sum returns the hash of the parts for the purpose under the key that makes
// now, as "kid.base64url". Parts are told apart by their lengths: ("ab", "c") and
// ("a", "bc") differ.
func (h *Hasher) Sum(purpose string, parts ...string) string {
	return h.derive(purpose).sum(h.secrets.maker(), parts)
}

// Sums returns the hash under every key, the key that makes now first: the
// candidates under which a value may be kept.
func (h *Hasher) Sums(purpose string, parts ...string) []string {
	derived := h.derive(purpose)
	sums := make([]string, len(derived.keys))
	for i := range sums {
		sums[i] = derived.sum(i, parts)
	}
	maker := h.secrets.maker()
	made := sums[maker]
	copy(sums[1:maker+1], sums[:maker])
	sums[0] = made
	return sums
}

// Judge reports whether sum is the hash of the parts for the purpose. Of a sum that
// was made under a key that this node does not know it can say neither yes nor no:
// that is [ErrUnknownKey], and the caller's 503 (requirement KY5).
func (h *Hasher) Judge(sum, purpose string, parts ...string) (bool, error) {
	id, _, ok := strings.Cut(sum, ".")
	if ok && errors.Is(h.KnowsID(id), ErrUnknownKey) {
		return false, fmt.Errorf("judge hash of %s: %w", purpose, ErrUnknownKey)
	}
	return h.Verify(sum, purpose, parts...), nil
}

// Verify reports whether sum is the hash of the parts for the purpose under
// any of the keys. It takes the same time whatever differs. It is for those to whom a
// sum of an unknown key is as good as none; all others ask [Hasher.Judge].
func (h *Hasher) Verify(sum, purpose string, parts ...string) bool {
	kid, _, ok := strings.Cut(sum, ".")
	if !ok {
		return false
	}
	derived := h.derive(purpose)
	for i, k := range derived.keys {
		if k.ID == kid {
			return hmac.Equal([]byte(sum), []byte(derived.sum(i, parts)))
		}
	}
	return false
}

// writeParts writes each part behind its length, so that no two lists of parts
// have the same bytes.
func writeParts(mac hash.Hash, parts []string) {
	var length [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(p)))
		mac.Write(length[:])
		_, _ = io.WriteString(mac, p)
	}
}
