package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

const (
	// sweepBatch bounds the rows of one delete, so that none locks a table for long.
	sweepBatch = 1000
	// keepDone is how long something that is over can still be looked up.
	keepDone = 30 * 24 * time.Hour
	// keepNodes is how long a node that ended without saying so is shown.
	keepNodes = 24 * time.Hour
	// keepRemoved is longer than keepDone: while a configuration is kept that has a
	// client, it is known whether that was removed.
	keepRemoved = 3 * keepDone
	// keepNumbers is how long the numbers of a day are kept: a year can be compared with
	// the one before.
	keepNumbers = 2 * 366 * 24 * time.Hour
)

// sweepable says which rows of a table may go: those whose indexed time since,
// where they meet the condition, is so long ago. Its key is a column or several.
type sweepable struct {
	table, key, since, condition string
	keep                         time.Duration
}

var sweepables = []sweepable{
	{"grants", "id", "expires_at", "", 0},
	{"revoked_access_tokens", "jti", "expires_at", "", 0},
	{"trusted_devices", "id", "expires_at", "", 0},
	{"invitations", "id", "expires_at", "", keepDone},
	{"deliveries", "id", "done_at", "", keepDone},
	{"lockouts", "user_id, kind", "updated_at", " AND failures = 0", 0},
	{"jobs", "name", "claimed_at", "", keepDone},
	{"nodes", "id", "seen_at", "", keepNodes},
	{"configurations", "digest", "seen_at", "", keepDone},
	{"removed_clients", "client_id", "pruned_at", "", keepRemoved},
	{"registration_tokens", "id", "expires_at", "", keepDone},
	{"daily_numbers", "day, kind, label", "day", "", keepNumbers},
	{"ephemeral", "key", "expires_at", "", 0},
}

// Sweep deletes what expired and returns how many rows of which table went.
// Several nodes may sweep at once: each row goes once.
func (s *Store) Sweep(ctx context.Context, now time.Time) (map[string]int64, error) {
	swept := map[string]int64{}
	var errs []error
	sweep := func(table string, batch func() (int64, error)) {
		for {
			n, err := batch()
			swept[table] += n
			if err != nil {
				errs = append(errs, wrap("sweep "+table, err))
			}
			if err != nil || n < sweepBatch {
				return
			}
		}
	}
	sweep("sessions", func() (int64, error) { return s.endExpired(ctx, now) })
	for _, t := range sweepables {
		sweep(t.table, func() (int64, error) { return s.sweepBatch(ctx, t, now) })
	}
	return swept, errors.Join(errs...)
}

// endExpired ends some of the sessions whose time is over.
func (s *Store) endExpired(ctx context.Context, now time.Time) (int64, error) {
	var ended []storage.ID
	err := s.inTx(ctx, func(ctx context.Context, tx bun.Tx) (err error) {
		ended, err = s.endSessions(ctx, tx, sessionsEnd{
			where: s.dialect.batch("sessions", "sid", `ends_at <= $1 ORDER BY ends_at LIMIT $2`),
			args:  []any{sqlTime{now}, sweepBatch}, now: now, reason: storage.RevokedExpired,
		})
		return err
	})
	return int64(len(ended)), err
}

// sweepBatch deletes some of the rows that may go. It reads no others: the time
// is indexed, and rows that another node has in hand are passed over.
func (s *Store) sweepBatch(ctx context.Context, t sweepable, now time.Time) (int64, error) {
	db := s.write
	if t.table == "ephemeral" {
		db = s.ephemeralDB
	}
	which := t.since + ` <= $1` + t.condition + ` ORDER BY ` + t.since + ` LIMIT $2`
	return s.exec(ctx, db, `DELETE FROM `+t.table+` WHERE `+s.dialect.batch(t.table, t.key, which), sqlTime{now.Add(-t.keep)}, sweepBatch)
}

// batch is the condition of a DELETE that takes the rows of a table that a
// selection names. PostgreSQL finds them by where they are, once they are locked.
func (d dialect) batch(table, key, which string) string {
	if d == sqliteDB {
		return `(` + key + `) IN (SELECT ` + key + ` FROM ` + table + ` WHERE ` + which + `)`
	}
	return `ctid = ANY (ARRAY (SELECT ctid FROM ` + table + ` WHERE ` + which + ` FOR UPDATE SKIP LOCKED))`
}
