package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"
)

const (
	// sweepBatch bounds the rows of one delete, so that none locks a table for long.
	sweepBatch = 1000
	// keepDone is how long something that is over can still be looked up.
	keepDone = 30 * 24 * time.Hour
)

// sweepable says which rows of a table may go: those that meet the condition, in
// which ?0 is the time. Its key is a column or several.
type sweepable struct {
	table, key, over string
	keep             time.Duration
}

var sweepables = []sweepable{
	{"sessions", "sid", "ends_at <= ?0", 0},
	{"grants", "id", "expires_at <= ?0", 0},
	{"revoked_access_tokens", "jti", "expires_at <= ?0", 0},
	{"trusted_devices", "id", "expires_at <= ?0", 0},
	{"invitations", "id", "expires_at <= ?0", keepDone},
	{"deliveries", "id", "done_at <= ?0", keepDone},
	{"lockouts", "user_id, kind", "failures = 0 AND updated_at <= ?0", 0},
	{"jobs", "name", "claimed_at <= ?0", keepDone},
	{"ephemeral", "key", "expires_at <= ?0", 0},
}

// Sweep deletes what expired and returns how many rows of which table went.
// Several nodes may sweep at once: each row goes once.
func (s *Store) Sweep(ctx context.Context, now time.Time) (map[string]int64, error) {
	swept := map[string]int64{}
	var errs []error
	for _, t := range sweepables {
		db := s.write
		if t.table == "ephemeral" {
			db = s.ephemeralDB
		}
		for {
			n, err := deleteBatch(ctx, db, t, now)
			swept[t.table] += n
			if err != nil {
				errs = append(errs, wrap("sweep "+t.table, err))
			}
			if err != nil || n < sweepBatch {
				break
			}
		}
	}
	return swept, errors.Join(errs...)
}

// deleteBatch deletes some of the rows that may go. It asks twice, so that a row
// that was found, but came to life before it was deleted, stays.
func deleteBatch(ctx context.Context, db *bun.DB, t sweepable, now time.Time) (int64, error) {
	return affected(db.ExecContext(ctx, `DELETE FROM ?1 WHERE (?2) IN (SELECT ?2 FROM ?1 WHERE `+t.over+` LIMIT ?3) AND (`+t.over+`)`,
		sqlTime{now.Add(-t.keep)}, bun.Ident(t.table), bun.Safe(t.key), sweepBatch))
}
