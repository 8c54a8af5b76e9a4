package sqlstore_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

const testHasher = storagetest.Hasher("p1")

// each runs a test on an empty, migrated store of every backend.
func each(t *testing.T, test func(t *testing.T, s *sqlstore.Store, clock *storagetest.Clock)) {
	for name, url := range testenv.Databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := storagetest.NewClock()
			test(t, open(t, url(t), clock.Now), clock)
		})
	}
}

func open(t testing.TB, url string, now func() time.Time) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url, Hasher: testHasher, Now: now, DatabaseClock: now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestContract(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *sqlstore.Store, clock *storagetest.Clock) {
		storagetest.TestDurable(t, s, clock)
	})
}

func TestEphemeralContract(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *sqlstore.Store, clock *storagetest.Clock) {
		storagetest.TestEphemeral(t, s.Ephemeral(), clock.Advance)
	})
}

// TestTH2_AnAttemptThatWasHeldUpIsNotRefused: requests at once reach the table in
// another order than that of their clocks.
func TestTH2_AnAttemptThatWasHeldUpIsNotRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *sqlstore.Store, clock *storagetest.Clock) {
		b := storage.Backoff{Free: 3, Base: time.Minute, Max: time.Hour, Window: time.Hour}
		for n := range b.Free {
			wait, err := s.Ephemeral().Attempt(t.Context(), "held up", b)
			if err != nil || wait != 0 {
				t.Fatalf("attempt %d: wait %s, %v", n+1, wait, err)
			}
			clock.Advance(-time.Second)
		}
	})
}

func TestTH1_BackoffInSQL(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *sqlstore.Store, _ *storagetest.Clock) {
		for _, w := range storagetest.Waits {
			if got, err := s.WaitInSQL(t.Context(), w.Backoff, w.N); err != nil || got != w.Want {
				t.Errorf("%+v after attempt %d: %s, %v; want %s", w.Backoff, w.N, got, err, w.Want)
			}
		}
	})
}
