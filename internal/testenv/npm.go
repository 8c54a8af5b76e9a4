package testenv

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// npm keeps the tests of a process from installing the same folder at once.
var npm sync.Mutex

// NodeModules installs the packages of a folder's package-lock.json once, and
// again only when that changed: a copy of it says what is installed.
//
// The lock file must name no registry, so that npm ci works behind any mirror:
// npm writes the address of each package unless .npmrc tells it not to.
func NodeModules(t testing.TB, folder string) {
	t.Helper()
	npm.Lock()
	defer npm.Unlock()
	lock, err := os.ReadFile(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		t.Fatalf("what npm is to install: %v", err)
	}
	namesNoRegistry(t, lock)
	stamp := filepath.Join(folder, "node_modules", ".installed-lock.json")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, lock) {
		return
	}
	ci := exec.CommandContext(t.Context(), find(t, "npm", "npm"), "ci", "--no-progress")
	ci.Dir = folder
	if output, err := ci.CombinedOutput(); err != nil {
		t.Fatalf("npm ci in %s: %v\n%s", folder, err, output)
	}
	if err := os.WriteFile(stamp, lock, 0o600); err != nil {
		t.Fatalf("note what is installed: %v", err)
	}
}

func namesNoRegistry(t testing.TB, lockFile []byte) {
	t.Helper()
	var lock struct {
		Packages map[string]struct{ Resolved, Integrity string }
	}
	if err := json.Unmarshal(lockFile, &lock); err != nil {
		t.Fatalf("package-lock.json: %v", err)
	}
	for name, p := range lock.Packages {
		if p.Resolved != "" || name != "" && p.Integrity == "" {
			t.Errorf("%s is locked to the address %q and the hash %q", name, p.Resolved, p.Integrity)
		}
	}
}
