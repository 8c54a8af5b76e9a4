package keys

import (
	"cmp"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/storage"
)

// JWKS is the published set of public keys (RFC 7517), as bytes that were
// prepared when the ring last changed.
type JWKS struct {
	Body []byte
	ETag string
	// MaxAge is how long a relying party may keep the set: well under the time
	// for which a key is published before it signs, and next to nothing while the
	// keys change.
	MaxAge time.Duration
}

// snapshot is the ring at one moment, never changed once made.
type snapshot struct {
	ring     []storage.SigningKey // all of them
	rows     []storage.SigningKey // published ones, by algorithm and slot
	signers  map[string][]*signingKey
	verifier map[string]verifyingKey // by kid
	hints    map[string]verifyingKey // those and retired ones
	// decrypter has the keys that others encrypt to, by kid.
	decrypter map[string]decryptingKey
	verified  *verifiedCache
	calm      *JWKS // the public keys, while they stay as they are
	changing  *JWKS // the same, to be kept for a moment only
}

// signingKey is an opened private key, with the headers of tokens made for it so far.
type signingKey struct {
	row     storage.SigningKey
	private crypto.Signer
	headers sync.Map // typ -> the header, encoded
}

type verifyingKey struct {
	alg jose.SignatureAlgorithm
	key any
}

// sorted returns the keys of the ring by algorithm and slot.
func sorted(ring []storage.SigningKey) []storage.SigningKey {
	rows := slices.Clone(ring)
	slices.SortFunc(rows, func(a, b storage.SigningKey) int {
		return cmp.Or(cmp.Compare(a.Alg, b.Alg), cmp.Compare(a.Slot, b.Slot))
	})
	return rows
}

// publishedRows returns those of the keys that are published at now.
func publishedRows(now time.Time, ring []storage.SigningKey) []storage.SigningKey {
	return slices.DeleteFunc(slices.Clone(ring), func(k storage.SigningKey) bool { return !published(now, k) })
}

// jwks returns the public keys as they are published at now. While a successor
// waits, or signs for so short a time that a relying party may not know it,
// they are to be kept for a moment only: so a key that is revoked then is gone
// from every cache soon (requirement KY6).
func (s *snapshot) jwks(now time.Time) *JWKS {
	for _, row := range s.rows {
		if now.Before(row.SignsFrom.Add(maxJWKSAge)) {
			return s.changing
		}
	}
	return s.calm
}

// sameRows reports whether two rings would work alike.
func sameRows(a, b []storage.SigningKey) bool {
	return slices.EqualFunc(a, b, func(a, b storage.SigningKey) bool {
		return a.ID == b.ID && a.SignsFrom.Equal(b.SignsFrom) &&
			a.SignsUntil.Equal(b.SignsUntil) && a.ExpiresAt.Equal(b.ExpiresAt) && (a.Sealed == "") == (b.Sealed == "")
	})
}

// newSnapshot opens the keys that are published at now, and of the retired ones
// reads what verifies hints.
func newSnapshot(now time.Time, ring []storage.SigningKey, sealer *Sealer, policy RingPolicy) (*snapshot, error) {
	s := &snapshot{
		ring:      ring,
		signers:   map[string][]*signingKey{},
		verifier:  map[string]verifyingKey{},
		hints:     map[string]verifyingKey{},
		decrypter: map[string]decryptingKey{},
		verified:  newVerifiedCache(),
	}
	var set jose.JSONWebKeySet
	for _, row := range ring {
		if !published(now, row) {
			if err := s.addHint(row); err != nil {
				return nil, err
			}
			continue
		}
		private, err := openPrivateKey(row, sealer)
		if err != nil {
			return nil, err
		}
		s.rows = append(s.rows, row)
		set.Keys = append(set.Keys, publicKey(row.Alg, row.ID, private.Public()))
		if IsEncryptionAlg(row.Alg) {
			s.addDecrypter(row, private)
			continue
		}
		s.signers[row.Alg] = append(s.signers[row.Alg], &signingKey{row: row, private: private})
		s.verifier[row.ID] = verifyingKey{alg: jose.SignatureAlgorithm(row.Alg), key: private.Public()}
		s.hints[row.ID] = s.verifier[row.ID]
	}
	body, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("encode JWKS: %w", err)
	}
	sum := sha256.Sum256(body)
	etag := `"` + encode(sum[:12]) + `"`
	s.calm = &JWKS{Body: body, ETag: etag, MaxAge: min(policy.PublishAhead/2, maxJWKSAge)}
	s.changing = &JWKS{Body: body, ETag: etag, MaxAge: min(s.calm.MaxAge, changingJWKSAge)}
	return s, nil
}

// addHint takes the public key of a retired key.
func (s *snapshot) addHint(row storage.SigningKey) error {
	if IsEncryptionAlg(row.Alg) {
		return nil
	}
	var public jose.JSONWebKey
	if err := json.Unmarshal(row.Public, &public); err != nil {
		return fmt.Errorf("parse public key %s: %w", row.ID, err)
	}
	s.hints[row.ID] = verifyingKey{alg: jose.SignatureAlgorithm(row.Alg), key: public.Key}
	return nil
}

func openPrivateKey(row storage.SigningKey, sealer *Sealer) (crypto.Signer, error) {
	der, err := sealer.Open(row.Sealed, privateKeyPlace(row.ID))
	if err != nil {
		return nil, fmt.Errorf("open signing key %s: %w", row.ID, err)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("parse signing key %s: %w", row.ID, err)
	}
	private, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("signing key %s is a %T, which cannot sign", row.ID, key)
	}
	return private, nil
}

// signer returns the key of the algorithm that signs at now: the newest whose
// time has come. Where none has, the oldest signs: it was made by a node whose clock
// is ahead of ours, and no other key does its work (requirement DL1).
func (s *snapshot) signer(alg string, now time.Time) (*signingKey, error) {
	keys := s.signers[alg]
	for i := len(keys) - 1; i >= 0; i-- {
		if !now.Before(keys[i].row.SignsFrom) {
			return keys[i], nil
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("no %s key signs now", alg)
	}
	return keys[0], nil
}
