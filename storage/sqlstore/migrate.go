package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/latchkey-id/latchkey/migrations"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/migrate"
)

// MigrationStatus tells which migrations a database has and lacks, by name, and
// which it has that this version does not know: a newer one was there.
type MigrationStatus struct {
	Applied, Pending, Unknown []string
}

// Err says why this version cannot serve from the database; nil where it can.
func (m MigrationStatus) Err() error {
	switch {
	case len(m.Unknown) > 0:
		return fmt.Errorf("%w: it has %s, which this version does not know", ErrNewerDatabase, strings.Join(m.Unknown, ", "))
	case len(m.Pending) > 0:
		return fmt.Errorf("%w: it lacks %d migrations (%s)", ErrPendingMigrations, len(m.Pending), strings.Join(m.Pending, ", "))
	}
	return nil
}

var (
	// ErrNewerDatabase says that a newer version of Latchkey changed the tables.
	ErrNewerDatabase = errors.New("the database is of a newer version")
	// ErrPendingMigrations says that the tables are not those of this version yet.
	ErrPendingMigrations = errors.New("the database is of an older version")
)

// migrateLock is the key of PostgreSQL's advisory lock: "latchkey" in ASCII.
const migrateLock = 0x6c617463686b6579

// Migrate applies the migrations that are missing and returns their names. Nodes
// that start at once wait for one another: each migration runs once. Names are then
// brought into the canonical form of this version, and clashes of them logged.
func (s *Store) Migrate(ctx context.Context) (applied []string, err error) {
	unlock, err := s.lockMigrations(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	sets, closeSets := s.sets()
	defer func() { err = errors.Join(err, closeSets()) }()
	for _, set := range sets {
		m, err := set.migrator(ctx, true)
		if err != nil {
			return applied, err
		}
		group, err := m.Migrate(ctx)
		if err != nil {
			return applied, fmt.Errorf("apply migrations: %w", err)
		}
		for _, one := range group.Migrations {
			applied = append(applied, set.label(one))
		}
	}
	return applied, s.canonicalizeNames(ctx)
}

// MigrationStatus returns what was applied and what is pending, changing nothing.
func (s *Store) MigrationStatus(ctx context.Context) (MigrationStatus, error) {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var status MigrationStatus
	for _, set := range s.readSets() {
		if err := set.addStatus(ctx, &status); err != nil {
			return status, wrap("read status of migrations", err)
		}
	}
	return status, nil
}

// addStatus adds what is known of the set. A database that has no table of
// migrations has had none.
func (m migrationSet) addStatus(ctx context.Context, status *MigrationStatus) error {
	all, err := migrations.Load(m.name)
	if err != nil {
		return err
	}
	applied, err := m.applied(ctx)
	if err != nil {
		return err
	}
	for _, one := range all.Sorted() {
		if slices.Contains(applied, one.Name) {
			status.Applied = append(status.Applied, m.label(one))
		} else {
			status.Pending = append(status.Pending, m.label(one))
		}
		applied = slices.DeleteFunc(applied, func(name string) bool { return name == one.Name })
	}
	for _, name := range applied {
		status.Unknown = append(status.Unknown, string(m.name)+"/"+name)
	}
	return nil
}

// applied are the names of the migrations that the database has had.
func (m migrationSet) applied(ctx context.Context) ([]string, error) {
	exists := `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = ?)`
	if m.name == migrations.Postgres {
		exists = `SELECT to_regclass(?) IS NOT NULL`
	}
	var known bool
	var applied []string
	err := m.db.NewRaw(exists, migrationsTable).Scan(ctx, &known)
	if err == nil && known {
		err = m.db.NewRaw(`SELECT name FROM ? ORDER BY name`, bun.Ident(migrationsTable)).Scan(ctx, &applied)
	}
	return applied, err
}

// migrationSet is a database and what makes its tables.
type migrationSet struct {
	name migrations.Set
	db   *bun.DB
}

// readSets are the sets over the pools that everything else uses.
func (s *Store) readSets() []migrationSet {
	if s.dialect == postgres {
		return []migrationSet{{migrations.Postgres, s.write}}
	}
	return []migrationSet{{migrations.SQLite, s.write}, {migrations.SQLiteEphemeral, s.ephemeralDB}}
}

// sets are the sets over pools where a statement may take as long as it does.
func (s *Store) sets() (sets []migrationSet, done func() error) {
	if s.dialect == postgres {
		db := s.migration()
		return []migrationSet{{migrations.Postgres, db}}, db.Close
	}
	return s.readSets(), func() error { return nil }
}

func (m migrationSet) label(one migrate.Migration) string {
	return fmt.Sprintf("%s/%s_%s", m.name, one.Name, one.Comment)
}

// The tables in which bun notes what was applied.
const (
	migrationsTable     = "migrations"
	migrationLocksTable = "migration_locks"
)

func (m migrationSet) migrator(ctx context.Context, create bool) (*migrate.Migrator, error) {
	all, err := migrations.Load(m.name)
	if err != nil {
		return nil, err
	}
	migrator := migrate.NewMigrator(m.db, all, migrate.WithTableName(migrationsTable),
		migrate.WithLocksTableName(migrationLocksTable), migrate.WithMarkAppliedOnSuccess(true))
	if create {
		if err := migrator.Init(ctx); err != nil {
			return nil, fmt.Errorf("make table of migrations: %w", err)
		}
	}
	return migrator, nil
}

// lockMigrations waits until no other node migrates the database.
func (s *Store) lockMigrations(ctx context.Context) (unlock func() error, err error) {
	if s.dialect == sqliteDB {
		return lockFile(s.path + ".migrate-lock")
	}
	db := s.migration()
	// The lock of a transaction, not of a session: a pooler lends sessions to others.
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, errors.Join(wrap("lock migrations", err), db.Close())
	}
	for _, statement := range []string{
		`SET LOCAL lock_timeout = 0`, `SET LOCAL statement_timeout = 0`, `SET LOCAL idle_in_transaction_session_timeout = 0`,
		fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d)`, int64(migrateLock)),
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return nil, errors.Join(wrap("lock migrations", err), tx.Rollback(), db.Close())
		}
	}
	return func() error { return errors.Join(tx.Rollback(), db.Close()) }, nil
}

// lockFile waits for an exclusive lock that ends with the process.
func lockFile(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock migrations: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock migrations: %w", err), f.Close())
	}
	return f.Close, nil
}
