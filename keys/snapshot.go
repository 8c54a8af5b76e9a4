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
	// for which a key is published before it signs.
	MaxAge time.Duration
}

// snapshot is the ring at one moment, never changed once made.
type snapshot struct {
	rows     []storage.SigningKey // published ones, by algorithm and slot
	signers  map[string][]*signingKey
	verifier map[string]verifyingKey // by kid
	jwks     *JWKS
	verified *verifiedCache
}

// signingKey is an opened private key with the signers made for it so far: to
// make one costs several times what an ES256 signature does.
type signingKey struct {
	row     storage.SigningKey
	private crypto.Signer
	byType  sync.Map // typ -> jose.Signer
}

type verifyingKey struct {
	alg jose.SignatureAlgorithm
	key any
}

// publishedRows returns the keys of the ring that are published at now, by
// algorithm and slot.
func publishedRows(now time.Time, ring []storage.SigningKey) []storage.SigningKey {
	rows := slices.DeleteFunc(slices.Clone(ring), func(k storage.SigningKey) bool { return !published(now, k) })
	slices.SortFunc(rows, func(a, b storage.SigningKey) int {
		return cmp.Or(cmp.Compare(a.Alg, b.Alg), cmp.Compare(a.Slot, b.Slot))
	})
	return rows
}

// sameRows reports whether two rings would work alike.
func sameRows(a, b []storage.SigningKey) bool {
	return slices.EqualFunc(a, b, func(a, b storage.SigningKey) bool {
		return a.ID == b.ID && a.SignsFrom.Equal(b.SignsFrom) &&
			a.SignsUntil.Equal(b.SignsUntil) && a.ExpiresAt.Equal(b.ExpiresAt)
	})
}

// newSnapshot opens published keys.
func newSnapshot(rows []storage.SigningKey, sealer *Sealer, maxAge time.Duration) (*snapshot, error) {
	s := &snapshot{
		rows:     rows,
		signers:  map[string][]*signingKey{},
		verifier: map[string]verifyingKey{},
		verified: newVerifiedCache(),
	}
	var set jose.JSONWebKeySet
	for _, row := range s.rows {
		private, err := openPrivateKey(row, sealer)
		if err != nil {
			return nil, err
		}
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: private.Public(), KeyID: row.ID, Algorithm: row.Alg, Use: "sig"})
		s.signers[row.Alg] = append(s.signers[row.Alg], &signingKey{row: row, private: private})
		s.verifier[row.ID] = verifyingKey{alg: jose.SignatureAlgorithm(row.Alg), key: private.Public()}
	}
	body, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("encode JWKS: %w", err)
	}
	sum := sha256.Sum256(body)
	s.jwks = &JWKS{Body: body, ETag: `"` + encode(sum[:12]) + `"`, MaxAge: maxAge}
	return s, nil
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
// time has come.
func (s *snapshot) signer(alg string, now time.Time) (*signingKey, error) {
	keys := s.signers[alg]
	for i := len(keys) - 1; i >= 0; i-- {
		if !now.Before(keys[i].row.SignsFrom) {
			return keys[i], nil
		}
	}
	return nil, fmt.Errorf("no %s key signs now", alg)
}

// of returns the key's signer for tokens of the type.
func (k *signingKey) of(typ string) (jose.Signer, error) {
	if made, ok := k.byType.Load(typ); ok {
		return made.(jose.Signer), nil
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{
			Algorithm: jose.SignatureAlgorithm(k.row.Alg),
			Key:       jose.JSONWebKey{Key: k.private, KeyID: k.row.ID},
		},
		(&jose.SignerOptions{}).WithType(jose.ContentType(typ)),
	)
	if err != nil {
		return nil, fmt.Errorf("make %s signer: %w", k.row.Alg, err)
	}
	made, _ := k.byType.LoadOrStore(typ, signer)
	return made.(jose.Signer), nil
}
