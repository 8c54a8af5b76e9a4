package main

import (
	"database/sql"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage/sqlstore"

	_ "github.com/jackc/pgx/v5/stdlib" // opens the server as its administrator
)

// opened is the store of a PostgreSQL database, and what looks at it.
func opened(t *testing.T, address string) (*sqlstore.Store, dependencies) {
	t.Helper()
	file := serveConfig(t, address)
	cfg, err := config.Load(config.LoadOptions{File: file})
	if err != nil {
		t.Fatal(err)
	}
	d, err := newDependencies(cfg, slog.New(slog.DiscardHandler), time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	store, err := d.store(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store, *d
}

// What is wrong with a database, made so: the rights of its role, its clock against ours,
// and how many connections it takes.
func TestDoctorLooksAtTheDatabaseServer(t *testing.T) {
	address := testenv.Postgres(t)
	store, d := opened(t, address)
	ailing(t, "nothing", store, d, nil, doctorDatabase, "", "")
	ailing(t, "nothing about the server", store, d, nil, doctorServer, "", "")
	ailing(t, "a clock that is right", store, d, nil, doctorClock, "", "")
	ailing(t, "a clock that is ahead", store, d, func(d *dependencies, _ *config.Config) { d.now = func() time.Time { return time.Now().Add(time.Hour) } },
		doctorClock, "ahead of the database's", "NTP")
	ailing(t, "a pool that is too large", store, d, func(_ *dependencies, c *config.Config) { c.Database.MaxConns = 100_000 },
		doctorServer, "1 node of 100000 connections each may open 100000, and the server takes ", "max_connections")
	server, err := store.Server(t.Context())
	if err != nil || server.Version < 100_000 || server.Connections < 1 {
		t.Fatalf("the server is %+v, %v", server, err)
	}
	server.Connections = 100
	if err := judgeServer(server, 40, 2); err != nil {
		t.Errorf("two nodes of 40: %v", err)
	}
	if err := judgeServer(server, 40, 3); err == nil {
		t.Error("three nodes of 40 are too many for 100")
	}
	server.Version = 130_014
	if err := judgeServer(server, 1, 1); err == nil || !strings.Contains(err.Error(), "PostgreSQL 13, which gets no fixes") {
		t.Errorf("an old server: %v", err)
	}

	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	role := "reads_" + strings.TrimPrefix(u.Path, "/")
	do := func(statement string) {
		t.Helper()
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	do(`CREATE ROLE ` + role)
	t.Cleanup(func() {
		do(`DROP OWNED BY ` + role)
		do(`DROP ROLE ` + role)
		_ = db.Close()
	})
	do(`GRANT USAGE ON SCHEMA public TO ` + role)
	do(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ` + role)
	query := u.Query()
	query.Set("options", "-c role="+role)
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	reads, d := opened(t, u.String())
	ailing(t, "a role that may only read", reads, d, nil, doctorDatabase, "it cannot be written", "INSERT, UPDATE and DELETE")
}

// Messages that wait for longer than they may.
func TestDoctorLooksAtTheOutbox(t *testing.T) {
	now := time.Now()
	n := newIdleServer(t, &now)
	u := n.person(t, "ada@example.com", time.Time{})
	email := "new@example.com"
	if err := n.boot.accounts(n.store).Edit(t.Context(), account.Operator("op"), u.ID, account.Edit{Email: &email}); err != nil {
		t.Fatal(err)
	}
	ailing(t, "a message that was just queued", n.store, *n.boot, nil, doctorOutbox, "", "")
	now = now.Add(n.boot.cfg.Outbox.MaxAge + time.Minute)
	ailing(t, "a message that nobody sends", n.store, *n.boot, nil, doctorOutbox, "are overdue, the oldest for", "outbox list")
}

// A Redis that forgets at a restart.
func TestDoctorLooksAtRedis(t *testing.T) {
	now := time.Now()
	n := newIdleServer(t, &now)
	redis := testenv.StartRedis(t)
	for _, at := range []struct{ name, policy, save, log, problem, fix string }{
		{"one that evicts", "allkeys-lru", "", "no", "maxmemory-policy is allkeys-lru", "noeviction"},
		{"one that writes nothing", "noeviction", "", "no", "it writes nothing to disk", "appendonly yes"},
		{"one that makes snapshots", "noeviction", "3600 1", "no", "", ""},
		{"one that keeps a log", "noeviction", "", "yes", "", ""},
	} {
		redis.Ask("CONFIG SET maxmemory-policy " + at.policy)
		redis.Ask(`CONFIG SET save "` + at.save + `"`)
		redis.Ask("CONFIG SET appendonly " + at.log)
		ailing(t, at.name, n.store, *n.boot, func(_ *dependencies, c *config.Config) { c.Redis.URL = config.NewSecret(redis.URL) }, doctorRedis, at.problem, at.fix)
	}
}
