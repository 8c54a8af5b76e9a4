package ephemeral

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

// ErrUnknownKey says that an id was made under a hash key that this node does not
// know: whether there is a value cannot be judged here, and another node may find
// one. It is the caller's 503, never its "no such value" (requirement KY5).
var ErrUnknownKey = errors.New("made under a hash key that is not configured here")

const (
	secretSize = 32 // bytes: 256 bits
	tagSize    = 3  // bytes, which make four characters
	secretText = 43 // characters
	// IDLength is the length of what [Values.NewID] makes, in characters.
	IDLength = secretText + 1 + 4
)

// NewID makes a secret id of 256 bits. It is made of letters, digits, -, _ and one
// dot, and ends in the tag of the hash key that its value is kept under.
func (v *Values[T]) NewID() string {
	var secret [secretSize]byte
	rand.Read(secret[:]) // never fails: crypto/rand documents that it crashes instead
	return base64.RawURLEncoding.EncodeToString(secret[:]) + "." + KeyTag(v.hasher.Sum(v.kind))
}

// Hash is the keyed hash that the value of an id is kept under, for records of it
// elsewhere.
func (v *Values[T]) Hash(id string) (string, error) {
	sums, err := sumsOf(v.hasher, v.kind, id)
	if err != nil {
		return "", err
	}
	return sums[0], nil
}

// KeyTag names the key of a keyed hash in four characters that do not tell how an
// administrator called it.
func KeyTag(sum string) string {
	kid, _, _ := strings.Cut(sum, ".")
	digest := sha256.Sum256([]byte(kid))
	return base64.RawURLEncoding.EncodeToString(digest[:tagSize])
}

// sumsOf are the hashes that the value of an id may be kept under, the key that
// makes first. An id with a tag is kept under one key alone.
func sumsOf(hasher Hasher, kind, id string) ([]string, error) {
	sums := hasher.Sums(kind, id)
	tag, ok := tagOf(id)
	if !ok {
		return sums, nil
	}
	for _, sum := range sums {
		if KeyTag(sum) == tag {
			return []string{sum}, nil
		}
	}
	return nil, ErrUnknownKey
}

// tagOf is the key tag of an id that has the form of [Values.NewID].
func tagOf(id string) (tag string, ok bool) {
	if len(id) != IDLength || id[secretText] != '.' {
		return "", false
	}
	for i := range id {
		if i != secretText && !isBase64URL(id[i]) {
			return "", false
		}
	}
	return id[secretText+1:], true
}

func isBase64URL(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
