package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Groups keeps groups; who is in one is with [Memberships].
type Groups struct{ s *Store }

type groupRow struct {
	bun.BaseModel `bun:"table:groups,alias:g"`

	ID          string     `bun:"id,pk"`
	Name        string     `bun:"name"`
	Canonical   string     `bun:"canonical"`
	DisplayName string     `bun:"display_name"`
	Description string     `bun:"description"`
	Source      string     `bun:"source"`
	ExternalID  nullString `bun:"external_id"`
	Roles       spaceList  `bun:"roles,scanonly"`
	CreatedAt   sqlTime    `bun:"created_at"`
	UpdatedAt   sqlTime    `bun:"updated_at"`
}

// computed returns the roles of a group.
func (groupRow) computed(string) string {
	return `(SELECT string_agg(r.role, ' ') FROM group_roles r WHERE r.group_id = g.id)`
}

func (r *groupRow) group() storage.Group {
	return storage.Group{
		ID: storage.ID(r.ID), Name: r.Name, DisplayName: r.DisplayName, Description: r.Description,
		Source: storage.MembershipSource(r.Source), ExternalID: string(r.ExternalID), Roles: distinct(r.Roles),
		CreatedAt: r.CreatedAt.Time, UpdatedAt: r.UpdatedAt.Time,
	}
}

func rowOfGroup(g *storage.Group) *groupRow {
	return &groupRow{
		ID: string(g.ID), Name: g.Name, Canonical: ident.Canonical(g.Name), DisplayName: g.DisplayName, Description: g.Description,
		Source: string(g.Source), ExternalID: nullString(g.ExternalID), CreatedAt: sqlTime{g.CreatedAt}, UpdatedAt: sqlTime{g.UpdatedAt},
	}
}

var (
	insertGroup  = insertInto[groupRow]()
	groupColumns = columnsOf[groupRow]()
)

// Create inserts a group with its roles. It answers storage.ErrConflict when the
// name, in any case, is another's.
func (r *Groups) Create(ctx context.Context, g *storage.Group, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := r.s.exec(ctx, tx, insertGroup, values(rowOfGroup(g))...); err != nil {
			return err
		}
		return r.s.insertGroupRoles(ctx, tx, g.ID, g.Roles, g.CreatedAt)
	})
	return wrap("create group", err)
}

func (s *Store) insertGroupRoles(ctx context.Context, tx bun.Tx, id storage.ID, roles []string, now time.Time) error {
	for _, role := range roles {
		_, err := s.exec(ctx, tx, `INSERT INTO group_roles (group_id, role, granted_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			string(id), role, sqlTime{now})
		if err != nil {
			return err
		}
	}
	return nil
}

// ByName returns the group of the name, in any case.
func (r *Groups) ByName(ctx context.Context, name string) (*storage.Group, error) {
	var row groupRow
	err := r.s.row(ctx, r.s.read, `SELECT `+groupColumns+` FROM groups g WHERE g.canonical = $1`, []any{ident.Canonical(name)}, &row)
	if err != nil {
		return nil, wrap("read group", err)
	}
	g := row.group()
	return &g, nil
}

// List returns groups in the order of their names, at most limit of them, from
// after the name on.
func (r *Groups) List(ctx context.Context, after string, limit int) ([]storage.Group, error) {
	rows, err := list[groupRow](ctx, r.s, r.s.read, `SELECT `+groupColumns+` FROM groups g WHERE g.canonical > $1 ORDER BY g.canonical LIMIT $2`,
		ident.Canonical(after), limit)
	if err != nil {
		return nil, wrap("list groups", err)
	}
	groups := make([]storage.Group, len(rows))
	for i := range rows {
		groups[i] = rows[i].group()
	}
	return groups, nil
}

// groupSize is how many people a group has.
type groupSize struct {
	bun.BaseModel `bun:"table:group_members,alias:m"`

	GroupID string `bun:"group_id"`
	Members int64  `bun:"members"`
}

// Sizes returns how many people each of the groups has.
func (r *Groups) Sizes(ctx context.Context, groups []storage.ID) (map[storage.ID]int64, error) {
	var args []any
	text := `SELECT m.group_id, count(DISTINCT m.user_id) FROM group_members m WHERE m.group_id IN ` + anyOf(&args, groups) + ` GROUP BY m.group_id`
	rows, err := list[groupSize](ctx, r.s, r.s.read, text, args...)
	if err != nil {
		return nil, wrap("count members", err)
	}
	sizes := map[storage.ID]int64{}
	for _, row := range rows {
		sizes[storage.ID(row.GroupID)] = row.Members
	}
	return sizes, nil
}

// Update sets the names, the description, the external id and the roles of a
// group. It answers storage.ErrConflict when the name is another's, or the group
// was changed since it was read.
func (r *Groups) Update(ctx context.Context, g *storage.Group, now time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		row := rowOfGroup(g)
		err := must(r.s.exec(ctx, tx, `UPDATE groups SET name = $1, canonical = $2, display_name = $3, description = $4, external_id = $5, updated_at = $6
			WHERE id = $7 AND updated_at = $8`,
			row.Name, row.Canonical, row.DisplayName, row.Description, row.ExternalID, sqlTime{now}, row.ID, row.UpdatedAt))
		if err != nil {
			return err
		}
		if _, err := r.s.exec(ctx, tx, `DELETE FROM group_roles WHERE group_id = $1`, row.ID); err != nil {
			return err
		}
		return r.s.insertGroupRoles(ctx, tx, g.ID, g.Roles, now)
	})
	return conflictIfNone(wrap("update group", err))
}

// Delete removes a group, and every membership and role of it. It answers
// storage.ErrNotFound when there is none, and storage.ErrConsumed when asOf is another
// time than that of its last change; zero is any.
func (r *Groups) Delete(ctx context.Context, id storage.ID, asOf time.Time, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		n, err := r.s.exec(ctx, tx, `DELETE FROM groups WHERE id = $1 AND updated_at = COALESCE($2, updated_at)`, string(id), sqlTime{asOf})
		if err == nil && n == 0 && !asOf.IsZero() {
			return fmt.Errorf("group was changed: %w", storage.ErrConsumed)
		}
		return must(n, err)
	})
	return wrap("delete group", err)
}
