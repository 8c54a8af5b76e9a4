package keys

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
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
	derived sync.Map // purpose -> []SecretKey
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

// KnowsSum reports whether the key that sum says it was made under is configured: it
// answers [ErrUnknownKey] where nothing can be said of it here, and [ErrRevokedKey].
func (h *Hasher) KnowsSum(sum string) error {
	id, _, _ := strings.Cut(sum, ".")
	return h.KnowsID(id)
}

// Derive returns a 32-byte key of its own for the purpose, one for each key of
// the hasher, in their order (HKDF, RFC 5869). The caller must not change them.
func (h *Hasher) Derive(purpose string) []SecretKey {
	if made, ok := h.derived.Load(purpose); ok {
		return made.([]SecretKey)
	}
	made := make([]SecretKey, len(h.secrets.keys))
	for i, s := range h.secrets.keys {
		key, err := hkdf.Key(sha256.New, s.Key, nil, "latchkey "+purpose, sha256.Size)
		if err != nil {
			panic(err) // only for lengths that SHA-256 cannot reach
		}
		made[i] = SecretKey{ID: s.ID, Key: key}
	}
	actual, _ := h.derived.LoadOrStore(purpose, made)
	return actual.([]SecretKey)
}

// Sum returns the hash of the parts for the purpose under the key that makes
// now, as "kid.base64url". Parts are told apart by their lengths: ("ab", "c") and
// ("a", "bc") differ.
func (h *Hasher) Sum(purpose string, parts ...string) string {
	return spell(h.Derive(purpose)[h.secrets.maker()], parts)
}

// Sums returns the hash under every key, the key that makes now first: the
// candidates under which a value may be kept.
func (h *Hasher) Sums(purpose string, parts ...string) []string {
	derived := h.Derive(purpose)
	sums := make([]string, len(derived))
	for i, k := range derived {
		sums[i] = spell(k, parts)
	}
	maker := h.secrets.maker()
	made := sums[maker]
	copy(sums[1:maker+1], sums[:maker])
	sums[0] = made
	return sums
}

// Verify reports whether sum is the hash of the parts for the purpose under
// any of the keys. It takes the same time whatever differs.
func (h *Hasher) Verify(sum, purpose string, parts ...string) bool {
	kid, _, ok := strings.Cut(sum, ".")
	if !ok {
		return false
	}
	for _, k := range h.Derive(purpose) {
		if k.ID == kid {
			return hmac.Equal([]byte(sum), []byte(spell(k, parts)))
		}
	}
	return false
}

func spell(k SecretKey, parts []string) string {
	mac := hmac.New(sha256.New, k.Key)
	writeParts(mac, parts)
	return k.ID + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// writeParts writes each part behind its length, so that no two lists of parts
// have the same bytes.
func writeParts(mac hash.Hash, parts []string) {
	var length [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(p)))
		mac.Write(length[:])
		mac.Write([]byte(p))
	}
}
