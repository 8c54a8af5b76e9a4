// Package testenv gives tests real servers: a PostgreSQL database and a Redis
// server of their own, started from the machine's binaries, and latchkey itself,
// with a browser to use it. A missing binary is a failure that says what to
// install, never a skipped test.
//
// LATCHKEY_TEST_POSTGRES and LATCHKEY_TEST_REDIS name servers to use instead.
package testenv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// startTimeout bounds how long a server may take until it answers.
const startTimeout = 60 * time.Second

// find returns the path of a server's binary.
func find(t testing.TB, name, pkg string, patterns ...string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, pattern := range patterns {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	t.Fatalf("%s is not installed: run `make test`, which installs it, or `apt-get install %s`", name, pkg)
	return ""
}

// freePort returns a loopback port that nobody listens on.
func freePort(t testing.TB) int {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// server is a process that a test talks to.
type server struct {
	cmd    *exec.Cmd
	output bytes.Buffer
	done   chan struct{} // closed when the process has ended
	exit   error
}

// start starts a server as the account, where one is named and we are root,
// and returns when answers says that it answers.
func start(t testing.TB, account string, answers func() error, name string, args ...string) *server {
	t.Helper()
	s := &server{cmd: exec.Command(name, args...), done: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	s.cmd.SysProcAttr = procAttr(t, account)
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		s.exit = s.cmd.Wait()
		close(s.done)
	}()
	deadline := time.Now().Add(startTimeout)
	for {
		err := answers()
		if err == nil {
			return s
		}
		select {
		case <-s.done:
			t.Fatalf("%s ended before it answered: %v\n%s", name, s.exit, s.output.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			s.stop()
			t.Fatalf("%s does not answer: %v\n%s", name, err, s.output.String())
		}
	}
}

// stop ends the server, which has nothing worth keeping.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGQUIT) // "immediate" to PostgreSQL
	select {
	case <-s.done:
	case <-time.After(5 * time.Second):
		_ = s.cmd.Process.Kill()
	}
}

// wait returns when the process has ended.
func (s *server) wait() { <-s.done }

// procAttr runs a process as the account if we are root (PostgreSQL refuses to
// run as root), and ends it when the test process ends, however that ends.
func procAttr(t testing.TB, account string) *syscall.SysProcAttr {
	t.Helper()
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if account != "" && os.Geteuid() == 0 {
		uid, gid := accountIDs(t, account)
		attr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	}
	return attr
}

func accountIDs(t testing.TB, account string) (uid, gid uint32) {
	t.Helper()
	u, err := user.Lookup(account)
	if err != nil {
		t.Fatalf("account of the server: %v", err)
	}
	n, err1 := strconv.ParseUint(u.Uid, 10, 32)
	g, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatalf("account %s: %v", account, err)
	}
	return uint32(n), uint32(g)
}

// dial reports whether somebody listens at the address.
func dial(address string) error {
	var d net.Dialer
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("dial %s: %w", address, err)
	}
	return conn.Close()
}
