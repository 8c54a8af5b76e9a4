package testenv

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv/server"
)

// shared are the servers that this test process uses together with all others.
var shared struct {
	sync.Mutex
	server.Shared
	users *os.File // held open: while it is, the keeper keeps the servers
}

// sharedServers returns the one PostgreSQL and the one Redis of this machine's
// tests, and starts their keeper where none lives. LATCHKEY_TEST_POSTGRES and
// LATCHKEY_TEST_REDIS name others.
func sharedServers(t testing.TB) server.Shared {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.Postgres != "" {
		return shared.Shared
	}
	found := server.Shared{Postgres: os.Getenv("LATCHKEY_TEST_POSTGRES"), Redis: os.Getenv("LATCHKEY_TEST_REDIS")}
	if found.Postgres == "" || found.Redis == "" {
		kept := findKeeper(t)
		if found.Postgres == "" {
			found.Postgres = kept.Postgres
		}
		if found.Redis == "" {
			found.Redis = kept.Redis
		}
	}
	shared.Shared = found
	return found
}

// findKeeper returns the servers of the keeper, which it starts where none lives.
func findKeeper(t testing.TB) server.Shared {
	t.Helper()
	folder := openFolder(t)
	// A keeper that is about to stop holds this lock until it has.
	users, err := server.Lock(folder.Join(server.UsersLock), server.ByMany)
	if err != nil {
		t.Fatalf("use the shared servers: %v", err)
	}
	shared.users = users
	starting, err := server.Lock(folder.Join(server.StartLock), server.ByOne)
	if err != nil {
		t.Fatalf("look for the shared servers: %v", err)
	}
	defer starting.Close()
	if found, ok := folder.Running(); ok {
		return found
	}
	return startKeeper(t, folder)
}

func startKeeper(t testing.TB, folder server.Folder) server.Shared {
	t.Helper()
	folder.Withdraw() // what a keeper said that was killed
	log, err := os.OpenFile(folder.Join("keeper.log"), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatalf("log of the keeper: %v", err)
	}
	defer log.Close()
	// It outlives this process, and neither holds its output nor hears its signals.
	keeper := exec.CommandContext(context.Background(), goBuild(t, folder, "keeper", "./internal/testenv/keeper"))
	keeper.Dir = string(folder)
	keeper.Stdout, keeper.Stderr = log, log
	keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := keeper.Start(); err != nil {
		t.Fatalf("start the keeper of the servers: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- keeper.Wait() }()
	for {
		if found, ok := folder.Running(); ok {
			return found
		}
		select {
		case err := <-ended:
			said, _ := os.ReadFile(log.Name())
			t.Fatalf("the keeper of the servers ended: %v\n%s", err, said)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// openFolder returns where this machine's test processes meet.
func openFolder(t testing.TB) server.Folder {
	t.Helper()
	folder, err := server.OpenFolder()
	if err != nil {
		t.Fatalf("%v", err)
	}
	return folder
}

// goBuild builds a program of this module once, whoever asks for it first, and
// returns the path of what was built, which no later build replaces.
func goBuild(t testing.TB, folder server.Folder, name, pkg string, flags ...string) string {
	t.Helper()
	root := moduleRoot(t)
	dir := folder.Join(filepath.Join("bin", pathDigest(root)))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatalf("make folder of binaries: %v", err)
	}
	lock, err := server.Lock(filepath.Join(dir, name+".lock"), server.ByOne)
	if err != nil {
		t.Fatalf("lock the build of %s: %v", name, err)
	}
	defer lock.Close()
	path := filepath.Join(dir, name)
	// The go command links nothing where the file is what it would be.
	build := exec.CommandContext(context.Background(), "go", append(append([]string{"build", "-o", path}, flags...), pkg)...)
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, output)
	}
	own := filepath.Join(processFolder(t, "latchkey-binary-"), name)
	if err := os.Link(path, own); err != nil {
		t.Fatalf("keep %s: %v", name, err)
	}
	return own
}
