package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

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
// none. It answers storage.ErrConflict when one of them is there already.
func (r *Users) Import(ctx context.Context, people []storage.ImportedUser) error {
	err := r.s.inTx(patiently(ctx, importTimeout), func(ctx context.Context, tx bun.Tx) error {
		done := 0
		for batch := range slices.Chunk(people, importBatch) {
			if err := r.s.importBatch(ctx, tx, batch); err != nil {
				return fmt.Errorf("people %d to %d: %w", done+1, done+len(batch), err)
			}
			done += len(batch)
		}
		return nil
	})
	return wrap("import users", err)
}

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
	for _, insert := range []func() error{
		func() error { return insertMany(ctx, s, tx, users) },
		func() error { return insertMany(ctx, s, tx, roles) },
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
