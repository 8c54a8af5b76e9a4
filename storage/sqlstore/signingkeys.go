package sqlstore

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// SigningKeys keeps the ring of signing keys that all nodes share.
type SigningKeys struct{ s *Store }

type signingKeyRow struct {
	bun.BaseModel `bun:"table:signing_keys,alias:k"`

	ID         string  `bun:"id,pk"`
	Alg        string  `bun:"alg"`
	Slot       int     `bun:"slot"`
	Public     string  `bun:"public_key"`
	Sealed     string  `bun:"private_key"`
	CreatedAt  sqlTime `bun:"created_at"`
	SignsFrom  sqlTime `bun:"signs_from"`
	SignsUntil sqlTime `bun:"signs_until"`
	ExpiresAt  sqlTime `bun:"expires_at"`
}

// List returns every key, oldest slot first.
func (r *SigningKeys) List(ctx context.Context) ([]storage.SigningKey, error) {
	var rows []signingKeyRow
	if err := r.s.read.NewSelect().Model(&rows).OrderExpr("alg, slot").Scan(ctx); err != nil {
		return nil, wrap("list signing keys", err)
	}
	keys := make([]storage.SigningKey, len(rows))
	for i, row := range rows {
		keys[i] = storage.SigningKey{
			ID: row.ID, Alg: row.Alg, Slot: row.Slot, Public: []byte(row.Public), Sealed: row.Sealed,
			CreatedAt: row.CreatedAt.Time, SignsFrom: row.SignsFrom.Time,
			SignsUntil: row.SignsUntil.Time, ExpiresAt: row.ExpiresAt.Time,
		}
	}
	return keys, nil
}

// Insert adds a key and writes the event. It answers storage.ErrConflict when
// another node filled the slot first.
func (r *SigningKeys) Insert(ctx context.Context, k storage.SigningKey, e storage.Event) error {
	row := &signingKeyRow{
		ID: k.ID, Alg: k.Alg, Slot: k.Slot, Public: string(k.Public), Sealed: k.Sealed,
		CreatedAt: sqlTime{k.CreatedAt}, SignsFrom: sqlTime{k.SignsFrom},
		SignsUntil: sqlTime{k.SignsUntil}, ExpiresAt: sqlTime{k.ExpiresAt},
	}
	err := r.s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(row).Exec(ctx); err != nil {
			return err
		}
		return r.s.insertEvent(ctx, tx, e)
	})
	return wrap("insert signing key", err)
}

// Retire fixes when a key stops signing and when it leaves the JWKS. What was
// fixed before stays.
func (r *SigningKeys) Retire(ctx context.Context, id string, signsUntil, expiresAt time.Time) error {
	_, err := r.s.write.NewUpdate().Model((*signingKeyRow)(nil)).
		Set("signs_until = ?", sqlTime{signsUntil}).Set("expires_at = ?", sqlTime{expiresAt}).
		Where("id = ?", id).Where("signs_until IS NULL").Exec(ctx)
	return wrap("retire signing key", err)
}

// DeleteExpired removes keys that have left the JWKS and returns how many.
func (r *SigningKeys) DeleteExpired(ctx context.Context, now time.Time) (int64, error) {
	result, err := r.s.write.NewDelete().Model((*signingKeyRow)(nil)).Where("expires_at <= ?", sqlTime{now}).Exec(ctx)
	if err != nil {
		return 0, wrap("delete expired signing keys", err)
	}
	return result.RowsAffected()
}
