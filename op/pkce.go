package op

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// The bounds of a code verifier's length (RFC 7636 section 4.1).
const (
	minVerifier = 43
	maxVerifier = 128
)

// verifierMatches reports whether the verifier has the form of RFC 7636 section
// 4.1 and is what the S256 challenge was made from.
func verifierMatches(challenge, verifier string) bool {
	if len(verifier) < minVerifier || len(verifier) > maxVerifier {
		return false
	}
	for i := range len(verifier) {
		if !isUnreserved(verifier[i]) {
			return false
		}
	}
	sum := sha256.Sum256([]byte(verifier))
	made := base64.RawURLEncoding.EncodeToString(sum[:])
	return subtle.ConstantTimeCompare([]byte(made), []byte(challenge)) == 1
}

// isUnreserved reports whether c is in the unreserved set of RFC 3986.
func isUnreserved(c byte) bool {
	switch {
	case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		return true
	case c == '-', c == '.', c == '_', c == '~':
		return true
	}
	return false
}
