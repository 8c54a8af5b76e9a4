// Command keeper starts the PostgreSQL and the Redis that all test processes of
// an account share, and stops them when nobody has used them for a while. Tests
// start it by themselves: see internal/testenv.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv/server"
)

// linger is how long the servers outlive their last user: the packages of a run
// follow one another, and so do a developer's runs.
const linger = time.Minute

// databases is how many Redis databases there are to hand out.
const databases = 512

func main() {
	// The servers end with the thread that started them.
	runtime.LockOSThread()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() (err error) {
	folder, err := server.OpenFolder()
	if err != nil {
		return err
	}
	alive, err := server.Lock(folder.Join(server.KeeperLock), server.ByOne)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, alive.Close()) }()
	stale, _ := filepath.Glob(folder.Join("data-*")) // of a keeper that was killed
	for _, dir := range stale {
		_ = os.RemoveAll(dir)
	}
	dir, err := os.MkdirTemp(string(folder), "data-")
	if err != nil {
		return fmt.Errorf("make folder of the servers: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return keep(folder, dir)
}

// keep starts the servers, says where they are, and returns when they have been
// idle for long enough or one has ended.
func keep(folder server.Folder, dir string) error {
	postgres, url, err := server.Postgres(dir, server.Fast)
	if err != nil {
		return err
	}
	defer postgres.Stop()
	port, err := server.FreePort()
	if err != nil {
		return err
	}
	redis, err := server.Redis(os.TempDir(), port, databases)
	if err != nil {
		return err
	}
	defer redis.Stop()
	content, err := json.Marshal(server.Shared{Postgres: url, Redis: fmt.Sprintf("redis://127.0.0.1:%d", port)})
	if err != nil {
		return fmt.Errorf("say where the servers are: %w", err)
	}
	if err := folder.Publish(content); err != nil {
		return err
	}
	defer folder.Withdraw()

	idle := 0
	for tick := time.Tick(time.Second); ; {
		select {
		case <-postgres.Done():
			return fmt.Errorf("PostgreSQL ended: %s", postgres.Output())
		case <-redis.Done():
			return fmt.Errorf("redis ended: %s", redis.Output())
		case <-tick:
		}
		unused, err := server.TryLock(folder.Join(server.UsersLock), server.ByOne)
		switch {
		case errors.Is(err, server.ErrLocked):
			idle = 0
			continue
		case err != nil:
			return err
		case idle >= int(linger/time.Second):
			// Held to the end: who comes now waits, and then starts another keeper.
			runtime.KeepAlive(unused)
			return nil
		}
		idle++
		if err := unused.Close(); err != nil {
			return fmt.Errorf("let the lock go: %w", err)
		}
	}
}
