package sqlstore

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// endStatement says which of a person's sessions and grants end.
type endStatement struct {
	userID storage.ID
	// except is a session that goes on, with the grants that end with it.
	except storage.ID
	// offline says that grants which outlive sessions end too, whichever session they came from.
	offline bool
	now     time.Time
	reason  string
}

// endAccess ends sessions and grants in the transaction of the change that calls
// for it (requirement SE5).
func endAccess(ctx context.Context, tx bun.Tx, e endStatement) error {
	_, err := tx.NewDelete().Model((*sessionRow)(nil)).
		Where("user_id = ?", string(e.userID)).Where("sid <> ?", string(e.except)).Exec(ctx)
	if err != nil {
		return err
	}
	grants := revokeGrants(tx, e.now, e.reason).Where("user_id = ?", string(e.userID))
	if e.offline {
		grants = grants.Where("offline = ? OR sid <> ?", true, string(e.except))
	} else {
		grants = grants.Where("offline = ?", false).Where("sid <> ?", string(e.except))
	}
	_, err = grants.Exec(ctx)
	return err
}

// revokeGrants ends live grants: those that the caller's conditions name.
func revokeGrants(tx bun.Tx, now time.Time, reason string) *bun.UpdateQuery {
	return tx.NewUpdate().Model((*grantRow)(nil)).
		Set("revoked_at = ?", sqlTime{now}).Set("revoked_reason = ?", reason).Where("revoked_at IS NULL")
}

// forgetDevices ends a person's trust in browsers.
func forgetDevices(ctx context.Context, tx bun.Tx, userID storage.ID) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM trusted_devices WHERE user_id = ?`, string(userID)); err != nil {
		return err
	}
	return endTrust(ctx, tx, userID, "")
}

// endTrust lets no session of the person rest on a trusted device any more; on
// one of them where id names it. Such a session shows a second factor when one
// is wanted the next time.
func endTrust(ctx context.Context, tx bun.Tx, userID, id storage.ID) error {
	_, err := tx.ExecContext(ctx, `UPDATE sessions SET trusted_device = '', trust_acr = ''
		WHERE user_id = ? AND trusted_device <> '' AND (? = '' OR trusted_device = ?)`, string(userID), string(id), string(id))
	return err
}

// rebindFactor lets a factor begin anew: failures with the old one no longer
// count, and trust that rested on it ends (requirement TD3).
func rebindFactor(ctx context.Context, tx bun.Tx, userID storage.ID, kind storage.FactorKind) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM lockouts WHERE user_id = ? AND kind = ?`, string(userID), string(kind))
	if err != nil {
		return err
	}
	return forgetDevices(ctx, tx, userID)
}
