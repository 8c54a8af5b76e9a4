package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Provisions finds the people of sources of provisioning. A source sees whom it made,
// and nobody else (requirement AD2).
type Provisions struct{ s *Store }

type provisionedRow struct {
	bun.BaseModel `bun:"table:provisioned,alias:p"`

	UserID            string     `bun:"user_id"`
	Source            string     `bun:"source"`
	UserName          string     `bun:"user_name"`
	UserNameCanonical string     `bun:"user_name_canonical"`
	ExternalID        nullString `bun:"external_id"`
	Email             nullString `bun:"email_canonical"`
	Document          string     `bun:"document"`
	Version           int64      `bun:"version"`
	DeactivatedAt     sqlTime    `bun:"deactivated_at"`
	DeletedAt         sqlTime    `bun:"deleted_at"`
	CreatedAt         sqlTime    `bun:"created_at"`
	UpdatedAt         sqlTime    `bun:"updated_at"`
}

func (r *provisionedRow) provisioned() storage.Provisioned {
	return storage.Provisioned{
		UserID: storage.ID(r.UserID), Source: storage.MembershipSource(r.Source), UserName: r.UserName, ExternalID: string(r.ExternalID),
		Email: string(r.Email), Document: r.Document, Version: r.Version, DeactivatedAt: r.DeactivatedAt.Time, DeletedAt: r.DeletedAt.Time,
		CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time,
	}
}

func rowOfProvisioned(p *storage.Provisioned) *provisionedRow {
	return &provisionedRow{
		UserID: string(p.UserID), Source: string(p.Source), UserName: p.UserName, UserNameCanonical: ident.Canonical(p.UserName),
		ExternalID: nullString(p.ExternalID), Email: nullString(ident.Canonical(p.Email)), Document: p.Document, Version: p.Version, DeactivatedAt: sqlTime{p.DeactivatedAt},
		DeletedAt: sqlTime{p.DeletedAt}, CreatedAt: sqlTime{p.CreatedAt}, UpdatedAt: sqlTime{p.UpdatedAt},
	}
}

var (
	insertProvisioned  = insertInto[provisionedRow]()
	provisionedColumns = columnsOf[provisionedRow]()
)

// Find returns the people of a source that a key names.
func (r *Provisions) Find(ctx context.Context, source storage.MembershipSource, key storage.ProvisionedKey) ([]storage.ProvisionedUser, error) {
	var where, value string
	switch {
	case key.ID != "":
		where, value = `p.user_id = $2`, string(key.ID)
	case key.UserName != "":
		where, value = `p.user_name_canonical = $2`, ident.Canonical(key.UserName)
	case key.ExternalID != "":
		where, value = `p.external_id = $2`, key.ExternalID
	default:
		where, value = `p.email_canonical = $2`, ident.Canonical(key.Email)
	}
	if value == "" || !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
		return nil, nil // nobody's: PostgreSQL would refuse the question
	}
	if !key.Deleted {
		where += ` AND p.deleted_at IS NULL`
	}
	found, err := r.with(ctx, `SELECT `+provisionedColumns+` FROM provisioned p WHERE p.source = $1 AND `+where, string(source), value)
	return found, wrap("find provisioned people", err)
}

// Page returns a page of the people of a source.
func (r *Provisions) Page(ctx context.Context, page storage.SourcePage) ([]storage.ProvisionedUser, error) {
	found, err := r.with(ctx, `SELECT `+provisionedColumns+` FROM provisioned p WHERE p.source = $1 AND p.deleted_at IS NULL AND p.user_id > $2
		ORDER BY p.user_id LIMIT $3 OFFSET $4`, string(page.Source), string(page.After), page.Limit, page.Skip)
	return found, wrap("list provisioned people", err)
}

// Count returns how many people a source has.
func (r *Provisions) Count(ctx context.Context, source storage.MembershipSource) (n int, err error) {
	err = r.s.row(ctx, r.s.read, `SELECT count(*) FROM provisioned p WHERE p.source = $1 AND p.deleted_at IS NULL`, []any{string(source)}, &n)
	return n, wrap("count provisioned people", err)
}

// Known returns which of the ids are of people of the source.
func (r *Provisions) Known(ctx context.Context, source storage.MembershipSource, ids []storage.ID) ([]storage.ID, error) {
	args := []any{string(source)}
	found, err := list[storage.ID](ctx, r.s, r.s.read, `SELECT p.user_id FROM provisioned p WHERE p.source = $1 AND p.deleted_at IS NULL
		AND p.user_id IN `+anyOf(&args, ids), args...)
	return found, wrap("look up provisioned people", err)
}

