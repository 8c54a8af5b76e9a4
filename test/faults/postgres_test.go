package faults

import (
	"context"
	"database/sql"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// stall is for how long a database does not answer: many times the grace, and longer
// than proxies, drivers and servers wait by default.
const stall = 45 * time.Second

// TestDL1_FaultsOfPostgreSQL breaks the database in every way that it has. Each fault
// that lasts has an installation of its own, so that they last at the same time.
func TestDL1_FaultsOfPostgreSQL(t *testing.T) {
	t.Parallel()
	t.Run("stopped", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartPostgres(t)
		startNodes(t, parts{database: server.URL, redis: testenv.Redis(t)}).expose(t, fault{
			name: "for 45 seconds", lasts: stall, status: "unavailable", check: "database", works: []string{published},
			breaks: func(*testing.T) func() {
				server.Freeze()
				return server.Thaw
			},
		})
	})
	t.Run("a table locked", func(t *testing.T) {
		t.Parallel()
		database := testenv.Postgres(t)
		startNodes(t, parts{database: database, redis: testenv.Redis(t)}).expose(t, fault{
			name: "for 45 seconds", lasts: stall, works: []string{published},
			breaks: func(t *testing.T) func() { return inSession(t, database, `BEGIN`, `LOCK TABLE grants`) },
		})
	})
	t.Run("failed over", func(t *testing.T) {
		t.Parallel()
		pair := testenv.StartPostgresPair(t)
		startNodes(t, parts{database: pair.URL, redis: testenv.Redis(t)}).expose(t, fault{
			// What was answered as done is on the standby: the checker knows what that was.
			name: "to a standby", lasts: 2 * time.Second, status: "unavailable", check: "database", works: []string{published},
			breaks: func(*testing.T) func() {
				pair.KillPrimary()
				return pair.Promote
			},
		})
	})
	t.Run("in a moment", func(t *testing.T) {
		t.Parallel()
		server := testenv.StartPostgres(t)
		in := startNodes(t, parts{database: server.URL, redis: testenv.Redis(t)})
		for _, f := range []fault{
			{
				name: "read only", lasts: time.Second, status: "unavailable", check: "database", works: []string{introspect, userinfo},
				breaks: func(t *testing.T) func() {
					// Sessions that there are become so, and new ones begin so.
					const reload = `SELECT pg_reload_conf()`
					inSession(t, server.URL, `ALTER SYSTEM SET default_transaction_read_only = on`, reload)()
					return func() {
						inSession(t, server.URL+"&default_transaction_read_only=off", `ALTER SYSTEM RESET default_transaction_read_only`, reload)()
					}
				},
			},
			{
				name: "killed and started again", lasts: 2 * time.Second, status: "unavailable", check: "database",
				breaks: func(*testing.T) func() {
					server.Stop()
					return server.Start
				},
			},
			{
				name: "connections ended", lasts: time.Second,
				breaks: func(t *testing.T) func() {
					const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`
					inSession(t, server.URL, end)()
					return inSession(t, server.URL, end)
				},
			},
		} {
			in.expose(t, f)
		}
	})
}

// inSession runs statements in a session of their own, which lasts until it is ended.
func inSession(t *testing.T, url string, statements ...string) (end func()) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return func() {
		_ = conn.Close() // what was begun is given up with the session
		_ = db.Close()
	}
}
