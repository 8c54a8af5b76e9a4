//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// TestInitAsks: the five questions at a terminal, each asked again after an answer that cannot
// be right; what comes of them is its owner's alone, and starts.
func TestInitAsks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	keys := "http://id.example.com\nhttps://id.example.com\n/no/such/file\n\neverybody\n127.0.0.0/8\nmysql://db\n\n"
	status, out, screen := atTerminal(t, keys, "init", "--dir", dir)
	if status != 0 || !strings.Contains(out, "created "+dir) {
		t.Fatalf("init = %d\n%s%s", status, out, screen)
	}
	for question, times := range map[string]int{
		"Address of the provider": 2, "use an address that begins with https://": 1, "Certificate file": 2, "there is no file /no/such/file": 1,
		"Network of the proxy": 2, "use a network": 1, "PostgreSQL URL": 2, "use postgres://": 1, "Key file": 0,
	} {
		if n := strings.Count(screen, question); n != times {
			t.Errorf("%q is on the screen %d times, want %d:\n%s", question, n, times, screen)
		}
	}
	for name, mode := range map[string]os.FileMode{"": 0o700, "data": 0o700, "latchkey.yaml": 0o600, "sealing-key": 0o600, "hash-key": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	port := testenv.FreePort(t)
	t.Setenv("LATCHKEY_LISTEN", fmt.Sprintf("127.0.0.1:%d", port))
	t.Setenv("LATCHKEY_METRICS_LISTEN", "")
	t.Setenv("LATCHKEY_TIMEOUTS_DRAIN", "0s")
	file := filepath.Join(dir, "latchkey.yaml")
	if status, out, errs := latchkeyRun(t, "migrate", "up", "--config", file); status != 0 {
		t.Fatalf("migrate up = %d\n%s%s", status, out, errs)
	}
	ctx, stop := context.WithCancel(t.Context())
	log, ended := &lockedBuffer{}, make(chan int, 1)
	go func() { ended <- run(ctx, []string{"serve", "--config", file}, nil, log, log) }()
	waitUntilReady(t, fmt.Sprintf("http://127.0.0.1:%d", port))
	stop()
	if code := <-ended; code != 0 || strings.Contains(log.String(), `"level":"ERROR"`) {
		t.Errorf("what it made ended with %d:\n%s", code, log.String())
	}
}

// TestInitLeavesNothingHalfDone: where the answers end early, or somebody presses Ctrl-C once at
// a question, nothing is created.
func TestInitLeavesNothingHalfDone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	status, _, screen := atTerminal(t, "https://id.example.com\n\x04", "init", "--dir", dir)
	if status != exitRefused || !strings.Contains(screen, "nothing was created") {
		t.Errorf("at the end of the answers = %d\n%s", status, screen)
	}
	term := newTerminal(t)
	asked := exec.CommandContext(t.Context(), latchkey(t), "init", "--dir", dir)
	asked.Stdin, asked.Stdout, asked.Stderr = term.process, term.process, term.process
	asked.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := asked.Start(); err != nil {
		t.Fatal(err)
	}
	if err := term.process.Close(); err != nil { // the child has its own
		t.Fatal(err)
	}
	// Typed after the first answer, it meets the second question.
	if _, err := term.keyboard.WriteString("https://id.example.com\n"); err != nil {
		t.Fatal(err)
	}
	term.waitFor(t, "Certificate file")
	if _, err := term.keyboard.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	if err := asked.Wait(); asked.ProcessState.ExitCode() != exitRefused {
		t.Errorf("Ctrl-C: %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("something was created")
	}
}
