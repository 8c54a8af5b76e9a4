package op

import "crypto/rsa"

// strongEnough reports whether a public key of a client may verify anything.
func strongEnough(key any) bool {
	k, isRSA := key.(*rsa.PublicKey)
	return !isRSA || k.N.BitLen() >= minRSABits
}
