package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Config is how to reach a database.
type Config struct {
	// URL is postgres://user:password@host/database or sqlite:///path/to/file.
	URL string
	// MaxConns bounds the connections to PostgreSQL and the readers of SQLite;
	// zero is 8.
	MaxConns int
	// Hasher makes the audit events provable.
	Hasher EventHasher
	Now    func() time.Time
	Log    *slog.Logger
}

// EventHasher makes and checks keyed hashes; keys.Hasher in the binary.
type EventHasher interface {
	Sum(purpose string, parts ...string) string
	Verify(sum, purpose string, parts ...string) bool
}

const defaultMaxConns = 8

// Store is an open database. Its repositories are cheap to ask for.
type Store struct {
	cfg     Config
	dialect dialect
	// write and read are one pool with PostgreSQL. SQLite has one writer.
	write, read *bun.DB
	// ephemeralDB holds the ephemeral table: a file of its own with SQLite.
	ephemeralDB *bun.DB
	path        string // of the SQLite file
	statements  statements
	group       groupCommit // of SQLite
}

// Open opens the database without touching its tables; see [Store.Migrate].
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.MaxConns <= 0 {
		cfg.MaxConns = defaultMaxConns
	}
	if cfg.Hasher == nil {
		return nil, errors.New("no hasher: events would not be provable")
	}
	scheme, _, _ := strings.Cut(cfg.URL, ":")
	var s *Store
	var err error
	switch scheme {
	case "postgres", "postgresql":
		s, err = openPostgres(cfg)
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

func openPostgres(cfg Config) (*Store, error) {
	pgxConfig, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("database url: %w", err)
	}
	// bun's statements never repeat, so caching them would only fill the cache.
	pgxConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	pool := stdlib.OpenDB(*pgxConfig)
	limit(pool, cfg.MaxConns)
	db := bun.NewDB(pool, pgdialect.New(), bun.WithDiscardUnknownColumns())
	return &Store{cfg: cfg, dialect: postgres, write: db, read: db, ephemeralDB: db}, nil
}

// limit keeps all of a pool's connections open: to make one costs more than
// most of what is asked over it.
func limit(pool *sql.DB, conns int) {
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
}

func openSQLite(cfg Config) (*Store, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host != "" || u.Path == "" {
		return nil, errors.New("database url: want sqlite:///path/to/file")
	}
	path := filepath.Clean(u.Path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make folder of the database: %w", err)
	}
	s := &Store{cfg: cfg, dialect: sqliteDB, path: path, group: newGroupCommit()}
	// What is answered is on the disk (FULL), except for what may be lost anyway.
	for _, open := range []struct {
		db    **bun.DB
		path  string
		sync  string
		conns int
	}{
		{&s.write, path, "FULL", 1},
		{&s.read, path, "FULL", cfg.MaxConns},
		{&s.ephemeralDB, path + "-ephemeral", "OFF", 1},
	} {
		if err := makePrivate(open.path); err != nil {
			return nil, err
		}
		pool, err := sql.Open("sqlite", sqliteDSN(open.path, open.sync))
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", open.path, err)
		}
		limit(pool, open.conns)
		*open.db = bun.NewDB(pool, sqlitedialect.New(), bun.WithDiscardUnknownColumns())
	}
	return s, nil
}

// makePrivate makes the file of a database, where there is none, so that only its
// owner can read it: SQLite would let everybody, and gives the files beside it
// the mode of this one.
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("make %s: %w", path, err)
	}
	return f.Close()
}

func sqliteDSN(path, synchronous string) string {
	query := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(" + synchronous + ")", "foreign_keys(ON)"},
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
}

// Ping reports why the database does not answer; nil when it does.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.read.PingContext(ctx); err != nil {
		return fmt.Errorf("reach %s: %w", s.dialect, err)
	}
	return nil
}

// Close closes every connection.
func (s *Store) Close() error {
	errs := []error{s.statements.close(), s.write.Close()}
	if s.read != s.write {
		errs = append(errs, s.read.Close(), s.ephemeralDB.Close())
	}
	return errors.Join(errs...)
}

// Dialect returns "postgres" or "sqlite".
func (s *Store) Dialect() string { return string(s.dialect) }

// Users keeps people.
func (s *Store) Users() *Users { return &Users{s} }

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
