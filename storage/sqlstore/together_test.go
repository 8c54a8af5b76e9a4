package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
)

// Of callers whose writes are committed together, one that fails and one that
// gave up write nothing, and the others do not notice.
func TestTogetherEachForItself(t *testing.T) {
	s, err := openSQLite(Config{URL: "sqlite://" + t.TempDir() + "/latchkey.db", MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.write.ExecContext(t.Context(), "CREATE TABLE noted (n INTEGER PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	gaveUp, giveUp := context.WithCancel(t.Context())
	giveUp()
	failure := errors.New("this part fails")
	note := func(ctx context.Context, n int, fails error) error {
		return s.together.run(ctx, s.write.DB, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO noted VALUES (?)", n)
			return errors.Join(err, fails)
		})
	}
	calls := []func() error{
		func() error { return note(t.Context(), 0, nil) },
		func() error { return note(t.Context(), 1, failure) },
		func() error { return note(gaveUp, 2, nil) },
		func() error { return note(t.Context(), 3, nil) },
		func() error { return note(t.Context(), 3, nil) }, // taken: by this or the one before
	}
	s.together.lead <- struct{}{} // somebody commits
	answers := make([]chan error, len(calls))
	for i, call := range calls {
		answers[i] = make(chan error, 1)
		go func() { answers[i] <- call() }()
	}
	for waiting := 0; waiting < len(calls); runtime.Gosched() {
		s.together.mu.Lock()
		waiting = len(s.together.waiting)
		s.together.mu.Unlock()
	}
	<-s.together.lead

	var errs []error
	for _, answer := range answers {
		errs = append(errs, <-answer)
	}
	if errs[0] != nil || !errors.Is(errs[1], failure) || !errors.Is(errs[2], context.Canceled) || (errs[3] == nil) == (errs[4] == nil) {
		t.Errorf("answers %v", errs)
	}
	var noted []int
	rows, err := s.read.QueryContext(t.Context(), "SELECT n FROM noted ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		noted = append(noted, n)
	}
	if want := []int{0, 3}; !slices.Equal(noted, want) {
		t.Errorf("noted %v, want %v (%v)", noted, want, fmt.Sprint(rows.Err()))
	}
}
