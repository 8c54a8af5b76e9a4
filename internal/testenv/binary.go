package testenv

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// binary is the latchkey of this test process, found or built at first need.
var binary struct {
	sync.Mutex
	path string
}

// raceFlags are those of `make check`: SQLite, which was translated from C, has its
// own memory, in which the detector sees nothing and takes most of a node's time.
var raceFlags = []string{
	"-race", "-gcflags=modernc.org/sqlite/lib=-race=false -d=checkptr=0", "-gcflags=modernc.org/libc=-race=false -d=checkptr=0",
	"-gcflags=modernc.org/memory=-race=false -d=checkptr=0",
}

// RaceVariable, set to anything, has nodes run with the race detector though the test
// does not: what drives them from outside has nothing to be watched.
const RaceVariable = "TEST_RACE_NODES"

// Binary returns the path of a latchkey built from this module, with the race
// detector if the test has it or [RaceVariable] asks for it. The packages of a run
// link it once.
func Binary(t testing.TB) string {
	t.Helper()
	binary.Lock()
	defer binary.Unlock()
	if binary.path == "" {
		name, flags := "latchkey", []string{"-ldflags=-s -w"} // the linker takes a third less time
		if raceDetector || os.Getenv(RaceVariable) != "" {
			name, flags = name+"-race", append(flags, raceFlags...)
		}
		binary.path = goBuild(t, openFolder(t), name, "./cmd/latchkey", flags...)
	}
	return binary.path
}

func pathDigest(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:8])
}

// moduleRoot is the folder of go.mod: tests run in their package's folder.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("working folder: %v", err)
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		if err == nil {
			return dir
		}
		if parent := filepath.Dir(dir); errors.Is(err, os.ErrNotExist) && parent != dir {
			dir = parent
			continue
		}
		t.Fatalf("find go.mod: %v", err)
	}
}
