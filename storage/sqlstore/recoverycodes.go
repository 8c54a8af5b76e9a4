package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// RecoveryCodes keeps people's recovery codes, as keyed hashes.
type RecoveryCodes struct{ s *Store }

type recoveryCodeRow struct {
	bun.BaseModel `bun:"table:recovery_codes,alias:r"`

	UserID    string  `bun:"user_id,pk"`
	Hash      string  `bun:"hash,pk"`
	CreatedAt sqlTime `bun:"created_at"`
	UsedAt    sqlTime `bun:"used_at"`
}

// Replace gives a person a new set of codes; the one before is void. Failures
// with codes no longer count, and trusted devices are forgotten.
func (r *RecoveryCodes) Replace(ctx context.Context, userID storage.ID, hashes []string, now time.Time, e storage.Event, m ...storage.Message) error {
	rows := make([]recoveryCodeRow, len(hashes))
	for i, hash := range hashes {
		rows[i] = recoveryCodeRow{UserID: string(userID), Hash: hash, CreatedAt: sqlTime{now}}
	}
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		if err := lockUser(ctx, tx, r.s.dialect, userID); err != nil {
			return err
		}
		if _, err := tx.NewDelete().Model((*recoveryCodeRow)(nil)).Where("user_id = ?", string(userID)).Exec(ctx); err != nil {
			return err
		}
		if len(rows) > 0 {
			if _, err := tx.NewInsert().Model(&rows).Exec(ctx); err != nil {
				return err
			}
		}
		return rebindFactor(ctx, tx, userID, storage.FactorRecovery)
	})
	return wrap("replace recovery codes", err)
}

// Consume spends the code that has one of the hashes. It answers
// storage.ErrConsumed when it was spent before, and storage.ErrNotFound when it
// is none of the person's set.
func (r *RecoveryCodes) Consume(ctx context.Context, userID storage.ID, hashes []string, now time.Time, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		err := changed(tx.NewUpdate().Model((*recoveryCodeRow)(nil)).Set("used_at = ?", sqlTime{now}).
			Where("user_id = ?", string(userID)).Where("hash IN ?", bun.Tuple(hashes)).Where("used_at IS NULL").Exec(ctx))
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		spent, existsErr := tx.NewSelect().Model((*recoveryCodeRow)(nil)).
			Where("user_id = ?", string(userID)).Where("hash IN ?", bun.Tuple(hashes)).Exists(ctx)
		if existsErr != nil {
			return existsErr
		}
		if spent {
			return fmt.Errorf("spend: %w", storage.ErrConsumed)
		}
		return err
	})
	return wrap("use recovery code", err)
}

// Status tells how many codes a person has left.
func (r *RecoveryCodes) Status(ctx context.Context, userID storage.ID) (storage.RecoveryCodes, error) {
	var status storage.RecoveryCodes
	var created sqlTime
	err := r.s.row(ctx, r.s.read, `SELECT count(*), count(CASE WHEN r.used_at IS NULL THEN 1 END), min(r.created_at)
		FROM recovery_codes r WHERE r.user_id = $1`, []any{string(userID)}, &status.Total, &status.Remaining, &created)
	status.CreatedAt = created.Time
	return status, wrap("read status of recovery codes", err)
}
