package sqlstore_test

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// emptyDatabases are the databases before any migration.
func emptyDatabases() map[string]func(testing.TB) string {
	databases := map[string]func(testing.TB) string{
		"sqlite": func(t testing.TB) string { return "sqlite://" + t.TempDir() + "/latchkey.db" },
	}
	if !testing.Short() {
		databases["postgres"] = testenv.EmptyPostgres
	}
	return databases
}

// TestMigrateOfManyNodesAtOnce: nodes that start together wait for one another.
func TestMigrateOfManyNodesAtOnce(t *testing.T) {
	t.Parallel()
	for name, url := range emptyDatabases() {
		t.Run(name, func(t *testing.T) {
			address := url(t)
			const nodes = 8
			applied := make([][]string, nodes)
			var group sync.WaitGroup
			for i := range nodes {
				s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: address, Hasher: testHasher, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = s.Close() })
				group.Go(func() {
					var err error
					if applied[i], err = s.Migrate(t.Context()); err != nil {
						t.Errorf("node %d: %v", i, err)
					}
				})
			}
			group.Wait()
			count := map[string]int{}
			for _, names := range applied {
				for _, name := range names {
					count[name]++
				}
			}
			if len(count) == 0 {
				t.Error("nothing was applied")
			}
			for name, n := range count {
				if n != 1 {
					t.Errorf("%s was applied %d times", name, n)
				}
			}
		})
	}
}

func TestMigrationStatusChangesNothing(t *testing.T) {
	t.Parallel()
	for name, url := range emptyDatabases() {
		t.Run(name, func(t *testing.T) {
			s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url(t), Hasher: testHasher, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			for range 2 {
				status, err := s.MigrationStatus(t.Context())
				if err != nil || len(status.Applied) != 0 || len(status.Pending) == 0 {
					t.Fatalf("status before = %+v, %v", status, err)
				}
			}
			if _, err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			status, err := s.MigrationStatus(t.Context())
			if err != nil || len(status.Pending) != 0 || len(status.Applied) == 0 {
				t.Fatalf("status after = %+v, %v", status, err)
			}
		})
	}
}

// A database that a newer version changed is told from one that lacks migrations.
func TestDatabaseOfANewerVersion(t *testing.T) {
	t.Parallel()
	for name, url := range emptyDatabases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := audited{url: url(t)}
			s := open(t, a.url, time.Now)
			status, err := s.MigrationStatus(t.Context())
			if err != nil || status.Err() != nil || len(status.Unknown) != 0 {
				t.Fatalf("of this version: %+v, %v, %v", status, status.Err(), err)
			}
			a.tamper(t, `INSERT INTO migrations (name, group_id) VALUES ('20990101000000', 99)`)
			status, err = s.MigrationStatus(t.Context())
			if err != nil || len(status.Unknown) != 1 || !strings.Contains(status.Unknown[0], "20990101000000") {
				t.Errorf("of a newer version: %+v, %v", status, err)
			}
			if err := status.Err(); !errors.Is(err, sqlstore.ErrNewerDatabase) {
				t.Errorf("Err = %v, want ErrNewerDatabase", err)
			}
			a.tamper(t, `DELETE FROM migrations`)
			status, err = s.MigrationStatus(t.Context())
			if err != nil || !errors.Is(status.Err(), sqlstore.ErrPendingMigrations) {
				t.Errorf("of an older version: %+v, %v", status, err)
			}
		})
	}
}

// SQLite is for one node; commands beside it are not refused.
func TestSecondNodeOnASQLiteFileIsRefused(t *testing.T) {
	t.Parallel()
	address := "sqlite://" + t.TempDir() + "/latchkey.db"
	first, second := open(t, address, time.Now), open(t, address, time.Now)
	for range 2 { // the one that has it may ask again
		if err := first.LockNode(); err != nil {
			t.Fatal(err)
		}
	}
	if err := second.LockNode(); !errors.Is(err, sqlstore.ErrSecondNode) {
		t.Errorf("a second node = %v, want ErrSecondNode", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := second.LockNode(); err != nil {
		t.Errorf("a node after the first has stopped = %v", err)
	}
}
