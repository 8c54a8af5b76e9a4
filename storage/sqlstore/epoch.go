package sqlstore

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// RaiseEpoch ends everything that anything issued before could open, in one
// transaction (requirement RS1): every session and grant, trust in browsers,
// invitations that nobody used, and, as every password and email epoch rises,
// one-time tokens that wait, links that give an account or an address back, and
// sign-ins under way; access tokens that clients hold for themselves are compared with
// the time. Passwords, factors and consents stay. It reads and writes whole tables, and
// holds everybody's row meanwhile.
func (r *Users) RaiseEpoch(ctx context.Context, now time.Time, note func(storage.Holdings) storage.Event) (storage.Holdings, error) {
	var had storage.Holdings
	err := r.s.inTx(patiently(ctx, raiseTimeout), func(ctx context.Context, tx bun.Tx) error {
		// Lock order: users, sessions, grants. What is being made under the epoch
		// before either waits here and finds another one, or is there to be ended.
		_, err := r.s.exec(ctx, tx, `UPDATE users SET password_epoch = password_epoch + 1, email_epoch = email_epoch + 1, updated_at = $1`, sqlTime{now})
		if err != nil {
			return err
		}
		if _, err := r.s.exec(ctx, tx, `DELETE FROM former_addresses`); err != nil {
			return err
		}
		if had, err = r.s.holdingsOfAll(ctx, tx, now); err != nil {
			return err
		}
		if _, err := r.s.endSessions(ctx, tx, sessionsEnd{where: `TRUE`, now: now, reason: storage.RevokedEpoch}); err != nil {
			return err
		}
		_, err = r.s.exec(ctx, tx, `UPDATE grants SET revoked_at = $1, revoked_reason = $2 WHERE revoked_at IS NULL`, sqlTime{now}, storage.RevokedEpoch)
		if err != nil {
			return err
		}
		if _, err := r.s.exec(ctx, tx, `DELETE FROM trusted_devices`); err != nil {
			return err
		}
		// What clients hold for themselves rests on no row: its time is compared.
		_, err = r.s.exec(ctx, tx, `INSERT INTO installation (name, value, updated_at) VALUES ($1, '', $2)
			ON CONFLICT (name) DO UPDATE SET updated_at = excluded.updated_at`, epochName, sqlTime{now})
		if err != nil {
			return err
		}
		_, err = r.s.exec(ctx, tx, `UPDATE invitations SET expires_at = $1 WHERE used_at IS NULL AND expires_at > $1`, sqlTime{now})
		if err != nil {
			return err
		}
		return r.s.insertEvent(ctx, tx, note(had))
	})
	return had, wrap("raise epoch", err)
}

// holdingsOfAll counts what is open in anybody's name.
func (s *Store) holdingsOfAll(ctx context.Context, tx bun.Tx, now time.Time) (h storage.Holdings, err error) {
	err = s.row(ctx, tx, `SELECT (SELECT count(*) FROM sessions WHERE ends_at > $1), (SELECT count(*) FROM grants WHERE revoked_at IS NULL),
		(SELECT count(*) FROM trusted_devices WHERE expires_at > $1)`, []any{sqlTime{now}}, &h.Sessions, &h.Grants, &h.Devices)
	return h, err
}

// epochName names when the epoch was last raised, of what the installation agrees on.
const epochName = "epoch"

// raiseTimeout bounds the transaction: it touches every row of some tables.
const raiseTimeout = 10 * time.Minute
