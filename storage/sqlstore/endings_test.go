package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// endings is a store that notes which sessions it says have ended.
type endings struct {
	*sqlstore.Store
	clock *storagetest.Clock
	n     int
	mu    sync.Mutex
	told  []storage.EndedSession
	// strict are the clients of which offline grants end as well.
	strict []string
	fail   error
	// found are the deliveries that a worker finds each time that it is woken.
	found []int
}

func newEndings(t *testing.T, url string) *endings {
	t.Helper()
	e := &endings{clock: storagetest.NewClock()}
	s, err := sqlstore.Open(t.Context(), sqlstore.Config{
		URL: url, Hasher: testHasher, Now: e.clock.Now, DatabaseClock: e.clock.Now, SessionsEnded: e.tell, Queued: e.wake,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.Store = s
	return e
}

// wake is a worker that looks at once.
func (e *endings) wake() {
	due, err := e.Outbox().Backlog(context.Background(), e.clock.Now())
	if err != nil {
		e.found = append(e.found, -1)
		return
	}
	e.found = append(e.found, due.Due)
}

// tell queues one delivery for each client of each session.
func (e *endings) tell(_ context.Context, ended []storage.EndedSession) (storage.Aftermath, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told = append(e.told, ended...)
	m := storage.Aftermath{OfflineClients: e.strict}
	for _, s := range ended {
		for _, c := range s.Clients {
			m.Deliveries = append(m.Deliveries, storage.Message{
				ID: s.SID + storage.ID(c.ClientID), Topic: storage.TopicLogout, SID: s.SID, ClientID: c.ClientID, CreatedAt: s.EndedAt,
			})
		}
	}
	return m, e.fail
}

func (e *endings) id() storage.ID {
	e.n++
	return storage.ID(fmt.Sprintf("%032x", e.n))
}

func (e *endings) event(typ storage.EventType) storage.Event {
	return storage.Event{ID: e.id(), At: e.clock.Now(), Type: typ}
}

func (e *endings) must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// signIn makes a person with a session that signed in to two clients.
func (e *endings) signIn(t *testing.T) (storage.ID, *storage.Session) {
	t.Helper()
	now := e.clock.Now()
	u := &storage.User{ID: e.id(), Username: "u" + fmt.Sprint(e.n), CreatedAt: now, UpdatedAt: now}
	e.must(t, "create user", e.Users().Create(t.Context(), u, e.event(storage.EventUserCreated)))
	s := &storage.Session{
		SID: e.id(), UserID: u.ID, SecretHash: "p1." + string(u.ID), Authentication: storage.Authentication{Time: now},
		CreatedAt: now, LastSeenAt: now, IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(2 * time.Hour),
	}
	e.must(t, "create session", e.Sessions().Create(t.Context(), s, storage.SessionStart{}, e.event(storage.EventSignIn)))
	for _, client := range []string{"wiki", "chat", "wiki"} { // one of them twice
		g := &storage.Grant{
			ID: e.id(), ClientID: client, UserID: u.ID, SID: s.SID, CodeHash: "p1." + fmt.Sprint(e.n), Generation: 1, Salt: benchSalt,
			Authentication: storage.Authentication{Time: now}, RotatedAt: now, CreatedAt: now, IdleExpiresAt: now.Add(9 * time.Hour), ExpiresAt: now.Add(9 * time.Hour),
		}
		_, err := e.Grants().Create(t.Context(), g, storage.GrantStart{Subject: "sub of " + client}, e.event(storage.EventGrantIssued))
		e.must(t, "create grant", err)
	}
	return u.ID, s
}

// However a session ends, its grants end with it and its clients are told, in the
// same transaction.
func TestSE5_EveryEndOfASessionIsOne(t *testing.T) {
	ends := map[string]func(e *endings, t *testing.T, user storage.ID, s *storage.Session) error{
		"sign-out": func(e *endings, t *testing.T, _ storage.ID, s *storage.Session) error {
			return e.Sessions().End(t.Context(), s.SID, e.clock.Now(), e.event(storage.EventSignOut))
		},
		"ended by its owner": func(e *endings, t *testing.T, user storage.ID, s *storage.Session) error {
			return e.Sessions().EndOf(t.Context(), user, s.SID, e.clock.Now(), e.event(storage.EventSessionEnded))
		},
		"all ended": func(e *endings, t *testing.T, user storage.ID, _ *storage.Session) error {
			return e.Sessions().EndAll(t.Context(), user, "", e.clock.Now(), false, e.event(storage.EventSessionsEnded))
		},
		"password changed": func(e *endings, t *testing.T, user storage.ID, _ *storage.Session) error {
			c := storage.PasswordChange{UserID: user, Hash: "new", Now: e.clock.Now()}
			return e.Users().ChangePassword(t.Context(), c, e.event(storage.EventPasswordChanged))
		},
		"disabled": func(e *endings, t *testing.T, user storage.ID, _ *storage.Session) error {
			return e.Users().Disable(t.Context(), user, e.clock.Now(), e.event(storage.EventUserDisabled))
		},
		"factors reset": func(e *endings, t *testing.T, user storage.ID, _ *storage.Session) error {
			return e.Users().ResetFactors(t.Context(), user, e.clock.Now(), e.event(storage.EventFactorsReset))
		},
		"deletion planned": func(e *endings, t *testing.T, user storage.ID, _ *storage.Session) error {
			return e.Users().PlanDeletion(t.Context(), storage.DeletionPlan{UserID: user, At: e.clock.Now()}, e.event(storage.EventDeletionPlanned))
		},
		"replaced by another person's": func(e *endings, t *testing.T, _ storage.ID, s *storage.Session) error {
			now := e.clock.Now()
			u := &storage.User{ID: e.id(), CreatedAt: now, UpdatedAt: now}
			e.must(t, "create user", e.Users().Create(t.Context(), u, e.event(storage.EventUserCreated)))
			next := *s
			next.SID, next.UserID, next.SecretHash = e.id(), u.ID, "p1.next"
			return e.Sessions().Create(t.Context(), &next, storage.SessionStart{Replaces: []string{s.SecretHash}}, e.event(storage.EventSignIn))
		},
		"idle for too long": func(e *endings, t *testing.T, _ storage.ID, _ *storage.Session) error {
			e.clock.Advance(time.Hour)
			swept, err := e.Sweep(t.Context(), e.clock.Now())
			if swept["sessions"] != 1 {
				t.Errorf("swept %v", swept)
			}
			return err
		},
	}
	for backend, url := range testenv.Databases() {
		for name, end := range ends {
			t.Run(backend+"/"+name, func(t *testing.T) {
				t.Parallel()
				e := newEndings(t, url(t))
				user, s := e.signIn(t)
				e.fail = errors.New("out of ids")
				if name != "idle for too long" {
					if err := end(e, t, user, s); !errors.Is(err, e.fail) {
						t.Fatalf("an end that nobody can be told of = %v", err)
					}
					if _, err := e.Sessions().BySecret(t.Context(), []string{s.SecretHash}, e.clock.Now()); err != nil {
						t.Fatalf("it ended the session all the same: %v", err)
					}
				}
				e.fail, e.told, e.found = nil, nil, nil
				want := []storage.SessionClient{{ClientID: "chat", Subject: "sub of chat"}, {ClientID: "wiki", Subject: "sub of wiki"}}
				if got, err := e.Sessions().Clients(t.Context(), s.SID); err != nil || !slices.Equal(got, want) {
					t.Errorf("the session signed in to %v, %v", got, err)
				}
				e.must(t, name, end(e, t, user, s))
				if left, err := e.Sessions().Clients(t.Context(), s.SID); err != nil || len(left) != 0 {
					t.Errorf("after its end it is signed in to %v, %v", left, err)
				}
				if len(e.told) != 1 || e.told[0].SID != s.SID || e.told[0].UserID != user {
					t.Fatalf("told of %+v, want session %s of %s", e.told, s.SID, user)
				}
				clients := e.told[0].Clients
				slices.SortFunc(clients, func(a, b storage.SessionClient) int { return len(a.ClientID+a.Subject) - len(b.ClientID+b.Subject) })
				for _, client := range []string{"wiki", "chat"} {
					if !slices.Contains(clients, storage.SessionClient{ClientID: client, Subject: "sub of " + client}) || len(clients) != 2 {
						t.Errorf("clients told = %+v", clients)
					}
				}
				queued, err := e.Outbox().List(t.Context(), "", storage.DeliveryQueued, 10)
				if err != nil || len(queued) != 2 {
					t.Errorf("%d deliveries are queued, %v; want one a client", len(queued), err)
				}
				if !slices.Equal(e.found, []int{2}) {
					t.Errorf("a worker was woken to %v deliveries, want once to both", e.found)
				}
				grants, err := e.Grants().ListByUser(t.Context(), user)
				if err != nil || len(grants) != 3 {
					t.Fatalf("%d grants, %v", len(grants), err)
				}
				for _, g := range grants {
					if g.RevokedAt.IsZero() || g.RevokedReason != e.told[0].Reason {
						t.Errorf("a grant ended at %s for %q, want %q", g.RevokedAt, g.RevokedReason, e.told[0].Reason)
					}
				}
			})
		}
	}
}

// BL1: grants with offline access outlive their sessions, except at the clients that are
// named, in the same transaction; other sessions lose none.
func TestBL1_OfflineGrantsEndWhereTheClientWantsIt(t *testing.T) {
	for backend, url := range testenv.Databases() {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			e := newEndings(t, url(t))
			user, s := e.signIn(t)
			other := *s
			other.SID, other.SecretHash = e.id(), "p1.other"
			e.must(t, "create session", e.Sessions().Create(t.Context(), &other, storage.SessionStart{}, e.event(storage.EventSignIn)))
			now, lives := e.clock.Now(), map[storage.ID]bool{}
			for _, of := range []struct {
				client string
				sid    storage.ID
				lives  bool
			}{{"wiki", s.SID, true}, {"chat", s.SID, false}, {"chat", other.SID, true}} {
				g := &storage.Grant{
					ID: e.id(), ClientID: of.client, UserID: user, SID: of.sid, CodeHash: "p1." + fmt.Sprint(e.n), Generation: 1, Salt: benchSalt, Offline: true,
					Authentication: storage.Authentication{Time: now}, RotatedAt: now, CreatedAt: now, IdleExpiresAt: now.Add(9 * time.Hour), ExpiresAt: now.Add(9 * time.Hour),
				}
				_, err := e.Grants().Create(t.Context(), g, storage.GrantStart{Subject: "sub of " + of.client}, e.event(storage.EventGrantIssued))
				e.must(t, "create grant", err)
				lives[g.ID] = of.lives
			}
			e.strict = []string{"chat", "elsewhere"}
			e.must(t, "sign out", e.Sessions().End(t.Context(), s.SID, now, e.event(storage.EventSignOut)))
			grants, err := e.Grants().ListByUser(t.Context(), user)
			e.must(t, "list grants", err)
			for _, g := range grants {
				if g.RevokedAt.IsZero() != lives[g.ID] || !lives[g.ID] && g.RevokedReason != storage.RevokedSignOut {
					t.Errorf("grant of %s from %s: ended at %v for %q", g.ClientID, g.SID, g.RevokedAt, g.RevokedReason)
				}
			}
			told, err := e.Outbox().Farewells(t.Context(), s.SID)
			e.must(t, "farewells", err)
			if len(told) != 2 || told[0].SID != s.SID || told[0].ClientID == told[1].ClientID || told[0].ClientID == "" {
				t.Errorf("farewells are %+v", told)
			}
			for _, sid := range []storage.ID{other.SID, ""} {
				if told, err := e.Outbox().Farewells(t.Context(), sid); err != nil || len(told) != 0 {
					t.Errorf("farewells of %q are %+v, %v", sid, told, err)
				}
			}
		})
	}
}

