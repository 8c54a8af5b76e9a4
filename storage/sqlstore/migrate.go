package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/latchkey-id/latchkey/migrations"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/migrate"
)

// MigrationStatus tells which migrations a database has and lacks, by name.
type MigrationStatus struct {
	Applied, Pending []string
}

// migrateLock is the key of PostgreSQL's advisory lock: "latchkey" in ASCII.
const migrateLock = 0x6c617463686b6579

// Migrate applies the migrations that are missing and returns their names. Nodes
// that start at once wait for one another: each migration runs once.
func (s *Store) Migrate(ctx context.Context) (applied []string, err error) {
	unlock, err := s.lockMigrations(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	for _, set := range s.sets() {
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
	return applied, nil
}

// MigrationStatus returns what was applied and what is pending, changing nothing.
func (s *Store) MigrationStatus(ctx context.Context) (MigrationStatus, error) {
	var status MigrationStatus
	for _, set := range s.sets() {
		m, err := set.migrator(ctx, false)
		if err != nil {
			return status, err
		}
		all, err := set.withStatus(ctx, m)
		if err != nil {
			return status, err
		}
		for _, one := range all {
			if one.IsApplied() {
				status.Applied = append(status.Applied, set.label(one))
			} else {
				status.Pending = append(status.Pending, set.label(one))
			}
		}
	}
	return status, nil
}

// migrationSet is a database and what makes its tables.
type migrationSet struct {
	name migrations.Set
	db   *bun.DB
}

func (s *Store) sets() []migrationSet {
	if s.dialect == postgres {
		return []migrationSet{{migrations.Postgres, s.write}}
	}
	return []migrationSet{{migrations.SQLite, s.write}, {migrations.SQLiteEphemeral, s.ephemeralDB}}
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

// withStatus tells of each migration whether it was applied. A database that
// has no table of migrations has had none.
func (m migrationSet) withStatus(ctx context.Context, migrator *migrate.Migrator) (migrate.MigrationSlice, error) {
	exists := `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = ?)`
	if m.name == migrations.Postgres {
		exists = `SELECT to_regclass(?) IS NOT NULL`
	}
	var known bool
	if err := m.db.NewRaw(exists, migrationsTable).Scan(ctx, &known); err != nil {
		return nil, fmt.Errorf("look for table of migrations: %w", err)
	}
	if !known {
		all, err := migrations.Load(m.name)
		if err != nil {
			return nil, err
		}
		return all.Sorted(), nil
	}
	all, err := migrator.MigrationsWithStatus(ctx)
	if err != nil {
		return nil, fmt.Errorf("read table of migrations: %w", err)
	}
	return all, nil
}

// lockMigrations waits until no other node migrates the database.
func (s *Store) lockMigrations(ctx context.Context) (unlock func() error, err error) {
	if s.dialect == sqliteDB {
		return lockFile(s.path + ".migrate-lock")
	}
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock migrations: %w", err)
	}
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(?)`, int64(migrateLock)); err != nil {
		return nil, errors.Join(fmt.Errorf("lock migrations: %w", err), conn.Close())
	}
	return func() error {
		_, err := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(?)`, int64(migrateLock))
		return errors.Join(err, conn.Close())
	}, nil
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
