package sqlstore_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// server is a PostgreSQL database with a way in past the store.
type server struct {
	url   string
	admin *sql.DB
}

func newServer(t *testing.T) server {
	t.Helper()
	s := server{url: testenv.Postgres(t)}
	admin, err := sql.Open("pgx", s.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	s.admin = admin
	return s
}

func (s server) do(t *testing.T, statement string) {
	t.Helper()
	if _, err := s.admin.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// name is that of the database.
func (s server) name(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

// open opens a store of real clocks.
func (s server) open(t *testing.T, change ...func(*sqlstore.Config)) *sqlstore.Store {
	t.Helper()
	cfg := sqlstore.Config{URL: s.url, Hasher: testHasher, Now: time.Now, MaxConns: 4}
	for _, c := range change {
		c(&cfg)
	}
	store, err := sqlstore.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// write claims a job that nobody else claims.
func write(ctx context.Context, s *sqlstore.Store, name string) error {
	_, err := s.Jobs().Claim(ctx, name, time.Hour, time.Now())
	return err
}

// A standby, or a server that was demoted, refuses a write: nothing has happened,
// and the connections to it are of no use any more.
func TestConnectionsToAReadOnlyServerAreDropped(t *testing.T) {
	t.Parallel()
	db := newServer(t)
	db.do(t, `ALTER DATABASE `+db.name(t)+` SET default_transaction_read_only = on`)
	s := db.open(t)
	hold := make(chan struct{})
	var group sync.WaitGroup
	for range 4 { // every connection of the pool is one of before
		group.Go(func() {
			<-hold
			var one int
			if err := s.Raw(t.Context(), `SELECT 1 FROM pg_sleep(0.1)`, &one); err != nil {
				t.Error(err)
			}
		})
	}
	close(hold)
	group.Wait()
	if err := write(t.Context(), s, "refused"); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("a write while no server takes any = %v, want ErrUnavailable", err)
	}
	if _, err := s.CheckWritable(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("CheckWritable = %v, want ErrUnavailable", err)
	}
	db.do(t, `ALTER DATABASE `+db.name(t)+` RESET default_transaction_read_only`)
	if err := write(t.Context(), s, "first"); err != nil {
		t.Errorf("the first write that a server takes = %v", err)
	}
	now := time.Now()
	e := storage.Event{ID: "e", At: now, Type: storage.EventUserCreated}
	if err := s.Users().Create(t.Context(), &storage.User{ID: "u", Email: "ada@example.com", CreatedAt: now, UpdatedAt: now}, e); err != nil {
		t.Errorf("the first transaction that a server takes = %v", err)
	}
	if _, err := s.CheckWritable(t.Context()); err != nil {
		t.Errorf("CheckWritable = %v", err)
	}
}

// A transaction that met a server which takes no writes is made once more.
func TestATransactionOnAReadOnlyServerIsMadeOnceMore(t *testing.T) {
	t.Parallel()
	db := newServer(t)
	db.do(t, `ALTER DATABASE `+db.name(t)+` SET default_transaction_read_only = on`)
	s := db.open(t)
	db.do(t, `ALTER DATABASE `+db.name(t)+` RESET default_transaction_read_only`)
	now := time.Now()
	e := storage.Event{ID: "e", At: now, Type: storage.EventUserCreated}
	if err := s.Users().Create(t.Context(), &storage.User{ID: "u", Email: "ada@example.com", CreatedAt: now, UpdatedAt: now}, e); err != nil {
		t.Errorf("a transaction that began on an old connection = %v", err)
	}
	if _, err := s.Users().ByID(t.Context(), "u"); err != nil {
		t.Error(err)
	}
}

// When an operator or a failover ends connections, what was on them fails, and
// what comes next does not.
func TestConnectionsThatWereEndedAreDropped(t *testing.T) {
	t.Parallel()
	db := newServer(t)
	s := db.open(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			var one int
			if err := s.Raw(t.Context(), `SELECT 1 FROM pg_sleep(0.1)`, &one); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	db.do(t, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	failed := 0
	for range 10 {
		err := write(t.Context(), s, "after")
		if err != nil && !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("a write on an ended connection = %v, want ErrUnavailable", err)
		}
		if err != nil {
			failed++
		}
	}
	if failed > 1 {
		t.Errorf("%d writes failed, want at most one", failed)
	}
}

func TestDL1_ACallThatTakesTooLongIsCanceled(t *testing.T) {
	t.Parallel()
	db := newServer(t)
	s := db.open(t, func(c *sqlstore.Config) { c.Timeout = 3 * time.Second })
	lock, err := db.admin.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback() }()
	if _, err := lock.ExecContext(t.Context(), `LOCK TABLE jobs, users`); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	e := storage.Event{ID: "e", At: now, Type: storage.EventUserCreated}
	for what, call := range map[string]func() error{
		"a statement":   func() error { return write(t.Context(), s, "held up") },
		"a transaction": func() error { return s.Users().Create(t.Context(), &storage.User{ID: "u", CreatedAt: now}, e) },
	} {
		if err := call(); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s that is held up = %v, want ErrUnavailable", what, err)
		}
	}
	ctx, giveUp := context.WithCancel(t.Context())
	giveUp()
	if err := write(ctx, s, "given up"); errors.Is(err, storage.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("a statement that nobody waits for = %v, want Canceled alone", err)
	}
	// The server lets go of them, so that they neither hold connections nor write later.
	const running = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
	deadline := time.Now().Add(testenv.Patience)
	for n := 1; n > 0; {
		if err := db.admin.QueryRowContext(t.Context(), running).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 && time.Now().After(deadline) {
			t.Fatalf("%d statements still wait", n)
		}
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(testenv.Patience); ; { // a slow machine takes longer than the timeout for it
		err := write(t.Context(), s, "held up")
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("a statement that is not held up = %v", err)
		}
	}
}

// The server ends by itself what nobody is left to cancel.
func TestDL1_TheServerHasTimeouts(t *testing.T) {
	t.Parallel()
	db := newServer(t)
	for name, test := range map[string]struct {
		url  string
		want string
	}{
		"by default":            {db.url, "10s 5s 20s"},
		"as the URL says":       {db.url + "&statement_timeout=7000", "7s 5s 20s"},
		"as the URL says, none": {db.url + "&lock_timeout=0", "10s 0 20s"},
	} {
		s := db.open(t, func(c *sqlstore.Config) { c.URL = test.url })
		var got string
		err := s.Raw(t.Context(), `SELECT concat_ws(' ', current_setting('statement_timeout'), current_setting('lock_timeout'),
			current_setting('idle_in_transaction_session_timeout'))`, &got)
		if err != nil || got != test.want {
			t.Errorf("%s: timeouts are %q, %v; want %q", name, got, err, test.want)
		}
	}
}

func TestDatabaseThatIsNotUTF8IsRefused(t *testing.T) {
	t.Parallel()
	db := newServer(t)
	latin := db.name(t) + "_latin"
	db.do(t, `CREATE DATABASE `+latin+` ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`)
	t.Cleanup(func() { _, _ = db.admin.ExecContext(context.Background(), `DROP DATABASE `+latin) })
	_, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: strings.Replace(db.url, db.name(t), latin, 1), Hasher: testHasher})
	if err == nil || !strings.Contains(err.Error(), "LATIN1") || !strings.Contains(err.Error(), "UTF8") {
		t.Errorf("Open = %v, want a refusal that names the encoding", err)
	}
}

