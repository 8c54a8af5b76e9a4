package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Credentials keeps what people enrolled as factors.
type Credentials struct{ s *Store }

// maxCredentials is how many credentials a person may have: enough for anybody,
// and few enough to read all at each sign-in.
const maxCredentials = 20

type credentialRow struct {
	bun.BaseModel `bun:"table:credentials,alias:c"`

	ID         string     `bun:"id,pk"`
	UserID     string     `bun:"user_id"`
	Kind       string     `bun:"kind"`
	Name       string     `bun:"name"`
	Secret     string     `bun:"secret"`
	ExternalID nullString `bun:"external_id"`
	Public     string     `bun:"public_part"`
	Counter    int64      `bun:"counter"`
	CreatedAt  sqlTime    `bun:"created_at"`
	LastUsedAt sqlTime    `bun:"last_used_at"`
}

func rowOfCredential(c *storage.Credential) *credentialRow {
	return &credentialRow{
		ID: string(c.ID), UserID: string(c.UserID), Kind: string(c.Kind), Name: c.Name, Secret: c.Secret,
		ExternalID: nullString(c.ExternalID), Public: string(c.Public), Counter: c.Counter,
		CreatedAt: sqlTime{c.CreatedAt}, LastUsedAt: sqlTime{c.LastUsedAt},
	}
}

func (r *credentialRow) credential() storage.Credential {
	c := storage.Credential{
		ID: storage.ID(r.ID), UserID: storage.ID(r.UserID), Kind: storage.FactorKind(r.Kind), Name: r.Name, Secret: r.Secret,
		ExternalID: string(r.ExternalID), Counter: r.Counter, CreatedAt: r.CreatedAt.Time, LastUsedAt: r.LastUsedAt.Time,
	}
	if r.Public != "" {
		c.Public = []byte(r.Public)
	}
	return c
}

// Create inserts a credential, and with it the event and the messages. Failures
// with that kind of factor no longer count, and trusted devices are forgotten.
// It answers storage.ErrFull when the person has as many as may be,
// storage.ErrConflict when a passkey is registered already, and
// storage.ErrConsumed when the password was changed since enrolment began.
func (r *Credentials) Create(ctx context.Context, c *storage.Credential, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		if err := lockUser(ctx, tx, r.s.dialect, c.UserID); err != nil {
			return err
		}
		current, err := tx.NewSelect().Model((*userRow)(nil)).
			Where("id = ?", string(c.UserID)).Where("password_epoch = ?", c.PasswordEpoch).Exists(ctx)
		if err != nil {
			return err
		}
		if !current {
			return fmt.Errorf("enrolment under another password: %w", storage.ErrConsumed)
		}
		n, err := tx.NewSelect().Model((*credentialRow)(nil)).Where("user_id = ?", string(c.UserID)).Count(ctx)
		if err != nil {
			return err
		}
		if n >= maxCredentials {
			return fmt.Errorf("%d credentials: %w", n, storage.ErrFull)
		}
		if _, err := tx.NewInsert().Model(rowOfCredential(c)).Exec(ctx); err != nil {
			return err
		}
		if err := countCredentials(ctx, tx, c.UserID); err != nil {
			return err
		}
		return rebindFactor(ctx, tx, c.UserID, c.Kind)
	})
	return wrap("create credential", err)
}

// lockUser lets one transaction at a time change what hangs on a person.
// SQLite's transactions exclude each other already.
func lockUser(ctx context.Context, tx bun.Tx, d dialect, id storage.ID) error {
	query := `SELECT id FROM users WHERE id = ?`
	if d == postgres {
		query += ` FOR NO KEY UPDATE`
	}
	var found string
	return tx.QueryRowContext(ctx, query, string(id)).Scan(&found)
}

// ListByUser returns a person's credentials, oldest first.
func (r *Credentials) ListByUser(ctx context.Context, userID storage.ID) ([]storage.Credential, error) {
	var rows []credentialRow
	err := r.s.read.NewSelect().Model(&rows).Where("user_id = ?", string(userID)).OrderExpr("created_at, id").Scan(ctx)
	if err != nil {
		return nil, wrap("list credentials", err)
	}
	credentials := make([]storage.Credential, len(rows))
	for i := range rows {
		credentials[i] = rows[i].credential()
	}
	return credentials, nil
}

