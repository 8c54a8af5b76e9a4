package account

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Epochs ends what was issued to anybody before; storage/sqlstore.Users in the binary.
type Epochs interface {
	RaiseEpoch(ctx context.Context, now time.Time, e storage.Event) error
}

// RaiseEpoch ends everything that was issued before, to anybody: a restored backup
// makes things valid again that were ended after it was made (requirement RS1).
// Passwords, factors and consents stay. Nobody is told. It answers ErrForbidden to
// all but operators.
func (s *Service) RaiseEpoch(ctx context.Context, by Actor, reason string) error {
	if err := s.authorize(ctx, by, raiseEpoch, &storage.User{}); err != nil {
		return err
	}
	now := s.cfg.Now()
	e, err := NewEvent(now, s.cfg.Random, by, raiseEpoch.event, "")
	if err != nil {
		return err
	}
	c := &change{by: by, now: now, event: e}
	c.detail(reason)
	return s.written(c, "raise epoch", s.cfg.Epochs.RaiseEpoch(ctx, now, c.event))
}
