// Package redis is the ephemeral store in a Redis server, a group of Sentinels or
// a Redis Cluster, through rueidis.
package redis

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/redis/rueidis"
)

// Config is how to reach Redis.
type Config struct {
	// URL is redis://[user:password@]host:port[/database], or rediss:// for TLS.
	// Further addresses of a Cluster or of Sentinels follow as ?addr=host:port, and
	// ?master_set=name makes the addresses those of Sentinels.
	URL string
	// Issuer names the installation: two that share a Redis have keys of their own.
	Issuer string
	// Failed is shown each command that was not answered; it may be nil.
	Failed func(error)
}

// Store is a client of Redis. It implements ephemeral.Store and
// ephemeral.Counters. Its methods may be called concurrently, and concurrent ones
// share round trips. Every command is of one key, and so of one slot of a Cluster.
type Store struct {
	option rueidis.ClientOption
	prefix string
	onFail func(error)
	client atomic.Pointer[rueidis.Client]

	connecting sync.Mutex // guards what follows
	failed     error
	failedAt   time.Time
	closed     bool
}

const (
	// answerWithin bounds how long Redis is waited for. Reading is tried again over
	// a new connection when one breaks, which would otherwise go on for as long as
	// somebody waits for the page.
	answerWithin = 2 * time.Second
	// reconnectAfter is for how long a failure to connect is the answer to all.
	reconnectAfter = time.Second
)

// Open reads the configuration. It does not connect: the first command does, so
// that a server starts while its Redis is away. See [Store.Ping].
func Open(cfg Config) (*Store, error) {
	option, err := rueidis.ParseURL(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("redis url: %w", err)
	}
	// Every answer must be the server's own: what was spent must not be read again.
	option.DisableCache = true
	// A connection that is only read from when somebody waits for an answer stays
	// for dead until its next command, which is lost with it: after a restart of
	// Redis one page would fail for each connection.
	option.AlwaysPipelining = true
	option.Dialer.Timeout = answerWithin
	return &Store{option: option, prefix: prefixOf(cfg.Issuer), onFail: cfg.Failed}, nil
}

// prefixOf keeps the keys of an installation apart from those of others in the
// same database.
func prefixOf(issuer string) string {
	sum := sha256.Sum256([]byte(issuer))
	return "latchkey:" + base64.RawURLEncoding.EncodeToString(sum[:9]) + ":"
}

// connect returns the client. Whoever comes first connects it.
func (s *Store) connect() (rueidis.Client, error) {
	if client := s.client.Load(); client != nil {
		return *client, nil
	}
	s.connecting.Lock()
	defer s.connecting.Unlock()
	switch client := s.client.Load(); {
	case client != nil:
		return *client, nil
	case s.closed:
		return nil, errors.New("the connection to redis was closed")
	case s.failed != nil && time.Since(s.failedAt) < reconnectAfter:
		return nil, s.failed
	}
	client, err := rueidis.NewClient(s.option)
	if err != nil {
		s.failed, s.failedAt = fmt.Errorf("connect to redis: %w", err), time.Now()
		return nil, s.failed
	}
	s.client.Store(&client)
	return client, nil
}

// Close closes the connections, if there are any.
func (s *Store) Close() error {
	s.connecting.Lock()
	defer s.connecting.Unlock()
	s.closed = true
	if client := s.client.Swap(nil); client != nil {
		(*client).Close()
	}
	return nil
}

// with runs a command, within a bound on time.
func (s *Store) with(ctx context.Context, attempted string, run func(context.Context, rueidis.Client) error) error {
	client, err := s.connect()
	if err == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, answerWithin)
		defer cancel()
		err = run(ctx, client)
	}
	switch {
	case err == nil:
		return nil
	case rueidis.IsRedisNil(err):
		err = storage.ErrNotFound
	case s.onFail != nil && !isAnswer(err):
		s.onFail(err)
	}
	return fmt.Errorf("%s: %w", attempted, err)
}

// isAnswer reports whether an error is what Redis was asked about, or the caller's
// own end, rather than a failure of Redis.
func isAnswer(err error) bool {
	return errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrConflict) || errors.Is(err, context.Canceled)
}

// Ping reports why Redis cannot be used; nil when it can. It writes: a replica, and
// a server whose memory is full, answer whatever they are asked and keep nothing.
func (s *Store) Ping(ctx context.Context) error {
	return s.with(ctx, "write to redis", func(ctx context.Context, c rueidis.Client) error {
		return c.Do(ctx, c.B().Set().Key(s.prefix+"write check").Value("").Ex(time.Minute).Build()).Error()
	})
}

// EvictionPolicy is what the server does when its memory is full: anything but
// "noeviction" forgets entries, and limits with them, before their time. It is
// empty where the server does not tell.
func (s *Store) EvictionPolicy(ctx context.Context) (string, error) {
	var info string
	err := s.with(ctx, "read redis memory policy", func(ctx context.Context, c rueidis.Client) (err error) {
		info, err = c.Do(ctx, c.B().Info().Section("memory").Build()).ToString()
		return err
	})
	for line := range strings.Lines(info) {
		if policy, ok := strings.CutPrefix(strings.TrimSpace(line), "maxmemory_policy:"); ok {
			return policy, err
		}
	}
	return "", err
}

// Outlives reports whether the server writes what it keeps to a disk, as a log or as
// snapshots, so that a restart of it forgets little; known is false where it does not
// tell.
func (s *Store) Outlives(ctx context.Context) (outlives, known bool, err error) {
	var set map[string]string
	err = s.with(ctx, "read how redis persists", func(ctx context.Context, c rueidis.Client) (err error) {
		set, err = c.Do(ctx, c.B().ConfigGet().Parameter("save", "appendonly").Build()).AsStrMap()
		if refused := (*rueidis.RedisError)(nil); errors.As(err, &refused) {
			return nil // a service that lets nobody read its configuration
		}
		return err
	})
	snapshots, asked := set["save"]
	return snapshots != "" || set["appendonly"] == "yes", asked, err
}
