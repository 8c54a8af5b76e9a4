package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Config is how to reach a database.
type Config struct {
	// URL is postgres://user:password@host/database or sqlite:///path/to/file. What
	// its parameters set (default_query_exec_mode, statement_timeout, …) stays as
	// they say.
	URL string
	// MaxConns bounds the connections to PostgreSQL and the readers of SQLite;
	// zero is 8.
	MaxConns int
	// Timeout bounds each call of a store, the wait for a connection included: when
	// it is over the call answers storage.ErrUnavailable and its statement is
	// canceled. Zero is 5 s. Jobs and commands that go through a whole table take
	// longer.
	Timeout time.Duration
	// StatementTimeout, LockTimeout and IdleInTransactionTimeout are what PostgreSQL
	// is told to end by itself, for when nobody is there to cancel; zero is twice
	// the Timeout, the Timeout and four times the Timeout. A pooler in between (PgBouncer in
	// transaction mode) takes none of them: set them for the role then.
	StatementTimeout, LockTimeout, IdleInTransactionTimeout time.Duration
	// ConnLifetime is after how long a connection is made anew, so that all move on
	// after a failover; zero is 30 minutes.
	ConnLifetime time.Duration
	// Hasher makes the audit events provable.
	Hasher EventHasher
	Now    func() time.Time
	// DatabaseClock stands in for the clock of the database, by which nodes that do
	// not agree on the time agree on what they share; tests move it. Nil is the
	// database's own with PostgreSQL, and Now with SQLite, which has one node.
	DatabaseClock func() time.Time
	// SessionsEnded says what follows when sessions end, however they do: it is written
	// in the transaction that ends them. Nil is nothing.
	SessionsEnded func(context.Context, []storage.EndedSession) (storage.Aftermath, error)
	// Queued is called when a transaction that queued deliveries is committed, however
	// it came to, so that a worker need not wait for its next look; now and then it is
	// called for one that queued none. Nil is nobody.
	Queued func()
	Log    *slog.Logger
}

// EventHasher makes and checks keyed hashes; keys.Hasher in the binary.
type EventHasher interface {
	Sum(purpose string, parts ...string) string
	Verify(sum, purpose string, parts ...string) bool
	// Knows reports whether the key that a sum names is among ours: of another sum
	// nothing can be said.
	Knows(sum string) bool
}

const (
	defaultMaxConns     = 8
	defaultTimeout      = 5 * time.Second
	defaultConnLifetime = 30 * time.Minute
	connIdleTime        = 5 * time.Minute
)

