package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// groupStore is an embedded store with a table to write numbers to.
type groupStore struct{ *Store }

func newGroupStore(t *testing.T) groupStore {
	t.Helper()
	s, err := openSQLite(Config{URL: "sqlite://" + t.TempDir() + "/latchkey.db", MaxConns: 2, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.write.ExecContext(t.Context(), "CREATE TABLE noted (n INTEGER PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	return groupStore{s}
}

// note writes a number and then does what comes after.
func (s groupStore) note(ctx context.Context, n int, after func() error) error {
	return s.group.run(ctx, s.write.DB, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO noted VALUES (?)", n); err != nil {
			return err
		}
		return after()
	})
}

// inOneGroup runs calls whose writes are committed together and returns what
// they answer, in their order.
func (s groupStore) inOneGroup(calls ...func() error) []error {
	s.group.lead <- struct{}{} // somebody commits
	answers := make([]chan error, len(calls))
	for i, call := range calls {
		answers[i] = make(chan error, 1)
		go func() { answers[i] <- call() }()
	}
	s.await(len(calls))
	<-s.group.lead
	errs := make([]error, len(calls))
	for i, answer := range answers {
		errs[i] = <-answer
	}
	return errs
}

// await waits until so many writes wait.
func (s groupStore) await(n int) {
	for waiting := -1; waiting < n; runtime.Gosched() {
		s.group.mu.Lock()
		waiting = len(s.group.waiting)
		s.group.mu.Unlock()
	}
}

func (s groupStore) noted(t *testing.T) []int {
	t.Helper()
	var noted []int
	if err := s.read.NewRaw("SELECT n FROM noted ORDER BY n").Scan(t.Context(), &noted); err != nil {
		t.Fatal(err)
	}
	return noted
}

func nothing() error { return nil }

// Of writes that are committed together, one that fails writes nothing, and the
// others do not notice.
func TestGroupCommitEachForItself(t *testing.T) {
	t.Parallel()
	s := newGroupStore(t)
	failure := errors.New("this write fails")
	errs := s.inOneGroup(
		func() error { return s.note(t.Context(), 0, nothing) },
		func() error { return s.note(t.Context(), 1, func() error { return failure }) },
		func() error { return s.note(t.Context(), 3, nothing) },
		func() error { return s.note(t.Context(), 3, nothing) }, // taken: by this or the one before
	)
	if errs[0] != nil || !errors.Is(errs[1], failure) || (errs[2] == nil) == (errs[3] == nil) {
		t.Errorf("answers %v", errs)
	}
	if want := []int{0, 3}; !slices.Equal(s.noted(t), want) {
		t.Errorf("noted %v, want %v", s.noted(t), want)
	}
}

// A caller whose context ends stops waiting at once, and writes nothing where
// its write had not begun; the others go on.
// A write that finds that another one in its group was there before it has found
// nothing, where the group is not committed: the other did not happen.
func TestDL1_AGroupThatIsNotCommittedDecidesNothing(t *testing.T) {
	s := newGroupStore(t)
	if _, err := s.write.ExecContext(t.Context(), `CREATE TABLE owed (n INTEGER REFERENCES noted(n) DEFERRABLE INITIALLY DEFERRED)`); err != nil {
		t.Fatal(err)
	}
	conflict := errors.New("somebody was there before")
	note := func() error {
		return s.group.run(t.Context(), s.write.DB, func(ctx context.Context, tx *sql.Tx) error {
			var n int
			if err := tx.QueryRowContext(ctx, "INSERT INTO noted VALUES (1) ON CONFLICT DO NOTHING RETURNING n").Scan(&n); errors.Is(err, sql.ErrNoRows) {
				return conflict
			}
			return nil
		})
	}
	uncommittable := func() error {
		return s.group.run(t.Context(), s.write.DB, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO owed VALUES (2)")
			return err
		})
	}
	for i, err := range s.inOneGroup(note, note, uncommittable) {
		if err == nil || errors.Is(err, conflict) || !strings.Contains(err.Error(), "commit a group") {
			t.Errorf("write %d of a group that was not committed: %v", i, err)
		}
	}
	if noted := s.noted(t); len(noted) != 0 {
		t.Errorf("noted %v", noted)
	}
	if err := s.note(t.Context(), 3, nothing); err != nil {
		t.Errorf("the next group: %v", err)
	}
}

