package sqlstore

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// ChangePassword sets a new password and ends what rested on the old one: every
// trusted device, every session but the one kept, and the grants that go with
// them. The one kept gets a new secret. It answers storage.ErrConflict when the
// password was changed, or the session to keep has ended, meanwhile.
func (r *Users) ChangePassword(ctx context.Context, c storage.PasswordChange, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		err := must(r.s.exec(ctx, tx, `UPDATE users SET password_hash = $1, password_scheme = $2, password_changed_at = $3, updated_at = $3,
				reset_by_email = $4, password_epoch = password_epoch + 1 WHERE id = $5 AND password_epoch = $6`,
			c.Hash, storage.PasswordScheme(c.Hash), sqlTime{c.Now}, c.ByEmail, string(c.UserID), c.Epoch))
		if err != nil {
			return err
		}
		if c.Lifts {
			if _, err := r.s.exec(ctx, tx, lift, string(c.UserID)); err != nil {
				return err
			}
		}
		if !c.RemoveSince.IsZero() {
			if err := r.s.removeAddedSince(ctx, tx, c.UserID, c.RemoveSince, c.Keep); err != nil {
				return err
			}
		}
		if err := r.s.forgetDevices(ctx, tx, c.UserID); err != nil {
			return err
		}
		end := accessEnd{userID: c.UserID, except: c.KeepSID, offline: c.EndOffline, now: c.Now, reason: storage.RevokedPassword}
		if err := r.s.endAccess(ctx, tx, end); err != nil {
			return err
		}
		if c.KeepSecretHash == "" {
			return nil
		}
		return must(r.s.exec(ctx, tx, `UPDATE sessions SET secret_hash = $1 WHERE sid = $2 AND user_id = $3`,
			c.KeepSecretHash, string(c.KeepSID), string(c.UserID)))
	})
	return conflictIfNone(wrap("change password", err))
}

// VerifyEmail notes that an address is known to be theirs. It answers
// storage.ErrConflict when it is not their address any more.
func (r *Users) VerifyEmail(ctx context.Context, id storage.ID, email string, now time.Time, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		return r.s.verifyEmail(ctx, tx, id, email, now)
	})
	return conflictIfNone(wrap("verify email address", err))
}

func (s *Store) verifyEmail(ctx context.Context, tx bun.Tx, id storage.ID, email string, now time.Time) error {
	return must(s.exec(ctx, tx, `UPDATE users SET email_verified = TRUE, updated_at = $1 WHERE id = $2 AND email_canonical = $3`,
		sqlTime{now}, string(id), ident.Canonical(email)))
}

// ChangeEmail sets another address and moves the person to the next email epoch.
// It answers storage.ErrConflict when the address was changed meanwhile or the new
// one is another's, or the password is another than when it was asked for. Codes
// are sent to an address, so trust that rested on the old one ends. The old address
// can be given back: see [Users.Recover].
func (r *Users) ChangeEmail(ctx context.Context, c storage.EmailChange, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error { return r.s.changeEmail(ctx, tx, c) })
	return conflictIfNone(wrap("change email address", err))
}

func (s *Store) changeEmail(ctx context.Context, tx bun.Tx, c storage.EmailChange) error {
	if err := s.lockUser(ctx, tx, c.UserID); err != nil {
		return err
	}
	_, err := s.exec(ctx, tx, `INSERT INTO former_addresses (user_id, epoch, email, moved_at)
		SELECT id, email_epoch, email, $1 FROM users WHERE id = $2 AND email_canonical IS NOT NULL`, sqlTime{c.Now}, string(c.UserID))
	if err != nil {
		return err
	}
	err = must(s.exec(ctx, tx, `UPDATE users SET email = $1, email_canonical = $2, email_verified = $3, email_epoch = email_epoch + 1, updated_at = $4
		WHERE id = $5 AND email_canonical IS NOT DISTINCT FROM $6 AND password_epoch = $7`,
		c.To, nullString(ident.Canonical(c.To)), c.Verified, sqlTime{c.Now}, string(c.UserID), nullString(ident.Canonical(c.From)), c.PasswordEpoch))
	if err != nil {
		return err
	}
	return s.rebindFactor(ctx, tx, c.UserID, storage.FactorEmail)
}

// ChangePhone sets or removes a phone number. Codes are sent to it, so trust
// that rested on the old one ends. It answers storage.ErrConsumed when the password
// epoch is another.
func (r *Users) ChangePhone(ctx context.Context, c storage.PhoneChange, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		if err := r.s.underPassword(ctx, tx, c.UserID, c.PasswordEpoch); err != nil {
			return err
		}
		err := must(r.s.exec(ctx, tx, `UPDATE users SET phone = $1, phone_verified = $2, phone_changed_at = $3, updated_at = $3 WHERE id = $4`,
			c.Phone, c.Verified, sqlTime{c.Now}, string(c.UserID)))
		if err != nil {
			return err
		}
		return r.s.rebindFactor(ctx, tx, c.UserID, storage.FactorSMS)
	})
	return wrap("change phone number", err)
}

