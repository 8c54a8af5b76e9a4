package sqlstore

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Lockdown shuts an account that is in wrong hands, in one transaction: every
// session, grant and trusted device ends, a planned deletion is off, and by the
// password epoch so are pending changes, one-time links and sign-ins under way. The
// account is disabled from then on, which is what every way in asks; it stays so
// until [Users.LiftLockdown], [Users.Recover] or a password of the help desk's link.
// note composes the event from what there was. It answers storage.ErrNotFound for
// who is locked down already, unless that is to be held from now on.
func (r *Users) Lockdown(ctx context.Context, l storage.Lockdown, note func(storage.Holdings) storage.Event, m ...storage.Message) (storage.Holdings, error) {
	var had storage.Holdings
	err := r.s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		err := must(r.s.exec(ctx, tx, `UPDATE users SET
				disabled_too = CASE WHEN locked_at IS NULL THEN disabled_at IS NOT NULL ELSE disabled_too END,
				disabled_at = COALESCE(disabled_at, $1), locked_at = COALESCE(locked_at, $1), lock_held = $2, delete_at = NULL,
				password_epoch = password_epoch + 1, updated_at = $1
			WHERE id = $3 AND (locked_at IS NULL OR $2 AND NOT lock_held)`, sqlTime{l.Now}, l.Held, string(l.UserID)))
		if err != nil {
			return err
		}
		if had, err = r.s.holdings(ctx, tx, l.UserID, l.Now); err != nil {
			return err
		}
		if err := r.s.forgetDevices(ctx, tx, l.UserID); err != nil {
			return err
		}
		if err := r.s.endAccess(ctx, tx, accessEnd{userID: l.UserID, offline: true, now: l.Now, reason: storage.RevokedLockdown}); err != nil {
			return err
		}
		if err := r.s.insertMessages(ctx, tx, m); err != nil {
			return err
		}
		return r.s.insertEvent(ctx, tx, note(had))
	})
	return had, wrap("lock account down", err)
}

// Holdings counts what is open in a person's name.
func (r *Users) Holdings(ctx context.Context, id storage.ID, now time.Time) (storage.Holdings, error) {
	h, err := r.s.holdings(ctx, r.s.read, id, now)
	return h, wrap("count what is open", err)
}

func (s *Store) holdings(ctx context.Context, db bun.IDB, id storage.ID, now time.Time) (h storage.Holdings, err error) {
	err = s.row(ctx, db, `SELECT (SELECT count(*) FROM sessions WHERE user_id = $1 AND ends_at > $2),
		(SELECT count(*) FROM grants WHERE user_id = $1 AND revoked_at IS NULL),
		(SELECT count(*) FROM trusted_devices WHERE user_id = $1 AND expires_at > $2)`,
		[]any{string(id), sqlTime{now}}, &h.Sessions, &h.Grants, &h.Devices)
	return h, err
}

// lift opens an account that is locked down, unless it is disabled for another
// reason as well.
const lift = `UPDATE users SET disabled_at = CASE WHEN disabled_too THEN disabled_at END,
	locked_at = NULL, lock_held = FALSE, disabled_too = FALSE WHERE id = $1 AND locked_at IS NOT NULL`

// LiftLockdown opens an account as it was before, within its undo window: nothing
// that ended comes back, and password and factors are what they were. It answers
// storage.ErrNotFound for who was not locked down after since.
func (r *Users) LiftLockdown(ctx context.Context, id storage.ID, since time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		return must(r.s.exec(ctx, tx, lift+` AND locked_at > $2`, string(id), sqlTime{since}))
	})
	return wrap("lift lockdown", err)
}
