package sqlstore

import (
	"context"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// WaitInSQL is what the database makes of a backoff.
func (s *Store) WaitInSQL(ctx context.Context, b storage.Backoff, n int64) (time.Duration, error) {
	var wait int64
	err := s.row(ctx, s.ephemeralDB, `SELECT `+waitAfter("$1", "$2", "$3", "$4")+` FROM (SELECT CAST(`+strconv.FormatInt(n, 10)+` AS BIGINT) AS n) AS counted`,
		backoffArgs(b), &wait)
	return time.Duration(wait) * time.Microsecond, err
}

// Watch shows each statement to see before it runs.
func (s *Store) Watch(see func(ctx context.Context, db bun.IDB, text string, args []any)) {
	s.watch = see
}

// Raw runs a query past the store, on its pool of connections.
func (s *Store) Raw(ctx context.Context, text string, dst ...any) error {
	return s.row(ctx, s.write, text, nil, dst...)
}
