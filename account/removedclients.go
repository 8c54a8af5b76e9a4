package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// RemovedClients ends what clients had that the configuration no longer has, and keeps
// what bringing one back restores; storage/sqlstore.RemovedClients in the binary.
type RemovedClients interface {
	// Remove ends the client's grants, offline ones too. It answers
	// storage.ErrConflict for one that was removed before.
	Remove(ctx context.Context, clientID string, now time.Time, reason string, e storage.Event) error
	// Restore answers storage.ErrNotFound for a client that was not removed.
	Restore(ctx context.Context, clientID string, e storage.Event) error
	// Prune deletes the consents of a client that was removed at or before a time. It
	// answers storage.ErrNotFound where there is nothing to prune.
	Prune(ctx context.Context, clientID string, before, now time.Time, e storage.Event) error
}

// RemoveClient ends everything that a client may do for anybody, because no node is
// configured with it any more (requirement AC2). Its consents stay, until
// [Service.PruneClient]. It answers ErrConflict for one that was removed before, and
// ErrForbidden to all but operators and jobs.
func (s *Service) RemoveClient(ctx context.Context, by Actor, clientID string) error {
	c, err := s.beginForClient(ctx, by, removeClient, clientID)
	if err != nil {
		return err
	}
	err = s.cfg.RemovedClients.Remove(ctx, clientID, c.now, storage.RevokedClientGone, c.event)
	return afterClient("remove client", err)
}

// RestoreClient notes that a client is back: the consents that it had are good again,
// its tokens are not. It answers ErrNotFound for one that was not removed.
func (s *Service) RestoreClient(ctx context.Context, by Actor, clientID string) error {
	c, err := s.beginForClient(ctx, by, restoreClient, clientID)
	if err != nil {
		return err
	}
	return afterClient("restore client", s.cfg.RemovedClients.Restore(ctx, clientID, c.event))
}

// PruneClient deletes the consents of a client that was removed at or before a time. It
// answers ErrNotFound where there is nothing to prune.
func (s *Service) PruneClient(ctx context.Context, by Actor, clientID string, before time.Time) error {
	c, err := s.beginForClient(ctx, by, pruneClient, clientID)
	if err != nil {
		return err
	}
	return afterClient("prune client", s.cfg.RemovedClients.Prune(ctx, clientID, before, c.now, c.event))
}

// beginForClient starts a change that is about a client and nobody in particular.
func (s *Service) beginForClient(ctx context.Context, by Actor, act action, clientID string) (*change, error) {
	c, err := s.beginFor(ctx, by, act)
	if err != nil {
		return nil, err
	}
	c.event.ClientID = clientID
	return c, nil
}

// ErrConflict says that something is so already.
var ErrConflict = errors.New("it is so already")

func afterClient(attempted string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, storage.ErrNotFound):
		return fmt.Errorf("%s: %w: %w", attempted, ErrNotFound, err)
	case errors.Is(err, storage.ErrConflict):
		return fmt.Errorf("%s: %w: %w", attempted, ErrConflict, err)
	}
	return fmt.Errorf("%s: %w", attempted, err)
}
