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

// Clients keeps the relying parties that no configuration file has.
type Clients struct{ s *Store }

// Clients keeps the relying parties that no configuration file has.
func (s *Store) Clients() *Clients { return &Clients{s} }

type clientRow struct {
	bun.BaseModel `bun:"table:clients,alias:c"`

	ID               string                           `bun:"id,pk"`
	Metadata         string                           `bun:"metadata"`
	Secrets          document[[]storage.ClientSecret] `bun:"secrets"`
	Source           string                           `bun:"source"`
	RegistrationHash nullString                       `bun:"registration_hash"`
	Version          int64                            `bun:"version"`
	CreatedAt        sqlTime                          `bun:"created_at"`
	UpdatedAt        sqlTime                          `bun:"updated_at"`
	LastUsedAt       sqlTime                          `bun:"last_used_at"`
	DisabledAt       sqlTime                          `bun:"disabled_at"`
	EndsAt           sqlTime                          `bun:"ends_at"`
}

func (r *clientRow) client() *storage.Client {
	return &storage.Client{
		ID: r.ID, Metadata: []byte(r.Metadata), Secrets: r.Secrets.Is, Source: storage.ClientSource(r.Source),
		RegistrationHash: string(r.RegistrationHash), Version: r.Version, CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time,
		LastUsedAt: r.LastUsedAt.Time, DisabledAt: r.DisabledAt.Time, EndsAt: r.EndsAt.Time,
	}
}

func rowOfClient(c *storage.Client) *clientRow {
	secrets := c.Secrets
	if secrets == nil {
		secrets = []storage.ClientSecret{}
	}
	return &clientRow{
		ID: c.ID, Metadata: string(c.Metadata), Secrets: document[[]storage.ClientSecret]{secrets}, Source: string(c.Source),
		RegistrationHash: nullString(c.RegistrationHash), Version: max(c.Version, 1), CreatedAt: sqlTime{c.CreatedAt}, UpdatedAt: sqlTime{c.UpdatedAt},
		LastUsedAt: sqlTime{c.LastUsedAt}, DisabledAt: sqlTime{c.DisabledAt}, EndsAt: sqlTime{c.EndsAt},
	}
}

// What clients are found by.
const (
	nameOrigin = "origin"
	nameScope  = "scope"
)

// registrations is the row of the installation that clients which count are created
// under, one after the other: no two of them see the same last free place.
const registrations = "client registrations"

// Create inserts a client. It answers storage.ErrConflict where its id is taken,
// storage.ErrConsumed where the initial access token is spent, over or was never
// issued, and storage.ErrFull where there are as many of its source as may be: then
// nothing was spent either.
func (r *Clients) Create(ctx context.Context, c *storage.Client, a storage.ClientAdmission, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		if a.TokenHash != "" {
			err := must(r.s.exec(ctx, tx, `UPDATE registration_tokens SET uses_left = uses_left - 1 WHERE token_hash = $1 AND uses_left > 0 AND expires_at > $2`,
				a.TokenHash, sqlTime{c.CreatedAt}))
			if errors.Is(err, sql.ErrNoRows) {
				err = fmt.Errorf("spend initial access token: %w", storage.ErrConsumed)
			}
			if err != nil {
				return err
			}
		}
		if err := r.hasRoom(ctx, tx, c, a.Most); err != nil {
			return err
		}
		if _, err := r.s.exec(ctx, tx, insertInto[clientRow](), values(rowOfClient(c))...); err != nil {
			return err
		}
		return r.insertNames(ctx, tx, c)
	})
	return wrap("create client", err)
}

// hasRoom answers storage.ErrFull where there are as many clients as may be.
func (r *Clients) hasRoom(ctx context.Context, tx bun.Tx, c *storage.Client, most int) error {
	if most <= 0 {
		return nil
	}
	_, err := r.s.exec(ctx, tx, `INSERT INTO installation (name, value, updated_at) VALUES ($1, '', $2)
		ON CONFLICT (name) DO UPDATE SET updated_at = excluded.updated_at`, registrations, sqlTime{c.CreatedAt})
	if err != nil {
		return err
	}
	var n int
	err = r.s.row(ctx, tx, `SELECT count(*) FROM (SELECT 1 FROM clients c WHERE c.source = $1 LIMIT $2) counted`, []any{string(c.Source), most}, &n)
	if err == nil && n >= most {
		err = fmt.Errorf("%d clients of source %s: %w", n, c.Source, storage.ErrFull)
	}
	return err
}

