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

var insertCredentialRow = insertInto[credentialRow]()

// Add inserts a credential, and with it the event and the messages. Failures
// with that kind of factor no longer count, and trusted devices are forgotten.
// It answers storage.ErrFull when the person has as many as may be,
// storage.ErrConflict when a passkey is registered already, and
// storage.ErrConsumed when the password was changed since enrollment began.
func (r *Credentials) Add(ctx context.Context, c *storage.Credential, start storage.FactorStart, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		if err := r.s.underPassword(ctx, tx, c.UserID, start.PasswordEpoch); err != nil {
			return err
		}
		n, err := r.s.credentialsOf(ctx, tx, c.UserID)
		if err != nil {
			return err
		}
		if n >= maxCredentials {
			return fmt.Errorf("%d credentials: %w", n, storage.ErrFull)
		}
		if _, err := r.s.exec(ctx, tx, insertCredentialRow, values(rowOfCredential(c))...); err != nil {
			return err
		}
		if err := r.s.countCredentials(ctx, tx, c.UserID); err != nil {
			return err
		}
		return r.s.rebindFactor(ctx, tx, c.UserID, c.Kind)
	})
	return wrap("add credential", err)
}

func (s *Store) credentialsOf(ctx context.Context, tx bun.Tx, userID storage.ID) (n int, err error) {
	err = s.row(ctx, tx, `SELECT count(*) FROM credentials WHERE user_id = $1`, []any{string(userID)}, &n)
	return n, err
}

// ListByUser returns a person's credentials, oldest first.
func (r *Credentials) ListByUser(ctx context.Context, userID storage.ID) ([]storage.Credential, error) {
	rows, err := list[credentialRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[credentialRow]()+` FROM credentials c WHERE c.user_id = $1 ORDER BY c.created_at, c.id`,
		string(userID))
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
	err := r.s.row(ctx, r.s.read, `SELECT `+columnsOf[credentialRow]()+` FROM credentials c WHERE c.external_id = $1`, []any{externalID}, &row)
	if err != nil {
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
	var public any // NULL keeps it
	if use.Public != nil {
		public = string(use.Public)
	}
	err := must(r.s.exec(ctx, r.s.write, `UPDATE credentials SET counter = $1, last_used_at = $2, public_part = COALESCE($3, public_part)
		WHERE id = $4 AND user_id = $5 AND CASE WHEN kind = $6 THEN counter < $1 ELSE counter = $7 END`,
		use.To, sqlTime{use.Now}, public, string(use.ID), string(use.UserID), string(storage.FactorTOTP), use.From))
	if !errors.Is(err, sql.ErrNoRows) {
		return wrap("use credential", err)
	}
	var there bool
	existsErr := r.s.row(ctx, r.s.read, `SELECT EXISTS (SELECT 1 FROM credentials WHERE id = $1 AND user_id = $2)`,
		[]any{string(use.ID), string(use.UserID)}, &there)
	switch {
	case existsErr != nil:
		return wrap("look for credential", existsErr)
	case there:
		return fmt.Errorf("use credential: %w", storage.ErrConsumed)
	}
	return wrap("use credential", err)
}

// Rename gives one of a person's credentials another name. It answers
// storage.ErrNotFound when it is gone or another's, and storage.ErrConsumed when
// the password epoch is another.
func (r *Credentials) Rename(ctx context.Context, c storage.CredentialChange, name string, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := r.s.underPassword(ctx, tx, c.UserID, c.PasswordEpoch); err != nil {
			return err
		}
		return must(r.s.exec(ctx, tx, `UPDATE credentials SET name = $1 WHERE id = $2 AND user_id = $3`, name, string(c.ID), string(c.UserID)))
	})
	return wrap("rename credential", err)
}

// Delete removes one of a person's credentials and forgets their trusted
// devices. It answers storage.ErrNotFound when it is gone or another's,
// storage.ErrConsumed when the password epoch is another, and where keepOne says
// that one must stay storage.ErrConflict when it is the last.
func (r *Credentials) Delete(ctx context.Context, c storage.CredentialChange, keepOne bool, e storage.Event, m ...storage.Message) error {
	err := r.s.change(ctx, e, m, func(ctx context.Context, tx bun.Tx) error {
		if err := r.s.underPassword(ctx, tx, c.UserID, c.PasswordEpoch); err != nil {
			return err
		}
		if err := must(r.s.exec(ctx, tx, `DELETE FROM credentials WHERE id = $1 AND user_id = $2`, string(c.ID), string(c.UserID))); err != nil {
			return err
		}
		if err := r.s.countCredentials(ctx, tx, c.UserID); err != nil {
			return err
		}
		if left, err := r.s.credentialsOf(ctx, tx, c.UserID); err != nil {
			return err
		} else if keepOne && left == 0 {
			return fmt.Errorf("the last one: %w", storage.ErrConflict)
		}
		return r.s.forgetDevices(ctx, tx, c.UserID)
	})
	return wrap("delete credential", err)
}

// countCredentials notes with the person how many credentials there are and
// when the newest was made.
func (s *Store) countCredentials(ctx context.Context, tx bun.Tx, userID storage.ID) error {
	_, err := s.exec(ctx, tx, `UPDATE users SET credentials = (SELECT count(*) FROM credentials c WHERE c.user_id = users.id),
		factor_added_at = (SELECT max(c.created_at) FROM credentials c WHERE c.user_id = users.id) WHERE id = $1`, string(userID))
	return err
}
