package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// SetAttributes sets the custom attributes. It answers storage.ErrConflict when they
// are not what the change was made from (lost update).
func (r *Users) SetAttributes(ctx context.Context, c storage.AttributesChange, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := r.s.underPassword(ctx, tx, c.UserID, c.PasswordEpoch); err != nil {
			return err
		}
		return r.s.setAttributes(ctx, tx, c)
	})
	return wrap("set attributes", err)
}

func (s *Store) setAttributes(ctx context.Context, tx bun.Tx, c storage.AttributesChange) error {
	// Names are in order in a document, so that the same attributes are the same text.
	err := must(s.exec(ctx, tx, `UPDATE users SET attributes = $1, updated_at = $2 WHERE id = $3 AND attributes = $4`,
		attributesOf(c.To), sqlTime{c.Now}, string(c.UserID), attributesOf(c.From)))
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("attributes are others: %w", storage.ErrConflict)
	}
	return err
}
