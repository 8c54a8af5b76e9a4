package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCgroupLimit(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		want       int64
	}{
		"version 2":           {"memory.max", "536870912\n", 512 << 20},
		"version 2, no bound": {"memory.max", "max\n", 0},
		"version 1":           {"memory/memory.limit_in_bytes", "268435456\n", 256 << 20},
		"version 1, no bound": {"memory/memory.limit_in_bytes", "9223372036854771712\n", 0},
		"no control groups":   {"other", "1\n", 0},
	} {
		root := t.TempDir()
		path := filepath.Join(root, c.file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := cgroupLimit(root); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
