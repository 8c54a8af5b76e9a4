package keys

import (
	"context"
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
const maxJWSLength = 32 << 10

// Verify returns the payload of a compact JWS that a published key of the ring
// signed with one of the algorithms and the type; it answers ErrInvalidJWS to
// all others. Only the kid of the header chooses the key, and the key, not the
// header, its algorithm: jwk, jku and x5u are not looked at. Expiry and
// revocation are the caller's to check. The caller must not change the payload.
//
// A kid that this node does not know may be of a key that another node has just
// published: the ring is read again before that is a verdict, at most once in
// [minRefresh]. Where it cannot be read the error is the store's.
func (r *Ring) Verify(ctx context.Context, token, typ string, algs ...string) ([]byte, error) {
	current := r.snapshot.Load()
	sum := sha256.Sum256([]byte(token))
	if known, ok := current.verified.get(sum); ok && known.typ == typ && slices.Contains(algs, known.alg) {
		return known.payload, nil
	}
	payload, alg, err := r.verify(ctx, token, typ, algs, func(s *snapshot) map[string]verifyingKey { return s.verifier })
	if err != nil {
		return nil, err
	}
	current.verified.put(sum, verifiedToken{typ: typ, alg: alg, payload: payload})
	return payload, nil
}

// VerifyHint is Verify for tokens that prove nothing but that we wrote them once:
// it takes keys too that have left the JWKS, for [RingPolicy.KeepHints]. Revoked
// keys are not among them.
func (r *Ring) VerifyHint(ctx context.Context, token, typ string, algs ...string) ([]byte, error) {
	payload, _, err := r.verify(ctx, token, typ, algs, func(s *snapshot) map[string]verifyingKey { return s.hints })
	return payload, err
}

func (r *Ring) verify(ctx context.Context, token, typ string, algs []string, of func(*snapshot) map[string]verifyingKey) (payload []byte, alg string, err error) {
	if len(token) > maxJWSLength {
		return nil, "", fmt.Errorf("%w: %d bytes long", ErrInvalidJWS, len(token))
	}
	jws, err := parseJWS(token, typ, algs)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrInvalidJWS, err)
	}
	header := jws.Signatures[0].Protected
	key, known := of(r.snapshot.Load())[header.KeyID]
	if !known {
		if err := r.reload(ctx); err != nil {
			return nil, "", fmt.Errorf("find key of JWS: %w", err)
		}
		key, known = of(r.snapshot.Load())[header.KeyID]
	}
	switch {
	case !known:
		return nil, "", fmt.Errorf("%w: signed by no key of the ring", ErrInvalidJWS)
	case string(key.alg) != header.Algorithm:
		return nil, "", fmt.Errorf("%w: algorithm %s with a key for %s", ErrInvalidJWS, header.Algorithm, key.alg)
	}
	if payload, err = jws.Verify(key.key); err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrInvalidJWS, err)
	}
	return payload, header.Algorithm, nil
}

// parseJWS reads a compact JWS of one of the algorithms and the type, without
// checking its signature.
func parseJWS(token, typ string, algs []string) (*jose.JSONWebSignature, error) {
	allowed := make([]jose.SignatureAlgorithm, len(algs))
	for i, a := range algs {
		allowed[i] = jose.SignatureAlgorithm(a)
	}
	jws, err := jose.ParseSignedCompact(token, allowed)
	if err != nil {
		return nil, err
	}
	if got, _ := jws.Signatures[0].Protected.ExtraHeaders[jose.HeaderType].(string); !strings.EqualFold(got, typ) {
		return nil, fmt.Errorf("type %q", got)
	}
	return jws, nil
}
