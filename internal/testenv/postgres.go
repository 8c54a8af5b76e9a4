package testenv

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// cluster is the PostgreSQL of this test process, started at first need. Each
// package's tests are a process, so packages do not meet.
var cluster struct {
	sync.Mutex
	url string
	n   int
}

// Postgres returns the URL of an empty database of the test's own, on a server
// that flushes to disk as a real one does.
func Postgres(t testing.TB) string {
	t.Helper()
	cluster.Lock()
	defer cluster.Unlock()
	if cluster.url == "" {
		cluster.url = os.Getenv("LATCHKEY_TEST_POSTGRES")
		if cluster.url == "" {
			cluster.url = startCluster(t)
		}
	}
	cluster.n++
	return createDatabase(t, cluster.url, fmt.Sprintf("latchkey_%d_%d", os.Getpid(), cluster.n))
}

func createDatabase(t testing.TB, server, name string) string {
	t.Helper()
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatalf("open PostgreSQL: %v", err)
	}
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create database: %v", err)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("PostgreSQL URL: %v", err)
	}
	u.Path = "/" + name
	return u.String()
}

// startCluster makes and starts a server in a temporary folder. It ends with
// the test process; the folder is removed when the next one starts.
func startCluster(t testing.TB) string {
	t.Helper()
	postgres := find(t, "postgres", "postgresql", "/usr/lib/postgresql/*/bin/postgres")
	if resolved, err := filepath.EvalSymlinks(postgres); err == nil {
		postgres = resolved // its own folder holds initdb and its library
	}
	dir := processFolder(t, "latchkey-postgres-")
	if os.Geteuid() == 0 {
		uid, gid := accountIDs(t, "postgres")
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			t.Fatalf("give folder to PostgreSQL: %v", err)
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(context.Background(), filepath.Join(filepath.Dir(postgres), "initdb"),
		"-D", data, "-U", "latchkey", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.SysProcAttr = procAttr(t, "postgres")
	initdb.Dir = dir
	if output, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, output)
	}
	port := freePort(t)
	url := fmt.Sprintf("postgres://latchkey@127.0.0.1:%d/postgres?sslmode=disable", port)
	start(t, "postgres", func() error { return pingPostgres(url) }, postgres,
		"-D", data, "-p", fmt.Sprint(port), "-h", "127.0.0.1", "-k", dir,
		"-c", "max_connections=300", "-c", "shared_buffers=128MB")
	return url
}

func pingPostgres(url string) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.PingContext(context.Background())
}
