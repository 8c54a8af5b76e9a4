package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// largestBinary is how many bytes the binary may have: every start reads them,
// and every library that it carries is one to keep an eye on.
const largestBinary = 64_000_000

func TestBinaryIsSmall(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "latchkey")
	build := exec.CommandContext(t.Context(), "make", "-C", "..", "build", "BIN="+binary)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("make build: %v\n%s", err, out)
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > largestBinary {
		t.Errorf("the binary has %d bytes, %d is the most: see what it carries with `go version -m` and `go tool nm -size`",
			info.Size(), largestBinary)
	}
}
