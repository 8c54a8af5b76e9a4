package op

import (
	"crypto/sha256"
	"fmt"

	"github.com/latchkey-id/latchkey/keys"
)

// keyTagSize is the length of a keyTag in bytes.
const keyTagSize = 4

// keyTag says inside a token which of our secret keys made it, in a few bytes
// that tell nothing of how an administrator named the key.
type keyTag [keyTagSize]byte

func tagOf(keyID string) keyTag {
	sum := sha256.Sum256([]byte(keyID))
	return keyTag(sum[:keyTagSize])
}

// checkKeyTags refuses keys that a token could not tell apart.
func checkKeyTags(secrets []keys.SecretKey) error {
	if len(secrets) == 0 {
		return fmt.Errorf("no key")
	}
	seen := make(map[keyTag]string, len(secrets))
	for _, k := range secrets {
		if other, taken := seen[tagOf(k.ID)]; taken {
			return fmt.Errorf("keys %q and %q share a tag: rename one", other, k.ID)
		}
		seen[tagOf(k.ID)] = k.ID
	}
	return nil
}
