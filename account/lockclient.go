package account

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// LockedClients shuts clients that are in wrong hands; storage/sqlstore.LockedClients in
// the binary.
type LockedClients interface {
	// Lock ends what the client has, and has it told of the sessions that signed in to
	// it; note composes the event from what there was. It answers storage.ErrConflict
	// for one that is locked already.
	Lock(ctx context.Context, clientID string, now time.Time, note func(storage.ClientHoldings) storage.Event) (storage.ClientHoldings, error)
	// Lift answers storage.ErrNotFound for one that is not locked.
	Lift(ctx context.Context, clientID string, now time.Time, e storage.Event) error
}

// LockClient shuts a client that is in wrong hands (a leaked secret, a server that was
// broken into): its grants end with what was issued under them, tokens of its own are
// void, it is told of each session that signed in to it, and no node serves it until
// [Service.UnlockClient]. One event tells of it all. It returns what ended, and answers
// ErrConflict for one that is locked already, and ErrForbidden to all but operators and owners.
func (s *Service) LockClient(ctx context.Context, by Actor, clientID, reason string) (storage.ClientHoldings, error) {
	c, err := s.beginForClient(ctx, by, lockClient, clientID)
	if err != nil {
		return storage.ClientHoldings{}, err
	}
	c.detail(reason)
	note := func(had storage.ClientHoldings) storage.Event {
		c.detail("ended " + had.String())
		return c.event
	}
	had, err := s.cfg.LockedClients.Lock(ctx, clientID, c.now, note)
	if err == nil && s.cfg.Queued != nil {
		s.cfg.Queued()
	}
	return had, afterClient("lock client down", err)
}

// UnlockClient has a client served again. Nothing that ended comes back. It answers
// ErrNotFound for one that is not locked.
func (s *Service) UnlockClient(ctx context.Context, by Actor, clientID, reason string) error {
	c, err := s.beginForClient(ctx, by, unlockClient, clientID)
	if err != nil {
		return err
	}
	c.detail(reason)
	return afterClient("undo lockdown of client", s.cfg.LockedClients.Lift(ctx, clientID, c.now, c.event))
}