// UpdateProfile sets what a person says of themselves. It answers
// storage.ErrConflict when the username is another's, and storage.ErrConsumed when
// the password epoch is another.
func (r *Users) UpdateProfile(ctx context.Context, c storage.ProfileChange, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		if err := r.s.underPassword(ctx, tx, c.UserID, c.PasswordEpoch); err != nil {
			return err
		}
		return r.s.updateProfile(ctx, tx, c)
	})
	return wrap("update profile", err)
}

func (s *Store) updateProfile(ctx context.Context, tx bun.Tx, c storage.ProfileChange) error {
	return must(s.exec(ctx, tx, `UPDATE users SET profile = $1, username = $2, username_canonical = $3, updated_at = $4 WHERE id = $5`,
		document[storage.Profile]{c.Profile}, c.Username, nullString(ident.Canonical(c.Username)), sqlTime{c.Now}, string(c.UserID)))
}

// touchUser notes that a person was changed.
const touchUser = `UPDATE users SET updated_at = $1 WHERE id = $2`

// SetRoles replaces the roles that a person has by an operator's word.
func (r *Users) SetRoles(ctx context.Context, id storage.ID, roles []string, now time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error { return r.s.setRoles(ctx, tx, id, roles, now) })
	return wrap("set roles", err)
}

func (s *Store) setRoles(ctx context.Context, tx bun.Tx, id storage.ID, roles []string, now time.Time) error {
	if err := must(s.exec(ctx, tx, touchUser, sqlTime{now}, string(id))); err != nil {
		return err
	}
	if _, err := s.exec(ctx, tx, `DELETE FROM user_roles WHERE user_id = $1 AND source = $2`, string(id), sourceLocal); err != nil {
		return err
	}
	return s.insertRoles(ctx, tx, id, roles, now)
}

// StartEnrollmentGrace notes when a person was first told to enroll a second
// factor, which the grace for enrollment runs from. It is idempotent: later times
// do not count.
func (r *Users) StartEnrollmentGrace(ctx context.Context, id storage.ID, now time.Time) error {
	_, err := r.s.exec(ctx, r.s.write, `UPDATE users SET factor_asked_at = $1 WHERE id = $2 AND factor_asked_at IS NULL`, sqlTime{now}, string(id))
	return wrap("start enrollment grace", err)
}

// Disable keeps a person out: everything that they hold ends. Who is locked down
// stays disabled when that is lifted. It answers storage.ErrNotFound when there is
// nobody to disable.
func (r *Users) Disable(ctx context.Context, id storage.ID, now time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error { return r.s.disable(ctx, tx, id, now) })
	return wrap("disable user", err)
}

func (s *Store) disable(ctx context.Context, tx bun.Tx, id storage.ID, now time.Time) error {
	err := must(s.exec(ctx, tx, `UPDATE users SET disabled_at = $1, updated_at = $1, password_epoch = password_epoch + 1,
			disabled_too = locked_at IS NOT NULL
		WHERE id = $2 AND (disabled_at IS NULL OR locked_at IS NOT NULL AND NOT disabled_too)`, sqlTime{now}, string(id)))
	if err != nil {
		return err
	}
	if err := s.forgetDevices(ctx, tx, id); err != nil {
		return err
	}
	return s.endAccess(ctx, tx, accessEnd{userID: id, offline: true, now: now, reason: storage.RevokedDisabled})
}

// Enable lets a disabled person sign in again; who is locked down stays that.
func (r *Users) Enable(ctx context.Context, id storage.ID, now time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error { return r.s.enable(ctx, tx, id, now) })
	return wrap("enable user", err)
}

func (s *Store) enable(ctx context.Context, tx bun.Tx, id storage.ID, now time.Time) error {
	return must(s.exec(ctx, tx, `UPDATE users SET disabled_at = CASE WHEN locked_at IS NOT NULL THEN disabled_at END, disabled_too = FALSE, updated_at = $1
		WHERE id = $2 AND disabled_at IS NOT NULL AND (locked_at IS NULL OR disabled_too)`, sqlTime{now}, string(id)))
}

// ResetFactors removes everything a person has besides a password: credentials,
// recovery codes, failures that count, trusted devices; and ends their sessions
// and grants, and by the password epoch sign-ins that go on: who has shown the
// password so far does not get in because the factor is gone. It answers
// storage.ErrNotFound when there is nobody.
func (r *Users) ResetFactors(ctx context.Context, id storage.ID, now time.Time, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		err := must(r.s.exec(ctx, tx, `UPDATE users SET credentials = 0, factor_added_at = NULL, password_epoch = password_epoch + 1, updated_at = $1 WHERE id = $2`,
			sqlTime{now}, string(id)))
		if err != nil {
			return err
		}
		for _, table := range []string{"credentials", "recovery_codes", "lockouts", "trusted_devices"} {
			if _, err := r.s.exec(ctx, tx, `DELETE FROM `+table+` WHERE user_id = $1`, string(id)); err != nil {
				return err
			}
		}
		return r.s.endAccess(ctx, tx, accessEnd{userID: id, offline: true, now: now, reason: storage.RevokedFactors})
	})
	return wrap("reset factors", err)
}
