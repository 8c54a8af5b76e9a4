package testenv

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv/server"
)

// PostgresPair is a PostgreSQL of one test and a standby that follows it, by synchronous
// streaming replication: what is answered as committed is on both.
type PostgresPair struct {
	// URL is of the empty database, wherever it can be written to.
	URL string

	t                testing.TB
	primary, standby *server.Process
	port             [2]int
}

// StartPostgresPair starts both.
func StartPostgresPair(t testing.TB) *PostgresPair {
	t.Helper()
	primary := startPostgres(t, server.Replicated)
	p := &PostgresPair{t: t, primary: primary.s, port: [2]int{primary.port}}
	var err error
	if p.standby, p.port[1], err = server.Standby(processFolder(t, "latchkey-postgres-"), primary.port); err != nil {
		t.Fatalf("start the standby: %v", err)
	}
	t.Cleanup(p.standby.Stop)
	p.URL = fmt.Sprintf("postgres://latchkey@127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable&target_session_attrs=read-write", p.port[0], p.port[1])
	// Only from now on: who waits for a standby that is not there waits for ever. The
	// standby was copied before, and does not wait for one itself when it is promoted.
	p.do(0, `ALTER SYSTEM SET synchronous_standby_names = '*'`)
	p.do(0, `SELECT pg_reload_conf()`)
	p.await(0, `SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'`)
	return p
}

// KillPrimary ends the primary in the middle of what it does. It does not come back.
func (p *PostgresPair) KillPrimary() {
	p.t.Helper()
	p.primary.Stop()
}

// Promote makes the standby the primary.
func (p *PostgresPair) Promote() {
	p.t.Helper()
	p.do(1, `SELECT pg_promote(false)`)
	p.await(1, `SELECT NOT pg_is_in_recovery()`)
}

func (p *PostgresPair) open(server int) *sql.DB {
	p.t.Helper()
	db, err := sql.Open("pgx", fmt.Sprintf("postgres://latchkey@127.0.0.1:%d/postgres?sslmode=disable", p.port[server]))
	if err != nil {
		p.t.Fatalf("open PostgreSQL: %v", err)
	}
	return db
}

func (p *PostgresPair) do(server int, statement string) {
	p.t.Helper()
	db := p.open(server)
	defer db.Close()
	if _, err := db.ExecContext(context.Background(), statement); err != nil {
		p.t.Fatalf("%s: %v", statement, err)
	}
}

// await returns when a query answers true.
func (p *PostgresPair) await(server int, query string) {
	p.t.Helper()
	db := p.open(server)
	defer db.Close()
	for deadline := time.Now().Add(Patience); ; {
		var is bool
		err := db.QueryRowContext(context.Background(), query).Scan(&is)
		if err == nil && is {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("never: %s: %v", query, err)
		}
		<-time.After(50 * time.Millisecond)
	}
}
