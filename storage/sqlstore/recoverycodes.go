package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// RecoveryCodes keeps people's recovery codes, as keyed hashes.
type RecoveryCodes struct{ s *Store }

// Replace gives a person a new set of codes; the one before is void. Failures
// with codes no longer count, and trusted devices are forgotten. It answers
// storage.ErrConsumed when the password epoch is another.
func (r *RecoveryCodes) Replace(ctx context.Context, c storage.RecoverySet, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		if err := r.s.underPassword(ctx, tx, c.UserID, c.PasswordEpoch); err != nil {
			return err
		}
		if _, err := r.s.exec(ctx, tx, `DELETE FROM recovery_codes WHERE user_id = $1`, string(c.UserID)); err != nil {
			return err
		}
		for _, hash := range c.Hashes {
			_, err := r.s.exec(ctx, tx, `INSERT INTO recovery_codes (user_id, hash, created_at) VALUES ($1, $2, $3)`, string(c.UserID), hash, sqlTime{c.Now})
			if err != nil {
				return err
			}
		}
		return r.s.rebindFactor(ctx, tx, c.UserID, storage.FactorRecovery)
	})
	return wrap("replace recovery codes", err)
}

// Consume spends the code that has one of the hashes. It answers
// storage.ErrConsumed when it was spent before, and storage.ErrNotFound when it
// is none of the person's set.
func (r *RecoveryCodes) Consume(ctx context.Context, userID storage.ID, hashes []string, now time.Time, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		args := []any{string(userID), sqlTime{now}}
		err := must(r.s.exec(ctx, tx, `UPDATE recovery_codes SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL AND hash IN `+anyOf(&args, hashes), args...))
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		var spent bool
		args = []any{string(userID)}
		query := `SELECT EXISTS (SELECT 1 FROM recovery_codes WHERE user_id = $1 AND hash IN ` + anyOf(&args, hashes) + `)`
		if err := r.s.row(ctx, tx, query, args, &spent); err != nil {
			return err
		}
		if spent {
			return fmt.Errorf("spend: %w", storage.ErrConsumed)
		}
		return err
	})
	return wrap("use recovery code", err)
}

// Status tells how many codes a person has left, and under which key they were made.
func (r *RecoveryCodes) Status(ctx context.Context, userID storage.ID) (storage.RecoveryCodes, error) {
	var status storage.RecoveryCodes
	var created sqlTime
	var hash nullString
	err := r.s.row(ctx, r.s.read, `SELECT count(*), count(CASE WHEN r.used_at IS NULL THEN 1 END), min(r.created_at), min(r.hash)
		FROM recovery_codes r WHERE r.user_id = $1`, []any{string(userID)}, &status.Total, &status.Remaining, &created, &hash)
	status.CreatedAt = created.Time
	status.KeyID, _, _ = strings.Cut(string(hash), ".")
	return status, wrap("read status of recovery codes", err)
}
