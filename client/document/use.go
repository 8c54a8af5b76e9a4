package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// Used writes down a client that somebody allowed something, so that it can be listed,
// removed and locked down, and lets it live on, once a day. What its document says by
// then takes the place of what it said before, with an event. Clients of other sources
// are not its business.
func (s *Clients) Used(ctx context.Context, c *client.Client) error {
	if c.Source != storage.ClientByDocument {
		return nil
	}
	seen := s.known.get(c.ID)
	if seen == nil || seen.err != nil {
		return nil // forgotten meanwhile: the next use will do
	}
	row, err := s.cfg.Store.ByID(ctx, c.ID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return s.create(ctx, seen.row)
	case err != nil:
		return fmt.Errorf("note use of client %.64q: %w", c.ID, err)
	case row.Source == storage.ClientByDocument && !bytes.Equal(row.Metadata, seen.row.Metadata):
		if err := s.replace(ctx, row, seen.row); err != nil {
			return err
		}
	}
	return s.cfg.Rows.Used(ctx, c)
}

func (s *Clients) create(ctx context.Context, judged *storage.Client) error {
	e, err := s.cfg.Begin(ctx, storage.EventClientRegistered)
	if err != nil {
		return err
	}
	row, now := *judged, s.cfg.Now()
	row.CreatedAt, row.UpdatedAt, row.LastUsedAt = now, now, now
	row.EndsAt = s.cfg.Rows.EndsAt(row.Source, now, now)
	e.ClientID, e.Detail = row.ID, "by its document"
	err = s.cfg.Store.Create(ctx, &row, storage.ClientAdmission{}, e)
	if errors.Is(err, storage.ErrConflict) {
		return nil // another request was first
	}
	return err
}

func (s *Clients) replace(ctx context.Context, was, judged *storage.Client) error {
	e, err := s.cfg.Begin(ctx, storage.EventClientChanged)
	if err != nil {
		return err
	}
	row := *was
	row.Metadata, row.Origins, row.Scopes, row.UpdatedAt = judged.Metadata, judged.Origins, judged.Scopes, s.cfg.Now()
	e.ClientID, e.Detail = row.ID, "its document"
	err = s.cfg.Store.Replace(ctx, &row, was.Version, e)
	if errors.Is(err, storage.ErrConflict) {
		return nil
	}
	return err
}
