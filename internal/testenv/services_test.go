package testenv_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage/ephemeral/redis"
	_ "modernc.org/sqlite"
)

// count asks a database how many people it has.
func count(t *testing.T, driver, dsn string) (n int, err error) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	return n, db.QueryRowContext(context.Background(), `SELECT count(*) FROM users`).Scan(&n)
}

func TestDatabasesAreMigratedAndTheTestsOwn(t *testing.T) {
	t.Parallel()
	one, other := testenv.Postgres(t), testenv.Postgres(t)
	if one == other {
		t.Errorf("two databases at %s", one)
	}
	for _, url := range []string{one, other} {
		if n, err := count(t, "pgx", url); n != 0 || err != nil {
			t.Errorf("people in a fresh database: %d, %v", n, err)
		}
	}
	if _, err := count(t, "pgx", testenv.EmptyPostgres(t)); err == nil {
		t.Error("an empty database has a table of people")
	}
	path := strings.TrimPrefix(testenv.SQLite(t), "sqlite://")
	if n, err := count(t, "sqlite", path); n != 0 || err != nil {
		t.Errorf("people in a fresh file: %d, %v", n, err)
	}
	if _, err := os.Stat(path + "-ephemeral"); err != nil {
		t.Errorf("the file beside it: %v", err)
	}
	if left, _ := filepath.Glob(path + "*"); len(left) < 2 {
		t.Errorf("files: %v", left)
	}
}

func TestRedisDatabasesAreTheTestsOwn(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]bool{}
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			url := testenv.Redis(t)
			r, err := redis.Open(redis.Config{URL: url, Issuer: "https://id.example.com"})
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Close()
			if _, err := r.Get(t.Context(), "key"); err == nil {
				t.Errorf("%s was not empty", url)
			}
			if err := r.Put(t.Context(), "key", []byte("value"), 1e12); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if seen[url] {
				t.Errorf("%s was given to two", url)
			}
			seen[url] = true
		})
	}
	group.Wait()
}
