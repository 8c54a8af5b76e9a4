package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// together commits the writes of several callers at once. SQLite has one
// writer, and each of its commits waits for the disk: whoever comes while one
// waits would wait for all before it in turn. Here the next to come takes along
// everybody who waits, and the disk is waited for once. PostgreSQL does as much
// by itself.
//
// Each caller's write is a savepoint of its own: it happens whole or not at all,
// whatever becomes of the others, and nobody is answered before it is on the disk.
type together struct {
	mu      sync.Mutex
	waiting []*part
	// lead is held by whoever commits; see newTogether.
	lead chan struct{}
}

// part is what one caller writes.
type part struct {
	// gaveUp says why the caller wants it no more; nil while he does.
	gaveUp func() error
	do     func(context.Context, *sql.Tx) error
	err    error
	done   chan struct{} // closed when err is what became of it
}

func newTogether() together { return together{lead: make(chan struct{}, 1)} }

// run has do written and returns its error, or that of the commit. The
// transaction is not the caller's alone: do must neither end nor keep it, and
// prepares its statements before.
func (t *together) run(ctx context.Context, db *sql.DB, do func(context.Context, *sql.Tx) error) error {
	p := &part{gaveUp: ctx.Err, do: do, done: make(chan struct{})}
	t.mu.Lock()
	t.waiting = append(t.waiting, p)
	t.mu.Unlock()
	select {
	case <-p.done:
		return p.err
	case t.lead <- struct{}{}:
	}
	defer func() { <-t.lead }()
	t.mu.Lock()
	parts := t.waiting
	t.waiting = nil
	t.mu.Unlock()
	if len(parts) > 0 { // else somebody took us along just now
		commit(ctx, parts, db)
	}
	<-p.done
	return p.err
}

// commit writes the parts in one transaction and tells each what became of it.
func commit(ctx context.Context, parts []*part, db *sql.DB) {
	// One caller who gives up must not take the others' writes with him: SQLite
	// answers an interrupted statement by rolling back all of them.
	ctx = context.WithoutCancel(ctx)
	err := func() error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if err := p.write(ctx, tx); err != nil {
				return errors.Join(err, tx.Rollback())
			}
		}
		return tx.Commit()
	}()
	for _, p := range parts {
		if p.err == nil {
			p.err = err
		}
		close(p.done)
	}
}

// write does a part within the transaction. What it returns ends them all; why
// the part alone failed is in p.err.
func (p *part) write(ctx context.Context, tx *sql.Tx) error {
	if p.err = p.gaveUp(); p.err != nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, "SAVEPOINT part"); err != nil {
		return fmt.Errorf("begin a part: %w", err)
	}
	if p.err = p.do(ctx, tx); p.err != nil {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO part"); err != nil {
			return fmt.Errorf("undo a part: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, "RELEASE part"); err != nil {
		return fmt.Errorf("end a part: %w", err)
	}
	return nil
}
