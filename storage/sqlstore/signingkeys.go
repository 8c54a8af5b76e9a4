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
	rows, err := list[signingKeyRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[signingKeyRow]()+` FROM signing_keys k ORDER BY k.alg, k.slot`)
	if err != nil {
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
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		_, err := r.s.exec(ctx, tx, insertInto[signingKeyRow](), values(rowOfSigningKey(&k))...)
		return err
	})
	return wrap("insert signing key", err)
}

// Retire fixes when a key stops signing and when it leaves the JWKS. What was
// fixed before stays.
func (r *SigningKeys) Retire(ctx context.Context, id string, signsUntil, expiresAt time.Time) error {
	_, err := r.s.exec(ctx, r.s.write, `UPDATE signing_keys SET signs_until = $1, expires_at = $2 WHERE id = $3 AND signs_until IS NULL`,
		sqlTime{signsUntil}, sqlTime{expiresAt}, id)
	return wrap("retire signing key", err)
}

// Revoke removes a key with its private part, and in the same transaction lets
// the successor, where there is one, sign from when it says: it inserts it, or moves
// one forward that waits already. Keys that had not stopped signing yet for the
// removed one go on. It answers storage.ErrNotFound where there is no such key.
func (r *SigningKeys) Revoke(ctx context.Context, id string, successor *storage.SigningKey, now time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		var alg string
		var slot int
		err := r.s.row(ctx, tx, `DELETE FROM signing_keys WHERE id = $1 RETURNING alg, slot`, []any{id}, &alg, &slot)
		if err != nil {
			return err
		}
		_, err = r.s.exec(ctx, tx, `UPDATE signing_keys SET signs_until = NULL, expires_at = NULL WHERE alg = $1 AND slot < $2 AND signs_until > $3`,
			alg, slot, sqlTime{now})
		if err != nil || successor == nil {
			return err
		}
		_, err = r.s.exec(ctx, tx, insertInto[signingKeyRow]()+` ON CONFLICT (id) DO UPDATE SET signs_from = excluded.signs_from`,
			values(rowOfSigningKey(successor))...)
		return err
	})
	return wrap("revoke signing key", err)
}

// Expire forgets the private part of keys that left the JWKS before now, and
// removes those that left it before forget: until then their public part verifies
// hints.
func (r *SigningKeys) Expire(ctx context.Context, now, forget time.Time) error {
	if _, err := r.s.exec(ctx, r.s.write, `DELETE FROM signing_keys WHERE expires_at <= $1`, sqlTime{forget}); err != nil {
		return wrap("delete expired signing keys", err)
	}
	_, err := r.s.exec(ctx, r.s.write, `UPDATE signing_keys SET private_key = '' WHERE expires_at <= $1 AND private_key <> ''`, sqlTime{now})
	return wrap("forget private keys", err)
}

func rowOfSigningKey(k *storage.SigningKey) *signingKeyRow {
	return &signingKeyRow{
		ID: k.ID, Alg: k.Alg, Slot: k.Slot, Public: string(k.Public), Sealed: k.Sealed,
		CreatedAt: sqlTime{k.CreatedAt}, SignsFrom: sqlTime{k.SignsFrom},
		SignsUntil: sqlTime{k.SignsUntil}, ExpiresAt: sqlTime{k.ExpiresAt},
	}
}
