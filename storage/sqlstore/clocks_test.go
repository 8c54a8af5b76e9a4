package sqlstore_test

import (
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// soon is how far two readings of one clock may be apart on a slow machine.
const soon = 2 * time.Minute

// signedIn makes a person with a session and a grant by the node's clock.
func signedIn(t *testing.T, s *sqlstore.Store, now time.Time) *storage.Grant {
	t.Helper()
	u := &storage.User{ID: "u", Email: "ada@example.com", CreatedAt: now, UpdatedAt: now}
	session := &storage.Session{SID: "s", UserID: "u", SecretHash: "p1.s", Authentication: storage.Authentication{Time: now}, CreatedAt: now, LastSeenAt: now, IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour)}
	g := &storage.Grant{
		ID: "g", ClientID: "wiki", UserID: "u", SID: "s", CodeHash: "p1.code", Generation: 1, Salt: benchSalt, Refreshable: true, Offline: true,
		Authentication: storage.Authentication{Time: now}, RotatedAt: now, CreatedAt: now, IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(2 * time.Hour),
	}
	err1 := s.Users().Create(t.Context(), u, storage.Event{ID: "e1", At: now})
	err2 := s.Sessions().Create(t.Context(), session, storage.SessionStart{}, storage.Event{ID: "e2", At: now})
	created, err3 := s.Grants().Create(t.Context(), g, storage.GrantStart{}, storage.Event{ID: "e3", At: now})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	return &created.Grant
}

func refresh(generation uint32) storage.Rotation {
	return storage.Rotation{GrantID: "g", ClientID: "wiki", Generation: generation, Salt: benchSalt, IdleLifetime: time.Hour}
}

// Nodes whose clocks differ agree on when a grant was rotated and how long it
// lives: both are of the database's clock.
func TestDL1_ClocksThatDifferAgreeOnARotation(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{5 * time.Minute, -5 * time.Minute, 3 * time.Hour} {
		t.Run(off.String(), func(t *testing.T) {
			t.Parallel()
			db := newServer(t)
			wrong := func() time.Time { return time.Now().Add(off) }
			ahead := db.open(t, func(c *sqlstore.Config) { c.Now = wrong })
			right := db.open(t)
			created := signedIn(t, ahead, wrong())
			if time.Since(created.CreatedAt).Abs() > soon || created.ExpiresAt.Sub(created.CreatedAt) != 2*time.Hour {
				t.Errorf("made at %s, to last until %s", created.CreatedAt, created.ExpiresAt)
			}
			for generation, node := range []*sqlstore.Store{ahead, right, ahead} {
				rotated, err := node.Grants().Rotate(t.Context(), refresh(uint32(generation+1)))
				if err != nil {
					t.Fatal(err)
				}
				if time.Since(rotated.Grant.RotatedAt).Abs() > soon || rotated.Grant.IdleExpiresAt.Sub(rotated.Now)-time.Hour > time.Second {
					t.Errorf("rotated at %s, idle until %s", rotated.Grant.RotatedAt, rotated.Grant.IdleExpiresAt)
				}
				for _, other := range []*sqlstore.Store{right, ahead} {
					got, err := other.Grants().ByID(t.Context(), "g")
					if err != nil {
						t.Fatal(err)
					}
					if age := got.Now.Sub(got.Grant.RotatedAt); age < 0 || age > soon {
						t.Errorf("a retry sees a rotation of %s ago", age)
					}
				}
			}
		})
	}
}

// A refresh that was held up counts from when it was written, not from when it
// was asked for: the grace of who asks again has only begun.
func TestDL1_ARotationThatWasHeldUpIsYoung(t *testing.T) {
	t.Parallel()
	db := newServer(t)
	s := db.open(t, func(c *sqlstore.Config) { c.Timeout = time.Minute })
	signedIn(t, s, time.Now())
	lock, err := db.admin.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback() }()
	if _, err := lock.ExecContext(t.Context(), `LOCK TABLE grants`); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() {
		if _, err := s.Grants().Rotate(t.Context(), refresh(1)); err != nil {
			t.Error(err)
		}
	})
	var released time.Time
	const waits = `SELECT clock_timestamp() FROM pg_sleep(0.5) WHERE EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'grants'::regclass)`
	for released.IsZero() {
		err := db.admin.QueryRowContext(t.Context(), waits).Scan(&released)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			t.Fatal(err)
		}
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	got, err := s.Grants().ByID(t.Context(), "g")
	if err != nil {
		t.Fatal(err)
	}
	if got.Grant.RotatedAt.Before(released) {
		t.Errorf("rotated at %s, though nothing could be written before %s", got.Grant.RotatedAt, released)
	}
}
