// Package server starts the servers that tests talk to, from the binaries of
// this machine. It knows nothing of tests, so that the keeper of the shared
// servers can be a small program.
package server

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
	"sync"
	"syscall"
	"time"
)

// startTimeout bounds how long a server may take until it answers. It is long,
// because a slow machine must not fail a test.
const startTimeout = 5 * time.Minute

// Process is a server that runs.
type Process struct {
	cmd    *exec.Cmd
	output output
	done   chan struct{} // closed when the process has ended
	exit   error
}

// output is read while the process may still write to it.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// Find returns the path of a server's binary: the one of PATH, or the last that
// fits a pattern. Its error says which package to install.
func Find(name, pkg string, patterns ...string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, pattern := range patterns {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	return "", fmt.Errorf("%s is not installed: run `make deps`, which installs it, or `apt-get install %s`", name, pkg)
}

// Start starts a server as the account, where one is named and we are root, and
// returns when answers says that it answers. The server ends with this process,
// however that ends.
func Start(account string, answers func() error, name string, args ...string) (*Process, error) {
	attr, err := procAttr(account)
	if err != nil {
		return nil, err
	}
	p := &Process{cmd: exec.Command(name, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	p.cmd.SysProcAttr = attr
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		p.exit = p.cmd.Wait()
		close(p.done)
	}()
	deadline := time.Now().Add(startTimeout)
	for {
		err := answers()
		if err == nil {
			return p, nil
		}
		select {
		case <-p.done:
			return nil, fmt.Errorf("%s ended before it answered: %w\n%s", name, p.exit, p.output.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			p.Stop()
			return nil, fmt.Errorf("%s does not answer: %w\n%s", name, err, p.output.String())
		}
	}
}

// Stop ends the server, which has nothing worth keeping, and waits until it has.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGQUIT) // "immediate" to PostgreSQL
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		p.Kill()
	}
}

// Kill ends the server as a power cut would, and waits until it has ended.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Done is closed when the server has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Output is what the server wrote so far.
func (p *Process) Output() string { return p.output.String() }

// procAttr runs a process as the account if we are root (PostgreSQL refuses to
// run as root), and ends it when this process ends.
func procAttr(account string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if account != "" && os.Geteuid() == 0 {
		uid, gid, err := accountIDs(account)
		if err != nil {
			return nil, err
		}
		attr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	}
	return attr, nil
}

func accountIDs(account string) (uid, gid uint32, err error) {
	u, err := user.Lookup(account)
	if err != nil {
		return 0, 0, fmt.Errorf("account of the server: %w", err)
	}
	n, err1 := strconv.ParseUint(u.Uid, 10, 32)
	g, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("account %s: %w", account, err)
	}
	return uint32(n), uint32(g), nil
}

// Dial reports whether somebody listens at the address.
func Dial(address string) error {
	var d net.Dialer
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("dial %s: %w", address, err)
	}
	return conn.Close()
}
