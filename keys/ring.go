package keys

import (
	"context"
	"crypto"
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
	// Revoke removes a key, and in the same transaction lets the successor, where
	// there is one, sign: it inserts it, or moves one that waits already to when it
	// says. A key that had a successor in the removed one has none again. It answers
	// storage.ErrNotFound where there is no such key.
	Revoke(ctx context.Context, id string, successor *storage.SigningKey, now time.Time, e storage.Event) error
	// Expire forgets the private part of keys that left the JWKS before now, and
	// removes those that left it before forget.
	Expire(ctx context.Context, now, forget time.Time) error
}

// RingConfig is what a [Ring] is made of. Every field without a default is required.
type RingConfig struct {
	Store  signingKeys
	Sealer *Sealer
	Now    func() time.Time
	Random io.Reader
	Log    *slog.Logger
	Policy RingPolicy
	// Generate makes a private key for an algorithm; by default a new one. Tests
	// have a fixture instead: an RSA key takes seconds to make.
	Generate func(alg string) (crypto.Signer, error)
}

// ErrPending says that a successor is published already and will sign soon.
var ErrPending = errors.New("a successor is published already")

// ErrNoKeys says that the ring has no keys of an algorithm.
var ErrNoKeys = errors.New("the ring has no such keys")

// How long a relying party may keep the JWKS, at most, and while keys change.
const (
	maxJWKSAge      = 15 * time.Minute
	changingJWKSAge = time.Minute
)

// minRefresh is how old the picture of the ring is, at least, that a token of an
// unknown key has read again: strangers can make such tokens at any rate.
const minRefresh = time.Second

// Ring holds the signing keys of a node. The store is the truth; the ring is a
// node's picture of it, which [Ring.Run] keeps fresh.
type Ring struct {
	cfg      RingConfig
	refresh  sync.Mutex // one reading of the store at a time
	readAt   time.Time  // guarded by refresh
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
	case 2*p.Poll > p.PublishAhead:
		return nil, errors.New("signing keys: poll must be at most half of publish_ahead")
	}
	for _, alg := range p.Algs {
		if !slices.Contains(signingAlgs, alg) {
			return nil, fmt.Errorf("signing keys: algorithm %q is not one of %v", alg, signingAlgs)
		}
	}
	for _, alg := range p.EncryptionAlgs {
		if !IsEncryptionAlg(alg) {
			return nil, fmt.Errorf("encryption keys: algorithm %q is not one of %v", alg, encryptionAlgs)
		}
	}
	if cfg.Generate == nil {
		cfg.Generate = generate
	}
	r := &Ring{cfg: cfg}
	none, err := newSnapshot(time.Time{}, nil, cfg.Sealer, p)
	if err != nil {
		return nil, err
	}
	r.snapshot.Store(none)
	return r, nil
}

// Load reads the ring, gives it the keys that are due, and takes it into use.
// Nodes that start at once end with the same ring.
func (r *Ring) Load(ctx context.Context) error {
	r.refresh.Lock()
	defer r.refresh.Unlock()
	return r.load(ctx)
}

// reload is Load, unless the ring was read a moment ago.
func (r *Ring) reload(ctx context.Context) error {
	r.refresh.Lock()
	defer r.refresh.Unlock()
	if r.cfg.Now().Sub(r.readAt) < minRefresh {
		return nil
	}
	return r.load(ctx)
}

func (r *Ring) load(ctx context.Context) error {
	now := r.cfg.Now()
	ring, err := r.cfg.Store.List(ctx)
	if err != nil {
		return fmt.Errorf("read signing keys: %w", err)
	}
	activations, retirements := plan(now, ring, r.cfg.Policy)
	if len(activations)+len(retirements) > 0 {
		if ring, err = r.amend(ctx, now, activations, retirements); err != nil {
			return err
		}
	}
	if err := r.use(now, sorted(ring)); err != nil {
		return err
	}
	r.readAt = now
	return nil
}

// use takes the ring into use, unless it is what is in use already.
func (r *Ring) use(now time.Time, ring []storage.SigningKey) error {
	if current := r.snapshot.Load(); sameRows(ring, current.ring) && sameRows(publishedRows(now, ring), current.rows) {
		return nil
	}
	next, err := newSnapshot(now, ring, r.cfg.Sealer, r.cfg.Policy)
	if err != nil {
		return err
	}
	r.snapshot.Store(next)
	return nil
}

// amend writes what is due and returns the ring as all nodes then see it.
func (r *Ring) amend(ctx context.Context, now time.Time, activations []activation, retirements []retirement) ([]storage.SigningKey, error) {
	for _, b := range activations {
		if err := r.insert(ctx, now, b, storage.Event{}); err != nil && !errors.Is(err, storage.ErrConflict) {
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
	// A activation gives its predecessor something to retire for.
	if _, more := plan(now, ring, r.cfg.Policy); len(activations) > 0 && len(more) > 0 {
		return r.amend(ctx, now, nil, more)
	}
	return ring, nil
}

func (r *Ring) insert(ctx context.Context, now time.Time, b activation, by storage.Event) error {
	key, err := r.newSigningKey(b, now)
	if err != nil {
		return err
	}
	event, err := rotationEvent(by, key, now, r.cfg.Random)
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
			r.cfg.Log.ErrorContext(ctx, "refreshing the signing keys failed", "error", err)
			continue
		}
		if err := r.expire(ctx); err != nil && ctx.Err() == nil {
			r.cfg.Log.ErrorContext(ctx, "deleting expired signing keys failed", "error", err)
		}
	}
}

