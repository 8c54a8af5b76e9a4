package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
	"github.com/latchkey-id/latchkey/storage/ephemeral/redis"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// dependencies are what follows from a configuration alone, without any store.
// Every command needs them; none of their fields is ever nil.
type dependencies struct {
	cfg      *config.Config
	log      *slog.Logger
	now      func() time.Time
	sealer   *keys.Sealer
	hasher   *keys.Hasher
	password *password.Hasher
	// resolver finds names where a command looks at the world as others do.
	resolver *net.Resolver
}

// newDependencies makes them. observe is shown how long each password hash waited
// for its turn; it may be nil.
func newDependencies(
	cfg *config.Config, log *slog.Logger, now func() time.Time, observe func(waited time.Duration, refused bool),
) (*dependencies, error) {
	sealer, err := keys.NewSealer(secretKeys(cfg.Secrets.SealingKeys), keys.WithClock(now))
	if err != nil {
		return nil, fmt.Errorf("secrets.sealing_keys: %w", err)
	}
	hasher, err := keys.NewHasher(secretKeys(cfg.Secrets.HashKeys), keys.WithClock(now))
	if err != nil {
		return nil, fmt.Errorf("secrets.hash_keys: %w", err)
	}
	passwords, err := password.New(password.Config{
		Params: password.Params{
			MemoryKiB: cfg.Password.Argon2.MemoryKiB, Time: cfg.Password.Argon2.Time, Parallelism: cfg.Password.Argon2.Parallelism,
		},
		MaxConcurrent: cfg.Password.Hashes(), QueueTimeout: cfg.Password.QueueTimeout, Random: rand.Reader, Observe: observe,
	})
	if err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	return &dependencies{cfg: cfg, log: log, now: now, sealer: sealer, hasher: hasher, password: passwords, resolver: net.DefaultResolver}, nil
}

func secretKeys(configured []config.SecretKey) []keys.SecretKey {
	secrets := make([]keys.SecretKey, len(configured))
	for i, k := range configured {
		secrets[i] = keys.SecretKey{ID: k.ID, Key: k.Bytes(), UseFrom: k.UseFrom, Revoked: k.Revoked}
	}
	return secrets
}

// with returns the dependencies under another configuration. The keys and the
// bound on concurrent hashes stay: they live as long as the process.
func (p *dependencies) with(cfg *config.Config) dependencies {
	next := *p
	next.cfg = cfg
	return next
}

// loadRing makes the ring of signing keys over a store and loads it.
func (p *dependencies) loadRing(ctx context.Context, store *sqlstore.Store) (*keys.Ring, error) {
	ring, err := p.newRing(store)
	if err != nil {
		return nil, err
	}
	return ring, sealingAdvice(ring.Load(ctx))
}

// newRing makes the ring of signing keys over a store; it holds none until it is loaded.
func (p *dependencies) newRing(store *sqlstore.Store) (*keys.Ring, error) {
	s := p.cfg.SigningKeys
	return keys.NewRing(keys.RingConfig{
		Store: store.SigningKeys(), Sealer: p.sealer, Now: p.now, Random: rand.Reader, Log: p.log,
		Policy: keys.RingPolicy{
			Algs: s.Algs, EncryptionAlgs: s.EncryptionAlgs, SignFor: s.SignFor, PublishAhead: s.PublishAhead, KeepAfter: s.KeepAfter, Poll: s.Poll,
			KeepHints: max(p.cfg.Sessions.Absolute, p.cfg.Tokens.RefreshLifetime),
		},
	})
}

// sealingAdvice tells what to do about a sealing key that is gone: nothing may
// run without it, or what it sealed would silently be made anew (requirement CF1).
func sealingAdvice(err error) error {
	switch {
	case errors.Is(err, keys.ErrUnknownKey):
		return fmt.Errorf("%w: put the key with that id back into secrets.sealing_keys, after the current one", err)
	case errors.Is(err, keys.ErrSealBroken):
		return fmt.Errorf("%w: it was sealed with a different key than the one in secrets.sealing_keys now: put that key back "+
			"(of `latchkey dev`, the file sealing-key in its data folder)", err)
	}
	return err
}

// clients turns the configured clients into what the provider knows them by:
// their secrets become verifiers here and are forgotten.
func (p *dependencies) clients() ([]client.Client, error) {
	return p.cfg.ClientList(func(clientID, secret string) string {
		return p.hasher.Sum(client.SecretPurpose, clientID, secret)
	})
}

// store opens the database, whose events are proven by the hash keys. Clients are
// told of the sessions that end in it by the deliveries of whichever node serves.
func (p *dependencies) store(ctx context.Context) (*sqlstore.Store, error) {
	clients, err := p.clients()
	if err != nil {
		return nil, err
	}
	var opened *sqlstore.Store // what is told is told of clients that it has, too
	opened, err = p.storeTelling(ctx, nil, func(ctx context.Context, ended []storage.EndedSession) (storage.Aftermath, error) {
		return p.logouts(client.NewRegistry(client.NewSnapshot(clients), p.stored(opened).Seen()), nil).Follow(ctx, ended)
	})
	return opened, err
}

// storeTelling opens the database; after says what follows from sessions that end, and
// queued is told of deliveries.
func (p *dependencies) storeTelling(
	ctx context.Context, queued func(), after func(context.Context, []storage.EndedSession) (storage.Aftermath, error),
) (*sqlstore.Store, error) {
	db := p.cfg.Database
	return sqlstore.Open(ctx, sqlstore.Config{
		SessionsEnded: after, Queued: queued,
		URL: db.URL.Reveal(), MaxConns: db.MaxConns, Timeout: db.Timeout, ConnLifetime: db.MaxConnLifetime,
		StatementTimeout: db.StatementTimeout, LockTimeout: db.LockTimeout, IdleInTransactionTimeout: db.IdleInTransactionTimeout,
		Hasher: p.hasher, Now: p.now, Log: p.log,
	})
}

// ephemeralStore is what every part that keeps something short-lived needs.
type ephemeralStore interface {
	ephemeral.Backend
	Ping(ctx context.Context) error
}

// openEphemeral returns Redis where one is configured, else the table. Redis
// need not answer yet: without it nobody can sign in, but tokens refresh.
func openEphemeral(cfg *config.Config, store *sqlstore.Store, failed func(error)) (*shortLived, error) {
	if cfg.Redis.URL.IsZero() {
		return &shortLived{store: store.Ephemeral(), close: func() error { return nil }}, nil
	}
	short, err := redis.Open(redis.Config{URL: cfg.Redis.URL.Reveal(), Issuer: cfg.Issuer, Failed: failed})
	if err != nil {
		return nil, err
	}
	return &shortLived{store: short, policy: short.EvictionPolicy, outlives: short.Outlives, close: short.Close}, nil
}

// shortLived is the store of short-lived state, opened.
type shortLived struct {
	store ephemeralStore
	// policy tells what Redis does when its memory is full; nil where there is no Redis.
	policy evictionPolicy
	// outlives tells whether a restart of Redis forgets little.
	outlives func(context.Context) (outlives, known bool, err error)
	close    func() error
}
