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
// all but operators and owners.
func (s *Service) RaiseEpoch(ctx context.Context, by Actor, reason string) error {
	c, err := s.beginFor(ctx, by, raiseEpoch)
	if err != nil {
		return err
	}
	c.detail(reason)
	return s.written(c, "raise epoch", s.cfg.Epochs.RaiseEpoch(ctx, c.now, c.event))
}
