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
		if err := r.s.holdPassword(ctx, tx, d.UserID, d.PasswordEpoch, "NO KEY UPDATE"); err != nil {
			return err
		}
		_, err := r.s.exec(ctx, tx, insertInto[trustedDeviceRow](), values(row)...)
		return err
	})
	return conflictIfNone(wrap("trust device", err))
}

// liveDevices are the devices that are trusted at $1.
var liveDevices = `SELECT ` + columnsOf[trustedDeviceRow]() + ` FROM trusted_devices d
	JOIN users u ON u.id = d.user_id AND u.password_epoch = d.password_epoch AND u.disabled_at IS NULL WHERE d.expires_at > $1`

// BySecret returns the device whose secret has one of the hashes. It answers
// storage.ErrNotFound when there is none, trust has expired, or its person is
// disabled or has another password since.
func (r *TrustedDevices) BySecret(ctx context.Context, hashes []string, now time.Time) (*storage.TrustedDevice, error) {
	var row trustedDeviceRow
	args := []any{sqlTime{now}}
	query := liveDevices + ` AND d.secret_hash IN ` + anyOf(&args, hashes)
	if err := r.s.row(ctx, r.s.read, query, args, &row); err != nil {
		return nil, wrap("read trusted device", err)
	}
	d := row.device()
	return &d, nil
}

// ListByUser returns a person's trusted devices, the one used last first.
func (r *TrustedDevices) ListByUser(ctx context.Context, userID storage.ID, now time.Time) ([]storage.TrustedDevice, error) {
	rows, err := list[trustedDeviceRow](ctx, r.s, r.s.read, liveDevices+` AND d.user_id = $2 ORDER BY d.last_used_at DESC, d.id DESC`,
		sqlTime{now}, string(userID))
	if err != nil {
		return nil, wrap("list trusted devices", err)
	}
	devices := make([]storage.TrustedDevice, len(rows))
	for i := range rows {
		devices[i] = rows[i].device()
	}
	return devices, nil
}

// Rotate replaces a device's secret as it is used, in one conditional write. It
// answers storage.ErrConsumed to all but one of many who present one secret.
func (r *TrustedDevices) Rotate(ctx context.Context, id storage.ID, oldHash, newHash string, now time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		return must(r.s.exec(ctx, tx, `UPDATE trusted_devices SET secret_hash = $1, last_used_at = $2 WHERE id = $3 AND secret_hash = $4 AND expires_at > $2`,
			newHash, sqlTime{now}, string(id), oldHash))
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
		if err := must(r.s.exec(ctx, tx, `DELETE FROM trusted_devices WHERE id = $1 AND user_id = $2`, string(id), string(userID))); err != nil {
			return err
		}
		return r.s.endTrust(ctx, tx, userID, id)
	})
	return wrap("forget trusted device", err)
}

// DeleteAll ends trust in all of a person's devices. It answers
// storage.ErrNotFound when there was none.
func (r *TrustedDevices) DeleteAll(ctx context.Context, userID storage.ID, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := must(r.s.exec(ctx, tx, `DELETE FROM trusted_devices WHERE user_id = $1`, string(userID))); err != nil {
			return err
		}
		return r.s.endTrust(ctx, tx, userID, "")
	})
	return wrap("forget trusted devices", err)
}