func (c *Config) setDefaults() error {
	if c.Hasher == nil {
		return errors.New("no hasher: events would not be provable")
	}
	c.MaxConns = orDefault(c.MaxConns, defaultMaxConns)
	c.Timeout = orDefault(c.Timeout, defaultTimeout)
	c.StatementTimeout = orDefault(c.StatementTimeout, 2*c.Timeout)
	c.LockTimeout = orDefault(c.LockTimeout, c.Timeout)
	c.IdleInTransactionTimeout = orDefault(c.IdleInTransactionTimeout, 4*c.Timeout)
	c.ConnLifetime = orDefault(c.ConnLifetime, defaultConnLifetime)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

func orDefault[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// Store is an open database. Its repositories are cheap to ask for.
type Store struct {
	cfg     Config
	dialect dialect
	// write and read are one pool with PostgreSQL. SQLite has one writer.
	write, read *bun.DB
	// ephemeralDB holds the ephemeral table: a file of its own with SQLite.
	ephemeralDB *bun.DB
	// migration opens a pool without timeouts, for migrations of PostgreSQL.
	migration func() *bun.DB
	path      string      // of the SQLite file
	group     groupCommit // of SQLite
	// deliveries counts those that were queued, committed or not.
	deliveries atomic.Int64
	locked     *os.File // the lock of [Store.LockNode]
	// watch is shown each statement before it runs; nil outside of tests.
	watch func(ctx context.Context, db bun.IDB, text string, args []any)
}

// Open opens the database without touching its tables; see [Store.Migrate].
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	scheme, _, _ := strings.Cut(cfg.URL, ":")
	var s *Store
	var err error
	switch scheme {
	case "postgres", "postgresql":
		s, err = openPostgres(ctx, cfg)
	case "sqlite":
		s, err = openSQLite(cfg)
	default:
		return nil, errors.New("database url: want postgres://… or sqlite:///path")
	}
	if err != nil {
		return nil, err
	}
	if err := s.Ping(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// limit keeps all of a pool's connections open: to make one costs more than
// most of what is asked over it.
func limit(pool *sql.DB, conns int, lifetime time.Duration) {
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(connIdleTime)
	pool.SetConnMaxLifetime(lifetime)
}

// Ping reports why the database does not answer; nil when it does.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	return wrap("reach "+string(s.dialect), s.read.PingContext(ctx))
}

// CheckWritable writes to the database and returns the time of its clock, so that
// a node can tell how far its own is off. A database that is read only, a standby
// or on a full disk answers storage.ErrUnavailable.
func (s *Store) CheckWritable(ctx context.Context) (time.Time, error) {
	var now sqlTime
	err := s.row(ctx, s.write, `INSERT INTO installation (name, value, updated_at) VALUES ('write check', '', `+s.dialect.now(1)+`)
		ON CONFLICT (name) DO UPDATE SET updated_at = excluded.updated_at RETURNING updated_at`, []any{s.clock()}, &now)
	return now.Time, wrap("write to "+string(s.dialect), err)
}

// Stats tells of the pool of connections that writes go through.
func (s *Store) Stats() sql.DBStats { return s.write.Stats() }

// Close closes every connection.
func (s *Store) Close() error {
	errs := []error{s.write.Close()}
	if s.read != s.write {
		errs = append(errs, s.read.Close(), s.ephemeralDB.Close())
	}
	if s.locked != nil {
		errs = append(errs, s.locked.Close())
		s.locked = nil
	}
	return errors.Join(errs...)
}

// Dialect returns "postgres" or "sqlite".
func (s *Store) Dialect() string { return string(s.dialect) }

// clock is the argument that [dialect.now] takes: a time where Go keeps the clock,
// read when the statement is run, and nothing where the database does.
func (s *Store) clock() clockArg {
	switch {
	case s.cfg.DatabaseClock != nil:
		return s.cfg.DatabaseClock
	case s.dialect == sqliteDB:
		return s.cfg.Now
	}
	return nil
}

// ClockOffset is how far the node's clock is ahead of the database's.
func (s *Store) ClockOffset(ctx context.Context) (time.Duration, error) {
	before := s.cfg.Now()
	var at sqlTime
	err := s.row(ctx, s.read, `SELECT `+s.dialect.now(1), []any{s.clock()}, &at)
	if err != nil {
		return 0, wrap("read the database's clock", err)
	}
	after := s.cfg.Now()
	return before.Add(after.Sub(before) / 2).Sub(at.Time), nil
}

// Users keeps people.
func (s *Store) Users() *Users { return &Users{s} }

// Groups keeps groups.
func (s *Store) Groups() *Groups { return &Groups{s} }

// Provisions returns the repository of people of sources of provisioning.
func (s *Store) Provisions() *Provisions { return &Provisions{s} }

// Memberships keeps who is in which group.
func (s *Store) Memberships() *Memberships { return &Memberships{s} }

// Invitations keeps who may sign up.
func (s *Store) Invitations() *Invitations { return &Invitations{s} }

// Sessions keeps signed-in browsers.
func (s *Store) Sessions() *Sessions { return &Sessions{s} }

// Grants keeps what people allowed clients.
func (s *Store) Grants() *Grants { return &Grants{s} }

// AccessTokens answers for access tokens.
func (s *Store) AccessTokens() *AccessTokens { return &AccessTokens{s} }

// Consents keeps what people were asked and allowed.
func (s *Store) Consents() *Consents { return &Consents{s} }

// SigningKeys keeps the ring.
func (s *Store) SigningKeys() *SigningKeys { return &SigningKeys{s} }

// Events keeps the security events.
func (s *Store) Events() *Events { return &Events{s} }

// Credentials keeps what people enrolled as factors.
func (s *Store) Credentials() *Credentials { return &Credentials{s} }

// RecoveryCodes keeps people's recovery codes.
func (s *Store) RecoveryCodes() *RecoveryCodes { return &RecoveryCodes{s} }

// Lockouts counts failures with factors.
func (s *Store) Lockouts() *Lockouts { return &Lockouts{s} }

// TrustedDevices keeps browsers that may skip the second factor.
func (s *Store) TrustedDevices() *TrustedDevices { return &TrustedDevices{s} }

// Jobs says which node runs a periodic job.
func (s *Store) Jobs() *Jobs { return &Jobs{s} }

// Outbox keeps what is to be said to people.
func (s *Store) Outbox() *Outbox { return &Outbox{s} }

// Ephemeral keeps what expires by itself, where there is no Redis.
func (s *Store) Ephemeral() *Ephemeral { return &Ephemeral{s} }
