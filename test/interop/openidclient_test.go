package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// nodeFolder holds the relying parties from npm.
const nodeFolder = "node"

// installed installs the packages of the lock file once, and again only when
// that changed: a copy of it says what is installed.
var installed = sync.OnceValue(func() error {
	lock, err := os.ReadFile(filepath.Join(nodeFolder, "package-lock.json"))
	if err != nil {
		return err
	}
	stamp := filepath.Join(nodeFolder, "node_modules", ".installed-lock.json")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, lock) {
		return nil
	}
	npm := exec.Command("npm", "ci", "--no-progress")
	npm.Dir = nodeFolder
	npm.Stdout, npm.Stderr = os.Stderr, os.Stderr
	if err := npm.Run(); err != nil {
		return err
	}
	return os.WriteFile(stamp, lock, 0o600)
})

// runNode runs a script that was told of the client, and is its browser.
func runNode(t *testing.T, p *provider, script string, told map[string]any) {
	t.Helper()
	if err := installed(); err != nil {
		t.Fatalf("npm ci in %s: %v (run `make test`, which installs npm)", nodeFolder, err)
	}
	told["issuer"] = p.Issuer
	environment, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a script that hangs says nothing
	defer cancel()
	var problems bytes.Buffer
	node := exec.CommandContext(ctx, "node", script)
	node.Dir, node.Stderr = nodeFolder, &problems
	node.Env = append(os.Environ(), "INTEROP="+string(environment))
	asks, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatalf("node is not installed: run `make test`, which installs it: %v", err)
	}
	browser := p.Browser(t)
	for decoder := json.NewDecoder(asks); decoder.More(); {
		var ask struct{ Visit string }
		if err := decoder.Decode(&ask); err != nil {
			t.Fatalf("%s says something else: %v", script, err)
		}
		arrived := p.visit(t, browser, ask.Visit)
		if err := json.NewEncoder(answers).Encode(map[string]string{"arrived": arrived.String()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := node.Wait(); err != nil {
		t.Errorf("%s: %v\n%s", script, err, problems.String())
	}
}

func TestOpenIDClient(t *testing.T) {
	t.Parallel()
	p := start(t)
	forEach(t, func(t *testing.T, c client) {
		runNode(t, p, "relying-party.mjs", map[string]any{
			"id": c.ID, "secret": c.Secret, "method": c.Method, "alg": c.Alg,
			"redirectURI": redirectURI, "postLogoutURI": postLogoutURI, "email": email,
		})
	})
	t.Run("service", func(t *testing.T) {
		runNode(t, p, "service.mjs", map[string]any{"id": service.ID, "secret": service.Secret, "scope": serviceScope})
	})
}

// TestLockFileNamesNoRegistry keeps npm ci working behind any mirror: npm writes
// the address of each package unless .npmrc tells it not to.
func TestLockFileNamesNoRegistry(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(nodeFolder, "package-lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct{ Resolved, Integrity string }
	}
	if err := json.Unmarshal(raw, &lock); err != nil {
		t.Fatal(err)
	}
	for name, p := range lock.Packages {
		if p.Resolved != "" || name != "" && p.Integrity == "" {
			t.Errorf("%s is locked to the address %q and the hash %q", name, p.Resolved, p.Integrity)
		}
	}
}