func TestGroupCommitHonorsContexts(t *testing.T) {
	t.Parallel()
	s := newGroupStore(t)
	s.group.lead <- struct{}{} // somebody commits
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp, stays := make(chan error, 1), make(chan error, 1)
	go func() { gaveUp <- s.note(ctx, 1, nothing) }()
	go func() { stays <- s.note(t.Context(), 2, nothing) }()
	s.await(2)
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("a write that was given up = %v", err)
	}
	<-s.group.lead
	if err := <-stays; err != nil {
		t.Errorf("a write that was not = %v", err)
	}
	if want := []int{2}; !slices.Equal(s.noted(t), want) {
		t.Errorf("noted %v, want %v", s.noted(t), want)
	}
}

// A group is written again, each write for itself, where one failed after it changed
// something; one that changed nothing has nobody write twice.
func TestGroupCommitWritesAgainWhatLeftSomethingBehind(t *testing.T) {
	t.Parallel()
	s := newGroupStore(t)
	failure := errors.New("this write fails")
	for reason, want := range map[error]int{failure: 2, unchanged{failure}: 1} {
		calls := 0
		errs := s.inOneGroup(
			func() error { return s.note(t.Context(), 10*want, nothing) },
			func() error {
				return s.group.run(t.Context(), s.write.DB, func(context.Context, *sql.Tx) error { calls++; return reason })
			},
		)
		if errs[0] != nil || !errors.Is(errs[1], failure) || calls != want {
			t.Errorf("%T: answers %v, written %d times, want %d", reason, errs, calls, want)
		}
	}
	if want := []int{10, 20}; !slices.Equal(s.noted(t), want) {
		t.Errorf("noted %v, want %v", s.noted(t), want)
	}
}

// A write that panics does so where it was asked for. It writes nothing; those
// beside it and after it go on.
func TestGroupCommitSurvivesAPanic(t *testing.T) {
	t.Parallel()
	s := newGroupStore(t)
	panicking := func(n int) (err error) {
		defer func() {
			if r, ok := recover().(error); !ok || !strings.Contains(r.Error(), "broken") {
				t.Errorf("recovered %v", r)
			}
			err = errors.New("panicked")
		}()
		return s.note(t.Context(), n, func() error { panic("broken") })
	}
	if err := panicking(1); err == nil {
		t.Error("a write that panicked answers nil")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	errs := s.inOneGroup(
		func() error { return s.note(ctx, 2, nothing) },
		func() error { return panicking(3) },
		func() error { return s.note(ctx, 4, nothing) },
	)
	if errs[0] != nil || errs[1] == nil || errs[2] != nil {
		t.Errorf("answers %v", errs)
	}
	if want := []int{2, 4}; !slices.Equal(s.noted(t), want) {
		t.Errorf("noted %v, want %v", s.noted(t), want)
	}
}

// A commit takes no more than so many writes; who is left over is next.
func TestGroupCommitIsBounded(t *testing.T) {
	t.Parallel()
	s := newGroupStore(t)
	const writes = maxGroup + 10
	calls := make([]func() error, writes)
	for i := range calls {
		calls[i] = func() error { return s.note(t.Context(), i, nothing) }
	}
	if err := errors.Join(s.inOneGroup(calls...)...); err != nil {
		t.Error(err)
	}
	if n := len(s.noted(t)); n != writes {
		t.Errorf("noted %d of %d", n, writes)
	}
}
