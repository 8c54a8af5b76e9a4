package sqlstore

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// afterAnyName ends a range of names that begin alike: no name goes on with it.
const afterAnyName = "\U0010FFFF"

// Search returns the people that a filter names, in the order of their keys. Each page
// is a range of an index (keyset paging), however many people there are.
func (r *Users) Search(ctx context.Context, f storage.PeopleFilter) ([]storage.FoundUser, error) {
	var found []storage.FoundUser
	var err error
	switch {
	case f.Prefix != "" || f.ByName:
		found, err = r.byPrefix(ctx, f)
	case f.Role != "":
		found, err = r.inOrder(ctx, peopleOfRole, f.After, f.Limit, f.Role)
	case f.Disabled:
		found, err = r.inOrder(ctx, `SELECT `+userColumns+` FROM users u WHERE u.disabled_at IS NOT NULL AND u.id > $1 ORDER BY u.id LIMIT $2`, f.After, f.Limit)
	default:
		found, err = r.inOrder(ctx, `SELECT `+userColumns+` FROM users u WHERE u.id > $1 ORDER BY u.id LIMIT $2`, f.After, f.Limit)
	}
	return found, wrap("search people", err)
}

// peopleOfRole takes a page of those who have the role themselves, and one of those who
// have it by a group, so that neither is read as a whole.
var peopleOfRole = `SELECT ` + userColumns + ` FROM users u WHERE u.id IN (
		SELECT p.user_id FROM (SELECT DISTINCT a.user_id FROM user_roles a WHERE a.role = $3 AND a.user_id > $1 ORDER BY a.user_id LIMIT $2) p
		UNION SELECT q.user_id FROM (SELECT DISTINCT m.user_id FROM group_roles b JOIN group_members m ON m.group_id = b.group_id
			WHERE b.role = $3 AND m.user_id > $1 ORDER BY m.user_id LIMIT $2) q
	) ORDER BY u.id LIMIT $2`

func (r *Users) inOrder(ctx context.Context, text, after string, limit int, more ...any) ([]storage.FoundUser, error) {
	rows, err := list[userRow](ctx, r.s, r.s.read, text, append([]any{after, limit}, more...)...)
	if err != nil {
		return nil, err
	}
	found := make([]storage.FoundUser, len(rows))
	for i := range rows {
		found[i] = storage.FoundUser{User: rows[i].user(), Key: rows[i].ID}
	}
	return found, nil
}

// byPrefix merges those whose address begins so with those whose username does, and
// whose address does not.
func (r *Users) byPrefix(ctx context.Context, f storage.PeopleFilter) ([]storage.FoundUser, error) {
	from := ident.Canonical(f.Prefix)
	until := from + afterAnyName
	args := []any{from, until, f.After, f.Limit}
	email, username := r.s.dialect.bytewise(`u.email_canonical`), r.s.dialect.bytewise(`u.username_canonical`)
	within := func(name string) string { return name + ` >= $1 AND ` + name + ` < $2 AND ` + name + ` > $3` }
	var found []storage.FoundUser
	for name, also := range map[string]string{
		email: ``, username: ` AND (u.email_canonical IS NULL OR ` + email + ` < $1 OR ` + email + ` >= $2)`,
	} {
		rows, err := list[userRow](ctx, r.s, r.s.read, `SELECT `+userColumns+` FROM users u WHERE `+within(name)+also+` ORDER BY `+name+` LIMIT $4`, args...)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			key := string(rows[i].UsernameCanonical)
			if name == email {
				key = string(rows[i].EmailCanonical)
			}
			found = append(found, storage.FoundUser{User: rows[i].user(), Key: key})
		}
	}
	slices.SortFunc(found, func(a, b storage.FoundUser) int { return cmp.Compare(a.Key, b.Key) })
	return found[:min(len(found), f.Limit)], nil
}

// bytewise compares a column byte by byte, as SQLite does anyway, so that names that
// begin alike stand side by side whatever the language of the database.
func (d dialect) bytewise(column string) string {
	if d == postgres {
		return column + ` COLLATE "C"`
	}
	return column
}

// ByID returns a group.
func (r *Groups) ByID(ctx context.Context, id storage.ID) (*storage.Group, error) {
	var row groupRow
	if err := r.s.row(ctx, r.s.read, `SELECT `+groupColumns+` FROM groups g WHERE g.id = $1`, []any{string(id)}, &row); err != nil {
		return nil, wrap("read group", err)
	}
	g := row.group()
	return &g, nil
}

// Page returns the deliveries that a filter names, the newest first.
func (r *Outbox) Page(ctx context.Context, f storage.DeliveryFilter) ([]storage.Delivery, error) {
	args, where := []any{f.Limit}, []string{`TRUE`}
	for _, is := range []struct{ condition, value string }{
		{`d.topic = `, string(f.Topic)}, {`d.status = `, string(f.Status)}, {`d.id < `, string(f.Before)},
	} {
		if is.value != "" {
			args = append(args, is.value)
			where = append(where, is.condition+"$"+strconv.Itoa(len(args)))
		}
	}
	rows, err := list[deliveryRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[deliveryRow]()+` FROM deliveries d WHERE `+strings.Join(where, ` AND `)+
		` ORDER BY d.id DESC LIMIT $1`, args...)
	if err != nil {
		return nil, wrap("list deliveries", err)
	}
	return deliveries(rows), nil
}
