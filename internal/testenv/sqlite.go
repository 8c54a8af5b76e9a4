package testenv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv/server"
)

// SQLite returns the URL of a SQLite database of the test's own that is migrated
// and empty: a copy of one that was migrated once for all test processes.
func SQLite(t testing.TB) string {
	t.Helper()
	template, dir := sqliteTemplate(t), t.TempDir()
	files, err := filepath.Glob(filepath.Join(template, "latchkey.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("files of the template: %v, %v", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("read the template: %v", err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), content, 0o600); err != nil {
			t.Fatalf("copy the template: %v", err)
		}
	}
	return "sqlite://" + filepath.Join(dir, "latchkey.db")
}

// sqliteTemplate returns the folder with the migrated database.
func sqliteTemplate(t testing.TB) string {
	t.Helper()
	folder := openFolder(t)
	ready := folder.Join("sqlite-" + migrationsDigest(t, "sqlite", "sqlite_ephemeral"))
	lock, err := server.Lock(ready+".lock", server.ByOne)
	if err != nil {
		t.Fatalf("lock the template: %v", err)
	}
	defer lock.Close()
	if _, err := os.Stat(ready); err == nil {
		return ready
	}
	part, err := os.MkdirTemp(string(folder), "sqlite-part-")
	if err != nil {
		t.Fatalf("make the template: %v", err)
	}
	migrate(t, "sqlite://"+filepath.Join(part, "latchkey.db"))
	// What is left beside the databases are a lock and empty logs.
	beside, _ := filepath.Glob(filepath.Join(part, "*"))
	for _, file := range beside {
		if name := filepath.Base(file); name != "latchkey.db" && name != "latchkey.db-ephemeral" {
			if strings.HasSuffix(name, "-wal") {
				if info, err := os.Stat(file); err == nil && info.Size() > 0 {
					t.Fatalf("%s of the template holds what the database should", name)
				}
			}
			_ = os.Remove(file)
		}
	}
	if err := os.Rename(part, ready); err != nil {
		t.Fatalf("keep the template: %v", err)
	}
	return ready
}