func TestDatabaseElsewhereInClearTextIsWarnedOf(t *testing.T) {
	t.Parallel()
	for address, warned := range map[string]bool{
		"postgres://latchkey@192.0.2.1/latchkey?connect_timeout=1":                  false, // see below
		"postgres://latchkey@127.0.0.1:1/latchkey":                                  false,
		"postgres://latchkey@[::1]:1/latchkey":                                      false,
		"postgres://latchkey@localhost:1/latchkey":                                  false,
		"postgres:///latchkey?host=/nowhere":                                        false,
		"postgres://latchkey@db.invalid:1/latchkey":                                 true,
		"postgres://latchkey@db.invalid:1/latchkey?sslmode=verify-full":             false,
		"postgres://latchkey@db.invalid:1/latchkey?sslmode=disable":                 false, // they said so
		"postgres://latchkey@db.invalid:1,db2.invalid:1/latchkey?connect_timeout=1": true,
	} {
		if strings.Contains(address, "192.0.2.1") {
			continue // nothing answers there, and nothing says so
		}
		var log bytes.Buffer
		s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: address, Hasher: testHasher, Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err == nil {
			_ = s.Close()
			t.Fatalf("%s: somebody answers", address)
		}
		if got := strings.Contains(log.String(), "sslmode"); got != warned {
			t.Errorf("%s: warned %v, want %v: %s", address, got, warned, &log)
		}
	}
}

func TestClockOffset(t *testing.T) {
	t.Parallel()
	db := newServer(t)
	s := db.open(t, func(c *sqlstore.Config) { c.Now = func() time.Time { return time.Now().Add(5 * time.Minute) } })
	got, err := s.ClockOffset(t.Context())
	if off := got - 5*time.Minute; err != nil || off.Abs() > soon {
		t.Errorf("offset of a clock that is 5 minutes ahead = %s, %v", got, err)
	}
	at, err := s.CheckWritable(t.Context())
	if err != nil || time.Since(at).Abs() > soon {
		t.Errorf("the database's time = %s, %v", at, err)
	}
}

// Behind a pooler that lends a connection for one transaction, nothing may rest
// on a session: no prepared statement, no lock, no setting.
func TestPgBouncerInTransactionMode(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"as it ships":               nil,
		"that passes over settings": {"ignore_startup_parameters = statement_timeout,lock_timeout,idle_in_transaction_session_timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := testenv.PgBouncer(t, testenv.EmptyPostgres(t), settings...)
			clock := storagetest.NewClock()
			var group sync.WaitGroup
			for range 3 { // nodes that start at once
				s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: address, Hasher: testHasher, Now: clock.Now, DatabaseClock: clock.Now, MaxConns: 8})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = s.Close() })
				group.Go(func() {
					if _, err := s.Migrate(t.Context()); err != nil {
						t.Errorf("Migrate: %v", err)
					}
				})
			}
			group.Wait()
			if settings == nil { // once they are connected, both are the same
				storagetest.TestDurable(t, open(t, address, clock.Now), clock)
			}
			storagetest.TestEphemeral(t, open(t, address, clock.Now).Ephemeral(), clock.Advance)
		})
	}
}