// expire forgets what keys that left the JWKS are not needed for any more.
func (r *Ring) expire(ctx context.Context) error {
	now := r.cfg.Now()
	return r.cfg.Store.Expire(ctx, now, now.Add(-r.cfg.Policy.KeepHints))
}

// Rotate publishes a successor of the algorithm's key now, ahead of schedule;
// it signs after PublishAhead. by is the event of it as far as it says who wants that, and
// why. It answers ErrPending while one waits already, and ErrNoKeys.
func (r *Ring) Rotate(ctx context.Context, alg string, by storage.Event) error {
	if err := r.Load(ctx); err != nil {
		return err
	}
	now := r.cfg.Now()
	keys := ofAlg(r.Keys(), alg)
	if len(keys) == 0 {
		return fmt.Errorf("rotate %s: %w", alg, ErrNoKeys)
	}
	newest := keys[len(keys)-1]
	if newest.SignsFrom.After(now) {
		return fmt.Errorf("rotate %s: %w: %s signs from %s", alg, ErrPending, newest.ID, newest.SignsFrom.UTC().Format(time.RFC3339))
	}
	err := r.insert(ctx, now, successor(now, newest, now, r.cfg.Policy), by)
	if err != nil && !errors.Is(err, storage.ErrConflict) {
		return err
	}
	return r.Load(ctx)
}

// Revoke takes a stolen key out at once (requirement KY6): it leaves the JWKS, no
// token that it signed is accepted here, not even as a hint, and where it was the
// one that signs, its successor does from now on, although no relying party may
// have seen it. The other nodes follow when they next read the ring: after
// Policy.Poll, or with the first token that the successor signed. by is as in
// [Ring.Rotate]. It answers storage.ErrNotFound where the ring has no such key.
func (r *Ring) Revoke(ctx context.Context, kid string, by storage.Event) error {
	r.refresh.Lock()
	defer r.refresh.Unlock()
	now := r.cfg.Now()
	ring, err := r.cfg.Store.List(ctx)
	if err != nil {
		return fmt.Errorf("read signing keys: %w", err)
	}
	successor, err := r.successorOf(ring, kid, now)
	if err != nil {
		return err
	}
	event, err := keyEvent(by, storage.EventSigningKeyRevoked, "key "+kid+" revoked", now, r.cfg.Random)
	if err != nil {
		return err
	}
	if err := r.cfg.Store.Revoke(ctx, kid, successor, now, event); err != nil {
		return fmt.Errorf("revoke signing key %s: %w", kid, err)
	}
	r.cfg.Log.WarnContext(ctx, "signing key revoked", "kid", kid)
	return r.load(ctx)
}

// RevokeAll takes every key out at once that is there now, those that wait to sign
// too: whoever broke in may have read them. New ones sign from then on. It returns
// the ids of those that are gone, also where it stops at an error; it can be repeated.
func (r *Ring) RevokeAll(ctx context.Context, by storage.Event) (gone []string, err error) {
	if err := r.Load(ctx); err != nil {
		return nil, err
	}
	now, all := r.cfg.Now(), r.Keys()
	signs := func(k storage.SigningKey) bool {
		s := signing(ofAlg(all, k.Alg), now)
		return s != nil && s.ID == k.ID
	}
	// The one that signs goes last, when none waits that could be its successor.
	slices.SortStableFunc(all, func(a, b storage.SigningKey) int {
		switch {
		case signs(a) == signs(b):
			return 0
		case signs(b):
			return -1
		}
		return 1
	})
	for _, k := range all {
		err := r.Revoke(ctx, k.ID, by)
		if errors.Is(err, storage.ErrNotFound) { // by another node, or expired
			continue
		}
		if err != nil {
			return gone, err
		}
		gone = append(gone, k.ID)
	}
	return gone, nil
}

// successorOf returns the key that has to sign from now on because the one of the
// kid may not; nil where that is not the one that signs.
func (r *Ring) successorOf(ring []storage.SigningKey, kid string, now time.Time) (*storage.SigningKey, error) {
	i := slices.IndexFunc(ring, func(k storage.SigningKey) bool { return k.ID == kid })
	if i < 0 {
		return nil, fmt.Errorf("revoke signing key %s: %w", kid, storage.ErrNotFound)
	}
	gone := ring[i]
	keys := ofAlg(ring, gone.Alg)
	if signs := signing(keys, now); signs == nil || signs.ID != kid {
		return nil, nil
	}
	for _, k := range keys {
		if k.Slot > gone.Slot {
			k.SignsFrom = now
			return &k, nil
		}
	}
	made, err := r.newSigningKey(activation{Alg: gone.Alg, Slot: gone.Slot + 1, SignsFrom: now}, now)
	if err != nil {
		return nil, err
	}
	return &made, nil
}

// JWKS returns the public keys as they are published now.
func (r *Ring) JWKS() *JWKS { return r.snapshot.Load().jwks(r.cfg.Now()) }

// Keys returns the published keys by algorithm and slot, private parts sealed.
func (r *Ring) Keys() []storage.SigningKey { return slices.Clone(r.snapshot.Load().rows) }

// Algs returns the algorithms that the ring signs with.
func (r *Ring) Algs() []string { return slices.Clone(r.cfg.Policy.Algs) }

// KeyAlgs returns the algorithms that the ring has keys of: to sign with, and to be
// encrypted to.
func (r *Ring) KeyAlgs() []string {
	return slices.Concat(r.cfg.Policy.Algs, r.cfg.Policy.EncryptionAlgs)
}

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
