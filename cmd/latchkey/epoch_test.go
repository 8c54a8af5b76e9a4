//go:build linux

package main

import (
	"strings"
	"testing"
)

func TestRS1_TheEpochIsRaisedOnlyOnYes(t *testing.T) {
	file := serveConfig(t, "sqlite://"+t.TempDir()+"/latchkey.db")
	if status, _, errs := latchkeyRun(t, "migrate", "up", "--config", file); status != 0 {
		t.Fatal(errs)
	}
	raise := []string{"epoch", "raise", "--reason", "restored", "--config", file}
	for keys, want := range map[string]int{"y\n": 0, "Yes\n": 0, "yes\x04\x04": 0, "n\n": exitRefused, "\n": exitRefused, "\x04": exitRefused, "yesterday\n": exitRefused} {
		status, out, screen := atTerminal(t, keys, raise...)
		if status != want || !strings.Contains(screen, "This will sign everybody out of everything, and void what was issued to them, for good. Continue? [y/N] ") {
			t.Errorf("%q: %d, want %d\n%s%s", keys, status, want, screen, out)
		}
	}
	if status, _, errs := latchkeyRun(t, raise...); status != exitUsage || !strings.Contains(errs, "add --yes") {
		t.Errorf("asked in a pipe: %d %s", status, errs)
	}
}
