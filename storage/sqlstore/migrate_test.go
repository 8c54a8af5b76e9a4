package sqlstore_test

import (
	"log/slog"
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
