package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// groupCommit is group commit for SQLite, which has one writer whose every commit
// waits for the disk: the writes that wait while one commits are committed
// together next, so that the disk is waited for once. PostgreSQL does as much by
// itself.
//
// Each write happens whole or not at all, whatever becomes of the others, and nobody is
// answered before it is on the disk, not even whom a write before it kept from writing.
// A write that panics is undone, and panics where it was asked for. A caller whose
// context ends stops waiting; what had begun by then may still be committed.
//
// A savepoint for each write costs as much as two more statements, and hardly a write
// fails after it changed something. So the group is written without them first; where
// one leaves something behind, all is undone and written again, each as a savepoint of
// its own.
type groupCommit struct {
	mu      sync.Mutex
	waiting []*pendingWrite
	// lead is held while a group is committed; see newGroupCommit.
	lead chan struct{}
}

const (
	// maxGroup bounds the writes of one commit.
	maxGroup = 256
	// groupTimeout bounds one group: writes that had not begun by then are not made.
	groupTimeout = 10 * time.Second
)

// pendingWrite is what one caller writes.
type pendingWrite struct {
	// ctxErr says why the caller does not want it any more; nil while it does.
	ctxErr func() error
	do     func(context.Context, *sql.Tx) error
	err    error
	panics error         // that do panicked, and where
	done   chan struct{} // closed when err or panics says what became of it
}

func newGroupCommit() groupCommit { return groupCommit{lead: make(chan struct{}, 1)} }

// run has do written and returns its error, that of the commit, or that of ctx.
// The transaction is not the caller's alone: do must neither end nor keep it.
func (g *groupCommit) run(ctx context.Context, db *sql.DB, do func(context.Context, *sql.Tx) error) error {
	p := &pendingWrite{ctxErr: ctx.Err, do: do, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, p)
	g.mu.Unlock()
	for {
		select {
		case <-p.done:
			if p.panics != nil {
				panic(p.panics)
			}
			return p.err
		case <-ctx.Done():
			g.withdraw(p)
			return ctx.Err()
		case g.lead <- struct{}{}:
			// Neither the caller's context nor its patience is that of the group.
			go func() {
				defer func() { <-g.lead }()
				commitGroup(context.WithoutCancel(ctx), g.take(), db)
			}()
		}
	}
}

// take returns the writes that are committed next.
func (g *groupCommit) take() []*pendingWrite {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), maxGroup)
	group := g.waiting[:n:n]
	g.waiting = slices.Clone(g.waiting[n:])
	return group
}

// withdraw forgets a write that nobody waits for, unless it was taken already.
func (g *groupCommit) withdraw(p *pendingWrite) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = slices.DeleteFunc(g.waiting, func(other *pendingWrite) bool { return other == p })
}

// commitGroup writes the group in one transaction and tells each caller what
// became of its write.
func commitGroup(ctx context.Context, group []*pendingWrite, db *sql.DB) {
	if len(group) == 0 { // its callers gave up
		return
	}
	err := writeGroup(ctx, group, db)
	for _, p := range group {
		// What a write found wrong may be what one before it did, and that is undone:
		// where nothing was committed there is no verdict, but only that.
		if err != nil {
			p.err = err
		}
		close(p.done)
	}
}

func writeGroup(ctx context.Context, group []*pendingWrite, db *sql.DB) error {
	begin, cancel := context.WithTimeout(ctx, groupTimeout)
	defer cancel()
	// The transaction outlives the context that it was waited for under: SQLite
	// watches each statement of one that can end, and a disk cannot be interrupted.
	conn, err := db.Conn(begin)
	if err != nil {
		return fmt.Errorf("begin a group: %w", err)
	}
	defer func() { _ = conn.Close() }()
	err = commitWrites(ctx, begin, conn, group, (*pendingWrite).writeBare)
	if errors.Is(err, errLeftBehind) {
		err = commitWrites(ctx, begin, conn, group, (*pendingWrite).write)
	}
	return err
}

// commitWrites is one transaction. The writes that had not begun when the context begin
// ended are not made.
func commitWrites(ctx, begin context.Context, conn *sql.Conn, group []*pendingWrite, write func(*pendingWrite, context.Context, *sql.Tx) error) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin a group: %w", err)
	}
	for _, p := range group {
		if p.err = begin.Err(); p.err != nil {
			continue
		}
		if err := write(p, ctx, tx); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	if err := tx.Commit(); err != nil {
		// SQLite leaves some transactions open that it could not commit.
		_, _ = conn.ExecContext(ctx, "ROLLBACK")
		return fmt.Errorf("commit a group: %w", err)
	}
	return nil
}

// errLeftBehind says that a write without a savepoint failed, and may have changed
// something before.
var errLeftBehind = errors.New("a write of the group is to be undone")

// unchanged is why a write failed that changed nothing: there is nothing to undo.
type unchanged struct{ error }

// Unwrap returns the reason.
func (u unchanged) Unwrap() error { return u.error }

// writeBare does one write within the transaction, without a savepoint.
func (p *pendingWrite) writeBare(ctx context.Context, tx *sql.Tx) error {
	if p.err = p.ctxErr(); p.err != nil {
		return nil
	}
	p.err = p.call(ctx, tx)
	if _, nothing := errors.AsType[unchanged](p.err); p.err == nil || nothing {
		return nil
	}
	p.panics = nil // it is called again
	return errLeftBehind
}

// write does one write within the transaction, as a savepoint. What it returns ends the whole
// group; why this write alone failed is in p.
func (p *pendingWrite) write(ctx context.Context, tx *sql.Tx) error {
	if p.err = p.ctxErr(); p.err != nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, "SAVEPOINT pending"); err != nil {
		return fmt.Errorf("begin a write: %w", err)
	}
	if p.err = p.call(ctx, tx); p.err != nil {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO pending"); err != nil {
			return fmt.Errorf("undo a write: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, "RELEASE pending"); err != nil {
		return fmt.Errorf("end a write: %w", err)
	}
	return nil
}

// call runs do and keeps what it panics with for its caller.
func (p *pendingWrite) call(ctx context.Context, tx *sql.Tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			p.panics = fmt.Errorf("panic in a write: %v\n%s", r, debug.Stack())
			err = p.panics
		}
	}()
	return p.do(ctx, tx)
}