// ByExternalID returns the passkey that authenticators know by the id, whoever has it.
func (r *Credentials) ByExternalID(ctx context.Context, externalID string) (*storage.Credential, error) {
	var row credentialRow
	if err := r.s.read.NewSelect().Model(&row).Where("external_id = ?", externalID).Scan(ctx); err != nil {
		return nil, wrap("read credential", err)
	}
	c := row.credential()
	return &c, nil
}

// Use moves a credential's counter on, in one conditional write. It answers
// storage.ErrConsumed when the row does not allow it, and storage.ErrNotFound
// when the person has no such credential.
func (r *Credentials) Use(ctx context.Context, use storage.CredentialUse) error {
	if use.To < use.From || use.To == use.From && use.To != 0 {
		return fmt.Errorf("use credential: counter from %d to %d: %w", use.From, use.To, storage.ErrConsumed)
	}
	query := r.owned(r.s.write.NewUpdate().Model((*credentialRow)(nil)), use.UserID, use.ID).
		Set("counter = ?", use.To).Set("last_used_at = ?", sqlTime{use.Now}).
		Where("(kind = ? AND counter < ?) OR (kind <> ? AND counter = ?)",
			string(storage.FactorTOTP), use.To, string(storage.FactorTOTP), use.From)
	if use.Public != nil {
		query = query.Set("public_part = ?", string(use.Public))
	}
	err := changed(query.Exec(ctx))
	if !errors.Is(err, sql.ErrNoRows) {
		return wrap("use credential", err)
	}
	there, err := r.s.read.NewSelect().Model((*credentialRow)(nil)).
		Where("id = ?", string(use.ID)).Where("user_id = ?", string(use.UserID)).Exists(ctx)
	switch {
	case err != nil:
		return wrap("look for credential", err)
	case there:
		return fmt.Errorf("use credential: %w", storage.ErrConsumed)
	}
	return wrap("use credential", sql.ErrNoRows)
}

// owned narrows an update to one of a person's own credentials.
func (r *Credentials) owned(q *bun.UpdateQuery, userID, id storage.ID) *bun.UpdateQuery {
	return q.Where("id = ?", string(id)).Where("user_id = ?", string(userID))
}

// Rename gives one of a person's credentials another name.
func (r *Credentials) Rename(ctx context.Context, userID, id storage.ID, name string, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		return changed(r.owned(tx.NewUpdate().Model((*credentialRow)(nil)), userID, id).Set("name = ?", name).Exec(ctx))
	})
	return wrap("rename credential", err)
}

// Delete removes one of a person's credentials and forgets their trusted
// devices. It answers storage.ErrNotFound when it is gone or another's, and
// where keepOne says that one must stay storage.ErrConflict when it is the last.
func (r *Credentials) Delete(ctx context.Context, userID, id storage.ID, keepOne bool, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		if err := lockUser(ctx, tx, r.s.dialect, userID); err != nil {
			return err
		}
		err := changed(tx.NewDelete().Model((*credentialRow)(nil)).
			Where("id = ?", string(id)).Where("user_id = ?", string(userID)).Exec(ctx))
		if err != nil {
			return err
		}
		if err := countCredentials(ctx, tx, userID); err != nil {
			return err
		}
		if left, err := tx.NewSelect().Model((*credentialRow)(nil)).Where("user_id = ?", string(userID)).Count(ctx); err != nil {
			return err
		} else if keepOne && left == 0 {
			return fmt.Errorf("the last one: %w", storage.ErrConflict)
		}
		return forgetDevices(ctx, tx, userID)
	})
	return wrap("delete credential", err)
}

// countCredentials notes with the person how many credentials there are and
// when the newest was made.
func countCredentials(ctx context.Context, tx bun.Tx, userID storage.ID) error {
	_, err := tx.NewUpdate().Model((*userRow)(nil)).
		Set("credentials = (SELECT count(*) FROM credentials c WHERE c.user_id = u.id)").
		Set("factor_added_at = (SELECT max(c.created_at) FROM credentials c WHERE c.user_id = u.id)").
		Where("u.id = ?", string(userID)).Exec(ctx)
	return err
}
