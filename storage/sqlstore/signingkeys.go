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
	err := r.s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewInsert().Model(rowOfSigningKey(&k)).Exec(ctx); err != nil {
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

// Revoke removes a key with its private part, and in the same transaction lets
// the successor, where there is one, sign from when it says: it inserts it, or moves
// one forward that waits already. Keys that had not stopped signing yet for the
// removed one go on. It answers storage.ErrNotFound where there is no such key.
func (r *SigningKeys) Revoke(ctx context.Context, id string, successor *storage.SigningKey, now time.Time, e storage.Event) error {
	err := r.s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		var gone signingKeyRow
		err := tx.NewDelete().Model(&gone).Where("id = ?", id).Returning("alg, slot").Scan(ctx)
		if err != nil {
			return err
		}
		_, err = tx.NewUpdate().Model((*signingKeyRow)(nil)).Set("signs_until = NULL").Set("expires_at = NULL").
			Where("alg = ?", gone.Alg).Where("slot < ?", gone.Slot).Where("signs_until > ?", sqlTime{now}).Exec(ctx)
		if err != nil {
			return err
		}
		if successor != nil {
			_, err := tx.NewInsert().Model(rowOfSigningKey(successor)).
				On("CONFLICT (id) DO UPDATE").Set("signs_from = EXCLUDED.signs_from").Exec(ctx)
			if err != nil {
				return err
			}
		}
		return r.s.insertEvent(ctx, tx, e)
	})
	return wrap("revoke signing key", err)
}

// Expire forgets the private part of keys that left the JWKS before now, and
// removes those that left it before forget: until then their public part verifies
// hints.
func (r *SigningKeys) Expire(ctx context.Context, now, forget time.Time) error {
	_, err := r.s.write.NewDelete().Model((*signingKeyRow)(nil)).Where("expires_at <= ?", sqlTime{forget}).Exec(ctx)
	if err != nil {
		return wrap("delete expired signing keys", err)
	}
	_, err = r.s.write.NewUpdate().Model((*signingKeyRow)(nil)).Set("private_key = ?", "").
		Where("expires_at <= ?", sqlTime{now}).Where("private_key <> ?", "").Exec(ctx)
	return wrap("forget private keys", err)
}

func rowOfSigningKey(k *storage.SigningKey) *signingKeyRow {
	return &signingKeyRow{
		ID: k.ID, Alg: k.Alg, Slot: k.Slot, Public: string(k.Public), Sealed: k.Sealed,
		CreatedAt: sqlTime{k.CreatedAt}, SignsFrom: sqlTime{k.SignsFrom},
		SignsUntil: sqlTime{k.SignsUntil}, ExpiresAt: sqlTime{k.ExpiresAt},
	}
}
