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

// How a query is written: as the text of one statement, for both dialects, with
// the placeholders $1, $2, …, and run by one of the functions below. The driver
// keeps what it prepared. Columns come from row types; see rows.go. Each call is
// bounded by [Config.Timeout].

// runner is where a statement runs.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// raw returns what is beneath bun, which would write arguments into the text of a
// statement and have the database parse each one anew.
func raw(db bun.IDB) runner {
	switch db := db.(type) {
	case *bun.DB:
		return db.DB
	case bun.Tx:
		return db.Tx
	}
	panic(fmt.Sprintf("a statement cannot run on a %T", db))
}

// patience is how long a call may take, where it is not [Config.Timeout].
type patience struct{}

// patiently lets the calls under ctx take longer: those of jobs and commands that
// read or write a whole table. Nobody waits for them.
func patiently(ctx context.Context, d time.Duration) context.Context {
	return context.WithValue(ctx, patience{}, d)
}

// bound gives a call its deadline.
func (s *Store) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	d := s.cfg.Timeout
	if longer, ok := ctx.Value(patience{}).(time.Duration); ok {
		d = longer
	}
	return context.WithTimeout(ctx, d)
}

// statement spells a text for the dialect, and shows it to whoever watches.
func (s *Store) statement(ctx context.Context, db bun.IDB, text string, args []any) string {
	if s.watch != nil {
		s.watch(ctx, db, text, args)
	}
	return s.dialect.query(text)
}

// exec runs a statement and returns how many rows it changed.
func (s *Store) exec(ctx context.Context, db bun.IDB, text string, args ...any) (n int64, err error) {
	err = s.once(ctx, db, func(ctx context.Context) error {
		n, err = affected(raw(db).ExecContext(ctx, s.statement(ctx, db, text, args), args...))
		return err
	})
	return n, err
}

// row runs a statement that returns at most one row, into dst, which may hold
// pointers to row types. It answers sql.ErrNoRows for none.
func (s *Store) row(ctx context.Context, db bun.IDB, text string, args []any, dst ...any) error {
	return s.once(ctx, db, func(ctx context.Context) error {
		text, into := s.statement(ctx, db, text, args), targets(dst)
		if s.dialect == postgres {
			_, err := raw(db).ExecContext(ctx, text, append([]any{scanInto(into)}, args...)...)
			return err
		}
		return raw(db).QueryRowContext(ctx, text, args...).Scan(into...)
	})
}

// list runs a statement and returns its rows: a row type each, or the value of
// their one column.
func list[T any](ctx context.Context, s *Store, db bun.IDB, text string, args ...any) (found []T, err error) {
	err = s.once(ctx, db, func(ctx context.Context) error {
		found = nil
		rows, err := raw(db).QueryContext(ctx, s.statement(ctx, db, text, args), args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var one T
			if err := rows.Scan(targets([]any{&one})...); err != nil {
				return err
			}
			found = append(found, one)
		}
		return rows.Err()
	})
	return found, err
}

// once runs a call within its deadline. Where the connection turned out to be one
// to a server that takes no writes any more, nothing has happened, and the call is
// made once more on another.
func (s *Store) once(ctx context.Context, db bun.IDB, do func(context.Context) error) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	err := do(ctx)
	if _, pool := db.(*bun.DB); pool && isReadOnly(err) {
		err = do(ctx)
	}
	if gone := ctx.Err(); err != nil && gone != nil && !errors.Is(err, gone) {
		err = fmt.Errorf("%w: %w", gone, err) // SQLite says "interrupted" alone
	}
	return err
}

// inTx runs do in a transaction.
func (s *Store) inTx(ctx context.Context, do func(context.Context, bun.Tx) error) error {
	before := s.deliveries.Load()
	err := s.transact(ctx, do)
	if err == nil && s.cfg.Queued != nil && s.deliveries.Load() != before {
		s.cfg.Queued()
	}
	return err
}

func (s *Store) transact(ctx context.Context, do func(context.Context, bun.Tx) error) error {
	return s.once(ctx, s.write, func(ctx context.Context) error {
		return s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
			if err := s.relaxTimeouts(ctx, tx); err != nil {
				return err
			}
			return do(ctx, tx)
		})
	})
}

// reading runs queries that take long; see [patiently].
func (s *Store) reading(ctx context.Context, do func(context.Context, bun.IDB) error) error {
	if s.dialect == sqliteDB {
		return do(ctx, s.read)
	}
	return s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error { return do(ctx, tx) })
}

// relaxTimeouts lets the server be as patient as the caller.
func (s *Store) relaxTimeouts(ctx context.Context, tx bun.Tx) error {
	longer, ok := ctx.Value(patience{}).(time.Duration)
	if !ok || s.dialect == sqliteDB {
		return nil
	}
	_, err := s.exec(ctx, tx, fmt.Sprintf(`SET LOCAL statement_timeout = %d`, longer.Milliseconds()))
	return err
}

// transaction is the key of the one that a call from within it reads by.
type transaction struct{}

// within lets what is called in a transaction, and comes back to a repository, read by
// it: a second connection for each that holds one would starve the pool (deadlock).
func within(ctx context.Context, tx bun.Tx) context.Context {
	return context.WithValue(ctx, transaction{}, tx)
}

// reader is where to read under ctx.
func (s *Store) reader(ctx context.Context) bun.IDB {
	if tx, ok := ctx.Value(transaction{}).(bun.Tx); ok {
		return tx
	}
	return s.read
}

// change runs do and writes its event and messages, in one transaction.
func (s *Store) change(ctx context.Context, e storage.Event, m []storage.Message, do func(context.Context, bun.Tx) error) error {
	return s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := do(ctx, tx); err != nil {
			return err
		}
		if err := s.insertMessages(ctx, tx, m); err != nil {
			return err
		}
		return s.insertEvent(ctx, tx, e)
	})
}

// must answers sql.ErrNoRows when a statement changed no row.
func must(n int64, err error) error {
	if err == nil && n == 0 {
		return sql.ErrNoRows
	}
	return err
}

// write is a statement of [Store.writeGrouped], with where to put the row that it
// returns, if it returns one.
type write struct {
	text string
	args []any
	dst  []any
}

// writeGrouped runs statements in turn, as one write of SQLite.
func (s *Store) writeGrouped(ctx context.Context, writes ...write) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	return s.group.run(ctx, s.write.DB, func(ctx context.Context, tx *sql.Tx) error {
		for i, w := range writes {
			text := s.statement(ctx, s.write, w.text, w.args)
			var err error
			if len(w.dst) > 0 {
				err = tx.QueryRowContext(ctx, text, w.args...).Scan(targets(w.dst)...)
			} else {
				_, err = tx.ExecContext(ctx, text, w.args...)
			}
			if i == 0 && (errors.Is(err, sql.ErrNoRows) || isUniqueViolation(err)) {
				return unchanged{err} // SQLite undoes a statement that it refuses
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
