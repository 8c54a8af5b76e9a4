package account

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Deliveries has the outbox try again; storage/sqlstore.Outbox in the binary.
type Deliveries interface {
	// RetryNow makes those that are named due, or all that failed, and returns how many
	// there were; note makes the event of it.
	RetryNow(ctx context.Context, now time.Time, note func(n int64) storage.Event, ids ...storage.ID) (int64, error)
}

// Feeds says how far the receivers of events got; storage/sqlstore.Feeds in the binary.
type Feeds interface {
	// Move answers storage.ErrNotFound for a feed that no node has begun with.
	Move(ctx context.Context, name string, to int64, now time.Time, e storage.Event) error
}

// beginFor starts a change that is about nobody in particular.
func (s *Service) beginFor(ctx context.Context, by Actor, act action) (*change, error) {
	if err := s.authorize(ctx, by, act, &storage.User{}); err != nil {
		return nil, err
	}
	now := s.cfg.Now()
	e, err := NewEvent(now, s.cfg.Random, by, act.event, "")
	if err != nil {
		return nil, err
	}
	return &change{by: by, now: now, event: e}, nil
}

// RetryDeliveries has messages and other deliveries tried again at once: those that are
// named, unless they were delivered or a node is at them, or every one that failed. It
// returns how many are due again; that there were none is no event.
func (s *Service) RetryDeliveries(ctx context.Context, by Actor, ids ...storage.ID) (int64, error) {
	c, err := s.beginFor(ctx, by, retryDeliveries)
	if err != nil {
		return 0, err
	}
	note := func(n int64) storage.Event {
		noted := *c
		noted.detail(fmt.Sprintf("%d deliveries", n))
		return noted.event
	}
	n, err := s.cfg.Deliveries.RetryNow(ctx, c.now, note, ids...)
	if err == nil && n > 0 {
		s.cfg.Queued()
	}
	return n, s.written(c, "retry deliveries", err)
}

// ReplayEvents has a stream or a webhook get the events after a place in the chain again,
// those that it has too. It answers ErrNotFound for one that no node has begun with.
func (s *Service) ReplayEvents(ctx context.Context, by Actor, feed string, after int64) error {
	c, err := s.beginFor(ctx, by, replayEvents)
	if err != nil {
		return err
	}
	c.detail(fmt.Sprintf("%s, after place %d", feed, after))
	return s.written(c, "replay events", s.cfg.Feeds.Move(ctx, feed, after, c.now, c.event))
}

// BeginKeyChange decides whether the actor may rotate ([storage.EventSigningKeyRotated]) or
// revoke ([storage.EventSigningKeyRevoked]) signing keys, and begins the event of it, for
// package keys to write.
func (s *Service) BeginKeyChange(ctx context.Context, by Actor, typ storage.EventType) (storage.Event, error) {
	act := rotateKey
	if typ == revokeKey.event {
		act = revokeKey
	}
	c, err := s.beginFor(ctx, by, act)
	if err != nil {
		return storage.Event{}, err
	}
	return c.event, nil
}
