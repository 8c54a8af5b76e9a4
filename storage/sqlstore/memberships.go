package sqlstore

import (
	"context"
	"slices"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Memberships keeps who is in which group, and by whose word.
type Memberships struct{ s *Store }

// Add makes a person a member by the word of a source. It answers
// storage.ErrNotFound when there is no such group or person, and
// storage.ErrConflict when that source said so before.
func (r *Memberships) Add(ctx context.Context, m storage.Membership, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		return must(r.s.exec(ctx, tx, `INSERT INTO group_members (group_id, user_id, source, added_at)
			SELECT g.id, u.id, $3, $4 FROM groups g, users u WHERE g.id = $1 AND u.id = $2`,
			string(m.GroupID), string(m.UserID), string(m.Source), sqlTime{m.AddedAt}))
	})
	return wrap("add member", err)
}

// Remove takes the word of a source back. It answers storage.ErrNotFound when the
// source never said that the person is a member.
func (r *Memberships) Remove(ctx context.Context, m storage.Membership, e storage.Event) error {
	err := r.s.change(ctx, e, nil, func(ctx context.Context, tx bun.Tx) error {
		return must(r.s.exec(ctx, tx, `DELETE FROM group_members WHERE group_id = $1 AND user_id = $2 AND source = $3`,
			string(m.GroupID), string(m.UserID), string(m.Source)))
	})
	return wrap("remove member", err)
}

type memberRow struct {
	bun.BaseModel `bun:"table:group_members,alias:m"`

	UserID   string   `bun:"user_id"`
	Email    string   `bun:"email"`
	Username string   `bun:"username"`
	Sources  lineList `bun:"sources"`
	AddedAt  sqlTime  `bun:"added_at"`
}

// Members returns the members of a group in the order of their ids, at most limit
// of them, from after the id on.
func (r *Memberships) Members(ctx context.Context, group, after storage.ID, limit int) ([]storage.Member, error) {
	rows, err := list[memberRow](ctx, r.s, r.s.read, `SELECT m.user_id, u.email, u.username, m.sources, m.added_at
		FROM (SELECT user_id, string_agg(source, '`+"\n"+`') AS sources, min(added_at) AS added_at FROM group_members
			WHERE group_id = $1 AND user_id > $2 GROUP BY user_id ORDER BY user_id LIMIT $3) m
		JOIN users u ON u.id = m.user_id ORDER BY m.user_id`, string(group), string(after), limit)
	if err != nil {
		return nil, wrap("list members", err)
	}
	members := make([]storage.Member, len(rows))
	for i, row := range rows {
		members[i] = storage.Member{
			UserID: storage.ID(row.UserID), Email: row.Email, Username: row.Username, Sources: sources(row.Sources), AddedAt: row.AddedAt.Time,
		}
	}
	return members, nil
}

// sources are the sources of a membership in order. By the word of an operator
// alone it is an empty line, which [lineList] drops.
func sources(lines lineList) []storage.MembershipSource {
	if len(lines) == 0 {
		return []storage.MembershipSource{storage.SourceManual}
	}
	list := make([]storage.MembershipSource, len(lines))
	for i, line := range lines {
		list[i] = storage.MembershipSource(line)
	}
	slices.Sort(list)
	return list
}

// groupOfRow is a group as a member has it, among its memberships m.
type groupOfRow struct {
	bun.BaseModel `bun:"table:groups,alias:g"`

	ID          string    `bun:"id"`
	Name        string    `bun:"name"`
	DisplayName string    `bun:"display_name"`
	Roles       spaceList `bun:"roles,scanonly"`
	Sources     lineList  `bun:"sources,scanonly"`
	AddedAt     sqlTime   `bun:"added_at,scanonly"`
}

func (groupOfRow) computed(column string) string {
	if column == "roles" {
		return groupRow{}.computed(column)
	}
	return `m.` + column
}

var groupsOfPerson = `SELECT ` + columnsOf[groupOfRow]() + `
	FROM (SELECT group_id, string_agg(source, '` + "\n" + `') AS sources, min(added_at) AS added_at FROM group_members
		WHERE user_id = $1 GROUP BY group_id) m
	JOIN groups g ON g.id = m.group_id ORDER BY g.canonical`

// Of returns the groups of a person in the order of their names, with who says so.
func (r *Memberships) Of(ctx context.Context, user storage.ID) ([]storage.GroupOf, error) {
	rows, err := list[groupOfRow](ctx, r.s, r.s.read, groupsOfPerson, string(user))
	if err != nil {
		return nil, wrap("list groups of a person", err)
	}
	groups := make([]storage.GroupOf, len(rows))
	for i, row := range rows {
		groups[i] = storage.GroupOf{
			ID: storage.ID(row.ID), Name: row.Name, DisplayName: row.DisplayName, Roles: distinct(row.Roles),
			Sources: sources(row.Sources), AddedAt: row.AddedAt.Time,
		}
	}
	return groups, nil
}
