package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/devdata"
	"github.com/latchkey-id/latchkey/cmd/internal/health"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

func TestDL1_ANodesClockIsHeldAgainstTheDatabases(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return now.Add(d) }
	for name, c := range map[string]struct {
		before, after, theirs time.Duration
		want                  time.Duration
	}{
		"alike":           {0, 10 * time.Millisecond, 5 * time.Millisecond, 0},
		"ahead":           {0, 10 * time.Millisecond, -5 * time.Minute, 5 * time.Minute},
		"behind":          {0, 10 * time.Millisecond, 5 * time.Minute, 10*time.Millisecond - 5*time.Minute},
		"a slow answer":   {0, 4 * time.Second, 4 * time.Second, 0}, // says nothing of the clock
		"slow and behind": {0, 4 * time.Second, 6 * time.Second, -2 * time.Second},
	} {
		if got := clockOffset(at(c.before), at(c.after), at(c.theirs)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	const most = 10 * time.Second
	for offset, want := range map[time.Duration]string{
		0: "", time.Second: "", -time.Second: "", 2 * time.Second: "degraded", -3 * time.Second: "degraded",
		most: "degraded", most + 1: "unavailable", -5 * time.Minute: "unavailable",
	} {
		err := judgeClock(offset, most)
		got := ""
		switch {
		case err == nil:
		case errors.Is(err, health.ErrDegraded):
			got = "degraded"
		default:
			got = "unavailable"
		}
		if got != want {
			t.Errorf("%s is %q, want %q (%v)", offset, got, want, err)
		}
	}
}

// TestPublicProbesNameNoStore: while PostgreSQL and Redis are away, the public answer
// says which checks fail and discloses no user, database or address of either; the
// listener of the metrics tells why. Neither tells a password.
func TestPublicProbesNameNoStore(t *testing.T) {
	data, err := devdata.Open(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.LoadOptions{Dev: true, Defaults: data.Defaults("http://localhost")})
	if err != nil {
		t.Fatal(err)
	}
	store, err := url.Parse(testenv.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	store.User = url.UserPassword(store.User.Username(), "password-of-postgres") // which the server trusts anyway
	address := fmt.Sprintf("127.0.0.1:%d", testenv.FreePort(t))
	cfg.Database.URL = config.NewSecret(store.String())
	cfg.Redis.URL = config.NewSecret("redis://user-of-redis:password-of-redis@" + address)
	now := time.Now()
	n := newIdleServerOf(t, cfg, &now)
	closeDatabase(t, *store)

	probe := func(h http.Handler) (int, string) {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+readyPath, nil))
		return answer.Code, fmt.Sprint(answer.Header(), answer.Body)
	}
	names := []string{store.User.Username(), strings.TrimPrefix(store.Path, "/"), store.Host, address}
	status, public := probe(n)
	for _, name := range append(names, "127.0.0.1", "user-of-redis", "password-of") {
		if strings.Contains(public, name) {
			t.Errorf("in public the answer holds %q: %s", name, public)
		}
	}
	if status != http.StatusServiceUnavailable || !strings.Contains(public, `"database":{"ok":false}`) || !strings.Contains(public, `"redis":{"ok":false}`) {
		t.Errorf("in public: %d %s", status, public)
	}
	status, inside := probe(n.probeServer().Handler)
	for _, name := range names {
		if !strings.Contains(inside, name) {
			t.Errorf("inside, the answer lacks %q: %s", name, inside)
		}
	}
	if status != http.StatusServiceUnavailable || strings.Contains(inside, "password-of") {
		t.Errorf("inside: %d %s", status, inside)
	}
}

// closeDatabase ends the connections to a database, and lets nobody in any more.
func closeDatabase(t *testing.T, address url.URL) {
	t.Helper()
	name := strings.TrimPrefix(address.Path, "/")
	address.Path = "/postgres"
	db, err := sql.Open("pgx", address.String())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.ExecContext(t.Context(), "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false")
	if err == nil {
		_, err = db.ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
	}
	if err != nil {
		t.Fatal(err)
	}
}
