package storagetest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Hasher makes keyed hashes as keys.Hasher does, under keys that it names, the
// current one first: "p1", or "p2,p1" after a rotation. "p1=other" is another key
// of the id p1.
type Hasher string

// key returns the key that a sum says it was made under; empty for none of ours.
func (h Hasher) key(s string) string {
	id, _, _ := strings.Cut(s, ".")
	for _, key := range strings.Split(string(h), ",") {
		if own, _, _ := strings.Cut(key, "="); own == id {
			return key
		}
	}
	return ""
}

// Sum returns the hash of the parts for the purpose.
func (h Hasher) Sum(purpose string, parts ...string) string {
	current, _, _ := strings.Cut(string(h), ",")
	return sum(current, purpose, parts)
}

func sum(key, purpose string, parts []string) string {
	id, _, _ := strings.Cut(key, "=")
	mac := hmac.New(sha256.New, []byte(key))
	fmt.Fprintf(mac, "%q %q", purpose, parts)
	return id + "." + hex.EncodeToString(mac.Sum(nil))
}

// Verify reports whether s is that hash.
func (h Hasher) Verify(s, purpose string, parts ...string) bool {
	return h.Knows(s) && hmac.Equal([]byte(s), []byte(sum(h.key(s), purpose, parts)))
}

// Knows reports whether a hash is under one of the keys.
func (h Hasher) Knows(s string) bool { return h.key(s) != "" }
