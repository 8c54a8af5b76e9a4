package sqlstore

import (
	"context"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// RegistrationTokens keeps initial access tokens; [Clients.Create] spends them.
type RegistrationTokens struct{ s *Store }

// RegistrationTokens keeps initial access tokens; [Clients.Create] spends them.
func (s *Store) RegistrationTokens() *RegistrationTokens { return &RegistrationTokens{s} }

type registrationTokenRow struct {
	bun.BaseModel `bun:"table:registration_tokens,alias:t"`

	ID        string  `bun:"id,pk"`
	TokenHash string  `bun:"token_hash"`
	Note      string  `bun:"note"`
	UsesLeft  int64   `bun:"uses_left"`
	CreatedBy string  `bun:"created_by"`
	CreatedAt sqlTime `bun:"created_at"`
	ExpiresAt sqlTime `bun:"expires_at"`
}

// Create inserts an initial access token.
func (r *RegistrationTokens) Create(ctx context.Context, t *storage.RegistrationToken, e storage.Event) error {
	row := &registrationTokenRow{
		ID: string(t.ID), TokenHash: t.TokenHash, Note: t.Note, UsesLeft: t.UsesLeft, CreatedBy: t.CreatedBy,
		CreatedAt: sqlTime{t.CreatedAt}, ExpiresAt: sqlTime{t.ExpiresAt},
	}
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		_, err := r.s.exec(ctx, tx, insertInto[registrationTokenRow](), values(row)...)
		return err
	})
	return wrap("create initial access token", err)
}

// List returns the tokens, spent and expired ones too until they are swept, the oldest
// first, at most limit of them from after the id on.
func (r *RegistrationTokens) List(ctx context.Context, after storage.ID, limit int) ([]storage.RegistrationToken, error) {
	rows, err := list[registrationTokenRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[registrationTokenRow]()+` FROM registration_tokens t
		WHERE t.id > $1 ORDER BY t.id LIMIT $2`, string(after), limit)
	if err != nil {
		return nil, wrap("list initial access tokens", err)
	}
	tokens := make([]storage.RegistrationToken, len(rows))
	for i, row := range rows {
		tokens[i] = storage.RegistrationToken{
			ID: storage.ID(row.ID), TokenHash: row.TokenHash, Note: row.Note, UsesLeft: row.UsesLeft, CreatedBy: row.CreatedBy,
			CreatedAt: row.CreatedAt.Time, ExpiresAt: row.ExpiresAt.Time,
		}
	}
	return tokens, nil
}

// Delete takes a token back. It answers storage.ErrNotFound where there is none.
func (r *RegistrationTokens) Delete(ctx context.Context, id storage.ID, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		return must(r.s.exec(ctx, tx, `DELETE FROM registration_tokens WHERE id = $1`, string(id)))
	})
	return wrap("delete initial access token", err)
}
