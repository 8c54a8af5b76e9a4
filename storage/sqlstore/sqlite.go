package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

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
		connector, err := newLiteConnector(sqliteDSN(open.path, open.sync, cfg.Timeout))
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", open.path, err)
		}
		pool := sql.OpenDB(connector)
		limit(pool, open.conns, 0)
		*open.db = bun.NewDB(pool, sqlitedialect.New(), bun.WithDiscardUnknownColumns())
	}
	return s, nil
}

// File is where a SQLite database is; false for PostgreSQL.
func (s *Store) File() (path string, ok bool) { return s.path, s.dialect == sqliteDB }

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

// sqliteCacheKB bounds the pages that a connection keeps, in KiB: enough for the upper
// levels of every index of a million people, so that a lookup reads one page or two.
const sqliteCacheKB = 8 << 10

func sqliteDSN(path, synchronous string, busy time.Duration) string {
	query := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()), "journal_mode(WAL)", "synchronous(" + synchronous + ")", "foreign_keys(ON)", fmt.Sprintf("cache_size(-%d)", sqliteCacheKB)},
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
}

// ErrSecondNode says that another process serves from the SQLite file.
var ErrSecondNode = errors.New("another node serves from this database: SQLite is for one node, use PostgreSQL for several")

// LockNode takes the lock of the one node that serves from a SQLite file, until
// the store is closed; it answers ErrSecondNode while another holds it. PostgreSQL
// is for many nodes. Commands beside a node take no lock.
func (s *Store) LockNode() error {
	if s.dialect != sqliteDB || s.locked != nil {
		return nil
	}
	f, err := os.OpenFile(s.path+".node-lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock the database: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return errors.Join(ErrSecondNode, f.Close())
	case err != nil:
		return errors.Join(fmt.Errorf("lock the database: %w", err), f.Close())
	}
	s.locked = f
	return nil
}
