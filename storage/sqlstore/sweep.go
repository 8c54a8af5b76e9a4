package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/uptrace/bun"
)

// sweepBatch bounds the rows of one delete, so that none locks a table for long.
const sweepBatch = 1000

// Sweep deletes what expired and returns how many rows of which table went.
// Several nodes may sweep at once: each row goes once.
func (s *Store) Sweep(ctx context.Context, now time.Time) (map[string]int64, error) {
	swept := map[string]int64{}
	var errs []error
	for _, t := range []struct {
		db         *bun.DB
		table, key string
		expired    string
	}{
		{s.write, "sessions", "sid", "expires_at <= ? OR idle_expires_at <= ?"},
		{s.write, "grants", "id", "expires_at <= ? OR expires_at <= ?"},
		{s.write, "revoked_access_tokens", "jti", "expires_at <= ? OR expires_at <= ?"},
		{s.short, "ephemeral", "key", "expires_at <= ? OR expires_at <= ?"},
	} {
		for {
			n, err := deleteBatch(ctx, t.db, t.table, t.key, t.expired, now)
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

func deleteBatch(ctx context.Context, db *bun.DB, table, key, expired string, now time.Time) (int64, error) {
	result, err := db.ExecContext(ctx, `DELETE FROM ? WHERE ? IN (SELECT ? FROM ? WHERE `+expired+` LIMIT ?)`,
		bun.Ident(table), bun.Ident(key), bun.Ident(key), bun.Ident(table), instant{now}, instant{now}, sweepBatch)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
