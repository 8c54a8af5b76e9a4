package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Invitations keeps who may sign up where sign-up is by invitation.
type Invitations struct{ s *Store }

type invitationRow struct {
	bun.BaseModel `bun:"table:invitations,alias:i"`

	ID             string  `bun:"id,pk"`
	TokenHash      string  `bun:"token_hash"`
	Email          string  `bun:"email"`
	EmailCanonical string  `bun:"email_canonical"`
	CreatedAt      sqlTime `bun:"created_at"`
	ExpiresAt      sqlTime `bun:"expires_at"`
	UsedAt         sqlTime `bun:"used_at"`
}

// Create inserts an invitation, and with it the event and the messages.
func (r *Invitations) Create(ctx context.Context, inv *storage.Invitation, e storage.Event, m ...storage.Message) error {
	row := &invitationRow{
		ID: string(inv.ID), TokenHash: inv.TokenHash, Email: inv.Email, EmailCanonical: ident.Canonical(inv.Email),
		CreatedAt: sqlTime{inv.CreatedAt}, ExpiresAt: sqlTime{inv.ExpiresAt}, UsedAt: sqlTime{inv.UsedAt},
	}
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		_, err := r.s.exec(ctx, tx, insertInto[invitationRow](), values(row)...)
		return err
	})
	return wrap("create invitation", err)
}

// Valid returns the invitation whose token has one of the hashes. It answers
// storage.ErrNotFound when there is none, it was used, or it has expired.
func (r *Invitations) Valid(ctx context.Context, hashes []string, now time.Time) (*storage.Invitation, error) {
	var row invitationRow
	args := []any{sqlTime{now}}
	query := `SELECT ` + columnsOf[invitationRow]() + ` FROM invitations i WHERE i.used_at IS NULL AND i.expires_at > $1 AND i.token_hash IN ` + anyOf(&args, hashes)
	if err := r.s.row(ctx, r.s.read, query, args, &row); err != nil {
		return nil, wrap("read invitation", err)
	}
	inv := row.invitation()
	return &inv, nil
}

func (row *invitationRow) invitation() storage.Invitation {
	return storage.Invitation{
		ID: storage.ID(row.ID), TokenHash: row.TokenHash, Email: row.Email,
		CreatedAt: row.CreatedAt.Time, ExpiresAt: row.ExpiresAt.Time, UsedAt: row.UsedAt.Time,
	}
}

// List returns invitations, the newest first, those too that were used or have expired
// and were not swept yet; before is the id of the last one of the page before, empty on
// the first page.
func (r *Invitations) List(ctx context.Context, before storage.ID, limit int) ([]storage.Invitation, error) {
	which, args := ``, []any{limit}
	if before != "" {
		which, args = `WHERE i.id < $2 `, append(args, string(before))
	}
	rows, err := list[invitationRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[invitationRow]()+` FROM invitations i `+which+`ORDER BY i.id DESC LIMIT $1`, args...)
	if err != nil {
		return nil, wrap("list invitations", err)
	}
	found := make([]storage.Invitation, len(rows))
	for i := range rows {
		found[i] = rows[i].invitation()
	}
	return found, nil
}

// Revoke takes an invitation back that nobody used, and with it writes the event. It
// answers storage.ErrNotFound where there is none, it was used, or it has expired.
func (r *Invitations) Revoke(ctx context.Context, id storage.ID, now time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		return must(r.s.exec(ctx, tx, `DELETE FROM invitations WHERE id = $1 AND used_at IS NULL AND expires_at > $2`, string(id), sqlTime{now}))
	})
	return wrap("revoke invitation", err)
}

// spendInvitation marks an invitation as used by its addressee.
func (s *Store) spendInvitation(ctx context.Context, tx bun.Tx, id storage.ID, u *storage.User) error {
	err := must(s.exec(ctx, tx, `UPDATE invitations SET used_at = $1 WHERE id = $2 AND email_canonical = $3 AND used_at IS NULL AND expires_at > $1`,
		sqlTime{u.CreatedAt}, string(id), ident.Canonical(u.Email)))
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("spend invitation: %w", storage.ErrConsumed)
	}
	return err
}