// A person who goes for good takes their sessions along, and a step-up ends none.
func TestSE5_WhatGoesAndWhatGoesOn(t *testing.T) {
	for backend, url := range testenv.Databases() {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			e := newEndings(t, url(t))
			user, s := e.signIn(t)
			stepUp := *s
			stepUp.SecretHash = "p1.stepped up"
			start := storage.SessionStart{Replaces: []string{s.SecretHash}, Renews: true}
			e.must(t, "step up", e.Sessions().Create(t.Context(), &stepUp, start, e.event(storage.EventSignIn)))
			if len(e.told) != 0 {
				t.Errorf("a step-up told of %+v", e.told)
			}
			// A sign-in that went on while the deletion was planned.
			e.must(t, "plan", e.Users().PlanDeletion(t.Context(), storage.DeletionPlan{UserID: user, At: e.clock.Now()}, e.event(storage.EventDeletionPlanned)))
			e.told = nil
			again := *s
			again.SID, again.SecretHash = e.id(), "p1.again"
			e.must(t, "create session", e.Sessions().Create(t.Context(), &again, storage.SessionStart{}, e.event(storage.EventSignIn)))
			gone, err := e.Users().DeleteDue(t.Context(), e.clock.Now(), 10, func(storage.User) (storage.Event, []storage.Message, error) {
				return e.event(storage.EventUserDeleted), nil, nil
			})
			if err != nil || len(gone) != 1 || len(e.told) != 1 || e.told[0].SID != again.SID {
				t.Errorf("deleted %v, %v; told of %+v", gone, err, e.told)
			}
		})
	}
}
