package storagetest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Hasher makes keyed hashes as keys.Hasher does, under a key that it is named by.
type Hasher string

// Sum returns the hash of the parts for the purpose.
func (h Hasher) Sum(purpose string, parts ...string) string {
	mac := hmac.New(sha256.New, []byte(h))
	fmt.Fprintf(mac, "%q %q", purpose, parts)
	return hex.EncodeToString(mac.Sum(nil))
}

// Verify reports whether sum is that hash.
func (h Hasher) Verify(sum, purpose string, parts ...string) bool {
	return hmac.Equal([]byte(sum), []byte(h.Sum(purpose, parts...)))
}
