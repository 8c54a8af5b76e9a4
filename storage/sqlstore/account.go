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
		err := changed(updateUser(tx, c.UserID, c.Now).
			Set("password_hash = ?", c.Hash).Set("password_scheme = ?", storage.PasswordScheme(c.Hash)).Set("password_changed_at = ?", sqlTime{c.Now}).
			Set("reset_by_email = ?", c.ByEmail).
			Set("password_epoch = password_epoch + 1").Where("password_epoch = ?", c.Epoch).Exec(ctx))
		if err != nil {
			return err
		}
		if err := forgetDevices(ctx, tx, c.UserID); err != nil {
			return err
		}
		if err := endAccess(ctx, tx, endStatement{c.UserID, c.KeepSID, c.EndOffline, c.Now, storage.RevokedPassword}); err != nil {
			return err
		}
		if c.KeepSecretHash == "" {
			return nil
		}
		return changed(tx.NewUpdate().Model((*sessionRow)(nil)).Set("secret_hash = ?", c.KeepSecretHash).
			Where("sid = ?", string(c.KeepSID)).Where("user_id = ?", string(c.UserID)).Exec(ctx))
	})
	return conflictIfNone(wrap("change password", err))
}

// VerifyEmail notes that an address is known to be theirs. It answers
// storage.ErrConflict when it is not their address any more.
func (r *Users) VerifyEmail(ctx context.Context, id storage.ID, email string, now time.Time, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		return changed(updateUser(tx, id, now).Set("email_verified = ?", true).
			Where("email_canonical = ?", ident.Canonical(email)).Exec(ctx))
	})
	return conflictIfNone(wrap("verify e-mail address", err))
}

// ChangeEmail sets another address. It answers storage.ErrConflict when the
// address was changed meanwhile or the new one is another's. Codes are sent to
// an address, so trust that rested on the old one ends.
func (r *Users) ChangeEmail(ctx context.Context, c storage.EmailChange, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		update := updateUser(tx, c.UserID, c.Now).Set("email = ?", c.To).
			Set("email_epoch = email_epoch + 1").Set("email_canonical = ?", nullString(ident.Canonical(c.To))).Set("email_verified = ?", c.Verified)
		if from := ident.Canonical(c.From); from != "" {
			update = update.Where("email_canonical = ?", from)
		} else {
			update = update.Where("email_canonical IS NULL")
		}
		if err := changed(update.Exec(ctx)); err != nil {
			return err
		}
		return rebindFactor(ctx, tx, c.UserID, storage.FactorEmail)
	})
	return conflictIfNone(wrap("change e-mail address", err))
}

// ChangePhone sets or removes a phone number. Codes are sent to it, so trust
// that rested on the old one ends.
func (r *Users) ChangePhone(ctx context.Context, c storage.PhoneChange, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		err := changed(updateUser(tx, c.UserID, c.Now).Set("phone = ?", c.Phone).Set("phone_verified = ?", c.Verified).Exec(ctx))
		if err != nil {
			return err
		}
		return rebindFactor(ctx, tx, c.UserID, storage.FactorSMS)
	})
	return wrap("change phone number", err)
}

// UpdateProfile sets what a person says of themselves. It answers
// storage.ErrConflict when the username is another's.
func (r *Users) UpdateProfile(ctx context.Context, id storage.ID, p storage.Profile, username string, now time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		return changed(updateUser(tx, id, now).Set("profile = ?", document[storage.Profile]{p}).Set("username = ?", username).
			Set("username_canonical = ?", nullString(ident.Canonical(username))).Exec(ctx))
	})
	return wrap("update profile", err)
}

// SetRoles replaces a person's roles.
func (r *Users) SetRoles(ctx context.Context, id storage.ID, roles []string, now time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := changed(updateUser(tx, id, now).Exec(ctx)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM user_roles WHERE user_id = ? AND source = ?`, string(id), sourceLocal); err != nil {
			return err
		}
		return insertRoles(ctx, tx, id, roles, now)
	})
	return wrap("set roles", err)
}

// StartEnrollmentGrace notes when a person was first told to enroll a second
// factor, which the grace for enrollment runs from. It is idempotent: later times
// do not count.
func (r *Users) StartEnrollmentGrace(ctx context.Context, id storage.ID, now time.Time) error {
	_, err := r.s.write.NewUpdate().Model((*userRow)(nil)).Set("factor_asked_at = ?", sqlTime{now}).
		Where("id = ?", string(id)).Where("factor_asked_at IS NULL").Exec(ctx)
	return wrap("start enrollment grace", err)
}

// Disable keeps a person out: everything that they hold ends. It answers
// storage.ErrNotFound when there is nobody to disable.
func (r *Users) Disable(ctx context.Context, id storage.ID, now time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		err := changed(updateUser(tx, id, now).Set("disabled_at = ?", sqlTime{now}).Where("disabled_at IS NULL").Exec(ctx))
		if err != nil {
			return err
		}
		if err := forgetDevices(ctx, tx, id); err != nil {
			return err
		}
		return endAccess(ctx, tx, endStatement{id, "", true, now, storage.RevokedDisabled})
	})
	return wrap("disable user", err)
}

// Enable lets a disabled person sign in again.
func (r *Users) Enable(ctx context.Context, id storage.ID, now time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		return changed(updateUser(tx, id, now).Set("disabled_at = NULL").Where("disabled_at IS NOT NULL").Exec(ctx))
	})
	return wrap("enable user", err)
}

// ResetFactors removes everything a person has besides a password: credentials,
// recovery codes, failures that count, trusted devices; and ends their sessions
// and grants, and by the password epoch sign-ins that go on: who has shown the
// password so far does not get in because the factor is gone. It answers
// storage.ErrNotFound when there is nobody.
func (r *Users) ResetFactors(ctx context.Context, id storage.ID, now time.Time, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		if err := changed(updateUser(tx, id, now).Set("credentials = 0").Set("factor_added_at = NULL").
			Set("password_epoch = password_epoch + 1").Exec(ctx)); err != nil {
			return err
		}
		for _, model := range []any{(*credentialRow)(nil), (*recoveryCodeRow)(nil), (*lockoutRow)(nil), (*trustedDeviceRow)(nil)} {
			if _, err := tx.NewDelete().Model(model).Where("user_id = ?", string(id)).Exec(ctx); err != nil {
				return err
			}
		}
		return endAccess(ctx, tx, endStatement{id, "", true, now, storage.RevokedFactors})
	})
	return wrap("reset factors", err)
}
