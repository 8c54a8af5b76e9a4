package keys

import (
	"crypto/sha256"
	"sync"
)

// verifiedCacheSize bounds each half of a verifiedCache, in tokens.
const verifiedCacheSize = 4096

// verifiedCache remembers which tokens had a good signature: an ES256 signature
// takes longer to check than everything else that introspection does in this
// process (BenchmarkIntrospection in package op). A signature never
// turns bad while its key is published, and the cache goes with the snapshot
// that holds the key; whether the token expired or was revoked is not asked
// here at all. It keeps the newest tokens in two halves, of which the older is
// dropped whole: no list to maintain, and one lock held for a map look-up.
type verifiedCache struct {
	mu         sync.Mutex
	young, old map[[sha256.Size]byte]verifiedToken
}

type verifiedToken struct {
	typ     string
	alg     string
	payload []byte
}

func newVerifiedCache() *verifiedCache {
	return &verifiedCache{young: map[[sha256.Size]byte]verifiedToken{}}
}

func (c *verifiedCache) get(sum [sha256.Size]byte) (verifiedToken, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.young[sum]
	if !ok {
		if t, ok = c.old[sum]; ok {
			c.add(sum, t)
		}
	}
	return t, ok
}

func (c *verifiedCache) put(sum [sha256.Size]byte, t verifiedToken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(sum, t)
}

func (c *verifiedCache) add(sum [sha256.Size]byte, t verifiedToken) {
	if len(c.young) >= verifiedCacheSize {
		c.old, c.young = c.young, make(map[[sha256.Size]byte]verifiedToken, verifiedCacheSize)
	}
	c.young[sum] = t
}