// with reads rows and the people that they are of.
func (r *Provisions) with(ctx context.Context, text string, args ...any) ([]storage.ProvisionedUser, error) {
	rows, err := list[provisionedRow](ctx, r.s, r.s.read, text, args...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var ids []string
	for i := range rows {
		ids = append(ids, rows[i].UserID)
	}
	var of []any
	people, err := list[userRow](ctx, r.s, r.s.read, `SELECT `+userColumns+` FROM users u WHERE u.id IN `+anyOf(&of, ids), of...)
	if err != nil {
		return nil, err
	}
	byID := map[string]*userRow{}
	for i := range people {
		byID[people[i].ID] = &people[i]
	}
	var found []storage.ProvisionedUser
	for i := range rows {
		if u := byID[rows[i].UserID]; u != nil { // or they were deleted since
			found = append(found, storage.ProvisionedUser{Provisioned: rows[i].provisioned(), User: u.user()})
		}
	}
	return found, nil
}

// CreateProvisioned inserts a person, and what the source knows of them that makes
// them. It answers storage.ErrConflict when a name is another's.
func (r *Users) CreateProvisioned(ctx context.Context, u *storage.User, p *storage.Provisioned, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := r.s.insertUser(ctx, tx, u); err != nil {
			return err
		}
		if !u.DisabledAt.IsZero() {
			p.DeactivatedAt = u.DisabledAt
		}
		_, err := r.s.exec(ctx, tx, insertProvisioned, values(rowOfProvisioned(p))...)
		return err
	})
	return wrap("create provisioned user", err)
}

// adopt makes somebody a source's own whom none has known, under the lock of the person:
// of two sources that want them one comes too late.
func (s *Store) adopt(ctx context.Context, tx bun.Tx, p *storage.Provisioned) error {
	var known int
	if err := s.row(ctx, tx, `SELECT count(*) FROM provisioned WHERE user_id = $1`, []any{string(p.UserID)}, &known); err != nil {
		return err
	}
	if known > 0 {
		return fmt.Errorf("a source has the person: %w", storage.ErrConflict)
	}
	_, err := s.exec(ctx, tx, insertProvisioned, values(rowOfProvisioned(p))...)
	return err
}

// updateProvisioned replaces what a source knows of a person, unless it was changed
// since it was read (lost update).
func (s *Store) updateProvisioned(ctx context.Context, tx bun.Tx, p *storage.Provisioned) error {
	row := rowOfProvisioned(p)
	err := must(s.exec(ctx, tx, `UPDATE provisioned SET user_name = $1, user_name_canonical = $2, external_id = $3, document = $4, deactivated_at = $5,
			deleted_at = $6, updated_at = $7, email_canonical = $11, version = version + 1
		WHERE user_id = $8 AND source = $9 AND version = $10`,
		row.UserName, row.UserNameCanonical, row.ExternalID, row.Document, row.DeactivatedAt, row.DeletedAt, row.UpdatedAt, row.UserID, row.Source, row.Version, row.Email))
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("provisioned person was changed: %w", storage.ErrConsumed)
	}
	return err
}

// Deprovision ends a person at their source: all that they hold ends, they are kept
// out, the source's word that they are a member of groups is taken back, and the
// account is to go. It answers storage.ErrConsumed where they were changed meanwhile.
func (r *Users) Deprovision(ctx context.Context, d storage.Deprovision, events ...storage.Event) error {
	p := d.Provisioned
	err := r.s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		was, err := r.s.holdPerson(ctx, tx, p.UserID, d.PasswordEpoch, d.If)
		if err != nil {
			return err
		}
		p.DeletedAt, p.UpdatedAt = d.Now, d.Now
		if !was.Disabled() || was.Locked() {
			p.DeactivatedAt = d.Now
			if err := r.s.disable(ctx, tx, p.UserID, d.Now); err != nil {
				return err
			}
		}
		if err := r.s.updateProvisioned(ctx, tx, &p); err != nil {
			return err
		}
		_, err = r.s.exec(ctx, tx, `UPDATE users SET delete_at = $1, updated_at = $2 WHERE id = $3 AND delete_at IS NULL`,
			sqlTime{d.DeleteAt}, sqlTime{d.Now}, string(p.UserID))
		if err != nil {
			return err
		}
		if _, err := r.s.exec(ctx, tx, `DELETE FROM group_members WHERE user_id = $1 AND source = $2`, string(p.UserID), string(p.Source)); err != nil {
			return err
		}
		return r.s.insertEvents(ctx, tx, events)
	})
	return wrap("deprovision user", err)
}

func (s *Store) insertEvents(ctx context.Context, tx bun.Tx, events []storage.Event) error {
	for _, e := range events {
		if err := s.insertEvent(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}
