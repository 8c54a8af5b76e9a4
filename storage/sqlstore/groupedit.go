package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// OfSource returns a page of the groups that a source made.
func (r *Groups) OfSource(ctx context.Context, page storage.SourcePage) ([]storage.Group, error) {
	found, err := r.some(ctx, `WHERE g.source = $1 AND g.id > $2 ORDER BY g.id LIMIT $3 OFFSET $4`, string(page.Source), string(page.After), page.Limit, page.Skip)
	return found, wrap("list groups of a source", err)
}

// CountOfSource returns how many groups a source made.
func (r *Groups) CountOfSource(ctx context.Context, source storage.MembershipSource) (n int, err error) {
	err = r.s.row(ctx, r.s.read, `SELECT count(*) FROM groups g WHERE g.source = $1`, []any{string(source)}, &n)
	return n, wrap("count groups of a source", err)
}

// ByExternalID returns the group that a source made under an id of its own. It answers
// storage.ErrNotFound.
func (r *Groups) ByExternalID(ctx context.Context, source storage.MembershipSource, id string) (*storage.Group, error) {
	found, err := r.some(ctx, `WHERE g.source = $1 AND g.external_id = $2`, string(source), id)
	if err == nil && len(found) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return nil, wrap("read group", err)
	}
	return &found[0], nil
}

// BySourceOf returns the groups that a source made and says a person is in, by their ids.
func (r *Groups) BySourceOf(ctx context.Context, source storage.MembershipSource, user storage.ID) ([]storage.Group, error) {
	found, err := r.some(ctx, `JOIN group_members m ON m.group_id = g.id WHERE m.user_id = $1 AND m.source = $2 AND g.source = $2 ORDER BY g.id`,
		string(user), string(source))
	return found, wrap("list groups of a person by a source", err)
}

func (r *Groups) some(ctx context.Context, where string, args ...any) ([]storage.Group, error) {
	rows, err := list[groupRow](ctx, r.s, r.s.read, `SELECT `+groupColumns+` FROM groups g `+where, args...)
	if err != nil {
		return nil, err
	}
	groups := make([]storage.Group, len(rows))
	for i := range rows {
		groups[i] = rows[i].group()
	}
	return groups, nil
}

// BySource returns who is in a group by the word of a source, in the order of their
// ids, at most limit of them.
func (r *Memberships) BySource(ctx context.Context, group storage.ID, source storage.MembershipSource, limit int) ([]storage.Member, error) {
	rows, err := list[memberRow](ctx, r.s, r.s.read, `SELECT m.user_id, u.email, u.username, m.source, m.added_at FROM (SELECT user_id, source, added_at
			FROM group_members WHERE group_id = $1 AND source = $2 ORDER BY user_id LIMIT $3) m
		JOIN users u ON u.id = m.user_id ORDER BY m.user_id`, string(group), string(source), limit)
	if err != nil {
		return nil, wrap("list members by a source", err)
	}
	members := make([]storage.Member, len(rows))
	for i, row := range rows {
		members[i] = storage.Member{
			UserID: storage.ID(row.UserID), Email: row.Email, Username: row.Username, Sources: sources(row.Sources), AddedAt: row.AddedAt.Time,
		}
	}
	return members, nil
}

// Edit changes a group and its members by the word of a source, in one transaction.
// note composes the events of who joined and who left. It answers storage.ErrConflict
// when the name is another's, and storage.ErrConsumed when the group was changed since
// it was read.
func (r *Groups) Edit(ctx context.Context, edit storage.GroupEdit, note func(joined, left []storage.ID) ([]storage.Event, error)) error {
	err := r.s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		row := rowOfGroup(&edit.Group)
		now := edit.Now
		if !now.After(edit.Group.UpdatedAt) {
			now = edit.Group.UpdatedAt.Add(time.Microsecond) // two changes never bear the same time
		}
		err := must(r.s.exec(ctx, tx, `UPDATE groups SET name = $1, canonical = $2, display_name = $3, description = $4, external_id = $5, updated_at = $6
			WHERE id = $7 AND updated_at = $8`,
			row.Name, row.Canonical, row.DisplayName, row.Description, row.ExternalID, sqlTime{now}, row.ID, row.UpdatedAt))
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("group was changed: %w", storage.ErrConsumed)
		}
		if err != nil {
			return err
		}
		joined, left, err := r.s.editMembers(ctx, tx, &edit)
		if err != nil {
			return err
		}
		events, err := note(joined, left)
		if err != nil {
			return err
		}
		return r.s.insertEvents(ctx, tx, events)
	})
	return wrap("edit group", err)
}

// membersBatch is how many members are written with one statement.
const membersBatch = 200

func (s *Store) editMembers(ctx context.Context, tx bun.Tx, edit *storage.GroupEdit) (joined, left []storage.ID, err error) {
	group, source := string(edit.Group.ID), string(edit.Source)
	remove := edit.Remove
	if edit.Replace {
		there, err := list[storage.ID](ctx, s, tx, `SELECT user_id FROM group_members WHERE group_id = $1 AND source = $2`, group, source)
		if err != nil {
			return nil, nil, err
		}
		stays := map[storage.ID]bool{}
		for _, id := range edit.Add {
			stays[id] = true
		}
		remove = slices.DeleteFunc(there, func(id storage.ID) bool { return stays[id] })
	}
	for batch := range slices.Chunk(remove, membersBatch) {
		args := []any{group, source}
		gone, err := list[storage.ID](ctx, s, tx, `DELETE FROM group_members WHERE group_id = $1 AND source = $2 AND user_id IN `+anyOf(&args, batch)+` RETURNING user_id`, args...)
		if err != nil {
			return nil, nil, err
		}
		left = append(left, gone...)
	}
	for batch := range slices.Chunk(edit.Add, membersBatch) {
		args := []any{group, source, sqlTime{edit.Now}}
		come, err := list[storage.ID](ctx, s, tx, `INSERT INTO group_members (group_id, user_id, source, added_at)
			SELECT $1, u.id, $2, $3 FROM users u WHERE u.id IN `+anyOf(&args, batch)+` ON CONFLICT DO NOTHING RETURNING user_id`, args...)
		if err != nil {
			return nil, nil, err
		}
		joined = append(joined, come...)
	}
	return joined, left, nil
}
