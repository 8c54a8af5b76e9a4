package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"golang.org/x/sys/unix"
)

// startEmbedded starts one node with everything embedded.
func startEmbedded(t *testing.T, l testenv.Latchkey) *installation {
	t.Helper()
	l.Config = common
	node := testenv.StartLatchkey(t, l)
	in := &installation{issuer: node.Issuer, nodes: []*testenv.Node{node}}
	in.readPassword(t)
	return in
}

// TestDL1_ADiskThatIsFull lets a node with SQLite write nothing more to its files.
func TestDL1_ADiskThatIsFull(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		in := startEmbedded(t, testenv.Latchkey{})
		in.expose(t, fault{
			name: "no file may grow", status: "unavailable", check: "database", works: []string{introspect, userinfo},
			breaks: func(t *testing.T) func() {
				limit := func(bytes uint64) {
					var now unix.Rlimit
					err := unix.Prlimit(in.nodes[0].Pid(), unix.RLIMIT_FSIZE, nil, &now)
					if err == nil {
						now.Cur = min(bytes, now.Max)
						err = unix.Prlimit(in.nodes[0].Pid(), unix.RLIMIT_FSIZE, &now, nil)
					}
					if err != nil {
						t.Errorf("limit the files of the node: %v", err)
					}
				}
				limit(0)
				return func() { limit(unix.RLIM_INFINITY) }
			},
		})
	})
	if !mayMount() {
		t.Log("a disk of its own takes root: the limit on files stands for it")
		return
	}
	t.Run("SQLite on a small disk", func(t *testing.T) {
		t.Parallel()
		disk := t.TempDir()
		in := startOnDisk(t, disk, "24m")
		in.expose(t, fault{
			name: "the disk is full", status: "unavailable", check: "database", works: []string{introspect, userinfo},
			breaks: func(t *testing.T) func() {
				// Its mounts are its own: they are reached through its process.
				filler := filepath.Join(inside(in.nodes[0].Pid()), disk, "filler")
				fill(t, filler)
				return func() {
					if err := os.Remove(filler); err != nil {
						t.Errorf("free the disk: %v", err)
					}
				}
			},
		})
	})
}

// mayMount reports whether this process may mount a disk in a name space.
func mayMount() bool { return exec.Command("unshare", "--mount", "true").Run() == nil }

// startOnDisk starts a node whose database is on a disk of its own, in memory, which
// only its process sees.
func startOnDisk(t *testing.T, disk, size string) *installation {
	t.Helper()
	const mount = `mount -t tmpfs -o size="$1" tmpfs "$0" && shift && exec "$@"`
	return startEmbedded(t, testenv.Latchkey{
		Database: "sqlite://" + filepath.Join(disk, "latchkey.db"), Wrap: []string{"unshare", "--mount", "sh", "-c", mount, disk, size},
		Enter: func(pid int) []string { return []string{"nsenter", "--mount", "--target", fmt.Sprint(pid)} },
	})
}

// inside is where the files of a process are seen that it alone sees.
func inside(pid int) string { return filepath.Join("/proc", fmt.Sprint(pid), "root") }

// fill writes a file until nothing more fits.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatalf("fill the disk: %v", err)
	}
	defer f.Close()
	for block := make([]byte, 1<<16); len(block) > 0; {
		_, err := f.Write(block)
		switch {
		case errors.Is(err, syscall.ENOSPC):
			block = block[:len(block)/2]
		case err != nil:
			t.Fatalf("fill the disk: %v", err)
		}
	}
}
