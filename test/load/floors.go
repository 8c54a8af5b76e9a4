package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// floor is something that no node could do faster on this machine.
type floor struct {
	Name string
	result
}

// floors measures what the machine gives, in the same run as the node.
func (s settings) floors(ctx context.Context, h *host, postgres, redis string) ([]floor, error) {
	var floors []floor
	for _, f := range []struct {
		name    string
		workers func() ([]work, func(), error)
	}{
		{"ES256 signature, one core", func() ([]work, func(), error) { return signWork(1) }},
		{"ES256 signature, all cores", func() ([]work, func(), error) { return signWork(runtime.GOMAXPROCS(0)) }},
		{"committed UPDATE, PostgreSQL through pgx", func() ([]work, func(), error) { return s.postgresWork(ctx, postgres) }},
		{"committed UPDATE, SQLite with synchronous=FULL", func() ([]work, func(), error) { return s.sqliteWork(ctx, h.TempDir()) }},
		{"Redis round trip", func() ([]work, func(), error) { return s.redisWork(ctx, redis) }},
		{"HTTP exchange, net/http with nothing behind it", func() ([]work, func(), error) { return s.bareWork(ctx) }},
	} {
		if !s.wants(f.name) {
			continue
		}
		workers, done, err := f.workers()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		r, err := s.measure(ctx, contender{workers: workers})
		done()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		floors = append(floors, floor{f.name, r})
	}
	return floors, nil
}

func signWork(n int) ([]work, func(), error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make key: %w", err)
	}
	digest := sha256.Sum256([]byte("what is signed"))
	workers := make([]work, n)
	for i := range workers {
		workers[i] = func() error {
			_, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
			return err
		}
	}
	return workers, func() {}, nil
}

// postgresWork updates a row for each connection, each time in a transaction of
// its own.
func (s settings) postgresWork(ctx context.Context, address string) ([]work, func(), error) {
	var conns []*pgx.Conn
	done := func() {
		for _, c := range conns {
			_ = c.Close(context.WithoutCancel(ctx))
		}
	}
	workers := make([]work, s.connections)
	for i := range workers {
		c, err := pgx.Connect(ctx, address)
		if err != nil {
			return nil, nil, fmt.Errorf("connect: %w", err)
		}
		conns = append(conns, c)
		for _, text := range []string{
			`CREATE TABLE IF NOT EXISTS floor (id BIGINT PRIMARY KEY, n BIGINT NOT NULL) WITH (fillfactor = 70)`,
			fmt.Sprintf(`INSERT INTO floor VALUES (%d, 0)`, i),
		} {
			if _, err := c.Exec(ctx, text); err != nil {
				return nil, nil, fmt.Errorf("prepare table: %w", err)
			}
		}
		workers[i] = func() error {
			_, err := c.Exec(ctx, `UPDATE floor SET n = n + 1 WHERE id = $1`, i)
			return err
		}
	}
	return workers, done, nil
}

func (s settings) sqliteWork(ctx context.Context, dir string) ([]work, func(), error) {
	query := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)"}}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "floor.db")+"?"+query.Encode())
	if err != nil {
		return nil, nil, fmt.Errorf("open: %w", err)
	}
	db.SetMaxOpenConns(1) // SQLite has one writer
	if _, err := db.ExecContext(ctx, `CREATE TABLE floor (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)`); err != nil {
		return nil, nil, fmt.Errorf("make table: %w", err)
	}
	update, err := db.PrepareContext(ctx, `UPDATE floor SET n = n + 1 WHERE id = ?`)
	if err != nil {
		return nil, nil, fmt.Errorf("prepare: %w", err)
	}
	workers := make([]work, s.connections)
	for i := range workers {
		if _, err := db.ExecContext(ctx, `INSERT INTO floor VALUES (?, 0)`, i); err != nil {
			return nil, nil, fmt.Errorf("make row: %w", err)
		}
		workers[i] = func() error {
			_, err := update.ExecContext(ctx, i)
			return err
		}
	}
	return workers, func() { _, _ = update.Close(), db.Close() }, nil
}

// redisWork asks for a value of the length of a stored code.
func (s settings) redisWork(ctx context.Context, address string) ([]work, func(), error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, nil, fmt.Errorf("address: %w", err)
	}
	var wires []*wire
	workers := make([]work, s.connections)
	for i := range workers {
		w, err := dialWire(ctx, u.Host)
		if err != nil {
			return nil, nil, err
		}
		wires = append(wires, w)
		if err := w.redis("SET floor " + strings.Repeat("x", 600)); err != nil {
			return nil, nil, err
		}
		workers[i] = func() error { return w.redis("GET floor") }
	}
	return workers, func() { closeAll(wires) }, nil
}

func closeAll(wires []*wire) {
	for _, w := range wires {
		w.close()
	}
}
