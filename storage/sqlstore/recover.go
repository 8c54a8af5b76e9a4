package sqlstore

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Recover gives a person a former address back, in one transaction (requirement
// FE2). The right to every younger address is gone with it, so that an intruder's
// own undo is void. What was added since the address was taken away goes: factors,
// recovery codes, the phone number, consents; so do trusted devices, lockouts, a
// planned deletion, every session and grant, and the password, which whoever was
// there may know. It answers storage.ErrNotFound when the address was given back or
// passed over meanwhile, and storage.ErrConflict when it is another's by now.
func (r *Users) Recover(ctx context.Context, c storage.Recovery, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		if err := r.s.lockUser(ctx, tx, c.UserID); err != nil {
			return err
		}
		var former formerAddress
		err := r.s.row(ctx, tx, `SELECT email, moved_at FROM former_addresses WHERE user_id = $1 AND epoch = $2`,
			[]any{string(c.UserID), c.Epoch}, &former.Email, &former.MovedAt)
		if err != nil {
			return err
		}
		if _, err := r.s.exec(ctx, tx, `DELETE FROM former_addresses WHERE user_id = $1 AND epoch >= $2`, string(c.UserID), c.Epoch); err != nil {
			return err
		}
		if err := r.s.restore(ctx, tx, c, former); err != nil {
			return err
		}
		if err := r.s.removeAddedSince(ctx, tx, c.UserID, former.MovedAt.Time); err != nil {
			return err
		}
		if err := r.s.forgetDevices(ctx, tx, c.UserID); err != nil {
			return err
		}
		return r.s.endAccess(ctx, tx, accessEnd{userID: c.UserID, offline: true, now: c.Now, reason: storage.RevokedPassword})
	})
	return wrap("recover account", err)
}

// formerAddress is an address that was a person's until MovedAt.
type formerAddress struct {
	Email   string
	MovedAt sqlTime
}

// restore gives the address back and voids the password.
func (s *Store) restore(ctx context.Context, tx bun.Tx, c storage.Recovery, former formerAddress) error {
	return must(s.exec(ctx, tx, `UPDATE users SET email = $1, email_canonical = $2, email_verified = TRUE, email_epoch = email_epoch + 1,
			password_hash = '', password_scheme = '', password_changed_at = $3, reset_by_email = TRUE, password_epoch = password_epoch + 1,
			phone = CASE WHEN phone_changed_at >= $4 THEN '' ELSE phone END,
			phone_verified = phone_verified AND (phone_changed_at IS NULL OR phone_changed_at < $4),
			delete_at = NULL, updated_at = $3
		WHERE id = $5`,
		former.Email, nullString(ident.Canonical(former.Email)), sqlTime{c.Now}, former.MovedAt, string(c.UserID)))
}

// removeAddedSince removes what a person can sign in with since a time, and forgets
// failures with the rest.
func (s *Store) removeAddedSince(ctx context.Context, tx bun.Tx, userID storage.ID, since time.Time) error {
	for _, text := range []string{
		`DELETE FROM credentials WHERE user_id = $1 AND created_at >= $2`,
		`DELETE FROM recovery_codes WHERE user_id = $1 AND created_at >= $2`,
		`DELETE FROM consents WHERE user_id = $1 AND granted_at >= $2`,
	} {
		if _, err := s.exec(ctx, tx, text, string(userID), sqlTime{since}); err != nil {
			return err
		}
	}
	if _, err := s.exec(ctx, tx, `DELETE FROM lockouts WHERE user_id = $1`, string(userID)); err != nil {
		return err
	}
	return s.countCredentials(ctx, tx, userID)
}
