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

// TrustedDevices keeps browsers that may skip the second factor for a while.
type TrustedDevices struct{ s *Store }

type trustedDeviceRow struct {
	bun.BaseModel `bun:"table:trusted_devices,alias:d"`

	ID            string  `bun:"id,pk"`
	UserID        string  `bun:"user_id"`
	SecretHash    string  `bun:"secret_hash"`
	PasswordEpoch int64   `bun:"password_epoch"`
	ACR           string  `bun:"acr"`
	UserAgent     string  `bun:"user_agent"`
	Address       string  `bun:"address"`
	CreatedAt     sqlTime `bun:"created_at"`
	LastUsedAt    sqlTime `bun:"last_used_at"`
	ExpiresAt     sqlTime `bun:"expires_at"`
}

func (r *trustedDeviceRow) device() storage.TrustedDevice {
	return storage.TrustedDevice{
		ID: storage.ID(r.ID), UserID: storage.ID(r.UserID), SecretHash: r.SecretHash, PasswordEpoch: r.PasswordEpoch, ACR: r.ACR,
		UserAgent: r.UserAgent, Address: r.Address,
		CreatedAt: r.CreatedAt.Time, LastUsedAt: r.LastUsedAt.Time, ExpiresAt: r.ExpiresAt.Time,
	}
}

// Create trusts a browser. It answers storage.ErrConflict when the person's
// password was changed since the sign-in that trust rests on.
func (r *TrustedDevices) Create(ctx context.Context, d *storage.TrustedDevice, e storage.Event) error {
	row := &trustedDeviceRow{
		ID: string(d.ID), UserID: string(d.UserID), SecretHash: d.SecretHash, PasswordEpoch: d.PasswordEpoch, ACR: d.ACR,
		UserAgent: d.UserAgent, Address: d.Address,
		CreatedAt: sqlTime{d.CreatedAt}, LastUsedAt: sqlTime{d.LastUsedAt}, ExpiresAt: sqlTime{d.ExpiresAt},
	}
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := lockUser(ctx, tx, r.s.dialect, d.UserID); err != nil {
			return err
		}
		current, err := tx.NewSelect().Model((*userRow)(nil)).
			Where("id = ?", row.UserID).Where("password_epoch = ?", d.PasswordEpoch).Exists(ctx)
		if err != nil {
			return err
		}
		if !current {
			return sql.ErrNoRows
		}
		_, err = tx.NewInsert().Model(row).Exec(ctx)
		return err
	})
	return conflictIfNone(wrap("trust device", err))
}

// BySecret returns the device whose secret has one of the hashes. It answers
// storage.ErrNotFound when there is none, trust has expired, or its person is
// disabled or has another password since.
func (r *TrustedDevices) BySecret(ctx context.Context, hashes []string, now time.Time) (*storage.TrustedDevice, error) {
	var row trustedDeviceRow
	err := r.live(r.s.read.NewSelect().Model(&row), now).Where("d.secret_hash IN ?", bun.Tuple(hashes)).Scan(ctx)
	if err != nil {
		return nil, wrap("read trusted device", err)
	}
	d := row.device()
	return &d, nil
}

// ListByUser returns a person's trusted devices, the one used last first.
func (r *TrustedDevices) ListByUser(ctx context.Context, userID storage.ID, now time.Time) ([]storage.TrustedDevice, error) {
	var rows []trustedDeviceRow
	err := r.live(r.s.read.NewSelect().Model(&rows), now).Where("d.user_id = ?", string(userID)).
		OrderExpr("d.last_used_at DESC, d.id DESC").Scan(ctx)
	if err != nil {
		return nil, wrap("list trusted devices", err)
	}
	devices := make([]storage.TrustedDevice, len(rows))
	for i := range rows {
		devices[i] = rows[i].device()
	}
	return devices, nil
}

// live narrows a selection to devices that are trusted at now.
func (r *TrustedDevices) live(q *bun.SelectQuery, now time.Time) *bun.SelectQuery {
	return q.Join("JOIN users AS u ON u.id = d.user_id AND u.password_epoch = d.password_epoch AND u.disabled_at IS NULL").
		Where("d.expires_at > ?", sqlTime{now})
}

// Rotate replaces a device's secret as it is used, in one conditional write. It
// answers storage.ErrConsumed to all but one of many who present one secret.
func (r *TrustedDevices) Rotate(ctx context.Context, id storage.ID, oldHash, newHash string, now time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		return changed(tx.NewUpdate().Model((*trustedDeviceRow)(nil)).
			Set("secret_hash = ?", newHash).Set("last_used_at = ?", sqlTime{now}).
			Where("id = ?", string(id)).Where("secret_hash = ?", oldHash).Where("expires_at > ?", sqlTime{now}).Exec(ctx))
	})
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("rotate trusted device: %w", storage.ErrConsumed)
	}
	return wrap("rotate trusted device", err)
}

// Delete ends trust in one of a person's own devices. It answers
// storage.ErrNotFound when it is gone or another's.
func (r *TrustedDevices) Delete(ctx context.Context, userID, id storage.ID, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		err := changed(tx.NewDelete().Model((*trustedDeviceRow)(nil)).
			Where("id = ?", string(id)).Where("user_id = ?", string(userID)).Exec(ctx))
		if err != nil {
			return err
		}
		return endTrust(ctx, tx, userID, id)
	})
	return wrap("forget trusted device", err)
}

// DeleteAll ends trust in all of a person's devices. It answers
// storage.ErrNotFound when there was none.
func (r *TrustedDevices) DeleteAll(ctx context.Context, userID storage.ID, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		err := changed(tx.NewDelete().Model((*trustedDeviceRow)(nil)).Where("user_id = ?", string(userID)).Exec(ctx))
		if err != nil {
			return err
		}
		return endTrust(ctx, tx, userID, "")
	})
	return wrap("forget trusted devices", err)
}
