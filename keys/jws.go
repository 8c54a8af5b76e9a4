package keys

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// ErrInvalidJWS says that a token is none of ours: malformed, of another
// algorithm, key or type, or its signature does not fit.
var ErrInvalidJWS = errors.New("invalid JWS")

// maxJWSLength bounds what is parsed, in bytes: beyond any token of ours.
const maxJWSLength = 16 << 10

// Sign returns the payload as a compact JWS with alg, kid and typ in its
// header, by the key of the algorithm that signs now.
func (r *Ring) Sign(alg, typ string, payload []byte) (string, error) {
	key, err := r.snapshot.Load().signer(alg, r.cfg.Now())
	if err != nil {
		return "", err
	}
	signer, err := key.of(typ)
	if err != nil {
		return "", err
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign with %s key %s: %w", alg, key.row.ID, err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("serialize JWS: %w", err)
	}
	return token, nil
}

// Verify returns the payload of a compact JWS that a published key of the ring
// signed with one of the algorithms and the type; it answers ErrInvalidJWS to
// all others. Only the kid of the header chooses the key, and the key, not the
// header, its algorithm: jwk, jku and x5u are not looked at. Expiry and
// revocation are the caller's to check. The caller must not change the payload.
func (r *Ring) Verify(token, typ string, algs ...string) ([]byte, error) {
	if len(token) > maxJWSLength {
		return nil, fmt.Errorf("%w: %d bytes long", ErrInvalidJWS, len(token))
	}
	snapshot := r.snapshot.Load()
	sum := sha256.Sum256([]byte(token))
	if known, ok := snapshot.verified.get(sum); ok && known.typ == typ && slices.Contains(algs, known.alg) {
		return known.payload, nil
	}
	payload, alg, err := snapshot.verify(token, typ, algs)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidJWS, err)
	}
	snapshot.verified.put(sum, verifiedToken{typ: typ, alg: alg, payload: payload})
	return payload, nil
}

func (s *snapshot) verify(token, typ string, algs []string) (payload []byte, alg string, err error) {
	allowed := make([]jose.SignatureAlgorithm, len(algs))
	for i, a := range algs {
		allowed[i] = jose.SignatureAlgorithm(a)
	}
	jws, err := jose.ParseSignedCompact(token, allowed)
	if err != nil {
		return nil, "", err
	}
	header := jws.Signatures[0].Protected
	if got, _ := header.ExtraHeaders[jose.HeaderType].(string); !strings.EqualFold(got, typ) {
		return nil, "", fmt.Errorf("type %q", got)
	}
	key, known := s.verifier[header.KeyID]
	if !known {
		return nil, "", errors.New("signed by no key of the ring")
	}
	if string(key.alg) != header.Algorithm {
		return nil, "", fmt.Errorf("algorithm %s with a key for %s", header.Algorithm, key.alg)
	}
	payload, err = jws.Verify(key.key)
	if err != nil {
		return nil, "", err
	}
	return payload, header.Algorithm, nil
}
