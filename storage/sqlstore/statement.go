package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// statements holds what was prepared so far. A statement is prepared at its
// first use, when the tables are sure to be there; database/sql then prepares it
// once more on each connection that it meets.
type statements struct {
	mu   sync.RWMutex
	made map[string]*sql.Stmt
}

// get returns the text, in PostgreSQL's spelling, as a prepared statement of db.
func (s *Store) prepare(ctx context.Context, db *bun.DB, text string) (*sql.Stmt, error) {
	s.statements.mu.RLock()
	stmt := s.statements.made[text]
	s.statements.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	s.statements.mu.Lock()
	defer s.statements.mu.Unlock()
	if stmt := s.statements.made[text]; stmt != nil {
		return stmt, nil
	}
	// The statement outlives the request that was first to need it.
	stmt, err := db.DB.PrepareContext(context.WithoutCancel(ctx), s.dialect.query(text))
	if err != nil {
		return nil, err
	}
	if s.statements.made == nil {
		s.statements.made = map[string]*sql.Stmt{}
	}
	s.statements.made[text] = stmt
	return stmt, nil
}

// row runs a prepared statement that returns at most one row, into dst.
func (s *Store) row(ctx context.Context, db *bun.DB, text string, args []any, dst ...any) error {
	stmt, err := s.prepare(ctx, db, text)
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(ctx, args...).Scan(dst...)
}

// exec runs a prepared statement and returns how many rows it changed.
func (s *Store) exec(ctx context.Context, db *bun.DB, text string, args ...any) (int64, error) {
	stmt, err := s.prepare(ctx, db, text)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (s *statements) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, stmt := range s.made {
		errs = append(errs, stmt.Close())
	}
	s.made = nil
	return errors.Join(errs...)
}

// change runs do and writes its event and messages, in one transaction.
func (s *Store) change(ctx context.Context, e storage.Event, m []storage.Message, do func(context.Context, bun.Tx) error) error {
	return s.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := do(ctx, tx); err != nil {
			return err
		}
		if err := insertMessages(ctx, tx, m); err != nil {
			return err
		}
		return s.insertEvent(ctx, tx, e)
	})
}

// changed runs a bun statement and answers sql.ErrNoRows when it changed none.
func changed(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return sql.ErrNoRows
	}
	return nil
}

// statement is one to be prepared, with its arguments and where to put the row
// that it returns, if it returns one.
type statement struct {
	text string
	args []any
	dst  []any
}

func (st statement) run(ctx context.Context, stmt *sql.Stmt) error {
	if len(st.dst) > 0 {
		return stmt.QueryRowContext(ctx, st.args...).Scan(st.dst...)
	}
	_, err := stmt.ExecContext(ctx, st.args...)
	return err
}

// writeTogether runs prepared statements in turn, as one write of SQLite.
func (s *Store) writeTogether(ctx context.Context, statements ...statement) error {
	// Now, while the one connection is free to prepare them.
	prepared := make([]*sql.Stmt, len(statements))
	for i, st := range statements {
		var err error
		if prepared[i], err = s.prepare(ctx, s.write, st.text); err != nil {
			return err
		}
	}
	return s.group.run(ctx, s.write.DB, func(ctx context.Context, tx *sql.Tx) error {
		for i, st := range statements {
			if err := st.run(ctx, tx.StmtContext(ctx, prepared[i])); err != nil {
				return err
			}
		}
		return nil
	})
}
