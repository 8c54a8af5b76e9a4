package testenv

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// processFolder makes a folder that lives as long as the test process. Nothing
// runs when that ends, so the next process that makes one under the prefix
// removes it.
func processFolder(t testing.TB, prefix string) string {
	t.Helper()
	removeStale(prefix)
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		t.Fatalf("make folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "owner"), []byte(fmt.Sprint(os.Getpid())), 0o600); err != nil {
		t.Fatalf("note who owns %s: %v", dir, err)
	}
	return dir
}

// removeStale removes the folders whose test process has ended.
func removeStale(prefix string) {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	for _, dir := range folders {
		owner, err := os.ReadFile(filepath.Join(dir, "owner"))
		if err != nil {
			continue // just being made
		}
		if _, err := os.Stat(filepath.Join("/proc", strings.TrimSpace(string(owner)))); os.IsNotExist(err) {
			_ = os.RemoveAll(dir)
		}
	}
}
