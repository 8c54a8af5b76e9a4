package login

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// A verifier of another system takes another time to check than one of ours, until
// its person signs in. Where there are such people, names of nobody take such times
// too, in the same proportion and each name always the same: what takes longer is
// then no more likely to be somebody than what does not (requirement EN2). The
// proportion only falls, as people sign in, and a name that was a decoy then looks
// like one of them.

// decoyAge is how old what is known of the verifiers may be.
const decoyAge = 10 * time.Minute

// decoySample is from how many verifiers decoys are taken.
const decoySample = 100

// decoys is what was last known of the verifiers.
type decoys struct {
	mu     sync.Mutex
	readAt time.Time
	others storage.ForeignHashes
}

// otherVerifiers is asked for at every sign-in, whoever it is: that it is read
// anew tells nothing.
func (p *Pages) otherVerifiers(ctx context.Context) (storage.ForeignHashes, error) {
	d := &p.decoys
	d.mu.Lock()
	defer d.mu.Unlock()
	now := p.cfg.Now()
	if !d.readAt.IsZero() && now.Sub(d.readAt) < decoyAge {
		return d.others, nil
	}
	others, err := p.cfg.Users.SampleForeignHashes(ctx, p.cfg.Password.Current(), decoySample)
	if err != nil {
		return others, unavailable("look at password verifiers", err)
	}
	d.others, d.readAt = others, now
	return others, nil
}

// verifyDecoy does the work of checking a password of the name.
func (p *Pages) verifyDecoy(ctx context.Context, others storage.ForeignHashes, identifier, password string) error {
	key := sha256.Sum256([]byte(p.cfg.Hasher.Sum("decoy", ident.Canonical(identifier))))
	verifier := decoy(others, binary.BigEndian.Uint64(key[:8]), binary.BigEndian.Uint64(key[8:16]))
	if verifier == "" {
		return p.cfg.Password.VerifyDummy(ctx, password)
	}
	_, err := p.cfg.Password.Check(ctx, verifier, password) // whether it fits is nothing
	return err
}

// decoy picks the verifier whose time a name takes, by two numbers that belong to
// the name; empty is one of ours.
func decoy(others storage.ForeignHashes, share, which uint64) string {
	if len(others.Sample) == 0 || float64(share)/(1<<64)*float64(others.People) >= float64(others.Foreign) {
		return ""
	}
	return others.Sample[which%uint64(len(others.Sample))]
}
