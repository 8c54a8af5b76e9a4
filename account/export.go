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

// RecordExportOfAll allows that everybody's accounts are handed over, with the verifiers
// of their passwords or without, and records it before they are. It answers
// ErrForbidden to all but operators.
func (s *Service) RecordExportOfAll(ctx context.Context, by Actor, hashes bool) error {
	if by.kind != storage.ActorOperator {
		return s.refuse(ctx, by, storage.EventDataExported, "")
	}
	e, err := NewEvent(s.cfg.Now(), s.cfg.Random, by, storage.EventDataExported, "")
	if err != nil {
		return err
	}
	e.Detail += ": all accounts"
	if hashes {
		e.Detail += ", with hashes of passwords"
	}
	if err := s.cfg.Events.Append(ctx, e); err != nil {
		return fmt.Errorf("write event %s: %w", e.Type, err)
	}
	return nil
}
