package testenv

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv/server"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// admin is this test process's connection to the shared PostgreSQL, with the
// migrated database that the others are copies of.
var admin struct {
	sync.Mutex
	db       *sql.DB
	template string
}

// Postgres returns the URL of a database of the test's own that is migrated and
// empty. It is a copy of one that was migrated once for all test processes, on a
// server that does not flush to disk, and is gone when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	address := sharedServers(t).Postgres
	db := adminOf(t, address)
	return cloneDatabase(t, db, address, templateOf(t, db, address))
}

// EmptyPostgres is [Postgres] without a table, for tests of the migrations.
func EmptyPostgres(t testing.TB) string {
	t.Helper()
	address := sharedServers(t).Postgres
	return cloneDatabase(t, adminOf(t, address), address, "template1")
}

// DurablePostgres starts a server of the test's own, which flushes to disk as a
// real one does, and returns the URL of its empty database: for measurements, and
// for who wants to stop it. It ends with the test.
func DurablePostgres(t testing.TB) string {
	t.Helper()
	dir := processFolder(t, "latchkey-postgres-")
	p, address, err := server.Postgres(dir, server.Durable)
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	t.Cleanup(p.Stop)
	return address
}

func adminOf(t testing.TB, address string) *sql.DB {
	t.Helper()
	admin.Lock()
	defer admin.Unlock()
	if admin.db == nil {
		db, err := sql.Open("pgx", address)
		if err != nil {
			t.Fatalf("open PostgreSQL: %v", err)
		}
		db.SetMaxOpenConns(4)
		admin.db = db
	}
	return admin.db
}

// templateOf returns the name of the migrated database that others are copied
// from. Who comes first makes it, the advisory lock being held.
func templateOf(t testing.TB, db *sql.DB, address string) string {
	t.Helper()
	admin.Lock()
	defer admin.Unlock()
	if admin.template != "" {
		return admin.template
	}
	name := "latchkey_template_" + migrationsDigest(t, "postgres")
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatalf("reach PostgreSQL: %v", err)
	}
	defer conn.Close()
	const templateLock = 0x6c6b74657374 // "lktest"
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(templateLock)); err != nil {
		t.Fatalf("lock the template: %v", err)
	}
	defer func() { _, _ = conn.ExecContext(ctx, `SELECT pg_advisory_unlock($1)`, int64(templateLock)) }()
	var ready bool
	if err := conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate)`, name).Scan(&ready); err != nil {
		t.Fatalf("look for the template: %v", err)
	}
	if !ready {
		for _, statement := range []string{`DROP DATABASE IF EXISTS ` + name, `CREATE DATABASE ` + name} {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				t.Fatalf("make the template: %v", err)
			}
		}
		migrate(t, databaseURL(t, address, name))
		if _, err := conn.ExecContext(ctx, `ALTER DATABASE `+name+` IS_TEMPLATE true ALLOW_CONNECTIONS false`); err != nil {
			t.Fatalf("finish the template: %v", err)
		}
	}
	admin.template = name
	return name
}

// cloneDatabase copies a database for the test.
func cloneDatabase(t testing.TB, db *sql.DB, address, template string) string {
	t.Helper()
	name := "latchkey_" + strings.ToLower(rand.Text())
	ctx := context.Background()
	// Copying files is quicker than logging every page, as nothing is flushed.
	if _, err := db.ExecContext(ctx, `CREATE DATABASE `+name+` TEMPLATE `+template+` STRATEGY file_copy`); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := db.ExecContext(ctx, `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return databaseURL(t, address, name)
}

func databaseURL(t testing.TB, address, name string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("PostgreSQL URL: %v", err)
	}
	u.Path = "/" + name
	return u.String()
}

// migrate makes a database's tables as latchkey does.
func migrate(t testing.TB, address string) {
	t.Helper()
	s, err := sqlstore.Open(context.Background(), sqlstore.Config{
		URL: address, Hasher: storagetest.Hasher("template"), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatalf("open the template: %v", err)
	}
	if _, err := s.Migrate(context.Background()); err != nil {
		t.Fatalf("migrate the template: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("close the template: %v", err)
	}
}

// migrationsDigest names a state of the migrations by their content.
func migrationsDigest(t testing.TB, sets ...string) string {
	t.Helper()
	sum := sha256.New()
	for _, set := range sets {
		root := filepath.Join(moduleRoot(t), "migrations", set)
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			_, _ = fmt.Fprintf(sum, "%s %d\n%s", entry.Name(), len(content), content)
			return nil
		})
		if err != nil {
			t.Fatalf("read the migrations: %v", err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
