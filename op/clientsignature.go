package op

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// algEd25519 is the name of RFC 9864 section 2.2 for what RFC 8037 calls EdDSA, whose
// curve the key alone tells.
const algEd25519 = jose.SignatureAlgorithm("Ed25519")

// clientAlgs are the algorithms of signatures that clients make with their keys. None
// of them works with a secret, so that no public key can be taken for one.
var clientAlgs = []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.ES384, jose.EdDSA, algEd25519}

// clientSignature is a compact JWS of a client's, not verified yet.
type clientSignature struct {
	text   string
	parsed *jose.JSONWebSignature
}

func parseClientSignature(text string) (*clientSignature, error) {
	parsed, err := jose.ParseSignedCompact(text, clientAlgs)
	if err != nil {
		return nil, fmt.Errorf("read signature: %w", err)
	}
	return &clientSignature{text, parsed}, nil
}

func (s *clientSignature) header() jose.Header { return s.parsed.Signatures[0].Header }

// verify returns the payload where the key made the signature. The library does not
// know the algorithm Ed25519 by that name.
func (s *clientSignature) verify(key any) ([]byte, error) {
	if s.header().Algorithm != string(algEd25519) {
		return s.parsed.Verify(key)
	}
	public, ok := key.(ed25519.PublicKey)
	if jwk, is := key.(jose.JSONWebKey); is {
		public, ok = jwk.Key.(ed25519.PublicKey)
	}
	input := s.text[:strings.LastIndexByte(s.text, '.')]
	encoded, _, _ := strings.Cut(input, ".")
	var header struct {
		Critical json.RawMessage `json:"crit"`
	}
	switch err := decodePart(encoded, &header); {
	case err != nil:
		return nil, err
	case header.Critical != nil:
		return nil, errors.New("its header has critical members, and none is known (RFC 7515 section 4.1.11)")
	case !ok || len(public) != ed25519.PublicKeySize || !ed25519.Verify(public, []byte(input), s.parsed.Signatures[0].Signature):
		return nil, jose.ErrCryptoFailure
	}
	return s.parsed.UnsafePayloadWithoutVerification(), nil
}

// sameAlg reports whether a key that is registered for an algorithm made a signature
// that says which: EdDSA and Ed25519 are two names of one.
func sameAlg(registered, said string) bool {
	spell := func(alg string) string {
		if alg == string(algEd25519) {
			return string(jose.EdDSA)
		}
		return alg
	}
	return registered == "" || spell(registered) == spell(said)
}
