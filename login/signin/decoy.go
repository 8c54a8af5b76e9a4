package signin

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// Timing side channel: hashes of other systems verify slower or faster than ours,
// until their person signs in. Unknown identifiers therefore verify against a
// sampled foreign hash in the same proportion, each name always the same, so that
// the time of an answer does not tell whether there is an account (user enumeration,
// requirement EN2). The proportion only falls, as people sign in, and a name that
// was a decoy then looks like one of them.

// DecoyAge is how often the sample of foreign hashes is to be taken anew.
const DecoyAge = 10 * time.Minute

// decoySample is from how many hashes decoys are taken.
const decoySample = 100

// hashSampler looks at how passwords are hashed; storage/sqlstore.Users in the binary.
type hashSampler interface {
	// SampleForeignHashes tells of password hashes of another scheme.
	SampleForeignHashes(ctx context.Context, scheme string, most int) (storage.ForeignHashes, error)
}

// Decoys knows what foreign hashes there are. It is refreshed in the background: a
// sign-in only reads what was last found, and waits for nobody.
type Decoys struct {
	users  hashSampler
	scheme func() string
	found  atomic.Pointer[storage.ForeignHashes]
}

// NewDecoys makes Decoys that know of no foreign hash. scheme is how hashes of ours
// begin.
func NewDecoys(users hashSampler, scheme func() string) *Decoys {
	d := &Decoys{users: users, scheme: scheme}
	d.found.Store(&storage.ForeignHashes{})
	return d
}

// Refresh takes the sample anew. Where it fails the last one stands.
func (d *Decoys) Refresh(ctx context.Context) error {
	found, err := d.users.SampleForeignHashes(ctx, d.scheme(), decoySample)
	if err != nil {
		return fmt.Errorf("sample foreign password hashes: %w", err)
	}
	d.found.Store(&found)
	return nil
}

// verifyDecoy does the work of checking a password of a name that nobody has.
func (p *Password) verifyDecoy(ctx context.Context, identifier, password string) error {
	key := sha256.Sum256([]byte(p.cfg.Hasher.Sum("decoy", ident.Canonical(identifier))))
	verifier := decoy(*p.cfg.Decoys.found.Load(), binary.BigEndian.Uint64(key[:8]), binary.BigEndian.Uint64(key[8:16]))
	if verifier == "" {
		return p.cfg.Passwords.VerifyDummy(ctx, password)
	}
	_, err := p.cfg.Passwords.Check(ctx, verifier, password) // the result is ignored: there is no such account
	return err
}

// decoy picks the hash whose time a name takes, by two numbers that belong to
// the name; empty is one of ours.
func decoy(others storage.ForeignHashes, share, which uint64) string {
	if len(others.Sample) == 0 || float64(share)/(1<<64)*float64(others.People) >= float64(others.Foreign) {
		return ""
	}
	return others.Sample[which%uint64(len(others.Sample))]
}