func (r *Clients) insertNames(ctx context.Context, tx bun.Tx, c *storage.Client) error {
	for kind, names := range map[string][]string{nameOrigin: c.Origins, nameScope: c.Scopes} {
		for _, name := range names {
			_, err := r.s.exec(ctx, tx, `INSERT INTO client_names (kind, name, client_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, kind, name, c.ID)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// ByID returns a client, whether it is disabled or has ended. Its names are not read.
func (r *Clients) ByID(ctx context.Context, id string) (*storage.Client, error) {
	var row clientRow
	err := r.s.row(ctx, r.s.reader(ctx), `SELECT `+columnsOf[clientRow]()+` FROM clients c WHERE c.id = $1`, []any{id}, &row)
	if err != nil {
		return nil, wrap("read client", err)
	}
	return row.client(), nil
}

// List returns clients in the order of their ids, at most limit of them, from after the
// id on.
func (r *Clients) List(ctx context.Context, after string, limit int) ([]storage.Client, error) {
	return r.list(ctx, "list clients", `SELECT `+columnsOf[clientRow]()+` FROM clients c WHERE c.id > $1 ORDER BY c.id LIMIT $2`, after, limit)
}

// Ended returns clients that ended at or before a time, at most limit of them.
func (r *Clients) Ended(ctx context.Context, by time.Time, limit int) ([]storage.Client, error) {
	return r.list(ctx, "list ended clients", `SELECT `+columnsOf[clientRow]()+` FROM clients c WHERE c.ends_at <= $1 ORDER BY c.ends_at LIMIT $2`, sqlTime{by}, limit)
}

func (r *Clients) list(ctx context.Context, attempted, query string, args ...any) ([]storage.Client, error) {
	rows, err := list[clientRow](ctx, r.s, r.s.read, query, args...)
	if err != nil {
		return nil, wrap(attempted, err)
	}
	clients := make([]storage.Client, len(rows))
	for i := range rows {
		clients[i] = *rows[i].client()
	}
	return clients, nil
}

// Replace puts a client in the place of what it was in a version, which is the one
// before. It answers storage.ErrConflict where it changed meanwhile, or is gone.
func (r *Clients) Replace(ctx context.Context, c *storage.Client, version int64, e storage.Event) error {
	row := rowOfClient(c)
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		err := must(r.s.exec(ctx, tx, `UPDATE clients SET metadata = $1, secrets = $2, registration_hash = $3, version = version + 1, updated_at = $4,
			disabled_at = $5, ends_at = $6 WHERE id = $7 AND version = $8`,
			row.Metadata, row.Secrets, row.RegistrationHash, row.UpdatedAt, row.DisabledAt, row.EndsAt, c.ID, version))
		if err != nil {
			return err
		}
		if _, err := r.s.exec(ctx, tx, `DELETE FROM client_names WHERE client_id = $1`, c.ID); err != nil {
			return err
		}
		return r.insertNames(ctx, tx, c)
	})
	return conflictIfNone(wrap("change client", err))
}

// Used notes that a client got tokens, unless that was noted after a time already, and
// when it ends then; zero is never.
func (r *Clients) Used(ctx context.Context, id string, now, since, endsAt time.Time) error {
	_, err := r.s.exec(ctx, r.s.write, `UPDATE clients SET last_used_at = $1, ends_at = $2 WHERE id = $3 AND (last_used_at IS NULL OR last_used_at < $4)`,
		sqlTime{now}, sqlTime{endsAt}, id, sqlTime{since})
	return wrap("note use of client", err)
}

// Delete removes a client and ends all that people allowed it: its grants, offline ones
// too, and its consents. It answers storage.ErrNotFound where there is none, or none
// as it was asked for.
func (r *Clients) Delete(ctx context.Context, gone storage.ClientRemoval, e storage.Event) error {
	query, args := `DELETE FROM clients WHERE id = $1`, []any{gone.ID}
	if gone.Version != 0 {
		args = append(args, gone.Version)
		query += ` AND version = ` + placeholders(len(args), 1)
	}
	if !gone.EndedBy.IsZero() {
		args = append(args, sqlTime{gone.EndedBy})
		query += ` AND ends_at <= ` + placeholders(len(args), 1)
	}
	err := r.s.change(patiently(ctx, removeTimeout), e, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := must(r.s.exec(ctx, tx, query, args...)); err != nil {
			return err
		}
		_, err := r.s.exec(ctx, tx, `UPDATE grants SET revoked_at = $1, revoked_reason = $2 WHERE client_id = $3 AND revoked_at IS NULL`,
			sqlTime{gone.Now}, gone.Reason, gone.ID)
		if err != nil {
			return err
		}
		_, err = r.s.exec(ctx, tx, `DELETE FROM consents WHERE client_id = $1`, gone.ID)
		return err
	})
	return wrap("delete client", err)
}

// HasOrigin reports whether any client is registered for the web origin.
func (r *Clients) HasOrigin(ctx context.Context, origin string) (bool, error) {
	return r.hasName(ctx, nameOrigin, origin)
}

// HasScope reports whether any client is registered for the scope.
func (r *Clients) HasScope(ctx context.Context, scope string) (bool, error) {
	return r.hasName(ctx, nameScope, scope)
}

func (r *Clients) hasName(ctx context.Context, kind, name string) (has bool, err error) {
	err = r.s.row(ctx, r.s.read, `SELECT EXISTS (SELECT 1 FROM client_names n WHERE n.kind = $1 AND n.name = $2)`, []any{kind, name}, &has)
	return has, wrap("look for a client by "+kind, err)
}
