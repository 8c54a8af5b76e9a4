package sqlstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// planCalls calls every method once, each with rows of its own.
type planCalls struct {
	t   *testing.T
	s   *sqlstore.Store
	now time.Time
	n   int
}

// newPlanCalls begins the chain of events, and plans what is due, before the rest
// is loaded.
func newPlanCalls(t *testing.T, s *sqlstore.Store) *planCalls {
	c := &planCalls{t: t, s: s, now: time.Now()}
	for range 3 {
		e := c.event()
		e.At = e.At.Add(-time.Hour)
		c.must(s.Events().Append(t.Context(), e))
	}
	_, err := s.Events().Link(t.Context(), 10)
	c.must(err)
	due := &storage.User{ID: c.id(), Email: "due@example.com", CreatedAt: c.now, UpdatedAt: c.now}
	c.must(s.Users().Create(t.Context(), due, c.event()))
	c.must(s.Users().PlanDeletion(t.Context(), storage.DeletionPlan{UserID: due.ID, PasswordEpoch: due.PasswordEpoch, At: c.now}, c.event()))
	return c
}

func (c *planCalls) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// id is one that no loaded row has.
func (c *planCalls) id() storage.ID {
	c.n++
	return storage.ID(fmt.Sprintf("f%031x", c.n))
}

// row is the number of a loaded row that no other call uses.
func (c *planCalls) row() int {
	c.n++
	return 50_000 + c.n
}

func rowOf(n int) storage.ID { return storage.ID(fmt.Sprintf("%032x", n)) }

func (c *planCalls) event() storage.Event {
	return storage.Event{ID: c.id(), At: c.now, Type: storage.EventSignIn, RequestID: "r"}
}

// notice is a message that goes with a change.
func (c *planCalls) notice() storage.Message {
	return storage.Message{ID: c.id(), Topic: storage.TopicEmail, Kind: storage.MessageTest, CreatedAt: c.now}
}

func (c *planCalls) user() *storage.User {
	id := c.id()
	return &storage.User{ID: id, Email: string(id) + "@example.com", Username: string(id), Roles: []string{"admin"}, CreatedAt: c.now, UpdatedAt: c.now}
}

func (c *planCalls) group() *storage.Group {
	id := c.id()
	return &storage.Group{ID: id, Name: string(id), Roles: []string{"admin"}, CreatedAt: c.now, UpdatedAt: c.now}
}

func (c *planCalls) session(user storage.ID) *storage.Session {
	id := c.id()
	return &storage.Session{
		SID: id, UserID: user, SecretHash: "s" + string(id), Authentication: storage.Authentication{Time: c.now}, CreatedAt: c.now,
		LastSeenAt: c.now, IdleExpiresAt: c.now.Add(time.Hour), ExpiresAt: c.now.Add(time.Hour),
	}
}

func (c *planCalls) grant(user, sid storage.ID) *storage.Grant {
	id := c.id()
	return &storage.Grant{
		ID: id, ClientID: "wiki", UserID: user, SID: sid, CodeHash: string(id), Generation: 1, Salt: benchSalt, RotatedAt: c.now, CreatedAt: c.now,
		Authentication: storage.Authentication{Time: c.now}, IdleExpiresAt: c.now.Add(time.Hour), ExpiresAt: c.now.Add(time.Hour),
	}
}

func (c *planCalls) credential(user storage.ID) storage.Credential {
	return storage.Credential{ID: c.id(), UserID: user, Kind: storage.FactorTOTP, CreatedAt: c.now}
}

// second is the error of a call that also returns something.
func second[T any](_ T, err error) error { return err }
