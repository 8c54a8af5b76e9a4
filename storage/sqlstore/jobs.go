package sqlstore

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

// Jobs says which node runs a periodic job.
type Jobs struct{ s *Store }

// Claim reports whether the caller is to run the job now: of all nodes that ask,
// one may begin in each period.
func (r *Jobs) Claim(ctx context.Context, name string, every time.Duration, now time.Time) (bool, error) {
	n, err := r.s.exec(ctx, r.s.write, `INSERT INTO jobs (name, claimed_at) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET claimed_at = excluded.claimed_at WHERE jobs.claimed_at <= $3`,
		name, sqlTime{now}, sqlTime{now.Add(-every)})
	return n > 0, wrap("claim job "+name, err)
}

type jobRow struct {
	bun.BaseModel `bun:"table:jobs,alias:j"`

	Name      string  `bun:"name"`
	ClaimedAt sqlTime `bun:"claimed_at"`
}

// List returns when each job was last begun, in the order of their names.
func (r *Jobs) List(ctx context.Context) ([]storage.JobClaim, error) {
	rows, err := list[jobRow](ctx, r.s, r.s.read, `SELECT `+columnsOf[jobRow]()+` FROM jobs j ORDER BY j.name`)
	if err != nil {
		return nil, wrap("list jobs", err)
	}
	claims := make([]storage.JobClaim, len(rows))
	for i, row := range rows {
		claims[i] = storage.JobClaim{Name: row.Name, At: row.ClaimedAt.Time}
	}
	return claims, nil
}
