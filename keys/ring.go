package keys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// signingKeys keeps the ring that all nodes share.
type signingKeys interface {
	List(ctx context.Context) ([]storage.SigningKey, error)
	// Insert answers storage.ErrConflict when the slot is taken: another node
	// was first, and its key is as good.
	Insert(ctx context.Context, k storage.SigningKey, e storage.Event) error
	// Retire fixes when a key stops signing and when it leaves the JWKS.
	Retire(ctx context.Context, id string, signsUntil, expiresAt time.Time) error
	DeleteExpired(ctx context.Context, now time.Time) (int64, error)
}

// RingConfig is what a [Ring] is made of. Every field is required.
type RingConfig struct {
	Store  signingKeys
	Sealer *Sealer
	Now    func() time.Time
	Random io.Reader
	Log    *slog.Logger
	Policy RingPolicy
}

// ErrPending says that a successor is published already and will sign soon.
var ErrPending = errors.New("a successor is published already")

// maxJWKSAge bounds how long a relying party may keep the JWKS.
const maxJWKSAge = 15 * time.Minute

// Ring holds the signing keys of a node. The store is the truth; the ring is a
// node's picture of it, which [Ring.Run] keeps fresh.
type Ring struct {
	cfg      RingConfig
	refresh  sync.Mutex // one reading of the store at a time
	snapshot atomic.Pointer[snapshot]
}

// NewRing makes a Ring that has no keys until [Ring.Load].
func NewRing(cfg RingConfig) (*Ring, error) {
	p := cfg.Policy
	switch {
	case len(p.Algs) == 0:
		return nil, errors.New("signing keys: no algorithm")
	case p.SignFor <= p.PublishAhead:
		return nil, errors.New("signing keys: a key must sign for longer than its successor is published ahead")
	case p.PublishAhead <= 0 || p.KeepAfter <= 0 || p.Poll <= 0:
		return nil, errors.New("signing keys: every duration must be positive")
	case 2*p.Poll >= p.PublishAhead:
		return nil, errors.New("signing keys: poll must be less than half of publish_ahead")
	}
	for _, alg := range p.Algs {
		if !slices.Contains([]string{RS256, ES256, EdDSA}, alg) {
			return nil, fmt.Errorf("signing keys: algorithm %q is not one of RS256, ES256, EdDSA", alg)
		}
	}
	r := &Ring{cfg: cfg}
	r.snapshot.Store(&snapshot{jwks: &JWKS{Body: []byte(`{"keys":[]}`)}, verified: newVerifiedCache()})
	return r, nil
}

// Load reads the ring, gives it the keys that are due, and takes it into use.
// Nodes that start at once end with the same ring.
func (r *Ring) Load(ctx context.Context) error {
	r.refresh.Lock()
	defer r.refresh.Unlock()
	now := r.cfg.Now()
	ring, err := r.cfg.Store.List(ctx)
	if err != nil {
		return fmt.Errorf("read signing keys: %w", err)
	}
	births, retirements := plan(now, ring, r.cfg.Policy)
	if len(births)+len(retirements) > 0 {
		if ring, err = r.amend(ctx, now, births, retirements); err != nil {
			return err
		}
	}
	return r.use(now, ring)
}

// use takes the ring into use, unless it is what is in use already.
func (r *Ring) use(now time.Time, ring []storage.SigningKey) error {
	rows := publishedRows(now, ring)
	if sameRows(rows, r.snapshot.Load().rows) {
		return nil
	}
	next, err := newSnapshot(rows, r.cfg.Sealer, min(r.cfg.Policy.PublishAhead/2, maxJWKSAge))
	if err != nil {
		return err
	}
	r.snapshot.Store(next)
	return nil
}

// amend writes what is due and returns the ring as all nodes then see it.
func (r *Ring) amend(ctx context.Context, now time.Time, births []birth, retirements []retirement) ([]storage.SigningKey, error) {
	for _, b := range births {
		if err := r.insert(ctx, now, b); err != nil && !errors.Is(err, storage.ErrConflict) {
			return nil, err
		}
	}
	for _, t := range retirements {
		if err := r.cfg.Store.Retire(ctx, t.ID, t.SignsUntil, t.ExpiresAt); err != nil {
			return nil, fmt.Errorf("retire signing key %s: %w", t.ID, err)
		}
	}
	ring, err := r.cfg.Store.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	// A birth gives its predecessor something to retire for.
	if _, more := plan(now, ring, r.cfg.Policy); len(births) > 0 && len(more) > 0 {
		return r.amend(ctx, now, nil, more)
	}
	return ring, nil
}

func (r *Ring) insert(ctx context.Context, now time.Time, b birth) error {
	key, err := newSigningKey(b, now, r.cfg.Sealer)
	if err != nil {
		return err
	}
	event, err := rotationEvent(key, now, r.cfg.Random)
	if err != nil {
		return err
	}
	if err := r.cfg.Store.Insert(ctx, key, event); err != nil {
		return fmt.Errorf("insert %s signing key: %w", b.Alg, err)
	}
	r.cfg.Log.InfoContext(ctx, "signing key published", "alg", key.Alg, "kid", key.ID, "signs_from", key.SignsFrom)
	return nil
}

// Run keeps the ring fresh until ctx is done: it reads the store, publishes
// successors on schedule and forgets expired keys. A failure is logged and
// tried again at the next poll; the keys in use go on working.
func (r *Ring) Run(ctx context.Context) error {
	ticker := time.NewTicker(r.cfg.Policy.Poll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := r.Load(ctx); err != nil && ctx.Err() == nil {
			r.cfg.Log.ErrorContext(ctx, "refresh signing keys", "error", err)
			continue
		}
		if _, err := r.cfg.Store.DeleteExpired(ctx, r.cfg.Now()); err != nil && ctx.Err() == nil {
			r.cfg.Log.ErrorContext(ctx, "delete expired signing keys", "error", err)
		}
	}
}

// Rotate publishes a successor of the algorithm's key now, ahead of schedule;
// it signs after PublishAhead. It answers ErrPending while one waits already.
func (r *Ring) Rotate(ctx context.Context, alg string) error {
	if err := r.Load(ctx); err != nil {
		return err
	}
	now := r.cfg.Now()
	keys := ofAlg(r.Keys(), alg)
	if len(keys) == 0 {
		return fmt.Errorf("rotate %s: the ring has no such keys", alg)
	}
	newest := keys[len(keys)-1]
	if newest.SignsFrom.After(now) {
		return fmt.Errorf("rotate %s: %w: %s signs from %s", alg, ErrPending, newest.ID, newest.SignsFrom.UTC().Format(time.RFC3339))
	}
	err := r.insert(ctx, now, successor(now, newest, now, r.cfg.Policy))
	if err != nil && !errors.Is(err, storage.ErrConflict) {
		return err
	}
	return r.Load(ctx)
}

// JWKS returns the public keys as they are published now.
func (r *Ring) JWKS() *JWKS { return r.snapshot.Load().jwks }

// Keys returns the published keys by algorithm and slot, private parts sealed.
func (r *Ring) Keys() []storage.SigningKey { return slices.Clone(r.snapshot.Load().rows) }

// Algs returns the algorithms that the ring signs with.
func (r *Ring) Algs() []string { return slices.Clone(r.cfg.Policy.Algs) }

// Ready reports why the ring cannot sign now; nil when it can.
func (r *Ring) Ready() error {
	s, now := r.snapshot.Load(), r.cfg.Now()
	for _, alg := range r.cfg.Policy.Algs {
		if _, err := s.signer(alg, now); err != nil {
			return err
		}
	}
	return nil
}
