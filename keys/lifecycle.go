package keys

import (
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// RingPolicy says how signing keys live.
type RingPolicy struct {
	// Algs are the JWS algorithms that have a key: of RS256, PS256, ES256, ES384, EdDSA.
	Algs []string
	// EncryptionAlgs are those of keys that clients encrypt request objects to: of
	// RSA-OAEP-256, ECDH-ES. They live as signing keys do; none by default.
	EncryptionAlgs []string
	// SignFor is how long a key signs before its successor takes over.
	SignFor time.Duration
	// PublishAhead is how long a key stands in the JWKS before it signs, so
	// that every relying party has fetched it by then.
	PublishAhead time.Duration
	// KeepAfter is how long a key stays in the JWKS after it stopped signing:
	// at least the longest lifetime of a token.
	KeepAfter time.Duration
	// KeepHints is how long the public part of a key that left the JWKS still
	// verifies what an application shows as a hint: as long as sessions and
	// refresh tokens live. Zero keeps none.
	KeepHints time.Duration
	// Poll is how often a node reads the ring that all nodes share. It is at
	// most half of PublishAhead, so that every node has a key before it signs.
	Poll time.Duration
}

// activation is a key that is due: the ring lacks it.
type activation struct {
	Alg       string
	Slot      int
	SignsFrom time.Time
}

// retirement fixes when a key that has a successor stops signing and leaves.
type retirement struct {
	ID         string
	SignsUntil time.Time
	ExpiresAt  time.Time
}

// plan decides what the ring needs at now: which keys are due, and which have
// a successor but do not know it yet, because a node stopped between the two
// writes.
func plan(now time.Time, ring []storage.SigningKey, policy RingPolicy) (activations []activation, retirements []retirement) {
	for _, alg := range slices.Concat(policy.Algs, policy.EncryptionAlgs) {
		keys := ofAlg(ring, alg)
		for i := 0; i+1 < len(keys); i++ {
			if keys[i].SignsUntil.IsZero() {
				retirements = append(retirements, retire(keys[i].ID, keys[i+1].SignsFrom, policy))
			}
		}
		if len(keys) == 0 {
			activations = append(activations, activation{Alg: alg, Slot: 1, SignsFrom: now})
			continue
		}
		newest := keys[len(keys)-1]
		if handover := newest.SignsFrom.Add(policy.SignFor); !now.Before(handover.Add(-policy.PublishAhead)) {
			activations = append(activations, successor(now, newest, handover, policy))
		}
	}
	return activations, retirements
}

// successor is the key after newest. It signs at the handover, and never before
// it was published for long enough.
func successor(now time.Time, newest storage.SigningKey, handover time.Time, policy RingPolicy) activation {
	signsFrom := now.Add(policy.PublishAhead)
	if handover.After(signsFrom) {
		signsFrom = handover
	}
	return activation{Alg: newest.Alg, Slot: newest.Slot + 1, SignsFrom: signsFrom}
}

func retire(id string, signsUntil time.Time, policy RingPolicy) retirement {
	return retirement{ID: id, SignsUntil: signsUntil, ExpiresAt: signsUntil.Add(policy.KeepAfter)}
}

// ofAlg returns the keys of the algorithm, oldest first.
func ofAlg(ring []storage.SigningKey, alg string) []storage.SigningKey {
	var keys []storage.SigningKey
	for _, k := range ring {
		if k.Alg == alg {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b storage.SigningKey) int { return a.Slot - b.Slot })
	return keys
}

// published reports whether a key stands in the JWKS, and so verifies, at now. One
// whose private part is forgotten does not, whatever this node's clock says.
func published(now time.Time, k storage.SigningKey) bool {
	return k.Sealed != "" && (k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt))
}

// signing returns the key that signs at now, of the keys of one algorithm, oldest
// first: the newest whose time has come. It is nil where there is none.
func signing(keys []storage.SigningKey, now time.Time) *storage.SigningKey {
	for i := len(keys) - 1; i >= 0; i-- {
		if !now.Before(keys[i].SignsFrom) {
			return &keys[i]
		}
	}
	return nil
}
