package main

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// host starts what a node leans on. It is to internal/testenv what a test is:
// of testing.TB it has the methods that are called there.
type host struct {
	testing.TB
	dir      string
	cleanups []func()
}

// failure is what Fatalf throws and close catches.
type failure struct{ error }

// newHost makes the folder that everything is kept in. Others may pass through
// it: PostgreSQL runs under its own account where we are root.
func newHost(parent string) (*host, error) {
	dir, err := os.MkdirTemp(parent, "latchkey-load-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return nil, fmt.Errorf("open folder to PostgreSQL: %w", err)
	}
	// The servers' own folders are made below it.
	if err := os.Setenv("TMPDIR", dir); err != nil {
		return nil, fmt.Errorf("choose the folder of the servers: %w", err)
	}
	return &host{dir: dir}, nil
}

func (h *host) postgres() string { return testenv.DurablePostgres(h) }
func (h *host) redis() string    { return testenv.StartRedis(h).URL }

// Helper implements testing.TB.
func (h *host) Helper() {}

// Fatalf implements testing.TB.
func (h *host) Fatalf(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

// TempDir implements testing.TB.
func (h *host) TempDir() string {
	dir, err := os.MkdirTemp(h.dir, "")
	if err != nil {
		h.Fatalf("make a folder: %v", err)
	}
	return dir
}

// Cleanup implements testing.TB.
func (h *host) Cleanup(f func()) { h.cleanups = append(h.cleanups, f) }

// close ends what was started and removes the folder. It turns what Fatalf
// threw into the error.
func (h *host) close(err *error) {
	if thrown := recover(); thrown != nil {
		failed, ours := thrown.(failure)
		if !ours {
			panic(thrown)
		}
		*err = failed.error
	}
	for _, cleanup := range slices.Backward(h.cleanups) {
		cleanup()
	}
	_ = os.RemoveAll(h.dir) // PostgreSQL, which ends with this process, may still write there
}
