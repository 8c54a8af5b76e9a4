package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

const (
	// importTimeout bounds an import, which is one transaction.
	importTimeout = time.Hour
	// importBatch is how many people are inserted with one statement.
	importBatch = 200
)

// Import inserts people with what they sign in with and their events, all or
// none, and returns how many. It answers storage.ErrConflict when one of them is
// there already, and the error that people end with. It holds no more than a batch of
// them in memory, and may ask for people from the beginning again.
func (r *Users) Import(ctx context.Context, people iter.Seq2[storage.ImportedUser, error]) (done int, err error) {
	err = r.s.inTx(patiently(ctx, importTimeout), func(ctx context.Context, tx bun.Tx) error {
		done = 0
		batch := make([]storage.ImportedUser, 0, importBatch)
		insert := func() error {
			if err := r.s.importBatch(ctx, tx, batch); err != nil {
				return fmt.Errorf("people %d to %d: %w", done+1, done+len(batch), err)
			}
			done, batch = done+len(batch), batch[:0]
			return nil
		}
		for person, err := range people {
			if err != nil {
				return err
			}
			if batch = append(batch, person); len(batch) < importBatch {
				continue
			}
			if err := insert(); err != nil {
				return err
			}
		}
		return insert()
	})
	if err != nil {
		return 0, wrap("import users", err)
	}
	return done, nil
}

// takenBatch is how many names are looked up with one statement.
const takenBatch = 200

// Taken returns which of the names, in the spelling of [ident.Canonical], are
// somebody's address or username.
func (r *Users) Taken(ctx context.Context, canonical []string) (map[string]bool, error) {
	taken := map[string]bool{}
	for batch := range slices.Chunk(canonical, takenBatch) {
		args := make([]any, takenBatch) // always as many, so that it is one statement
		for i := range args {
			args[i] = batch[min(i, len(batch)-1)]
		}
		found, err := list[string](ctx, r.s, r.s.read, takenNames, args...)
		if err != nil {
			return nil, wrap("look up names", err)
		}
		for _, name := range found {
			taken[name] = true
		}
	}
	return taken, nil
}

var takenNames = `SELECT u.email_canonical FROM users u WHERE u.email_canonical IN (` + placeholders(1, takenBatch) + `)
UNION SELECT u.username_canonical FROM users u WHERE u.username_canonical IN (` + placeholders(1, takenBatch) + `)`

type roleRow struct {
	bun.BaseModel `bun:"table:user_roles,alias:r"`

	UserID    string  `bun:"user_id"`
	Role      string  `bun:"role"`
	Source    string  `bun:"source"`
	GrantedAt sqlTime `bun:"granted_at"`
}

type queueRow struct {
	bun.BaseModel `bun:"table:audit_queue,alias:q"`

	ID string `bun:"id"`
}

func (s *Store) importBatch(ctx context.Context, tx bun.Tx, people []storage.ImportedUser) error {
	var users []*userRow
	var roles []*roleRow
	var credentials []*credentialRow
	var events []*eventRow
	var queue []*queueRow
	for i := range people {
		p := &people[i]
		user := rowOfUser(&p.User)
		user.Credentials = len(p.Credentials)
		for j := range p.Credentials {
			credentials = append(credentials, rowOfCredential(&p.Credentials[j]))
			if made := p.Credentials[j].CreatedAt; made.After(user.FactorAddedAt.Time) {
				user.FactorAddedAt = sqlTime{made}
			}
		}
		for _, role := range distinct(slices.Clone(p.User.Roles)) {
			roles = append(roles, &roleRow{UserID: user.ID, Role: role, Source: sourceLocal, GrantedAt: user.CreatedAt})
		}
		event := s.rowOfEvent(p.Event)
		users, events, queue = append(users, user), append(events, event), append(queue, &queueRow{ID: event.ID})
	}
	members, err := s.importGroups(ctx, tx, people)
	if err != nil {
		return err
	}
	for _, insert := range []func() error{
		func() error { return insertMany(ctx, s, tx, users) },
		func() error { return insertMany(ctx, s, tx, roles) },
		func() error { return insertMany(ctx, s, tx, members) },
		func() error { return insertMany(ctx, s, tx, credentials) },
		func() error { return insertMany(ctx, s, tx, events) },
		func() error { return insertMany(ctx, s, tx, queue) },
	} {
		if err := insert(); err != nil {
			return err
		}
	}
	return nil
}

type membershipRow struct {
	bun.BaseModel `bun:"table:group_members,alias:m"`

	GroupID string  `bun:"group_id"`
	UserID  string  `bun:"user_id"`
	Source  string  `bun:"source"`
	AddedAt sqlTime `bun:"added_at"`
}

type groupKey struct {
	bun.BaseModel `bun:"table:groups,alias:g"`

	ID        string `bun:"id"`
	Canonical string `bun:"canonical"`
}

// importGroups makes the groups that are not there, and returns the memberships of
// the people.
func (s *Store) importGroups(ctx context.Context, tx bun.Tx, people []storage.ImportedUser) ([]*membershipRow, error) {
	var names []string
	for i := range people {
		for j := range people[i].NewGroups {
			made := &people[i].NewGroups[j]
			n, err := s.exec(ctx, tx, insertGroup+` ON CONFLICT (canonical) DO NOTHING`, values(rowOfGroup(&made.Group))...)
			if err == nil && n > 0 {
				err = s.insertEvent(ctx, tx, made.Event)
			}
			if err != nil {
				return nil, err
			}
		}
		for _, name := range people[i].User.Groups {
			names = append(names, ident.Canonical(name))
		}
	}
	ids := map[string]string{}
	for batch := range slices.Chunk(distinct(names), takenBatch) {
		var args []any
		found, err := list[groupKey](ctx, s, tx, `SELECT `+columnsOf[groupKey]()+` FROM groups g WHERE g.canonical IN `+anyOf(&args, batch), args...)
		if err != nil {
			return nil, err
		}
		for _, g := range found {
			ids[g.Canonical] = g.ID
		}
	}
	var rows []*membershipRow
	for i := range people {
		joined := map[string]bool{}
		for _, name := range people[i].User.Groups {
			id := ids[ident.Canonical(name)]
			if id == "" {
				return nil, fmt.Errorf("group %q: %w", name, sql.ErrNoRows)
			}
			if !joined[id] {
				joined[id] = true
				rows = append(rows, &membershipRow{
					GroupID: id, UserID: string(people[i].User.ID), Source: string(storage.SourceImport), AddedAt: sqlTime{people[i].User.UpdatedAt},
				})
			}
		}
	}
	return rows, nil
}

// insertMany inserts rows with one statement for each [importBatch] of them.
func insertMany[T any](ctx context.Context, s *Store, tx bun.Tx, rows []*T) error {
	columns := width[T]()
	for batch := range slices.Chunk(rows, importBatch) {
		tuples := make([]string, len(batch))
		args := make([]any, 0, len(batch)*columns)
		for i, row := range batch {
			tuples[i] = `(` + placeholders(len(args)+1, columns) + `)`
			args = append(args, values(row)...)
		}
		text := `INSERT INTO ` + tableOf[T]() + ` (` + tableColumnsOf[T]() + `) VALUES ` + strings.Join(tuples, ", ")
		if _, err := s.exec(ctx, tx, text, args...); err != nil {
			return err
		}
	}
	return nil
}
