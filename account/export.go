package account

import (
	"context"
	"fmt"

	"github.com/latchkey-id/latchkey/storage"
)

// RecordExport allows that everything which is kept about the person is handed
// over, and records it before it is.
func (s *Service) RecordExport(ctx context.Context, by Actor, id storage.ID) error {
	c, err := s.begin(ctx, by, exportData, id)
	if err != nil {
		return err
	}
	if err := s.cfg.Events.Append(ctx, c.event); err != nil {
		return fmt.Errorf("write event %s: %w", c.event.Type, err)
	}
	return nil
}
