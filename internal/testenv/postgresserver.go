package testenv

import (
	"net/url"
	"strconv"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv/server"
)

// PostgresServer is a PostgreSQL of one test, which may stop, freeze and start it.
type PostgresServer struct {
	// URL is of its empty database.
	URL string

	t    testing.TB
	dir  string
	port int
	s    *server.Process

	durability server.Durability
}

// StartPostgres starts a PostgreSQL of the test's own. It does not flush to disk:
// what it said is written survives the end of its processes, not that of the machine.
func StartPostgres(t testing.TB) *PostgresServer {
	t.Helper()
	return startPostgres(t, server.Fast)
}

func startPostgres(t testing.TB, durability server.Durability) *PostgresServer {
	t.Helper()
	dir := processFolder(t, "latchkey-postgres-")
	s, address, err := server.Postgres(dir, durability)
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	p := &PostgresServer{URL: address, t: t, dir: dir, s: s, durability: durability}
	t.Cleanup(func() {
		if p.s != nil {
			_ = p.s.Thaw()
			p.Stop()
		}
	})
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("PostgreSQL URL: %v", err)
	}
	if p.port, err = strconv.Atoi(u.Port()); err != nil {
		t.Fatalf("PostgreSQL URL: %v", err)
	}
	return p
}

// Stop ends the server at once, in the middle of what it does.
func (p *PostgresServer) Stop() {
	p.t.Helper()
	p.s.Stop()
	p.s = nil
}

// Start starts the server again, where it was and with what it had.
func (p *PostgresServer) Start() {
	p.t.Helper()
	s, err := server.StartPostgres(p.dir, p.port, p.durability)
	if err != nil {
		p.t.Fatalf("start PostgreSQL: %v", err)
	}
	p.s = s
}

// Freeze stops the server's processes in the middle of what they do: see
// [server.Process.Freeze].
func (p *PostgresServer) Freeze() {
	p.t.Helper()
	if err := p.s.Freeze(); err != nil {
		p.t.Fatalf("freeze PostgreSQL: %v", err)
	}
}

// Thaw lets them go on.
func (p *PostgresServer) Thaw() {
	p.t.Helper()
	if err := p.s.Thaw(); err != nil {
		p.t.Fatalf("thaw PostgreSQL: %v", err)
	}
}
