package server

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// Durability says what a PostgreSQL does before it says that something is written.
type Durability int

// The durabilities.
const (
	// Fast leaves flushing to the system: a power cut loses all, a crash nothing.
	Fast Durability = iota
	// Durable flushes to disk, as a real server does: for measurements.
	Durable
	// Replicated is Fast with a log that a standby can follow.
	Replicated
)

// Postgres makes and starts a PostgreSQL in the folder and returns its URL. Every
// folder above it must let PostgreSQL's own account pass.
func Postgres(dir string, durability Durability) (*Process, string, error) {
	bin, err := postgresFolder()
	if err != nil {
		return nil, "", err
	}
	err = create(dir, filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "latchkey", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if err != nil {
		return nil, "", err
	}
	port, err := FreePort()
	if err != nil {
		return nil, "", err
	}
	p, err := StartPostgres(dir, port, durability)
	if err != nil {
		return nil, "", err
	}
	return p, fmt.Sprintf("postgres://latchkey@127.0.0.1:%d/postgres?sslmode=disable", port), nil
}

// Standby makes a copy of the PostgreSQL that listens on a port, which is [Replicated],
// in the folder, and starts it: it follows the other until it is promoted.
func Standby(dir string, primary int) (p *Process, port int, err error) {
	bin, err := postgresFolder()
	if err != nil {
		return nil, 0, err
	}
	err = create(dir, filepath.Join(bin, "pg_basebackup"), "-D", filepath.Join(dir, "data"), "-h", "127.0.0.1", "-p", strconv.Itoa(primary),
		"-U", "latchkey", "--wal-method=stream", "--checkpoint=fast", "--no-sync", "--write-recovery-conf")
	if err != nil {
		return nil, 0, err
	}
	if port, err = FreePort(); err != nil {
		return nil, 0, err
	}
	p, err = StartPostgres(dir, port, Replicated)
	return p, port, err
}

// create runs a program of PostgreSQL that makes the data folder in dir, by
// PostgreSQL's own account.
func create(dir, program string, args ...string) error {
	if os.Geteuid() == 0 {
		uid, gid, err := accountIDs("postgres")
		if err != nil {
			return err
		}
		if err := os.Chown(dir, int(uid), int(gid)); err != nil {
			return fmt.Errorf("give folder to PostgreSQL: %w", err)
		}
	}
	cmd := exec.CommandContext(context.Background(), program, args...)
	var err error
	if cmd.SysProcAttr, err = procAttr("postgres"); err != nil {
		return err
	}
	cmd.Dir = dir
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(program), err, output)
	}
	return nil
}

// StartPostgres starts the PostgreSQL that [Postgres] made in the folder, on a port.
func StartPostgres(dir string, port int, durability Durability) (*Process, error) {
	bin, err := postgresFolder()
	if err != nil {
		return nil, err
	}
	args := []string{
		"-D", filepath.Join(dir, "data"), "-p", strconv.Itoa(port), "-h", "127.0.0.1", "-k", dir,
		"-c", "shared_buffers=128MB",
	}
	if durability == Durable {
		args = append(args, "-c", "max_connections=300")
	} else {
		// Hundreds of databases come and go: vacuuming them helps nobody.
		args = append(args, "-c", "max_connections=1000", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "autovacuum=off",
			"-c", "max_wal_size=256MB", "-c", "jit=off")
	}
	if durability == Fast {
		args = append(args, "-c", "wal_level=minimal", "-c", "max_wal_senders=0")
	}
	answers := func() error {
		return exec.CommandContext(context.Background(), filepath.Join(bin, "pg_isready"),
			"-q", "-h", "127.0.0.1", "-p", strconv.Itoa(port), "-U", "latchkey").Run()
	}
	return Start("postgres", answers, filepath.Join(bin, "postgres"), args...)
}

// postgresFolder is where the programs of PostgreSQL are: beside its own binary,
// which may be a link.
func postgresFolder() (string, error) {
	postgres, err := Find("postgres", "postgresql", "/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	if resolved, err := filepath.EvalSymlinks(postgres); err == nil {
		postgres = resolved
	}
	return filepath.Dir(postgres), nil
}
